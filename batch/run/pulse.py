"""Staying the one that has the batch, and what is left to do for whoever lost it."""

from __future__ import annotations

from contextlib import suppress

from batch.clock import Clock
from batch.errors import HoldLost
from batch.journal import Journal
from batch.run.recording import Recorder
from batch.run.slots import Slots
from batch.run.work import Workers

BEAT_S = 3.0
"""How often a hold of a batch is renewed, where that is what keeps other hosts out."""

LATE_ANSWERS_S = 30.0
"""Whoever lost a batch to another host waits so long for the answers to what it has sent."""

LOOK_AROUND_S = 0.5


class Pulse:
    """Lets other hosts know that this process lives."""

    def __init__(self, journal: Journal, batch_id: str, clock: Clock) -> None:
        self._journal = journal
        self._batch_id = batch_id
        self._clock = clock
        self._next_at = clock.monotonic() + BEAT_S

    def beat(self) -> None:
        """Renew the hold if it is time.

        Raises:
            HoldLost: another process has taken the batch over.
        """
        now = self._clock.monotonic()
        if now >= self._next_at:
            self._journal.holds.beat(self._batch_id, self._clock.now())
            self._next_at = now + BEAT_S


def leave_what_is_learnt(workers: Workers, slots: Slots, recorder: Recorder, clock: Clock) -> None:
    """Wait for what is on its way, so that its server IDs are left for whoever has the batch.

    Nothing is recorded by that: each commit is refused, and leaves them in the history.
    """
    until = clock.monotonic() + LATE_ANSWERS_S
    while slots.in_flight and clock.monotonic() < until:
        for done in workers.collect(LOOK_AROUND_S):
            slots.in_flight -= 1
            with suppress(HoldLost):
                done.take_in()
    with suppress(HoldLost):
        recorder.commit()
