"""Exit codes (contract), and every error on its way out."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Collection, Mapping
from enum import IntEnum
from types import FrameType

import click

from batch.cli.advice import words_of
from batch.cli.summary import counts
from batch.errors import (
    BatchError,
    ConfigError,
    GateError,
    JournalError,
    ReportError,
    SheetError,
    VenueError,
)
from batch.states import FinalState, OrderState

log = logging.getLogger(__name__)


class Exit(IntEnum):
    """What a scheduler learns."""

    DONE = 0
    NOT_ALL_FILLED = 1
    USAGE = 2
    REFUSED = 3
    STILL_OPEN = 4
    UNKNOWN = 5
    COULD_NOT_START = 6
    FAULT = 70
    INTERRUPTED = 130


SERIOUSNESS = (
    Exit.DONE,
    Exit.NOT_ALL_FILLED,
    Exit.REFUSED,
    Exit.STILL_OPEN,
    Exit.UNKNOWN,
    Exit.COULD_NOT_START,
    Exit.FAULT,
    Exit.INTERRUPTED,
)
"""From the least to the most serious, where one command has several to choose from."""

ACCEPTABLE = tuple(
    state.value.lower()
    for state in FinalState
    if state not in (FinalState.FILLED, FinalState.UNKNOWN)
)
"""What `--accept` may name; nobody can accept what is not known."""


class Interrupted(BatchError):
    """A person or the system asked the program to stop."""


class Fault(BatchError):
    """Something went wrong after orders may have left; the text says how to go on."""


_CODES: tuple[tuple[type[BatchError], Exit], ...] = (
    (SheetError, Exit.REFUSED),
    (GateError, Exit.REFUSED),
    (ConfigError, Exit.COULD_NOT_START),
    (JournalError, Exit.COULD_NOT_START),
    (ReportError, Exit.COULD_NOT_START),
    (VenueError, Exit.COULD_NOT_START),
    (Interrupted, Exit.INTERRUPTED),
)


def code_of(error: BatchError) -> Exit:
    """Give the exit code of an error that ended a command before anything was sent."""
    return next((code for kind, code in _CODES if isinstance(error, kind)), Exit.FAULT)


def code_of_states(states: Mapping[OrderState, int], accepted: Collection[str]) -> Exit:
    """Give the exit code of a batch that stands like this.

    Args:
        accepted: final states, in lower case, that count as good as FILLED.
    """
    by_final = counts(states)
    if FinalState.UNKNOWN in by_final:
        return Exit.UNKNOWN
    if states.get(OrderState.PLANNED):
        return Exit.STILL_OPEN
    left = [state for state in by_final if state.value.lower() not in {*accepted, "filled"}]
    if FinalState.OPEN in left:
        return Exit.STILL_OPEN
    return Exit.NOT_ALL_FILLED if left else Exit.DONE


def most_serious(codes: Collection[Exit]) -> Exit:
    """Choose the exit code of a command that did several things."""
    return max(codes, key=SERIOUSNESS.index, default=Exit.DONE)


def guarded(command: Callable[[], object]) -> int:
    """Run a command; whatever leaves it becomes a clear message and an exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        result = command()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BatchError as error:
        tell(words_of(error))
        return code_of(error)
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted. Nothing was sent that is not recorded; run the same command again.")
        return Exit.INTERRUPTED
    except Exception as error:
        log.debug("fault", exc_info=True)
        tell(
            f"a fault of orderbatch itself ({type(error).__name__}). The journal is intact; "
            "run the same command again, and --verbose shows where it happened."
        )
        return Exit.FAULT
    return result if isinstance(result, int) else Exit.DONE


def with_lost_output(code: int, lost: OSError | None) -> int:
    """Give the exit code of a command whose output may not all have got to its place.

    A worse one than "the output is missing" stays: what happened to the orders comes first.
    """
    if lost is None:
        return code
    tell(f"stdout: expected to be able to write to it, found: {lost.strerror}. It is not complete.")
    return Exit.FAULT if code in (Exit.DONE, Exit.NOT_ALL_FILLED) else code


def tell(words: str) -> None:
    """Say why the program ends, on stderr, in the form that every message has."""
    click.echo(f"orderbatch: {words}", err=True)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
