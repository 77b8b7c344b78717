"""What a command came to, as a number (contract): the exit code of the command line."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import IntEnum

from batch.desk.standing import counts
from batch.errors import (
    BatchError,
    ConfigError,
    GateError,
    JournalError,
    LoginFailed,
    ReportError,
    SheetError,
    TargetMisnamed,
    VenueError,
)
from batch.states import FinalState, OrderState


class Verdict(IntEnum):
    """What a scheduler learns; `exit-codes` among the help topics has a sentence for each."""

    DONE = 0
    NOT_ALL_FILLED = 1
    USAGE = 2
    REFUSED = 3
    STILL_OPEN = 4
    UNKNOWN = 5
    NOT_NOW = 6
    FAULT = 70
    CANNOT_START = 78
    INTERRUPTED = 130


SERIOUSNESS = (
    Verdict.DONE,
    Verdict.NOT_ALL_FILLED,
    Verdict.REFUSED,
    Verdict.STILL_OPEN,
    Verdict.INTERRUPTED,
    Verdict.NOT_NOW,
    Verdict.CANNOT_START,
    Verdict.UNKNOWN,
    Verdict.FAULT,
    Verdict.USAGE,
)
"""From the least to the most serious, where one command has several to choose from."""

PARTIAL = "partial"
"""Accepted, a part fill counts as the state in which it ended; else it is not as good as FILLED."""

ACCEPTABLE = (
    *(
        state.value.lower()
        for state in FinalState
        if state not in (FinalState.FILLED, FinalState.UNKNOWN)
    ),
    PARTIAL,
)
"""What may count as good as FILLED; nobody can accept what is not known."""


class WrongUsage(BatchError):
    """What was asked for contradicts itself, or cannot be done at all; nothing was begun."""


class Interrupted(BatchError):
    """A person or the system asked the program to stop."""


class Declined(BatchError):
    """A person was asked, and said no; nothing was begun."""


class Fault(BatchError):
    """Something went wrong after orders may have left; the text says how to go on."""


_VERDICTS: tuple[tuple[type[BatchError], Verdict], ...] = (
    (WrongUsage, Verdict.USAGE),
    (SheetError, Verdict.REFUSED),
    (GateError, Verdict.REFUSED),
    (ConfigError, Verdict.CANNOT_START),
    (TargetMisnamed, Verdict.USAGE),
    (ReportError, Verdict.CANNOT_START),
    (LoginFailed, Verdict.CANNOT_START),
    (JournalError, Verdict.NOT_NOW),
    (VenueError, Verdict.NOT_NOW),
    (Interrupted, Verdict.INTERRUPTED),
)


def verdict_on(error: BatchError) -> Verdict:
    """Judge an error that ended a command before anything was sent."""
    if isinstance(error, JournalError) and error.is_final:
        return Verdict.CANNOT_START
    return next((verdict for kind, verdict in _VERDICTS if isinstance(error, kind)), Verdict.FAULT)


def verdict_on_states(states: Mapping[OrderState, int], accepted: Collection[str]) -> Verdict:
    """Judge a batch that stands like this.

    Counts alone do not tell a part fill from a whole one: who has the orders looks at them, too.

    Args:
        accepted: final states, in lower case, that count as good as FILLED.
    """
    by_final = counts(states)
    if FinalState.UNKNOWN in by_final:
        return Verdict.UNKNOWN
    if states.get(OrderState.PLANNED):
        return Verdict.STILL_OPEN
    left = [state for state in by_final if state.value.lower() not in {*accepted, "filled"}]
    if FinalState.OPEN in left:
        return Verdict.STILL_OPEN
    return Verdict.NOT_ALL_FILLED if left else Verdict.DONE


def most_serious(verdicts: Collection[Verdict]) -> Verdict:
    """Choose the verdict on a command that did several things."""
    return max(verdicts, key=SERIOUSNESS.index, default=Verdict.DONE)
