"""The orders that a simulated venue holds, by ID, by client ID and as a list. Side module."""

from __future__ import annotations

import heapq
import threading
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from batch.simulator.ledger import LedgerEntry
from batch.simulator.options import SimulatorOptions
from batch.simulator.orders import LimitOrder
from batch.simulator.outcomes import CANCEL_TAKES_S, FINAL_STATUSES, Outcome
from batch.simulator.timeline import Timeline
from batch.simulator.wire import Refusal, encode_members

_FIRST_ORDER_ID = 4_820_276_016
# A change must not be looked at a rounding error before it has happened: it is looked at once.
_ROUNDING_S = 1e-6
_ONE_DAY_SPOT = frozenset({"USD/CAD"})
_EXECUTIONS = {"RECEIVED": "PENDING_NEW", "NEW": "NEW", "FILLED": "TRADE"}


@dataclass(slots=True)
class HeldOrder:
    """An order that was taken, and what is needed to say how it stands at any time."""

    order_id: str
    client_order_id: str
    symbol: str
    org: str
    user: str
    body: bytes
    echo: str
    request_id: str | None
    taken_at: float
    outcome: Outcome
    cancelled_at: float | None = None


class Book:
    """Every order ever taken; thread-safe, and flat in cost however many there are."""

    def __init__(self, options: SimulatorOptions, timeline: Timeline) -> None:
        self._options = options
        self._timeline = timeline
        self._lock = threading.Lock()
        self._posts = 0
        self._orders: dict[str, HeldOrder] = {}
        self._by_client_id: defaultdict[str, list[HeldOrder]] = defaultdict(list)
        self._active: defaultdict[str, dict[str, HeldOrder]] = defaultdict(dict)
        # (time of a change to come, order ID): what is due is looked at once and dropped.
        self._changes: list[tuple[float, str]] = []

    def count_post(self) -> None:
        """Count one placing request that arrived, whatever becomes of it."""
        with self._lock:
            self._posts += 1

    @property
    def posts(self) -> int:
        """Placing requests that arrived, whatever became of them."""
        with self._lock:
            return self._posts

    def take(
        self,
        order: LimitOrder,
        outcome: Outcome,
        *,
        body: bytes,
        org: str,
        user: str,
        request_id: str | None,
        after_s: float = 0.0,
    ) -> HeldOrder:
        """Take an order.

        Args:
            after_s: real seconds until the order exists; until then nothing finds it.

        Raises:
            Refusal: a duplicate, and duplicates are not accepted.
        """
        with self._lock:
            namesakes = self._by_client_id[order.client_order_id]
            if not self._options.accept_duplicates and any(held.org == org for held in namesakes):
                raise Refusal(400, "DUPLICATE_ORDER", "coId: an order with this ID exists")
            held = HeldOrder(
                order_id=str(_FIRST_ORDER_ID + len(self._orders)),
                client_order_id=order.client_order_id,
                symbol=order.symbol,
                org=org,
                user=user,
                body=body,
                echo=order.echo,
                request_id=request_id,
                taken_at=self._timeline.now() + after_s,
                outcome=outcome,
            )
            self._orders[held.order_id] = held
            namesakes.append(held)
            self._active[org][held.order_id] = held
            self._expect_change(held, outcome.settles_after_s)
            return held

    def find(self, org: str, order_id: str) -> HeldOrder | None:
        """Find an organisation's order by server ID."""
        with self._lock:
            held = self._orders.get(order_id)
        if held is None or held.org != org or held.taken_at > self._timeline.now():
            return None
        return held

    def find_by_client_id(self, org: str, client_order_id: str) -> list[HeldOrder]:
        """Find an organisation's orders by client ID, as far as this venue's query does."""
        options = self._options
        if options.client_id_query == "none":
            return []
        with self._lock:
            namesakes = list(self._by_client_id.get(client_order_id, ()))
        visible_from = self._timeline.now() - options.client_id_delay_s
        return [
            held
            for held in namesakes
            if held.org == org
            and held.taken_at <= visible_from
            and (options.client_id_query == "all" or not self.is_final(held))
        ]

    def last_taken_at(self, client_order_id: str) -> float | None:
        """Give the time of the last order with a client ID; None when there is none."""
        with self._lock:
            namesakes = self._by_client_id.get(client_order_id)
            return namesakes[-1].taken_at if namesakes else None

    def active(self, org: str) -> list[HeldOrder]:
        """List an organisation's orders that are not final."""
        with self._lock:
            self._drop_final()
            candidates = list(self._active[org].values())
        visible_from = self._timeline.now() - self._options.bulk_delay_s
        return [
            held for held in candidates if held.taken_at <= visible_from and not self.is_final(held)
        ]

    def cancel(self, held: HeldOrder) -> bool:
        """Ask to cancel; an order that gets to its end before the cancel does keeps that end.

        Returns:
            False when the order is final already.
        """
        with self._lock:
            if self.is_final(held):
                return False
            if held.cancelled_at is None:
                delay_s = CANCEL_TAKES_S / self._options.time_scale
                held.cancelled_at = self._timeline.now() + delay_s
                heapq.heappush(self._changes, (held.cancelled_at, held.order_id))
            return True

    def is_quiet(self) -> bool:
        """Whether no order will ever change again by itself."""
        with self._lock:
            self._drop_final()
            return not self._changes

    def status(self, held: HeldOrder) -> str:
        """Give an order's status now."""
        return self._standing(held)[0]

    def is_final(self, held: HeldOrder) -> bool:
        """Whether nothing will change an order any more."""
        return self._ends(self.status(held))

    def _ends(self, status: str) -> bool:
        return status in FINAL_STATUSES or status == self._options.cancelled_status

    def describe(self, held: HeldOrder, at: float | None = None) -> str:
        """Write an order as the venue's order object.

        Args:
            at: as it stood then; None for now.

        Source: venue-api, "Follow an order"; the names in `executionType` are not published.
        """
        status, filled, changed_at = self._standing(held, at)
        outcome = held.outcome
        price = outcome.price if filled else Decimal(0)
        taken = datetime.fromtimestamp(self._timeline.server_epoch(held.taken_at), UTC)
        members: dict[str, object] = {
            "orderId": held.order_id,
            "userFullName": held.user,
            "action": "place",
            "status": status,
            "cumQty": filled,
            "leavesQty": Decimal(0) if self._ends(status) else outcome.size - filled,
            "averagePrice": price,
            "lastPrice": price,
            "lastQty": self._last_fill(held, filled),
            "executionType": _EXECUTIONS.get(status, status),
            "transactTime": self._timeline.server_ms(changed_at),
            "execId": f"{held.order_id}-{status}-{filled:f}",
            "tradeDate": f"{taken:%Y%m%d}",
            "valueDate": f"{_spot_date(taken, held.symbol):%Y%m%d}",
        }
        if status == "REJECTED":
            members |= {"errorCode": "REJECTED", "errorMessage": outcome.reason}
        return f"{{{held.echo}, {encode_members(members)}}}"

    def entries(self) -> Iterator[LedgerEntry]:
        """Give every order that was taken up to now, in the order of their coming."""
        with self._lock:
            held_orders = list(self._orders.values())
        now = self._timeline.now()
        for held in held_orders:
            if held.taken_at <= now:
                yield self._entry(held)

    def entry(self, order_id: str) -> LedgerEntry | None:
        """Give one order as the ledger knows it."""
        with self._lock:
            held = self._orders.get(order_id)
        return None if held is None else self._entry(held)

    def _entry(self, held: HeldOrder) -> LedgerEntry:
        status, filled, _ = self._standing(held)
        return LedgerEntry(
            order_id=held.order_id,
            client_order_id=held.client_order_id,
            body=held.body.decode("utf-8"),
            received_at=self._timeline.true_time(held.taken_at),
            request_id=held.request_id,
            status=status,
            filled_size=filled,
        )

    def _standing(self, held: HeldOrder, at: float | None = None) -> tuple[str, Decimal, float]:
        """Status, filled size, and the time of the last change."""
        now = self._timeline.now() if at is None else at
        scale = self._options.time_scale
        outcome = held.outcome
        cancelled_at = held.cancelled_at
        if cancelled_at is not None and now >= cancelled_at:
            age_s = (cancelled_at - held.taken_at) * scale
            if outcome.status_at(age_s) not in FINAL_STATUSES:
                return self._options.cancelled_status, outcome.filled_at(age_s), cancelled_at
        age_s = (now - held.taken_at) * scale
        changed_at = held.taken_at + outcome.changed_at(age_s) / scale
        return outcome.status_at(age_s), outcome.filled_at(age_s), changed_at

    def _last_fill(self, held: HeldOrder, filled: Decimal) -> Decimal:
        outcome = held.outcome
        if filled == outcome.filled_size > outcome.part_filled_size:
            return filled - outcome.part_filled_size
        return filled

    def _expect_change(self, held: HeldOrder, after_s: float) -> None:
        at = held.taken_at + after_s / self._options.time_scale + _ROUNDING_S
        heapq.heappush(self._changes, (at, held.order_id))

    def _drop_final(self) -> None:
        now = self._timeline.now()
        while self._changes and self._changes[0][0] <= now:
            _, order_id = heapq.heappop(self._changes)
            held = self._orders[order_id]
            if self.is_final(held):
                self._active[held.org].pop(order_id, None)


def _spot_date(trade_date: datetime, symbol: str) -> datetime:
    days = 1 if symbol in _ONE_DAY_SPOT else 2
    date = trade_date
    while days:
        date += timedelta(days=1)
        if date.weekday() < 5:
            days -= 1
    return date
