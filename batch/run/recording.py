"""What a run has learnt and not yet committed, and how its rows stand."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence

from batch.clock import Clock
from batch.journal import Change, Journal, Placing
from batch.model import VenueOrder
from batch.run.alarms import Alarm, read_alarms
from batch.run.amounts import HAVE_FILLS, Filled
from batch.run.tracking import Tracked
from batch.states import BatchEvent, OrderEvent, OrderState, next_state

log = logging.getLogger(__name__)

LONGEST_UNRECORDED_S = 0.05
"""So long may wait what a query told of an order that is on record as open: a start would learn it
by asking again. It then shares a commit with what may not wait."""


class Recorder:
    """Collects steps in the lives of rows and commits them together.

    Attributes:
        alarms: what must not be, from earlier runs, too, where nobody has found out about it.
        filled: what the venue has said is filled, by dealt currency.
    """

    def __init__(self, journal: Journal, batch_id: str, clock: Clock) -> None:
        self._journal = journal
        self._batch_id = batch_id
        self._clock = clock
        self._changes: list[Change] = []
        self._client_order_ids: dict[int, str | None] = {}
        self._commit_at: float | None = None
        known = read_alarms(journal, batch_id)
        self.alarms = list(known.standing)
        self._ended = known.ended
        self.states: Counter[OrderState] = Counter(journal.batch(batch_id).states)
        earlier = [state for state in HAVE_FILLS if self.states[state]]
        self.filled = Filled(journal.orders(batch_id, earlier) if earlier else ())

    def record(
        self, change: Change, *, client_order_id: str | None = None, may_wait: bool = False
    ) -> None:
        """Add a step to the next commit."""
        self._changes.append(change)
        self._client_order_ids[change.row] = client_order_id
        now = self._clock.monotonic()
        if not may_wait:
            self._commit_at = now
        elif self._commit_at is None:
            self._commit_at = now + LONGEST_UNRECORDED_S
        self.states[change.state] -= 1
        self.states[next_state(change.state, change.event)] += 1

    def step(
        self,
        order: Tracked,
        event: OrderEvent,
        *,
        detail: str,
        message: str | None = None,
        answer: VenueOrder | None = None,
        request_id: str | None = None,
        is_end: bool = False,
    ) -> None:
        """Add a step of a followed order, with what the venue said of it."""
        self.record(
            Change(
                row=order.row,
                state=order.state,
                event=event,
                detail=detail,
                request_id=answer.request_id if answer else request_id,
                venue_status=answer.status if answer else None,
                server_order_id=answer.server_order_id if answer else None,
                filled_size=answer.filled_size if answer else None,
                # Venues say 0 where nothing was filled; there is no such price.
                average_price=answer.average_price if answer and answer.filled_size else None,
                execution_id=answer.execution_id if answer else None,
                message=message,
                finished_at=self._clock.now() if is_end else None,
            ),
            client_order_id=order.client_order_id,
            may_wait=order.state is OrderState.OPEN and answer is not None,
        )
        order.state = next_state(order.state, event)
        if answer is not None:
            order.server_order_id = answer.server_order_id
            order.venue_status = answer.status
            self.filled.replace(order.sent.currency, order.filled_size, answer.filled_size)
            order.filled_size = answer.filled_size

    def find(self, order: Tracked, server_order_id: str, how: str) -> None:
        """Add the step of an order whose server ID became known otherwise than by an answer."""
        self.record(
            Change(
                row=order.row,
                state=order.state,
                event=OrderEvent.FOUND,
                detail=f"server order ID {server_order_id}, {how}",
                server_order_id=server_order_id,
                message="the venue took it; how it stands was not asked yet",
            ),
            client_order_id=order.client_order_id,
        )
        order.state = next_state(order.state, OrderEvent.FOUND)
        order.server_order_id = server_order_id

    def claim(self, most: int) -> list[Placing]:
        """Claim the next rows in one commit with everything that was recorded; they may leave.

        Returns:
            Fewer than asked for where the journal has no more that are to be sent.
        """
        now = self._clock.now()
        changes, names = self._take_changes()
        placings = self._journal.claim(self._batch_id, most, now, changes)
        self.states[OrderState.PLANNED] -= len(placings)
        self.states[OrderState.SENDING] += len(placings)
        self._log(changes, names)
        self._log(
            [placing.claimed(now) for placing in placings],
            {placing.row: placing.client_order_id for placing in placings},
        )
        return placings

    def commit(self) -> None:
        """Make everything durable that was recorded since the last commit."""
        changes, names = self._take_changes()
        self._journal.apply(self._batch_id, changes, self._clock.now())
        self._log(changes, names)

    def commit_what_is_due(self) -> None:
        """Commit everything, unless all of it may wait for the next commit."""
        if self._commit_at is not None and self._commit_at <= self._clock.monotonic():
            self.commit()

    def wait_s(self, now: float) -> float | None:
        """Give the seconds until something must be committed; None when nothing waits."""
        return None if self._commit_at is None else max(self._commit_at - now, 0.0)

    def alarm(self, row: int, words: str) -> bool:
        """Put on record, once, what a person must look at whatever the states say.

        Returns:
            It stands: nobody has found out about this very thing yet.
        """
        alarm = Alarm(words, row)
        if self.is_found_out(row, words):
            return False
        if alarm not in self.alarms:
            self.alarms.append(alarm)
            self.note(BatchEvent.ALARM, words, row)
        return True

    def is_found_out(self, row: int, words: str) -> bool:
        """Say whether a person's finding about this very thing is on record."""
        return Alarm(words, row) in self._ended

    def note(self, kind: BatchEvent, words: str, row: int | None = None) -> None:
        """Commit a line of the batch's history, or of a row's that is no step in its life."""
        self._journal.note(self._batch_id, kind, words, self._clock.now(), row=row)
        log.info("%s: %s", kind, words, extra={"batch": self._batch_id, "row": row})

    def _take_changes(self) -> tuple[list[Change], dict[int, str | None]]:
        changes, self._changes = self._changes, []
        names, self._client_order_ids = self._client_order_ids, {}
        self._commit_at = None
        return changes, names

    def _log(self, changes: Sequence[Change], names: Mapping[int, str | None]) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        for change in changes:
            log.info(
                "%s: %s",
                change.event.value,
                change.detail,
                extra={
                    "batch": self._batch_id,
                    "row": change.row,
                    "client_order_id": names[change.row],
                    "server_order_id": change.server_order_id,
                    "request_id": change.request_id,
                },
            )
