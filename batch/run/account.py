"""The pace of a run, and the account that it shares with whoever else uses the login."""

from __future__ import annotations

from batch.clock import Clock
from batch.journal import Journal
from batch.run.options import RunOptions
from batch.run.pace import Pace
from batch.run.pace.allotment import Allotment


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
