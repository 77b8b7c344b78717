"""What of the journal's orders counts as already sent, and which row of a sheet repeats which.

A multiset: the k-th row of some content against the k-th exposure of that content, over all
batches of everybody in the same org at the same venue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batch.journal import EarlierOrder
from batch.states import ENDED_EARLY, OrderState

SENT_WINDOW = timedelta(hours=24)
"""How long an equal order that was filled counts as already sent."""

SUFFIX = "-"
"""Between a client ID and its number when it is sent once more: `A`, `A-2`, `A-3`, …"""

LIVE = frozenset({OrderState.SENDING, OrderState.UNKNOWN, OrderState.OPEN})
"""States in which an order works at the venue, or may: it counts, however old it is."""


def is_exposure(order: EarlierOrder, run_key: str, now: datetime) -> bool:
    """Say whether an equal row of a run would repeat this order.

    Args:
        run_key: of the run that asks; without one everything counts, whatever key it had.
    """
    if order.state in LIVE:
        return True
    if is_of_another_run(order, run_key) or not holds_something(order):
        return False
    if is_silent(order):
        return True
    if run_key:
        return True
    return order.submitted_at is None or now - order.submitted_at <= SENT_WINDOW


def is_of_another_run(order: EarlierOrder, run_key: str) -> bool:
    """Say whether an order was meant as another one: by the key of the run that asks."""
    return bool(run_key) and order.run_key != run_key


def holds_something(order: EarlierOrder) -> bool:
    """Say whether the venue holds, may hold or has dealt something of this order."""
    is_at_venue = order.state in LIVE or order.state is OrderState.FILLED
    return is_at_venue or bool(order.filled_size) or is_silent(order)


def is_silent(order: EarlierOrder) -> bool:
    """Say whether an order ended without the venue saying how much of it was filled."""
    return order.state in ENDED_EARLY and order.filled_size is None


@dataclass(frozen=True, slots=True)
class Repeats:
    """Which rows of a sheet repeat which orders.

    Attributes:
        sent: row -> the exposure that it repeats.
        waiting: row -> the rows that other batches have planned and not sent, which a `resume`
            would: the one of its content, and those that have its client ID.
        keyless: row -> the order that was sent without a key in the last day, and that the run's
            own key makes another one; somebody may not have meant that.
    """

    sent: Mapping[int, EarlierOrder]
    waiting: Mapping[int, list[EarlierOrder]]
    keyless: Mapping[int, EarlierOrder] = field(default_factory=dict)


class Earlier:
    """Earlier orders of the scope that rows of a sheet may repeat."""

    def __init__(self, orders: Iterable[EarlierOrder], run_key: str, now: datetime) -> None:
        self._run_key = run_key
        self._by_id: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
        self._suffixed: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
        self._exposures: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
        self._waiting: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
        self._keyless: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
        for order in orders:
            self._by_id[order.client_order_id].append(order)
            stem, _, number = order.client_order_id.rpartition(SUFFIX)
            if number.isdecimal():
                self._suffixed[stem].append(order)
            if order.state is OrderState.PLANNED:
                if not is_of_another_run(order, run_key):
                    self._waiting[order.fingerprint].append(order)
            elif is_exposure(order, run_key, now):
                self._exposures[order.fingerprint].append(order)
            elif not order.run_key and is_exposure(order, "", now):
                self._keyless[order.fingerprint].append(order)

    def of_id(self, client_order_id: str) -> EarlierOrder | None:
        """Give the order that has this client ID."""
        return next(iter(self._by_id.get(client_order_id, ())), None)

    def repeated(
        self, prints: Mapping[int, str], wanted: Mapping[int, str], *, again: bool
    ) -> Repeats:
        """Match the rows of a sheet with what was sent, and with what is still to be sent.

        An ID says "this very order", so one that was used for an exposure counts for ever, and
        takes its order before equal content takes any.

        Args:
            prints: row -> its fingerprint, in the sheet's order.
            wanted: row -> the client ID that it would have.
            again: all rows are sent once more; what waits elsewhere is then taken over by them.
        """
        if not self._by_id:
            return Repeats({}, {})
        sent = dict(self._sent_by_id(prints, wanted))
        taken = {_place(order) for order in sent.values()}
        pools = _Pools(self._exposures, taken)
        for row, fingerprint in prints.items():
            if row not in sent and (order := pools.next_of(fingerprint)) is not None:
                sent[row] = order
        waiting = {row: self._waiting_by_id(prints[row], wanted[row]) for row in prints}
        pools = _Pools(self._waiting, {_place(o) for orders in waiting.values() for o in orders})
        for row, fingerprint in prints.items():
            is_met = any(order.fingerprint == fingerprint for order in waiting[row])
            if not is_met and (again or row not in sent):
                order = pools.next_of(fingerprint)
                waiting[row] += [order] if order is not None else []
        pools = _Pools(self._keyless, set())
        keyless = {row: pools.next_of(print_) for row, print_ in prints.items() if row not in sent}
        return Repeats(
            {row: sent[row] for row in prints if row in sent},
            {row: orders for row, orders in waiting.items() if orders},
            {row: order for row, order in keyless.items() if order is not None},
        )

    def _sent_by_id(
        self, prints: Mapping[int, str], wanted: Mapping[int, str]
    ) -> Iterator[tuple[int, EarlierOrder]]:
        taken = set()
        for row, id_ in wanted.items():
            for order in self._uses(prints[row], id_):
                is_meant = order.state in LIVE or not is_of_another_run(order, self._run_key)
                if holds_something(order) and is_meant and _place(order) not in taken:
                    taken.add(_place(order))
                    yield row, order
                    break

    def _waiting_by_id(self, fingerprint: str, client_order_id: str) -> list[EarlierOrder]:
        return [
            order
            for order in self._uses(fingerprint, client_order_id)
            if order.state is OrderState.PLANNED and not is_of_another_run(order, self._run_key)
        ]

    def _uses(self, fingerprint: str, client_order_id: str) -> list[EarlierOrder]:
        """Give the orders that this ID has stood for: by itself, and later with a suffix."""
        first = self._by_id.get(client_order_id, [])
        if not first:
            return []
        later = self._suffixed.get(client_order_id, [])
        return [*first, *(order for order in later if order.fingerprint == fingerprint)]


class _Pools:
    """Orders of each content, each given away once."""

    def __init__(
        self, orders: Mapping[str, Iterable[EarlierOrder]], taken: set[tuple[str, int]]
    ) -> None:
        self._left = {
            fingerprint: iter([order for order in equal if _place(order) not in taken])
            for fingerprint, equal in orders.items()
        }

    def next_of(self, fingerprint: str) -> EarlierOrder | None:
        """Give an order of this content that no row has yet."""
        return next(self._left.get(fingerprint, iter(())), None)


def _place(order: EarlierOrder) -> tuple[str, int]:
    return order.batch_id, order.row
