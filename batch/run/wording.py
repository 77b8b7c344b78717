"""What the report says beside a state."""

from __future__ import annotations

from batch.errors import BatchError
from batch.model import Order, VenueOrder
from batch.states import OrderEvent

_MAY_HAVE_FILLED = frozenset({OrderEvent.FILLED, OrderEvent.EXPIRED, OrderEvent.CANCELLED})


def status_words(answer: VenueOrder, sent: Order) -> str:
    """Say for the report what a status alone does not: a part fill, a reason, an unknown word."""
    parts = []
    if not answer.is_published:
        parts.append(f'the venue\'s status "{answer.status}" is not a published one')
    if answer.filled_size is None and answer.event in _MAY_HAVE_FILLED:
        # "Not known" is never "nothing".
        parts.append("the venue did not say how much of it was filled")
    elif answer.event is OrderEvent.FILLED and not answer.filled_size:
        parts.append(f"the venue calls it filled, and says that nothing of {sent.size:f} was")
    elif answer.filled_size and answer.filled_size != sent.size:
        parts.append(f"part filled: {answer.filled_size:f} of {sent.size:f}")
    if answer.message:
        parts.append(answer.message)
    return "; ".join(parts)


def absent_words(obstacle: str, *, is_disputed: bool) -> str:
    """Say of an order that was not found, as long as that proves nothing, what is known.

    Args:
        obstacle: why it never can be a proof; "" where it still may become one.
        is_disputed: its placing was answered, with a no that settles nothing.
    """
    if is_disputed:
        known = (
            "its placing was answered with a no that may not be the venue's own, or may mean that "
            "the venue has it already"
        )
        why = ""
    else:
        # Not "without an answer": a 503 is one, and where the process died nobody knows.
        known = "no usable answer to its placing is on record"
        why = f": {obstacle}" if obstacle else ""
    return (
        f"{known}; it was not found by client order ID, which is no proof that the venue does not "
        f"hold it{why}; a person must look"
    )


def error_words(error: BaseException) -> str:
    """Name what went wrong: our own exceptions are written for people, others are only named."""
    return str(error) if isinstance(error, BatchError) else type(error).__name__
