"""Going on after a session with a server broke, as long as the server comes back in time.

A step that broke before its commit was asked for is not recorded, and is taken once more. One whose
commit was asked for is in doubt: whoever looks at once may see it undone a moment before it is
done. So the hold of its batch is begun anew first, which waits for the step that still has it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from batch.errors import JournalAway, JournalInDoubt, JournalLocked
from batch.journal.port import Store

P = ParamSpec("P")
R = TypeVar("R")

AWAY_S = 30.0
"""So long a server is waited for in all; a stand-by takes about as long to be promoted."""

PAUSE_S = 0.2
"""Before it is asked again."""

BROKEN = (JournalAway, JournalInDoubt)


class Room(Protocol):
    """A part of the journal that has its database."""

    _database: Store


S = TypeVar("S", bound=Room)


class Patience:
    """How long a server that is away is still waited for: once, and not for each step anew."""

    def __init__(self, database: Store) -> None:
        self._database = database
        self._until = time.monotonic() + AWAY_S

    def wait(self, error: BaseException) -> None:
        """Wait a moment.

        Raises:
            BaseException: `error`, where it was waited for long enough.
        """
        if self._database.is_given_up or time.monotonic() >= self._until:
            self._database.is_given_up = True
            raise error
        time.sleep(PAUSE_S)


def persists(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """Let a method go on when its session breaks: one that may be called twice as well as once."""

    @wraps(method)
    def persisting(self: S, /, *args: P.args, **named: P.kwargs) -> R:
        try:
            return method(self, *args, **named)
        except BROKEN as error:
            return insist(lambda: method(self, *args, **named), error, Patience(self._database))

    return persisting


def insist(step: Callable[[], R], error: BaseException, patience: Patience) -> R:
    """Take a step again and again, after an error, until it is taken or the patience is over."""
    while True:
        patience.wait(error)
        try:
            return step()
        except (*BROKEN, JournalLocked) as again:
            error = again


def settle(
    database: Store, step: Callable[[], R], renew: Callable[[], None], look: Callable[[], None]
) -> R:
    """Take a step; where its commit is in doubt, find out what became of it, and take the rest.

    Args:
        renew: ends the epoch of the step; returns only when no step of it is under way.
        look: takes out of the step what was recorded of it.

    Raises:
        HoldLost: another process has taken the batch over meanwhile.
    """
    try:
        return step()
    except BROKEN as first:
        error: BaseException = first
    patience = Patience(database)
    is_in_doubt, is_looked_at = isinstance(error, JournalInDoubt), True
    while True:
        patience.wait(error)
        try:
            if is_in_doubt:
                renew()
                is_in_doubt, is_looked_at = False, False
            if not is_looked_at:
                look()
                is_looked_at = True
            return step()
        except JournalInDoubt as again:
            error, is_in_doubt = again, True
        except (JournalAway, JournalLocked) as again:
            error = again
