"""The pace of a run, and the account that it shares with whoever else uses the login."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from batch.clock import Clock
from batch.errors import Throttled
from batch.journal import Journal
from batch.model import VenueOrder
from batch.run.options import RunOptions
from batch.run.own_thread import OwnThread
from batch.run.pace import Pace
from batch.run.pace.allotment import Allotment
from batch.run.slots import Turn
from batch.venue.port import Questions

A = TypeVar("A")


class SharedAccount:
    """The turns of a batch's login, as the journal gives them out."""

    def __init__(self, journal: Journal, batch_id: str, clock: Clock) -> None:
        self._allotments = journal.allotments
        self._batch_id = batch_id
        self._clock = clock

    def reserve(self, turns: int, *, every_s: float, late_s: float) -> float:
        """Reserve the next turns, and give the monotonic time of the first."""
        wait_s = self._allotments.reserve(
            self._batch_id, turns, self._clock.now(), every_s=every_s, late_s=late_s
        )
        # By now at least: how long the answer was on its way nobody knows.
        return self._clock.monotonic() + wait_s

    def pause(self, seconds: float) -> None:
        """Let nobody have a turn for so long."""
        self._allotments.pause(self._batch_id, seconds, self._clock.now())

    def is_paused(self) -> bool:
        """Say whether somebody has paused it."""
        return self._allotments.paused_s(self._batch_id, self._clock.now()) > 0

    def monotonic(self) -> float:
        """Give the monotonic time."""
        return self._clock.monotonic()


def make_pace(journal: Journal, batch_id: str, clock: Clock, options: RunOptions) -> Pace:
    """Make the pace of a run over a batch."""
    rate = options.account_rate_per_s
    allotment = rate and Allotment(SharedAccount(journal, batch_id, clock), rate)
    return Pace(
        retry_after_cap_s=options.retry_after_cap_s,
        rate_per_s=options.rate_per_s,
        allotment=allotment or None,
    )


class InTurn:
    """A venue of which is asked only when it is this process's turn.

    Args:
        pace: of an account that shares one rate.
        thread: the one that has the journal, where others ask.
    """

    def __init__(
        self, venue: Questions, pace: Pace, clock: Clock, thread: OwnThread | None = None
    ) -> None:
        self._venue = venue
        self._pace = pace
        self._clock = clock
        self._turn = Turn(pace, clock, lambda: False)
        self._thread = thread

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        """Give the orders under a client ID; empty where the venue finds none."""
        return self._ask(lambda: self._venue.find(client_order_id))

    def query(self, server_order_id: str) -> VenueOrder | None:
        """Give one order; None when the venue does not know it."""
        return self._ask(lambda: self._venue.query(server_order_id))

    def active(self) -> Mapping[str, VenueOrder]:
        """Give all open orders by server ID."""
        return self._ask(self._venue.active)

    def _ask(self, question: Callable[[], A]) -> A:
        self._do(lambda: self._turn.wait(0))
        try:
            return question()
        except Throttled as error:
            retry_after_s = error.retry_after_s
            self._do(lambda: self._pace.throttled(retry_after_s, self._clock.monotonic()))
            raise

    def _do(self, something: Callable[[], None]) -> None:
        if self._thread is None:
            something()
        else:
            self._thread.call(something)
