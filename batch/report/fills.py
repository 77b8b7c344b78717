"""How much of an order is filled, how much is not, and when nobody knows. Part of `report`.

"Not known" is never 0, and what is known of a row is the same in every format and every sum.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from decimal import Context, Decimal, localcontext

from batch.model import OrderRecord
from batch.states import FinalState as F
from batch.states import OrderState

_NEVER_FILLED = frozenset({F.NOT_SENT, F.REFUSED, F.REJECTED})
"""The venue never held such an order, or would not have it; it need not say that nothing filled."""


_EXACT = Context(prec=400)
"""The default context rounds after 28 digits; sizes may differ more."""


def exact() -> AbstractContextManager[Context]:
    """Give a context for sums that are exact to the digit."""
    return localcontext(_EXACT)


def is_left_out(record: OrderRecord) -> bool:
    """Say whether a row was left out on purpose.

    Another batch, or a sheet of corrections, answers for it: this batch knows nothing of its fill.
    """
    return record.state is OrderState.SKIPPED


def filled_size(record: OrderRecord) -> Decimal | None:
    """Give what is filled of an order, in the dealt currency.

    Returns:
        None where that is not known: the venue did not say, or may hold an order unbeknown to us.
    """
    if record.order is None or is_left_out(record) or record.final_state is F.UNKNOWN:
        return None
    if record.filled_size is None and record.final_state in _NEVER_FILLED:
        return Decimal(0)
    return record.filled_size


def told_size(record: OrderRecord) -> Decimal | None:
    """Give what stands as filled in an order's own line: what the venue said of it.

    Returns:
        None where it did not say. An UNKNOWN order keeps an amount above 0 that the venue once
        told, which counts in no sum; that nothing was filled of it by then says nothing of now.
    """
    if not record.filled_size and record.final_state is F.UNKNOWN:
        return None
    return record.filled_size


def unfilled_size(record: OrderRecord) -> Decimal | None:
    """Give what is left of an order: its size less what is filled.

    Returns:
        The whole size of an order that the venue never held. None for a row that is no order
        (INVALID), for one that was left out on purpose, and where the fill is not known. Below 0
        where the venue filled more than was asked for: nothing hides that.
    """
    filled = filled_size(record)
    if filled is None or record.order is None:
        return None
    return _EXACT.subtract(record.order.size, filled)
