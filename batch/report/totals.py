"""The sums of a report, exact to the digit. Part of `report`, layer 2.

One pass over the rows, of which few are kept: the size of a batch does not decide whether it can
be added up. A row counts among the amounts if this batch has an order of it: rows that are not
valid have no amounts, and for rows that were left out on purpose another batch answers.
"""

from __future__ import annotations

import statistics
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal

from batch.model import Order, OrderRecord, Side
from batch.report.attention import NEEDS, Need, Pressing, need_of
from batch.report.fills import exact, filled_size, is_left_out
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

_NOT_SENT = frozenset({S.NOT_SENT, S.INVALID})
_QUOTIENT = Context(prec=60)
_RATE = Decimal("0.0001")
_CENT = Decimal("0.01")
_PIPS = Decimal("0.1")


def pip(symbol: str) -> Decimal:
    """Give the pip of a symbol: 0.01 where the term currency is the yen, 0.0001 for all others."""
    return Decimal("0.01") if symbol.endswith("/JPY") else Decimal("0.0001")


def buys_base(order: Order) -> bool:
    """Say whether an order buys the base currency; side and size speak of the dealt one."""
    return (order.side is Side.BUY) == order.symbol.startswith(f"{order.currency}/")


@dataclass(slots=True)
class Amounts:
    """Orders of one dealt currency, added up; size = filled + unfilled + not known.

    Attributes:
        filled, unfilled: of the orders whose fill is known.
        not_known: the size of the orders of whose fill nobody knows.
    """

    orders: int = 0
    size: Decimal = Decimal(0)
    filled: Decimal = Decimal(0)
    unfilled: Decimal = Decimal(0)
    not_known: Decimal = Decimal(0)

    def add(self, size: Decimal, filled: Decimal | None) -> None:
        """Take in an order."""
        self.orders += 1
        self.size += size
        if filled is None:
            self.not_known += size
        else:
            self.filled += filled
            self.unfilled += size - filled

    def include(self, other: Amounts) -> None:
        """Take in orders that are added up already."""
        self.orders += other.orders
        self.size += other.size
        self.filled += other.filled
        self.unfilled += other.unfilled
        self.not_known += other.not_known

    @property
    def is_unknown(self) -> bool:
        """Nobody knows the fill of any of these orders; then `filled` is no 0 to be shown."""
        return bool(self.size) and self.not_known == self.size

    @property
    def fill_rate(self) -> Decimal | None:
        """The part of the size that is known to be filled, cut off after four decimals.

        Cut off and not rounded, so that 1 is said of what is filled whole and of nothing else.
        None without an order, and where nothing is known.
        """
        if not self.size or self.is_unknown:
            return None
        with exact():
            return _QUOTIENT.divide(self.filled, self.size).quantize(_RATE, ROUND_DOWN)


@dataclass(slots=True)
class Line:
    """The orders of one symbol, side and dealt currency.

    Prices are averages over what was filled, weighted by its size in the base currency: so the
    average price is what was paid in all over what was got in all, whichever currency is dealt.

    Attributes:
        unpriced: filled, but at a price that the venue did not say; in no average.
    """

    symbol: str
    side: Side
    currency: str
    amounts: Amounts = field(default_factory=Amounts)
    unpriced: Decimal = Decimal(0)
    is_buying_base: bool = True
    base: Decimal = Decimal(0)
    term: Decimal = Decimal(0)
    term_at_limit: Decimal = Decimal(0)

    def add(self, order: Order, filled: Decimal | None, price: Decimal | None) -> None:
        """Take in an order of this line."""
        self.amounts.add(order.size, filled)
        self.is_buying_base = buys_base(order)
        if not filled:
            return
        if not price:
            self.unpriced += filled
            return
        if order.symbol.startswith(f"{order.currency}/"):
            base, term = filled, filled * price
        else:
            base, term = _QUOTIENT.divide(filled, price), filled
        self.base += base
        self.term += term
        self.term_at_limit += base * order.price

    @property
    def other_currency(self) -> str:
        """The currency of the symbol that is not dealt."""
        base, _, term = self.symbol.partition("/")
        return term if self.currency == base else base

    @property
    def notional(self) -> Decimal | None:
        """What the priced fills come to in the other currency; None where nothing is priced."""
        if not self.base:
            return None
        other = self.base if self.symbol.startswith(f"{self.other_currency}/") else self.term
        with exact():
            return other.quantize(_CENT, ROUND_HALF_EVEN)

    @property
    def average_price(self) -> Decimal | None:
        """None where nothing is filled at a known price."""
        return self._average(self.term)

    @property
    def average_limit(self) -> Decimal | None:
        """The average limit price of the same fills, with the same weights."""
        return self._average(self.term_at_limit)

    @property
    def pips(self) -> Decimal | None:
        """By how many pips the fills were better than their limits; below 0, worse."""
        if not self.base:
            return None
        with exact():
            gain = self.term_at_limit - self.term
            gain = gain if self.is_buying_base else -gain
            pips = _QUOTIENT.divide(gain, self.base * pip(self.symbol))
            return pips.quantize(_PIPS, ROUND_HALF_EVEN) + 0  # no -0.0

    def _average(self, term: Decimal) -> Decimal | None:
        if not self.base:
            return None
        with exact():
            price = _QUOTIENT.divide(term, self.base)
            return price.quantize(pip(self.symbol) / 1000, ROUND_HALF_EVEN)


