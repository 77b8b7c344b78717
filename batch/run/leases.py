"""Logging in for all that is placed: a credential's life is on record before its first use."""

from __future__ import annotations

from batch.clock import Clock
from batch.journal import Journal
from batch.run.proof import Fence
from batch.venue.port import VenueCalls


class Leases:
    """Keeps a credential in use for placing; placing itself never logs in.

    Attributes:
        is_asked: a login is on its way.
    """

    def __init__(
        self, journal: Journal, batch_id: str, venue: VenueCalls, clock: Clock, fence: Fence
    ) -> None:
        self._journal = journal
        self._batch_id = batch_id
        self._venue = venue
        self._clock = clock
        self._fence = fence
        self.is_asked = False
        # What an earlier batch of this process was placed with is to be on record of this one, too.
        venue.lay_down()

    def take_what_is_offered(self) -> None:
        """Put the newest credential to use, once its life is durably on record."""
        lease = self._venue.offered()
        if lease is None:
            return
        self._journal.holds.record_token(self._batch_id, lease.life_s, self._clock.now())
        self._fence.used(lease.life_s)
        self._venue.use(lease)

    def must_log_in(self) -> bool:
        """Say whether a login is due, and none is on its way."""
        return not self.is_asked and self._venue.wants_login()
