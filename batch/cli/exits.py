"""Every error on its way out, and the exit code (contract) with which the process ends."""

from __future__ import annotations

import io
import logging
import signal
from collections.abc import Callable
from types import FrameType

import click

from batch.cli.advice import words_of
from batch.cli.console import folded
from batch.cli.logs import STORY
from batch.desk.verdict import Verdict, verdict_on
from batch.errors import BatchError
from batch.escaping import escaped

log = logging.getLogger(__name__)


class Ended(int):
    """The exit code of a command, and how its rows stand now.

    Attributes:
        standing: such as `40 FILLED, 8 EXPIRED`; empty where it was about no batch.
    """

    standing: str

    def __new__(cls, code: int, standing: str) -> Ended:
        made = super().__new__(cls, code)
        made.standing = standing
        return made


def guarded(command: Callable[[], object]) -> int:
    """Run a command; whatever leaves it becomes a clear message and an exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    code = _exit_code_of(command)
    standing = code.standing if isinstance(code, Ended) else ""
    STORY.info("ended with exit code %d%s", code, f": {standing}" if standing else "")
    return code


def _exit_code_of(command: Callable[[], object]) -> int:
    try:
        result = command()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        STORY.error("%s", error.format_message())
        _show(error)
        return error.exit_code
    except BatchError as error:
        tell(words_of(error))
        return verdict_on(error)
    except (click.Abort, KeyboardInterrupt):
        tell("interrupted. Nothing was sent that is not recorded; run the same command again.")
        return Verdict.INTERRUPTED
    except Exception as error:
        log.debug("fault", exc_info=True)
        tell(
            f"a fault of orderbatch itself ({type(error).__name__}). The journal is intact; "
            "run the same command again, and --verbose shows where it happened."
        )
        return Verdict.FAULT
    return result if isinstance(result, int) else Verdict.DONE


def _show(error: click.ClickException) -> None:
    """Print a mistake in the options as click does, and nothing in it acts on the terminal."""
    with io.StringIO() as words:
        error.show(words)
        click.echo(folded(escaped(words.getvalue()).rstrip("\n")), err=True)


def with_lost_output(code: int, lost: OSError | None) -> int:
    """Give the exit code of a command whose output may not all have got to its place.

    A worse one than "the output is missing" stays: what happened to the orders comes first.
    """
    if lost is None:
        return code
    tell(f"stdout: expected to be able to write to it, found: {lost.strerror}. It is not complete.")
    return Verdict.FAULT if code in (Verdict.DONE, Verdict.NOT_ALL_FILLED) else code


def tell(words: str) -> None:
    """Say why the program ends, on stderr, in the form that every message has."""
    STORY.error("%s", words)
    click.echo(folded(f"orderbatch: {escaped(words)}"), err=True)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
