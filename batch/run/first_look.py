"""The journal is not the only witness: is a new batch at the venue before it was ever sent?

Another journal may have sent this very sheet: another user's, an older copy put back, one of
another working folder. Its orders carry the same client IDs, so the venue can be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

from batch.errors import GateError, LoginFailed, Throttled, VenueError, VenueRefused
from batch.journal import Journal
from batch.model import OrderRecord, VenueOrder
from batch.run.pace.pauses import LONGEST_PAUSE_S
from batch.run.recording import Recorder
from batch.run.slots import Turn
from batch.run.tracking import is_answer
from batch.states import BatchEvent
from batch.venue.port import Questions

A = TypeVar("A")

TRIES = 3
APART_S = 1.0

MOST_PAUSES = 8
"""So often a venue may be too busy to say; nothing was sent, so giving up does no harm."""


class ActiveList(Enum):
    """What the venue's list of active orders is to the first look."""

    UNUSED = "it is not asked for"
    LOOKED_THROUGH = "the second net, beside the question by client ID"
    NEEDED = "the only net: the question by client ID has shown nothing"


@dataclass(frozen=True, slots=True)
class FirstLook:
    """What the venue told.

    Attributes:
        answers_by_id: it answers questions by client order ID.
        lacks_list: its list of active orders was to be looked through, and failed.
    """

    answers_by_id: bool = False
    lacks_list: bool = False


class SentByAnother(GateError):
    """The venue knows an order of a batch that this journal never sent; nothing was sent.

    Attributes:
        found: which one, in words.
    """

    def __init__(self, batch_id: str, found: str) -> None:
        super().__init__(
            f"batch {batch_id}, {found}. Nothing was sent. Look for that journal (another user's, "
            "another folder's, a newer copy of this one) and go on from it."
        )
        self.found = found


def look_first(
    batch_id: str,
    planned: Callable[[], Iterator[OrderRecord]],
    venue: Questions,
    recorder: Recorder,
    turn: Turn,
    active: ActiveList,
) -> FirstLook:
    """Ask for the first order that is about to leave, and look for the others among open orders.

    A list that fails is gone on without where the question by client ID is answered, before it and
    after it: then the venue is there, and does not take that question for one for the list. That it
    finds orders by client ID at all is for the first order to show; see `Pilot`.

    Args:
        planned: gives the rows that are to be sent.

    Raises:
        SentByAnother: the venue knows one of them.
        VenueError: it gave no usable answer, and nothing may leave before it does.
    """
    first = next(_unclaimed(planned), None)
    if first is None:
        return FirstLook()

    def find(asked: OrderRecord) -> bool:
        found = _ask(lambda: venue.find(asked.client_order_id or "-"), recorder, turn)
        _refuse(batch_id, [(asked, order) for order in found or ()])
        return found is not None

    answers_by_id = find(first)
    if active is ActiveList.UNUSED:
        return FirstLook(answers_by_id)
    try:
        listed = _ask(venue.active, recorder, turn)
    except (LoginFailed, Throttled):
        raise
    except VenueError as error:
        if active is ActiveList.NEEDED or not answers_by_id or not find(first):
            raise
        # On record before anything leaves: whoever goes on after this process knows it, too.
        recorder.note(BatchEvent.ALONE_NOT_TOLD, str(error))
        return FirstLook(answers_by_id, lacks_list=True)
    by_client_id = {order.client_order_id: order for order in (listed or {}).values()}
    if by_client_id:
        rows = _unclaimed(planned)
        ours = ((record, by_client_id.get(record.client_order_id or "-")) for record in rows)
        _refuse(batch_id, ((record, order) for record, order in ours if order is not None))
    if active is ActiveList.NEEDED and listed is not None:
        recorder.note(BatchEvent.ALONE_TOLD, "no active order is one of the rows left to send")
    return FirstLook(answers_by_id)


def _unclaimed(planned: Callable[[], Iterator[OrderRecord]]) -> Iterator[OrderRecord]:
    # What this journal may have sent itself is asked about where that is followed.
    return (record for record in planned() if record.submitted_at is None)


def list_for(journal: Journal, batch_id: str, *, is_wanted: bool, is_begun: bool) -> ActiveList:
    """Give what the list is to a look at a batch; a begun one was looked at when it began.

    Args:
        is_wanted: the settings do not say that this venue's is of no use.
    """
    if not is_wanted:
        return ActiveList.UNUSED
    if not is_begun:
        return ActiveList.LOOKED_THROUGH
    was_told = not any(journal.events(batch_id, kind=BatchEvent.ALONE_NOT_TOLD)) or any(
        journal.events(batch_id, kind=BatchEvent.ALONE_TOLD)
    )
    return ActiveList.UNUSED if was_told else ActiveList.NEEDED


def sent_by_another(row: int, order: VenueOrder) -> str:
    """Say that the venue holds an order of a row that this journal never sent."""
    return (
        f"row {row}: expected a new order, found that the venue knows client order ID "
        f"{order.client_order_id} already, as server order ID {order.server_order_id}. This "
        "journal never sent it: another journal has sent this sheet"
    )


def _refuse(batch_id: str, known: Iterable[tuple[OrderRecord, VenueOrder]]) -> None:
    for record, order in known:
        raise SentByAnother(batch_id, sent_by_another(record.row, order))


def _ask(question: Callable[[], A], recorder: Recorder, turn: Turn) -> A | None:
    """Ask, a few times; None where the venue will not say."""
    tries, pauses = 0, 0
    pause_s = 0.0
    while True:
        turn.wait(pause_s)
        try:
            return question()
        except VenueRefused as refusal:
            # A venue that has no such query; silence would be worse than a line of history.
            recorder.note(BatchEvent.FIRST_LOOK_REFUSED, str(refusal))
            return None
        except LoginFailed:
            raise
        except Throttled as throttled:
            pauses += 1
            if pauses == MOST_PAUSES:
                raise
            pause_s = min(max(throttled.retry_after_s or 0.0, APART_S * 2**pauses), LONGEST_PAUSE_S)
        except VenueError as error:
            tries += 1
            if tries == TRIES:
                if not is_answer(error):
                    raise
                # It answers, and always so: one that does not look at the client ID gives other
                # orders. Its list of open ones may still tell.
                recorder.note(BatchEvent.FIRST_LOOK_REFUSED, str(error))
                return None
            pause_s = APART_S