@dataclass(frozen=True, slots=True)
class StateLine:
    """The orders of one symbol, side, dealt currency and final state."""

    symbol: str
    side: str
    currency: str
    state: FinalState
    amounts: Amounts


@dataclass(slots=True)
class Times:
    """When it happened.

    Attributes:
        first_sent, last_answer: None where nothing was sent, or nothing has come to its end.
        median_fill_s: from sending an order to learning that it is filled, at the median.
    """

    first_sent: datetime | None = None
    last_answer: datetime | None = None
    _fills_s: array[float] = field(default_factory=lambda: array("d"))

    def add(self, record: OrderRecord) -> None:
        """Take in a row."""
        sent, ended = record.submitted_at, record.finished_at
        if sent is not None and (self.first_sent is None or sent < self.first_sent):
            self.first_sent = sent
        if ended is not None and (self.last_answer is None or ended > self.last_answer):
            self.last_answer = ended
        if sent is not None and ended is not None and record.final_state is S.FILLED:
            self._fills_s.append((ended - sent).total_seconds())

    @property
    def median_fill_s(self) -> float | None:
        """None where nothing is filled."""
        return statistics.median(self._fills_s) if self._fills_s else None


@dataclass(slots=True)
class Survey:
    """What a report says of a batch before it comes to the single rows.

    Attributes:
        rows: all of the sheet.
        sent: rows whose order left, or may have left.
        filled: rows that are FILLED, and whole as far as is known.
        part_filled: rows of which something is filled and something is not.
        left_out: rows that were left out on purpose, for which another batch answers.
        counts: rows by final state.
        pressing: what needs a person, the most urgent first; needs that no row has are left out.
        lines: by symbol, side and dealt currency.
        by_state: by these and final state.
    """

    rows: int = 0
    sent: int = 0
    filled: int = 0
    part_filled: int = 0
    left_out: int = 0
    states: Counter[FinalState] = field(default_factory=Counter)
    pressing: list[Pressing] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    by_state: list[StateLine] = field(default_factory=list)
    currencies: dict[str, Amounts] = field(default_factory=dict)
    times: Times = field(default_factory=Times)

    @property
    def counts(self) -> list[tuple[FinalState, int]]:
        """Rows by final state, the most urgent first; states without a row are left out."""
        return [(state, self.states[state]) for state in URGENCY if self.states[state]]

    @property
    def needs_person(self) -> int:
        """How many rows need a person."""
        return sum(one.count for one in self.pressing)

    def by_symbol(self) -> list[tuple[str, Amounts]]:
        """Add up both sides of each symbol and dealt currency; those with the most orders first."""
        sums: dict[tuple[str, str], Amounts] = {}
        with exact():
            for line in self.lines:
                sums.setdefault((line.symbol, line.currency), Amounts()).include(line.amounts)
        ranked = sorted(sums.items(), key=lambda item: (-item[1].orders, item[0]))
        return [
            (symbol if symbol.startswith(f"{currency}/") else f"{symbol} in {currency}", amounts)
            for (symbol, currency), amounts in ranked
        ]

    def largest_lines(self, most: int) -> list[Line]:
        """Give the lines with the most orders, in the order of their symbols."""
        largest = sorted(self.lines, key=lambda line: -line.amounts.orders)[:most]
        return sorted(largest, key=lambda line: (line.symbol, line.side, line.currency))

    def largest_currencies(self, most: int) -> list[tuple[str, Amounts]]:
        """Give the dealt currencies with the most orders, these first."""
        return sorted(self.currencies.items(), key=lambda item: (-item[1].orders, item[0]))[:most]


def survey(orders: Iterable[OrderRecord]) -> Survey:
    """Go through all rows of a batch once."""
    found = Survey()
    pressing = {need: Pressing(need) for need in NEEDS}
    lines: dict[tuple[str, str, str], Line] = {}
    by_state: dict[tuple[str, str, str, FinalState], Amounts] = {}
    with exact():
        for place, record in enumerate(orders):
            need = need_of(record)
            if need is not None:
                pressing[need].add(place, record)
            _count(found, record, need)
            if record.order is None or is_left_out(record):
                continue
            order, filled = record.order, filled_size(record)
            key = (order.symbol, order.side.value, order.currency)
            if key not in lines:
                lines[key] = Line(order.symbol, order.side, order.currency)
            lines[key].add(order, filled, record.average_price)
            state_key = (*key, record.final_state)
            by_state.setdefault(state_key, Amounts()).add(order.size, filled)
            found.currencies.setdefault(order.currency, Amounts()).add(order.size, filled)
    found.pressing = [one for one in pressing.values() if one.count]
    found.lines = [lines[key] for key in sorted(lines)]
    found.by_state = list(_state_lines(by_state))
    return found


def _state_lines(
    by_state: dict[tuple[str, str, str, FinalState], Amounts],
) -> Iterator[StateLine]:
    for key in sorted(by_state, key=lambda key: (*key[:3], URGENCY.index(key[3]))):
        yield StateLine(*key, by_state[key])


def _count(found: Survey, record: OrderRecord, need: Need | None) -> None:
    state = record.final_state
    found.rows += 1
    found.states[state] += 1
    found.times.add(record)
    found.sent += state not in _NOT_SENT
    found.left_out += is_left_out(record)
    found.filled += state is S.FILLED and need is None
    filled = filled_size(record)
    found.part_filled += bool(filled and record.order and filled < record.order.size)
