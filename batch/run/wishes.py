"""Orders that somebody elsewhere wants cancelled: whoever runs their batch sees to it.

A wish stands in the journal until the order is at its end, or the venue has said that it does not
cancel it. What is left of them when a run ends, the next run of the batch takes up.
"""

from __future__ import annotations

from math import inf

from batch.clock import Clock
from batch.journal import Journal
from batch.run.cancelling import CANCEL_WAIT_S
from batch.run.following import Following
from batch.run.recording import Recorder
from batch.run.stops import LOOK_APART_S
from batch.states import FINAL, OrderState


class Wishes:
    """Sees the wishes for a batch soon after they are put down, and ends those that are done."""

    def __init__(
        self,
        journal: Journal,
        batch_id: str,
        clock: Clock,
        recorder: Recorder,
        following: Following,
    ) -> None:
        self._journal = journal
        self._batch_id = batch_id
        self._clock = clock
        self._recorder = recorder
        self._following = following
        self._looks_at = -inf
        self._seen: set[int] = set()
        self._until = -inf

    def heed(self) -> None:
        """Look, where it is time, and have cancelled what is newly wanted."""
        now = self._clock.monotonic()
        if now < self._looks_at:
            return
        self._looks_at = now + LOOK_APART_S
        wanted = self._standing()
        new = wanted - self._seen
        if new:
            self._seen |= new
            self._until = now + CANCEL_WAIT_S
            self._following.cancel(new)
        self._end(wanted, new)

    def cancel_open(self) -> None:
        """Have every open order cancelled, also those that a run without a wait let go of."""
        self._following.cancel_open()
        self._recorder.commit()  # what is read back is what was learnt
        for record in self._journal.orders(self._batch_id, [OrderState.OPEN]):
            if not self._following.follows(record.row):
                self._following.take_up(record)

    def settle(self) -> None:
        """Look for the last time; what is left stands for the next run."""
        self._end(self._standing(), frozenset(), is_last=True)

    def are_waited_for(self) -> bool:
        """Say whether the run goes on for their sake, though its wait be over."""
        return self._following.is_cancelling() and self._clock.monotonic() < self._until

    def _standing(self) -> frozenset[int]:
        return frozenset(wish.row for wish in self._journal.cancels.standing(self._batch_id))

    def _end(self, wanted: frozenset[int], new: frozenset[int], *, is_last: bool = False) -> None:
        if not wanted:
            return
        self._recorder.commit()  # what is read back is what was learnt
        ended = set()
        for row in sorted(wanted):
            is_refused = bool(self._following.cancelling.refusal(row))
            if self._following.follows(row) and not (is_refused or is_last):
                continue
            record = self._journal.order(self._batch_id, row)
            if record is None or record.state in FINAL:
                ended.add(row)
            elif record.state is OrderState.PLANNED and is_last:
                ended.add(row)  # while the wish stood, it did not leave
            elif record.state is OrderState.OPEN and is_refused:
                ended.add(row)
            elif record.state is OrderState.OPEN and row in new:
                # Without a wait it was let go of. What is UNKNOWN and no longer asked about is
                # for the next run, which knows from when on its absence could be a proof.
                self._following.take_up(record)
        if ended:
            self._journal.cancels.end(self._batch_id, ended, self._clock.now())
            self._following.cancelling.rows -= ended
            self._seen -= ended
