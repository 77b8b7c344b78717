"""Placing: which rows are claimed next, and what the answer to a placing means."""

from __future__ import annotations

from collections.abc import Callable

from batch.clock import Clock
from batch.errors import (
    Disputed,
    LoginFailed,
    LoginNeeded,
    NotDelivered,
    OutcomeUnknown,
    Throttled,
    VenueAway,
    VenueRefused,
)
from batch.journal import Placing
from batch.model import VenueOrder
from batch.run.comparing import difference_if_echoed
from batch.run.following import Following
from batch.run.identities import Identities
from batch.run.pace import Pace
from batch.run.recording import Recorder
from batch.run.tracking import Tracked
from batch.run.wording import error_words, status_words
from batch.run.work import Answer, Got
from batch.states import BatchEvent, OrderEvent, OrderState

UNANSWERED_LIMIT = 5
"""After so many placings in a row without an answer the run stops sending."""

SETBACK_LIMIT = 5
"""After so many pauses in a row without getting through the run stops sending: about 30 s."""


class Withheld(NotDelivered):
    """Claimed, and kept here after all: before a thread was free for it, sending stopped."""


class Sending:
    """Knows what is still to be sent and what is on its way.

    Attributes:
        stopped: why nothing more is sent; empty while rows may leave.
        fault: what was no error of the venue but of our own; to be raised when all is recorded.
        last_answer_at: monotonic time at which the last placing ended.
        sent_twice: rows for which a request may have left before, and another did.
    """

    def __init__(
        self,
        recorder: Recorder,
        clock: Clock,
        pace: Pace,
        identities: Identities,
        *,
        stopped: str = "",
        held_back: Callable[[], str] | None = None,
        differs: Callable[[Placing], str] | None = None,
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._pace = pace
        self._identities = identities
        self._held_back = held_back
        self._differs = differs
        # The journal's word, whatever was counted at the start: a plan may have withdrawn rows.
        self._are_all_claimed = False
        self._unanswered = 0
        self.on_their_way: dict[int, Placing] = {}
        self.stopped = stopped
        self.login_failed = False
        self.fault: BaseException | None = None
        self.last_answer_at = clock.monotonic()
        self.sent_twice: set[int] = set()
        self._left_before: set[int] = set()

    def claim(self, most: int) -> list[Placing]:
        """Claim the next rows, at most so many, in one commit with all that was recorded."""
        if most <= 0 or not self.has_more():
            return []
        if self._held_back is not None and (why := self._held_back()):
            self.stop(why)
            return []
        claimed = self._recorder.claim(most)
        self._are_all_claimed = len(claimed) < most
        if self._keep_if_changed(claimed):
            return []
        for placing in claimed:
            self.on_their_way[placing.row] = placing
            if placing.row in self._left_before:
                self.sent_twice.add(placing.row)
        return claimed

    def _keep_if_changed(self, claimed: list[Placing]) -> bool:
        """Let nothing of a claim leave if a row of it is no more what was planned, nor after it."""
        if self._differs is None:
            return False
        changed = ((placing.row, self._differs(placing)) for placing in claimed)
        row, wrong = next(((row, words) for row, words in changed if words), (0, ""))
        if not wrong:
            return False
        self._recorder.alarm(row, wrong)
        self.stop(wrong)
        for placing in claimed:
            order = Tracked(placing.row, placing.client_order_id, OrderState.SENDING, placing.order)
            self._recorder.step(
                order,
                OrderEvent.RELEASED,
                detail=wrong,
                message=f"not sent: {wrong}",
                request_id=placing.request_id,
            )
        return True

    def put_back(self, row: int, *, has_left: bool = True) -> None:
        """Take note that a row was released, as it is proven not to be at the venue.

        Args:
            has_left: a request for it may have left this machine.
        """
        if has_left:
            self._left_before.add(row)
        self._are_all_claimed = False

    def claimed_before(self, row: int) -> None:
        """Take note that an earlier process may have sent a row that is to be sent again."""
        self._left_before.add(row)

    def stop(self, why: str) -> None:
        """Send nothing more in this run."""
        if not self.stopped:
            self.stopped = why
            self._recorder.note(BatchEvent.STOPPED_SENDING, why)

    def has_more(self) -> bool:
        """Say whether rows are left that this run would send."""
        if self.stopped or self._are_all_claimed:
            return False
        return self._recorder.states[OrderState.PLANNED] > 0

    def learn(self, placing: Placing, answer: Answer[VenueOrder], following: Following) -> None:
        """Take in the answer to a placing, or what its absence means."""
        del self.on_their_way[placing.row]
        self.last_answer_at = now = self._clock.monotonic()
        order = Tracked(
            placing.row,
            placing.client_order_id,
            OrderState.SENDING,
            placing.order,
        )
        if isinstance(answer, Got):
            self._get_through(now)
            self._accept(order, answer.value, following)
            return
        error = answer.error
        if isinstance(error, VenueRefused):
            self._get_through(now)
            self._recorder.step(
                order,
                OrderEvent.REFUSED,
                detail=str(error),
                message=str(error),
                request_id=placing.request_id,
                is_end=True,
            )
        elif isinstance(error, NotDelivered):
            self._recorder.step(
                order,
                OrderEvent.RELEASED,
                detail=str(error),
                message=f"not sent: {error}",
                request_id=placing.request_id,
            )
            self.put_back(placing.row, has_left=error.status is not None)
            self._hold_back(error)
        else:
            self._lose(order, placing, error)
            following.find_out(order)

    def _get_through(self, now: float) -> None:
        self._unanswered = 0
        self._pace.went_well(now)

    def _hold_back(self, error: NotDelivered) -> None:
        now = self._clock.monotonic()
        if isinstance(error, Withheld | LoginNeeded):
            return  # whatever stopped it is known already, or is mended by the next login
        if isinstance(error, Throttled):
            self._pace.throttled(error.retry_after_s, now)
        elif isinstance(error, LoginFailed):
            self.login_failed = True
            self.stop(str(error))
        elif self._pace.set_back(now) >= SETBACK_LIMIT:
            self.stop(f"requests did not get out {SETBACK_LIMIT} times in a row: {error}")

    def learn_login(self, answer: Answer[None]) -> None:
        """Take in how a login ended; without one nothing more can leave."""
        if isinstance(answer, Got):
            return
        error = answer.error
        if isinstance(error, VenueAway):
            error = NotDelivered(str(error))
        if isinstance(error, NotDelivered):
            self._hold_back(error)
        else:
            self.fault = error
            self.stop(f"a fault of our own: {error_words(error)}")

    def _accept(self, order: Tracked, taken: VenueOrder, following: Following) -> None:
        if wrong := self._identities.take(order.row, order.client_order_id, taken.server_order_id):
            self._recorder.step(
                order,
                OrderEvent.LOST,
                detail=wrong,
                message=f"the venue may or may not hold this order: {wrong}; a person must look",
            )
            self._recorder.alarm(order.row, wrong)
            self.stop(wrong)
            following.find_out(order)
            return
        self._recorder.step(
            order,
            OrderEvent.ACCEPTED,
            answer=taken,
            detail=f"server order ID {taken.server_order_id}, status {taken.status}",
            message=status_words(taken, order.sent),
        )
        if wrong := difference_if_echoed(order.sent, taken):
            following.disown(order, wrong)
        else:
            following.follow(order)

    def _lose(self, order: Tracked, placing: Placing, error: BaseException) -> None:
        words = error_words(error)
        order.is_disputed = isinstance(error, Disputed)
        self._recorder.step(
            order,
            OrderEvent.DISPUTED if order.is_disputed else OrderEvent.LOST,
            detail=words,
            message=f"the venue may or may not hold this order: {words}",
            request_id=placing.request_id,
        )
        if order.is_disputed:
            return
        if not isinstance(error, OutcomeUnknown):
            self.fault = error
            self.stop(f"a fault of orderbatch itself: {words}")
            return
        self._unanswered += 1
        if self._unanswered >= UNANSWERED_LIMIT:
            self.stop(f"{self._unanswered} placings in a row got no answer; the last one: {words}")
