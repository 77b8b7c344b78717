"""What a process that lost the batch has still learnt: whoever has the batch now goes on from it.

It was told the server IDs of its last orders when it could no longer record them, and left them in
the history. So they are looked for at the start, and as long as something is unknown.
"""

from __future__ import annotations

from math import inf

from batch.clock import Clock
from batch.journal import Journal
from batch.run.following import Following
from batch.run.options import RunOptions
from batch.run.recording import Recorder
from batch.states import BatchEvent, OrderState

LOOK_APART_S = 3.0
"""A look goes through the whole history."""


class LateFindings:
    """Sees what was left, and has it asked about by its server ID."""

    def __init__(
        self,
        journal: Journal,
        batch_id: str,
        clock: Clock,
        options: RunOptions,
        recorder: Recorder,
        following: Following,
    ) -> None:
        self._journal = journal
        self._batch_id = batch_id
        self._clock = clock
        self._rows = options.rows
        self._recorder = recorder
        self._following = following
        self._looks_at = -inf
        self._used: set[tuple[int, str]] = set()

    def heed(self) -> None:
        """Look, where it is time and something is unknown."""
        now = self._clock.monotonic()
        if now < self._looks_at or not self._recorder.states[OrderState.UNKNOWN]:
            return
        self._looks_at = now + LOOK_APART_S
        # By what was used, and not by the last line that was read: a line that another process
        # has begun before can be committed after it.
        for event in self._journal.events(self._batch_id, kind=BatchEvent.LATE_FINDING):
            found = event.detail.partition("server order ID ")[2]
            if event.row is None or not found or (event.row, found) in self._used:
                continue
            if self._use(event.row, found):
                self._used.add((event.row, found))

    def _use(self, row: int, server_order_id: str) -> bool:
        if self._rows is not None and row not in self._rows:
            return True
        if not self._following.follows(row):
            self._recorder.commit()  # what is read back is what was learnt
            record = self._journal.order(self._batch_id, row)
            if record is None or record.state is not OrderState.UNKNOWN:
                return True
            self._following.take_up(record)
        return self._following.believe(row, server_order_id)
