"""Looking out for a person who stopped this batch, or everything, from another terminal."""

from __future__ import annotations

from batch.clock import Clock
from batch.journal import Journal, Stop

LOOK_APART_S = 1.0
"""Within two seconds a run must know; a look costs a fraction of a millisecond."""


class Lookout:
    """Sees a stop once, soon after it was asked for.

    One that stood already when the run began is seen at the first look.
    """

    def __init__(self, journal: Journal, batch_id: str, clock: Clock) -> None:
        self._journal = journal
        self._batch_id = batch_id
        self._clock = clock
        self._looks_at = float("-inf")
        self.seen: tuple[Stop, ...] = ()

    def look(self) -> bool:
        """Look, where it is time; say whether there is something new to heed."""
        now = self._clock.monotonic()
        if now < self._looks_at:
            return False
        self._looks_at = now + LOOK_APART_S
        standing = tuple(self._journal.stops.standing(self._batch_id))
        is_new = standing != self.seen and bool(standing)
        # One that was lifted meanwhile is heeded all the same: its run has stopped by now.
        self.seen = standing or self.seen
        return is_new

    @property
    def wants_cancel(self) -> bool:
        """Say whether what is open is to be cancelled, too."""
        return any(stop.cancel for stop in self.seen)

    @property
    def words(self) -> str:
        """Say who stopped it and when; empty where nobody did."""
        if not self.seen:
            return ""
        first = self.seen[0]
        return f"stopped by {first.by} at {first.at:%Y-%m-%d %H:%M:%S} UTC"
