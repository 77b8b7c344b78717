"""Which orders need another question, and when: soon after placing, then less and less often."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from math import inf

from batch.errors import VenueError
from batch.model import Order
from batch.states import OrderState

FIRST_QUESTION_S = 0.25
"""After placing, before anything is known about how long this batch's orders live."""

SECOND_QUESTION_S = 0.25
"""After the first."""

SOONER, LATER = 0.997, 1.3
"""What an answer in time and one too soon make of the wait before the first question."""

SURE = 3
"""After so many answers that it works, even an order that does not wait for a price may take its
time."""

SHORTEST_S = 0.002
LONGEST_FIRST_S = 1.0

ASK_AGAIN_S = 1.0
"""How long an order that was lost long ago is asked about again at a new start."""

BACKOFF = 1.6
LONGEST_INTERVAL_S = 5.0


MOST_VAIN_ANSWERS = 3
"""So often a venue may answer beside the question; one that always does holds no other row back."""


def is_answer(error: VenueError) -> bool:
    """Say whether the venue answered, though not to the question."""
    return error.status is not None and 200 <= error.status < 300


@dataclass(slots=True)
class Tracked:
    """An order that the venue holds (OPEN) or may hold (UNKNOWN).

    Attributes:
        sent: what was sent, for comparing with what the venue says.
        asked_until: monotonic time until which a "not found" is asked again; only while UNKNOWN.
        fence_at: monotonic time from which no request for it can still arrive; inf for never. Only
            while UNKNOWN, as the next three.
        missed_at: when the first question left, after the fence, that did not find it.
        is_absent: it was not found at least once.
        is_disputed: the placing was answered with a no that may not be the venue's own, or may
            mean that it has the order already.
        alone: its next question is one by server ID, whatever the bulk query would cost.
        missing: the last query for all active orders did not have it.
        asked_at: monotonic time of the last question that was sent.
        due_at: monotonic time of the next one.
        answers: how many questions about it as an open order were answered.
        vain_answers: how often the venue answered, though not to the question.
        first_s: how long after its placing the first question was to come.
    """

    row: int
    client_order_id: str
    state: OrderState
    sent: Order
    server_order_id: str | None = None
    venue_status: str | None = None
    filled_size: Decimal | None = None
    asked_until: float = 0.0
    fence_at: float = inf
    missed_at: float | None = None
    is_absent: bool = False
    is_disputed: bool = False
    alone: bool = False
    missing: bool = False
    asked_at: float = float("-inf")
    due_at: float = float("-inf")
    answers: int = 0
    vain_answers: int = 0
    first_s: float = FIRST_QUESTION_S
    interval_s: float = SECOND_QUESTION_S
    is_asked: bool = False

    def is_answered_in_vain(self, error: BaseException) -> bool:
        """Take in that a question failed; say whether asking on has no use any more."""
        self.vain_answers += isinstance(error, VenueError) and is_answer(error)
        return self.vain_answers >= MOST_VAIN_ANSWERS

    def known_server_id(self) -> str:
        """Give the server ID of an order that is asked about by it."""
        assert self.server_order_id is not None
        return self.server_order_id

    def next_interval_s(self) -> float:
        """Give the seconds until the next question, and make the one after it later still."""
        interval = self.interval_s
        self.interval_s = min(interval * BACKOFF, LONGEST_INTERVAL_S)
        return interval


@dataclass(slots=True)
class Schedule:
    """The orders that are followed, by when their next question is due."""

    orders: dict[int, Tracked] = field(default_factory=dict)
    _due: list[tuple[float, int]] = field(default_factory=list)

    def add(self, order: Tracked, at: float) -> None:
        """Follow an order, with its next question at this monotonic time."""
        self.orders[order.row] = order
        order.is_asked = False
        order.due_at = at
        heapq.heappush(self._due, (at, order.row))

    def drop(self, order: Tracked) -> None:
        """Stop following an order; its questions that are still due are forgotten."""
        self.orders.pop(order.row, None)

    def take_due(self, now: float) -> Iterator[Tracked]:
        """Give the orders to ask about now; each counts as being asked until it is added again."""
        while (at := self.next_at()) is not None and at <= now:
            order = self.orders[heapq.heappop(self._due)[1]]
            order.is_asked = True
            yield order

    def next_at(self) -> float | None:
        """Give the monotonic time of the next question; None when none is due ever."""
        while self._due:
            at, row = self._due[0]
            order = self.orders.get(row)
            if order is not None and not order.is_asked and order.due_at == at:
                return at
            heapq.heappop(self._due)
        return None

    def hasten(self, now: float) -> None:
        """Make every question due now."""
        self._due = []
        for row, order in self.orders.items():
            if not order.is_asked:
                order.due_at = now
                self._due.append((now, row))


@dataclass(slots=True)
class Patience:
    """How long after its placing an order is best asked about, learnt from the orders before it.

    Asked too soon, an order needs a second question; asked late, its end is noticed late. The
    balance is where few orders are asked too soon.

    Attributes:
        first_s: when to ask, in seconds after the placing.
    """

    first_s: float = FIRST_QUESTION_S

    def learn(self, order: Tracked) -> None:
        """Take in that an order was found at its end."""
        if order.answers == 0:
            self.first_s = max(self.first_s * SOONER, SHORTEST_S)
        elif order.answers == 1:
            # Many are asked before the first of them is answered; together they are one lesson.
            # One that works for longer says nothing about those that end soon.
            self.first_s = min(max(self.first_s, order.first_s * LATER), LONGEST_FIRST_S)


def left_to_find_out_s(find_out_s: float, submitted_at: datetime | None, now: datetime) -> float:
    """Give how long to keep asking about an order that an earlier process has lost.

    The time since the placing counts, so that an old loss is not waited for at each start.
    """
    if submitted_at is None:
        return max(find_out_s, ASK_AGAIN_S)
    age_s = (now - submitted_at.astimezone(UTC)).total_seconds()
    return max(find_out_s - max(age_s, 0.0), ASK_AGAIN_S)
