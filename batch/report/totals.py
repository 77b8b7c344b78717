"""The sums of a report's Summary, exact to the digit. Part of `report`, layer 2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from batch.model import OrderRecord
from batch.states import FinalState

S = FinalState

URGENCY = (
    S.UNKNOWN,
    S.OPEN,
    S.REFUSED,
    S.REJECTED,
    S.NOT_SENT,
    S.INVALID,
    S.CANCELLED,
    S.EXPIRED,
    S.FILLED,
)
"""All final states, the one that needs a person most first."""

_NEVER_FILLED = frozenset({S.NOT_SENT, S.INVALID, S.REFUSED, S.REJECTED})


@dataclass(frozen=True, slots=True)
class Total:
    """The orders of one symbol, side, dealt currency and final state.

    Attributes:
        filled_size: None where the venue has not said it of every one of these orders.
    """

    symbol: str
    side: str
    currency: str
    state: FinalState
    orders: int
    size: Decimal
    filled_size: Decimal | None


def count_states(orders: Iterable[OrderRecord]) -> list[tuple[FinalState, int]]:
    """Count rows by final state, the most urgent first; states without a row are left out."""
    counts = Counter(order.final_state for order in orders)
    return [(state, counts[state]) for state in URGENCY if counts[state]]


def sum_orders(orders: Iterable[OrderRecord]) -> list[Total]:
    """Add up sizes and fills of all rows that are orders, in the dealt currency."""
    groups: dict[tuple[str, str, str, FinalState], list[OrderRecord]] = {}
    for record in orders:
        if record.order is not None:
            order = record.order
            key = (order.symbol, order.side.value, order.currency, record.final_state)
            groups.setdefault(key, []).append(record)
    # The default context rounds after 28 digits, and sizes may differ by more than that.
    with localcontext(Context(prec=400)):
        totals = [_total(*key, records) for key, records in groups.items()]
    return sorted(totals, key=lambda t: (t.symbol, t.side, t.currency, URGENCY.index(t.state)))


def _total(
    symbol: str, side: str, currency: str, state: FinalState, records: list[OrderRecord]
) -> Total:
    sizes = [record.order.size for record in records if record.order is not None]
    fills = [_fill(record) for record in records]
    known = [fill for fill in fills if fill is not None]
    filled = sum(known, Decimal(0)) if len(known) == len(fills) else None
    return Total(symbol, side, currency, state, len(records), sum(sizes, Decimal(0)), filled)


def _fill(record: OrderRecord) -> Decimal | None:
    if record.final_state is S.UNKNOWN:
        return None
    if record.filled_size is None and record.final_state in _NEVER_FILLED:
        return Decimal(0)
    return record.filled_size
