"""The first order of a batch goes alone: another journal may begin the same sheet at this moment.

Two journals that ask the venue at one moment whether it knows a batch are both told that it does
not. Their orders carry the same client IDs, though, and each journal asks once more when its own
first order was taken. Whichever asks last sees two orders under one ID, and sends nothing more: one
row is doubled, and not the sheet.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from batch.clock import Clock
from batch.errors import NotDelivered, Throttled, VenueError, VenueRefused
from batch.journal import Placing
from batch.model import OrderRecord, VenueOrder
from batch.run.alarms import more_than_one
from batch.run.calls import FindAgain
from batch.run.first_look import sent_by_another
from batch.run.recording import Recorder
from batch.run.sending import Sending
from batch.run.tracking import is_answer
from batch.run.work import Answer, Failed, Got
from batch.states import BatchEvent

SHOWN_WITHIN_S = 10.0
"""So long an order that was taken may stay unseen at a venue that shows done ones as well."""

APART_S = 0.5

MOST_USELESS = 2
"""After so many answers of no use nothing more is asked: this venue has no such query."""


class _Step(Enum):
    IS_OVER = "rows leave as they can"
    ALONE = "one order may leave, and none beside it"
    LEFT = "that order is on its way"
    TAKEN = "the venue is asked whether it is the only one under its ID"
    LOOKING = "the venue is asked whether it knows the next row already"


class Pilot:
    """Lets one order leave, and the rest when the venue has shown that one alone.

    Args:
        next_row: gives the row that no process ever claimed and that is to leave next; None where
            there is none.
        shows_done: the venue's query by client ID also finds orders that are done.
        patience_s: how long the venue may give no answer before the run stops sending.
    """

    def __init__(
        self,
        recorder: Recorder,
        clock: Clock,
        sending: Sending,
        next_row: Callable[[], OrderRecord | None],
        *,
        shows_done: bool,
        patience_s: float,
    ) -> None:
        self._recorder = recorder
        self._clock = clock
        self._sending = sending
        self._next_row = next_row
        self._shown_within_s = SHOWN_WITHIN_S if shows_done else 0.0
        self._must_be_shown = False
        self._patience_s = patience_s
        self._step = _Step.IS_OVER
        self._then = _Step.IS_OVER
        self._question: FindAgain | None = None
        self._is_asked = False
        self._ask_at = self._began_at = float("-inf")
        self._useless = 0

    def begin(self, *, must_be_shown: bool = False) -> None:
        """Let the next order leave alone; the venue said that it does not know it.

        Args:
            must_be_shown: nothing else tells of another journal, so that the rest stays where the
                venue does not show this order.
        """
        self._step = _Step.ALONE
        self._must_be_shown = must_be_shown
        if must_be_shown:
            self._shown_within_s = SHOWN_WITHIN_S

    def look_again(self) -> None:
        """Have the next row asked for before it leaves, as the batch began in another process."""
        self._look(then=_Step.IS_OVER)

    def most(self, free: int) -> int:
        """Give how many rows may be claimed now where so many calls may be handed out."""
        match self._step:
            case _Step.IS_OVER:
                return free
            case _Step.ALONE:
                return min(free, 1)
        return 0

    def is_pending(self) -> bool:
        """Say whether an answer is still waited for."""
        return self._question is not None and (self._is_asked or not self._sending.stopped)

    def wait_s(self, now: float) -> float | None:
        """Give the seconds until a question is due; None where none is, or one is on its way."""
        if not self.is_pending() or self._is_asked:
            return None
        return max(self._ask_at - now, 0.0)

    def leave(self) -> None:
        """Take note that an order was claimed."""
        if self._step is _Step.ALONE:
            self._step = _Step.LEFT

    def land(self, placing: Placing, answer: Answer[VenueOrder]) -> None:
        """Take note of how the placing of an order ended."""
        if self._step is not _Step.LEFT:
            return
        if isinstance(answer, Got):
            server_id = answer.value.server_order_id
            self._step, self._then = _Step.TAKEN, _Step.IS_OVER
            self._put(FindAgain(placing.row, placing.client_order_id, server_id))
        elif isinstance(answer.error, VenueRefused | NotDelivered):
            self._step = _Step.ALONE  # nothing stands at the venue that could tell
        else:
            self._look(then=_Step.ALONE)

    def is_due(self) -> bool:
        """Say whether a question may be asked now."""
        return self.wait_s(self._clock.monotonic()) == 0.0

    def question(self) -> FindAgain:
        """Give the question that is due, once."""
        assert self.is_due() and self._question is not None
        self._is_asked = True
        return self._question

    def learn(self, answer: Answer[tuple[VenueOrder, ...]]) -> None:
        """Take in what the venue says to it."""
        self._is_asked = False
        asked = self._question
        assert asked is not None
        if isinstance(answer, Failed):
            self._ask_once_more(answer.error)
        elif self._step is _Step.LOOKING:
            self._see_next(asked, answer.value)
        else:
            self._see_own(asked, answer.value)

    def _look(self, then: _Step) -> None:
        record = self._next_row()
        self._step, self._then = _Step.LOOKING, then
        if record is None or record.client_order_id is None:
            self._go_on()
        else:
            self._put(FindAgain(record.row, record.client_order_id, None))

    def _put(self, question: FindAgain) -> None:
        self._question = question
        self._useless = 0
        self._ask_at = self._began_at = self._clock.monotonic()

    def _go_on(self) -> None:
        self._question = None
        self._step = self._then

    def _see_next(self, asked: FindAgain, found: tuple[VenueOrder, ...]) -> None:
        if found:
            self._question = None
            self._sending.stop(sent_by_another(asked.row, found[0]))
        else:
            self._go_on()

    def _see_own(self, asked: FindAgain, found: tuple[VenueOrder, ...]) -> None:
        own = asked.server_order_id or ""
        ids = [order.server_order_id for order in found]
        if wrong := more_than_one(asked.row, asked.client_order_id, [own, *ids]):
            self._question = None
            self._recorder.alarm(asked.row, wrong)
            self._sending.stop(wrong)
        elif own in ids:
            if self._must_be_shown:
                shown = f"row {asked.row}: server order ID {own} was shown, and no other"
                self._recorder.note(BatchEvent.ALONE_TOLD, shown)
            self._go_on()
        elif self._clock.monotonic() - self._began_at < self._shown_within_s:
            self._ask_at = self._clock.monotonic() + APART_S
        else:
            self._give_up(f"the venue did not show server order ID {own}")

    def _ask_once_more(self, error: BaseException) -> None:
        self._useless += isinstance(error, VenueError) and is_answer(error)
        now = self._clock.monotonic()
        if self._useless == MOST_USELESS or isinstance(error, VenueRefused):
            self._give_up(str(error))
        elif now - self._began_at >= self._patience_s and not isinstance(error, Throttled):
            self._question = None
            self._sending.stop(
                f"whether another journal sends this sheet at the same time was not told: {error}"
            )
        else:
            self._ask_at = now + APART_S

    def _give_up(self, why: str) -> None:
        assert self._question is not None
        asked = self._question
        words = (
            f"row {asked.row}: whether this journal alone sends this sheet was not told: client "
            f"order ID {asked.client_order_id}: {why}"
        )
        if not self._must_be_shown:
            self._recorder.note(BatchEvent.FIRST_ORDER_NOT_SHOWN, words)
            self._go_on()
            return
        self._question = None
        self._sending.stop(
            f"{words}; and the list of active orders failed. The rest leaves when the venue gives "
            "that list, or when the settings say that it is of no use ([venue] bulk_query = false)"
        )
