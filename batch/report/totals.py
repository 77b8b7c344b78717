"""The sums of a report's Summary, exact to the digit. Part of `report`, layer 2."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Context, Decimal, localcontext

from batch.model import OrderRecord
from batch.states import FinalState, OrderState

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

ATTENTION = (S.UNKNOWN, S.OPEN, S.REFUSED, S.REJECTED, S.NOT_SENT, S.INVALID)
"""What needs a person, the most urgent first."""

LISTED = 20
"""Rows listed by name; the others are counted, and a filter on Results finds them."""

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


@dataclass(slots=True)
class Pressing:
    """The rows of one state that needs a person.

    Attributes:
        first: the first of them, each with its place in the sheet's order, from 0.
    """

    state: FinalState
    count: int = 0
    first: list[tuple[int, OrderRecord]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Survey:
    """What a Summary says of a batch, gathered in one pass that keeps few of the rows.

    Attributes:
        counts: rows by final state, the most urgent first; states without a row are left out.
        pressing: the rows of `ATTENTION`; such states without a row are left out.
        totals: sizes and fills of all rows that are orders.
    """

    rows: int
    counts: list[tuple[FinalState, int]]
    pressing: list[Pressing]
    totals: list[Total]


def survey(orders: Iterable[OrderRecord]) -> Survey:
    """Go through all rows of a batch once."""
    counts: Counter[FinalState] = Counter()
    pressing = {state: Pressing(state) for state in ATTENTION}
    sums: dict[tuple[str, str, str, FinalState], _Sum] = {}
    # The default context rounds after 28 digits, and sizes may differ by more than that.
    with localcontext(Context(prec=400)):
        for place, record in enumerate(orders):
            state = record.final_state
            counts[state] += 1
            # Rows that were left out on purpose need nobody.
            if state in pressing and record.state is not OrderState.SKIPPED:
                _press(pressing[state], place, record)
            if record.order is not None:
                order = record.order
                key = (order.symbol, order.side.value, order.currency, state)
                sums.setdefault(key, _Sum()).add(order.size, _fill(record))
    totals = [
        Total(*key, one.orders, one.size, one.filled_size if one.is_known else None)
        for key, one in sums.items()
    ]
    return Survey(
        rows=counts.total(),
        counts=[(state, counts[state]) for state in URGENCY if counts[state]],
        pressing=[one for one in pressing.values() if one.count],
        totals=sorted(totals, key=lambda t: (t.symbol, t.side, t.currency, URGENCY.index(t.state))),
    )


@dataclass(slots=True)
class _Sum:
    orders: int = 0
    size: Decimal = Decimal(0)
    filled_size: Decimal = Decimal(0)
    is_known: bool = True

    def add(self, size: Decimal, filled_size: Decimal | None) -> None:
        self.orders += 1
        self.size += size
        if filled_size is None:
            self.is_known = False
        else:
            self.filled_size += filled_size


def _press(pressing: Pressing, place: int, record: OrderRecord) -> None:
    pressing.count += 1
    if len(pressing.first) < LISTED:
        pressing.first.append((place, record))


def _fill(record: OrderRecord) -> Decimal | None:
    if record.final_state is S.UNKNOWN:
        return None
    if record.filled_size is None and record.final_state in _NEVER_FILLED:
        return Decimal(0)
    return record.filled_size
