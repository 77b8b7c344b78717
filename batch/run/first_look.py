"""The journal is not the only witness: is a new batch at the venue before it was ever sent?

Another journal may have sent this very sheet: another user's, an older copy put back, one of
another working folder. Its orders carry the same client IDs, so the venue can be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from batch.errors import GateError, LoginFailed, Throttled, VenueError, VenueRefused
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


class SentByAnother(GateError):
    """The venue knows an order of a batch that this journal never sent; nothing was sent."""


def look_first(
    batch_id: str,
    planned: Callable[[], Iterator[OrderRecord]],
    venue: Questions,
    recorder: Recorder,
    turn: Turn,
    *,
    look_through_active: bool,
) -> bool:
    """Ask for the first order that is about to leave, and look for the others among open orders.

    Args:
        planned: gives the rows that are to be sent.
        look_through_active: the venue's list of active orders is of use.

    Returns:
        The venue answers questions by client order ID.

    Raises:
        SentByAnother: the venue knows one of them.
        VenueError: it gave no usable answer, and nothing may leave before it does.
    """
    first = next(planned(), None)
    if first is None:
        return False
    assert first.client_order_id is not None
    first_id = first.client_order_id
    found = _ask(lambda: venue.find(first_id), recorder, turn)
    _refuse(batch_id, [(first, order) for order in found or ()])
    active = (_ask(venue.active, recorder, turn) or {}) if look_through_active else {}
    by_client_id = {order.client_order_id: order for order in active.values()}
    if by_client_id:
        ours = ((record, by_client_id.get(record.client_order_id or "-")) for record in planned())
        _refuse(batch_id, ((record, order) for record, order in ours if order is not None))
    return found is not None


def sent_by_another(row: int, order: VenueOrder) -> str:
    """Say that the venue holds an order of a row that this journal never sent."""
    return (
        f"row {row}: expected a new order, found that the venue knows client order ID "
        f"{order.client_order_id} already, as server order ID {order.server_order_id}. This "
        "journal never sent it: another journal has sent this sheet"
    )


def _refuse(batch_id: str, known: Iterable[tuple[OrderRecord, VenueOrder]]) -> None:
    for record, order in known:
        raise SentByAnother(
            f"batch {batch_id}, {sent_by_another(record.row, order)}. Nothing was sent. Look for "
            "that journal (another user's, another folder's, a newer copy of this one) and go on "
            "from it."
        )


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
