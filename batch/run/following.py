"""Asking: what became of the orders that the venue holds, and whether it holds the unknown ones."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Mapping

from batch.clock import Clock
from batch.errors import VenueRefused
from batch.model import OrderRecord, VenueOrder
from batch.run.bulk import Bulk
from batch.run.calls import CancelOne, Find, ListActive, Query, Question, asked_about
from batch.run.cancelling import Cancelling
from batch.run.comparing import (
    another_than_sent,
    difference_if_echoed,
    is_another,
    stands_for_row,
    what_is_wrong,
)
from batch.run.identities import Identities
from batch.run.options import Cancel, RunOptions
from batch.run.proof import Proof
from batch.run.recording import Recorder
from batch.run.tracking import SECOND_QUESTION_S, Patience, Schedule, Tracked, left_to_find_out_s
from batch.run.wording import absent_words, status_words
from batch.run.work import Answer, Failed
from batch.states import FINAL, BatchEvent, OrderEvent, OrderState

ASKED_BY_CLIENT_ID = frozenset({OrderState.PLANNED, OrderState.UNKNOWN})
"""States in which the venue may hold an order whose server ID is not known."""


class Following:
    """Knows which orders need an answer, and what an answer means.

    Args:
        proof: weighs each "not found".
        resend: takes a row back that is proven absent.
        stop_sending: called with the reason when something was found that must not be.

    Attributes:
        cancelling: which orders are to be cancelled.
    """

    def __init__(
        self,
        recorder: Recorder,
        clock: Clock,
        options: RunOptions,
        proof: Proof,
        identities: Identities,
        resend: Callable[[int], None],
        stop_sending: Callable[[str], None],
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._options = options
        self._proof = proof
        self._identities = identities
        self._resend = resend
        self._stop_sending = stop_sending
        self._schedule = Schedule()
        self._ready: deque[Tracked] = deque()
        self._bulk = Bulk(is_wanted=options.bulk_query, note=self._note_bulk_off)
        self._patience = Patience()
        self.cancelling = Cancelling(recorder)
        self.unasked: set[int] = set()

    # What to ask

    def take_up(self, record: OrderRecord, *, is_disputed: bool = False) -> None:
        """Take over from an earlier run what the journal holds as open, unknown or on its way.

        Args:
            is_disputed: its placing was answered with a no that may not be the venue's own.
        """
        assert record.client_order_id is not None
        assert record.order is not None
        if record.server_order_id:
            self._bulk.owe()
            self._identities.take(record.row, record.client_order_id, record.server_order_id)
        now = self._clock.monotonic()
        order = Tracked(
            row=record.row,
            client_order_id=record.client_order_id,
            state=record.state,
            sent=record.order,
            server_order_id=record.server_order_id,
            venue_status=record.venue_status,
            filled_size=record.filled_size,
            fence_at=self._proof.fence.of_earlier(record.row),
            is_disputed=is_disputed,
        )
        if record.state is OrderState.SENDING:
            self._recorder.step(
                order,
                OrderEvent.LOST,
                detail="found claimed at a start: the process that claimed it is gone",
                message="the process ended before the venue's answer was recorded",
            )
        if order.state is OrderState.UNKNOWN:
            order.asked_until = now + left_to_find_out_s(
                self._options.find_out_s, record.submitted_at, self._clock.now()
            )
        if order.state in ASKED_BY_CLIENT_ID:
            self.unasked.add(order.row)
        self._ask_at(order, now)

    def follow(self, order: Tracked) -> None:
        """Follow an order that the venue has just accepted."""
        order.first_s = self._patience.first_s
        self._ask_at(order, self._clock.monotonic() + order.first_s)

    def find_out(self, order: Tracked) -> None:
        """Find out about an order whose placing has just gone unanswered."""
        now = self._clock.monotonic()
        order.asked_until = now + self._options.find_out_s
        order.fence_at = self._proof.fence.of_own()
        self._ask_at(order, now)

    def is_due(self, now: float) -> bool:
        """Say whether there is a question to ask now."""
        at = self._schedule.next_at()
        return bool(self._ready) or (at is not None and at <= now)

    def next_at(self) -> float | None:
        """Give the monotonic time of the next question; None when none is due ever."""
        return self._clock.monotonic() if self._ready else self._schedule.next_at()

    def is_over(self) -> bool:
        """Say whether there is nobody left to ask about."""
        return not self._schedule.orders

    def are_all_asked_since(self, moment: float) -> bool:
        """Say whether every order is known to work after a monotonic time; none is UNKNOWN."""
        return all(
            order.state is OrderState.OPEN and order.asked_at >= moment and not order.is_asked
            for order in self._schedule.orders.values()
        )

    def hasten(self) -> None:
        """Ask about everybody at once."""
        self._bulk.hasten()
        self._schedule.hasten(self._clock.monotonic())

    def questions(self, most: int) -> list[Question]:
        """Give the questions to ask now, at most so many."""
        if most <= 0:
            return []
        now = self._clock.monotonic()
        asked: list[Question] = []
        shared: list[Tracked] = []
        for order in self._schedule.take_due(now):
            if order.state in ASKED_BY_CLIENT_ID:
                self._ready.appendleft(order)
            elif self._suits_bulk(order):
                shared.append(order)
            else:
                self._ready.append(order)
        if shared:
            asked += self._share(shared, now)
        asked += [ListActive(())] if self._bulk.is_owed(now) else []
        while self._ready and len(asked) < most:
            order = self._ready.popleft()
            asked.append(self._question_about(order))
        for question in asked:
            for order in asked_about(question):
                order.asked_at = now
        return asked

    def _suits_bulk(self, order: Tracked) -> bool:
        return self._bulk.suits(order) and not self.cancelling.wants(order)

    def _share(self, due: list[Tracked], now: float) -> list[Question]:
        """Ask about all open orders at once, now or soon; or one by one, if they are few."""
        if self._bulk.must_wait(now):
            for order in due:
                self._schedule.add(order, max(self._bulk.not_before, now + SECOND_QUESTION_S))
            return []
        # The answer tells of those that are not due, too.
        followed = self._schedule.orders.values()
        early = [order for order in followed if not order.is_asked and self._suits_bulk(order)]
        if not self._bulk.is_worth_it(len(due) + len(early)):
            self._ready.extend(due)
            return []
        for order in early:
            order.is_asked = True
        self._bulk.asked(now)
        return [ListActive((*due, *early))]

    def _question_about(self, order: Tracked) -> Question:
        if self.cancelling.wants(order):
            self.cancelling.ask(order)
            return CancelOne(order)
        return Find(order) if order.state in ASKED_BY_CLIENT_ID else Query(order)

    def cancel_open(self) -> None:
        """Have every open order cancelled, now and as soon as one is found to be open."""
        self.cancelling.has_begun = True
        self.hasten()

    def cancel(self, rows: Collection[int]) -> None:
        """Have these orders cancelled, now or as soon as one of them is found to be open."""
        self.cancelling.want(rows)
        self.hasten()

    def is_cancelling(self) -> bool:
        """Say whether one of those that are to be cancelled by name is followed yet."""
        return not self.cancelling.rows.isdisjoint(self._schedule.orders)

    def follows(self, row: int) -> bool:
        """Say whether a row's order is still asked about."""
        return row in self._schedule.orders

    def believe(self, row: int, server_order_id: str) -> bool:
        """Ask on by a server ID that the venue gave to the process before, which lost the batch.

        Returns:
            False where the order is just being asked about, and what comes of that goes first.
        """
        order = self._schedule.orders[row]
        if order.is_asked or order.state is not OrderState.UNKNOWN:
            return not order.is_asked
        self.unasked.discard(row)
        if wrong := self._identities.take(row, order.client_order_id, server_order_id):
            self.disown(order, wrong)
            return True
        self._recorder.find(order, server_order_id, "as the process before it was told, too late")
        order.alone = True
        self._ask_at(order, self._clock.monotonic())
        return True

    # What an answer means

    def learn_found(self, order: Tracked, answer: Answer[tuple[VenueOrder, ...]]) -> None:
        """Take in what the venue holds under a client ID, or that it did not say."""
        if not isinstance(answer, Failed):
            self._learn_found(order, answer.value)
        elif isinstance(answer.error, VenueRefused) or order.is_answered_in_vain(answer.error):
            # A venue that will not say is no reason to hold the other rows back.
            self.unasked.discard(order.row)
            self._give_up_or_later(order)
        else:
            self._later(order)  # asking again is harmless, and the wait's end ends it

    def learn_status(self, order: Tracked, answer: Answer[VenueOrder | None]) -> None:
        """Take in how an order stands, or that the venue did not say."""
        if isinstance(answer, Failed):
            self._later(order)
        else:
            self._learn_status(order, answer.value)

    def _learn_found(self, order: Tracked, found: tuple[VenueOrder, ...]) -> None:
        self.unasked.discard(order.row)
        if not found and order.state is OrderState.PLANNED:
            self._schedule.drop(order)  # as it was said: it may be sent
            return
        if not found:
            self._learn_absent(order)
            return
        answer = found[0]
        wrong = what_is_wrong(order.sent, found) or self._identities.take(
            order.row, order.client_order_id, answer.server_order_id
        )
        if wrong:
            self.disown(order, wrong)
            return
        self._recorder.step(
            order,
            OrderEvent.FOUND,
            answer=answer,
            detail=f"server order ID {answer.server_order_id}, status {answer.status}",
            message=status_words(answer, order.sent),
        )
        # Whether it has ended is for the query by server ID to say.
        order.alone = True
        self._ask_at(order, self._clock.monotonic())

    def _learn_absent(self, order: Tracked) -> None:
        if not order.is_absent:
            order.is_absent = True
            self._note_absent(order)
        if self._proof.proves(order):
            self._recorder.step(
                order,
                OrderEvent.RELEASED,
                detail="proven absent: no request can arrive any more, and it was not found twice, "
                "by a query that finds orders that are done",
                message="not sent: the venue does not hold it",
            )
            self._schedule.drop(order)
            self._resend(order.row)
            return
        now = self._clock.monotonic()
        at = self._proof.ask_again_at(order, now) if self._options.wait_s > 0 else None
        if at is None:
            self._give_up_or_later(order)
        else:
            self._schedule.add(order, at)

    def _note_absent(self, order: Tracked) -> None:
        why = self._proof.obstacle(order)
        self._recorder.step(
            order,
            OrderEvent.ABSENT,
            detail="asked by client order ID",
            message=absent_words(why, is_disputed=order.is_disputed),
        )

    def _learn_status(self, order: Tracked, answer: VenueOrder | None) -> None:
        if answer is None:
            if order.venue_status is None:
                self._disown_server_id(order, "is not known to the venue")
            else:
                self._later(order)  # a 404 for an order that it took: nothing is known from that
            return
        if is_another(order.client_order_id, answer):
            self._disown_server_id(order, f"belongs to client order ID {answer.client_order_id}")
            return
        wrong = difference_if_echoed(order.sent, answer)
        if wrong and not self._recorder.is_found_out(order.row, another_than_sent(order, wrong)):
            self.disown(order, wrong)
            return
        if answer.event is OrderEvent.WORKING:
            self._bulk.weigh_working(order)
            self._learn_working(order, answer)
            return
        self._bulk.weigh_ended()
        if order.sent.is_brief:
            self._patience.learn(order)
        self._recorder.step(
            order,
            answer.event,
            answer=answer,
            detail=f"status {answer.status}",
            message="; ".join(
                filter(None, (status_words(answer, order.sent), stands_for_row(wrong)))
            ),
            is_end=True,
        )
        assert order.state in FINAL
        self._proof.control.offer(order.client_order_id, answer.server_order_id)
        self._schedule.drop(order)

    def learn_cancelled(self, order: Tracked, answer: Answer[None]) -> None:
        """Take in how the wish to cancel an order ended."""
        if self.cancelling.learn(order, answer):
            order.alone = True
            order.interval_s = SECOND_QUESTION_S
        self._later(order)

    def learn_active(
        self, orders: tuple[Tracked, ...], answer: Answer[Mapping[str, VenueOrder]]
    ) -> None:
        """Take in which orders are open, or that the venue did not say."""
        now = self._clock.monotonic()
        self._bulk.answered(now)
        if isinstance(answer, Failed):
            self._bulk.failed(answer.error, now)
            for order in orders[:1]:
                order.alone = True  # its answer tells whether the venue is away, or the list alone
            for order in orders:
                self._later(order)
            return
        self._bulk.usable()
        for one in answer.value.values():
            stranger = self._identities.stranger(one.client_order_id, one.server_order_id)
            if stranger is not None:
                self._alarm(*stranger)
        for order in orders:
            listed = answer.value.get(order.server_order_id or "")
            if (
                listed is None
                or is_another(order.client_order_id, listed)
                or listed.event is not OrderEvent.WORKING
                or difference_if_echoed(order.sent, listed)
            ):
                # Only the query by server ID decides that an order has ended.
                order.alone, order.missing = True, listed is None
                self._schedule.add(order, now)
            else:
                self._learn_working(order, listed)

    def _disown_server_id(self, order: Tracked, why: str) -> None:
        # One that a person recorded unchecked may be wrong; then nothing is known again.
        self._step_different(order, f"server order ID {order.server_order_id} {why}")

    def disown(self, order: Tracked, wrong: str) -> None:
        """Take note that the venue holds another order than was sent, and send nothing more."""
        self._step_different(order, wrong)
        self._alarm(order.row, another_than_sent(order, wrong))

    def _step_different(self, order: Tracked, wrong: str) -> None:
        self._recorder.step(
            order,
            OrderEvent.DIFFERENT,
            detail=wrong,
            message=f"what the venue holds is not what was sent: {wrong}; a person must look",
        )
        self._schedule.drop(order)

    def _alarm(self, row: int, words: str) -> None:
        if self._recorder.alarm(row, words):
            self._stop_sending(words)

    def _learn_working(self, order: Tracked, answer: VenueOrder) -> None:
        if (answer.status, answer.filled_size) != (order.venue_status, order.filled_size):
            words = status_words(answer, order.sent)
            self._recorder.step(
                order,
                OrderEvent.WORKING,
                answer=answer,
                detail=f"status {answer.status}",
                message="; ".join(filter(None, (words, self.cancelling.refusal(order.row)))),
            )
        order.alone = order.missing = False
        order.answers += 1
        self._later(order)

    def _note_bulk_off(self, why: str) -> None:
        self._recorder.note(
            BatchEvent.BULK_QUERY_OFF, f"the query for all active orders is no longer used: {why}"
        )

    def _ask_at(self, order: Tracked, at: float) -> None:
        # Without a wait nothing is polled; what is unknown is asked about all the same.
        if (
            order.state in ASKED_BY_CLIENT_ID
            or self._options.wait_s > 0
            or self._options.cancel is not Cancel.NEVER
            or self.cancelling.is_meant(order.row)
        ):
            self._schedule.add(order, at)
        else:
            self._schedule.drop(order)

    def _give_up_or_later(self, order: Tracked) -> None:
        if order.state is OrderState.PLANNED:
            self._schedule.drop(order)  # from now on it may be sent, and be another one
        elif self._clock.monotonic() >= order.asked_until or self._options.wait_s == 0:
            if order.is_absent:
                self._note_absent(order)  # with what stood in the way of a proof in the end
            self._schedule.drop(order)
        else:
            self._later(order)

    def _later(self, order: Tracked) -> None:
        self._schedule.add(order, self._clock.monotonic() + order.next_interval_s())
