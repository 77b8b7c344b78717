"""Doubles with exact time: a clock that tests step, workers without threads, a scripted venue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from batch.errors import (
    Disputed,
    LoginFailed,
    LoginNeeded,
    NotDelivered,
    OutcomeUnknown,
    Throttled,
    VenueAway,
    VenueRefused,
)
from batch.model import (
    Column,
    Order,
    Row,
    Sheet,
    Side,
    Terms,
    TimeInForce,
    Validation,
    VenueOrder,
)
from batch.plan.identity import Login
from batch.run.calls import Subject
from batch.run.work import Call, Done
from batch.venue import encode_order
from batch.venue.integral.statuses import event_of_status, is_published
from batch.venue.port import Lease

LOGIN = Login("https://venue.test", "ORG", "user")
SLOW_S = 8.0
FENCE_S = 30.0
"""After so long no request of a dead process arrives at the scripted venue any more."""
START = datetime(2026, 10, 30, 16, 0, tzinfo=UTC)


class FakeClock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds - 1000.0)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


class InlineWorkers:
    """Makes each call in the collecting thread, in order; waiting moves the clock.

    Attributes:
        threads: so many calls begin at once; the others wait until an earlier one has ended.
        at_once: so many calls end together.
    """

    def __init__(self, clock: FakeClock, latency_s: float = 0.01) -> None:
        self._clock = clock
        self._latency_s = latency_s
        self._waiting: list[Call[Any]] = []
        self._begun: list[Begun] = []
        self.threads = 1000
        self.at_once = 1000
        self.before_call: Callable[[Subject], None] = lambda subject: None
        self.most_waiting = 0

    def submit(self, call: Call[Any]) -> None:
        self._waiting.append(call)
        self._begin()
        self.most_waiting = max(self.most_waiting, len(self._begun) + len(self._waiting))

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        if not self._begun:
            # Never nothing: a loop that asked for no time at all would not end.
            self._clock.sleep(max(timeout_s, 0.001))
            return []
        self._clock.sleep(self._latency_s)
        calls, self._begun = self._begun[: self.at_once], self._begun[self.at_once :]
        ended = [self._end(begun) for begun in calls]
        self._begin()
        return ended

    def wake(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _begin(self) -> None:
        while self._waiting and len(self._begun) < self.threads:
            self._begun.append(Begun(self._waiting.pop(0)))

    def _end(self, begun: Begun) -> Done[Any]:
        self.before_call(begun.call.subject)
        return begun.end()


class Begun:
    """A call whose gate has been asked."""

    def __init__(self, call: Call[Any]) -> None:
        self.call = call
        self._refused = call.pass_gate()

    def end(self) -> Done[Any]:
        """Make it, unless its gate said no."""
        return self._refused or self.call.end()


@dataclass
class Held:
    """An order in the scripted venue's books."""

    server_order_id: str
    client_order_id: str
    payload: str
    taken_at: float
    visible_at: float
    ends_at: float
    end: str
    filled: Decimal | None = None
    changes: dict[str, Any] = field(default_factory=dict)


ENDS_UNFILLED = frozenset({"EXPIRED", "CANCELED", "CANCELLED", "REJECTED"})


@dataclass
class ScriptedVenue:
    """A venue in memory that accepts duplicates and does to each placing what a script says.

    The script has a word for each placing, in order, then `ok` for ever:
    `ok`; `lost` and `lost-untaken` (no answer, order taken or not); `late` (no answer, taken 30 s
    later, whatever its login); `slow` (no answer, and the request arrives 8 s later, unless its
    login is dead by then); `refused`; `disputed` and `disputed-taken` (a no that may not be the
    venue's own); `throttled`; `undelivered`; `login`; `logged-out` (401: the login is dead); `bug`
    (an exception that no venue raises).

    Attributes:
        finds: which orders a query by client ID finds: `all`, `open`, `none`, or `late` (all, but
            each only 3 s after it was taken).
        life_s, end: how long an order works, and how it ends.
        life_of: gives how long the n-th order works, from 0, where they differ.
        away_until: questions get no answer before this time.
        is_silent: it does not say how much of an order was filled that ended early.
        login_life_s: how long a login lives; None for one that does not say.
        logins: how often somebody logged in.
        cancels: what a cancel does: `ok`, `refused`, or `ignored` (accepted, and too late).
        changes: terms that it shows of orders that it takes from now on, in place of those sent.
    """

    clock: FakeClock
    script: list[str] = field(default_factory=list)
    finds: str = "all"
    life_s: float = 0.2
    end: str = "FILLED"
    life_of: Callable[[int], float] | None = None
    away_until: float = 0.0
    lists: str = "all"
    is_silent: bool = False
    cancels: str = "ok"
    login_life_s: float | None = 20.0
    logins: int = 0
    in_use: Lease | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    books: list[Held] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._has_login = False
        self._ends_at = self._dead_at = float("-inf")
        self.login()

    def login(self) -> None:
        if not self._has_login or self.wants_login():
            self.logins += 1
            self._has_login = True
            life_s = 3600.0 if self.login_life_s is None else self.login_life_s
            self._given_at, self._ends_at = self.clock.monotonic(), self.clock.monotonic() + life_s

    def wants_login(self) -> bool:
        return not self._has_login or self.clock.monotonic() >= self._ends_at

    def can_place(self) -> bool:
        return self.in_use is not None and self._has_login and not self.wants_login()

    def offered(self) -> Lease | None:
        lease = Lease(self.login_life_s, self.logins)
        return None if not self._has_login or lease == self.in_use else lease

    def use(self, lease: Lease) -> None:
        self.in_use = lease
        self._dead_at = float("inf") if lease.life_s is None else self._ends_at

    def lay_down(self) -> None:
        self.in_use = None

    def dead_at(self) -> float:
        return self._dead_at

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        if not self.can_place():
            raise LoginNeeded("no login", request_id=request_id)
        self.calls.append("place")
        word = self.script.pop(0) if self.script else "ok"
        match word:
            case "refused":
                raise VenueRefused("the venue says no", status=400, request_id=request_id)
            case "disputed":
                raise Disputed("a page", status=404, request_id=request_id)
            case "logged-out":
                self._has_login = False
                raise LoginNeeded("401", status=401, request_id=request_id)
            case "throttled":
                raise Throttled("slow down", retry_after_s=3.0, request_id=request_id)
            case "undelivered":
                raise NotDelivered("no connection", request_id=request_id)
            case "login":
                raise LoginFailed("wrong password", request_id=request_id)
            case "lost-untaken":
                raise OutcomeUnknown("read timeout", request_id=request_id)
            case "bug":
                raise ZeroDivisionError
        if word == "slow" and self.clock.monotonic() + SLOW_S >= self._ends_at:
            raise OutcomeUnknown("read timeout", request_id=request_id)
        late_s = {"late": 30.0, "slow": SLOW_S}.get(word, 0.0)
        held = self._take(payload, client_order_id, late_s=late_s)
        if word == "disputed-taken":
            raise Disputed("a page", status=404, request_id=request_id)
        if word in ("lost", "late", "slow"):
            raise OutcomeUnknown("read timeout", request_id=request_id)
        return self._show(held, status="RECEIVED")

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        self.calls.append("find")
        self._answer_or_not()
        return tuple(
            self._show(held)
            for held in self.books
            if held.client_order_id == client_order_id and self._is_found(held)
        )

    def query(self, server_order_id: str) -> VenueOrder | None:
        self.calls.append("query")
        self._answer_or_not()
        return next(
            (self._show(h) for h in self.books if h.server_order_id == server_order_id), None
        )

    def active(self) -> dict[str, VenueOrder]:
        self.calls.append("active")
        self._answer_or_not()
        if self.lists == "refused":
            raise VenueRefused("no such query", status=400)
        listed = [] if self.lists == "none" else [h for h in self.books if self._is_open(h)]
        return {held.server_order_id: self._show(held) for held in listed}

    def cancel(self, server_order_id: str) -> None:
        self.calls.append("cancel")
        self._answer_or_not()
        held = next((h for h in self.books if h.server_order_id == server_order_id), None)
        if held is None or not self._is_open(held):
            raise VenueRefused("no such open order", status=404, request_id="asked")
        if self.cancels == "refused":
            raise VenueRefused("cancels are not allowed", status=400, request_id="asked")
        if self.cancels == "ok":
            held.ends_at, held.end = self.clock.monotonic() + 0.05, "CANCELED"

    def posts_of(self, client_order_id: str) -> int:
        """Count the orders that it holds under a client ID."""
        return sum(held.client_order_id == client_order_id for held in self.books)

    def _take(self, payload: str, client_order_id: str, late_s: float) -> Held:
        now = self.clock.monotonic() + late_s
        life_s = self.life_of(len(self.books)) if self.life_of else self.life_s
        held = Held(
            server_order_id=str(9000 + len(self.books)),
            client_order_id=client_order_id,
            payload=payload,
            taken_at=now,
            visible_at=now + (3.0 if self.finds == "late" else 0.0),
            ends_at=now + life_s,
            end=self.end,
            filled=Decimal(0) if self.end in ENDS_UNFILLED and not self.is_silent else None,
            changes=dict(self.changes),
        )
        self.books.append(held)
        return held

    def _is_open(self, held: Held) -> bool:
        return held.taken_at <= self.clock.monotonic() < held.ends_at

    def _is_found(self, held: Held) -> bool:
        now = self.clock.monotonic()
        if self.finds == "none" or now < held.visible_at:
            return False
        return self._is_open(held) if self.finds == "open" else True

    def _show(self, held: Held, status: str | None = None) -> VenueOrder:
        sent = json.loads(held.payload, parse_float=Decimal, parse_int=Decimal)
        terms = Terms(
            symbol=sent["symbol"],
            side=Side(sent["side"]),
            currency=sent["currency"],
            size=sent["size"],
            price=sent["price"],
            time_in_force=TimeInForce(sent["timeInForce"]),
        )
        has_ended = self.clock.monotonic() >= held.ends_at
        status = status or (held.end if has_ended else "NEW")
        filled = terms.size if status == "FILLED" else held.filled
        return VenueOrder(
            server_order_id=held.server_order_id,
            client_order_id=held.client_order_id,
            status=status,
            event=event_of_status(status),
            is_published=is_published(status),
            filled_size=filled,
            average_price=terms.price if filled else None,
            terms=replace(terms, **held.changes),
            request_id="asked",
        )

    def _answer_or_not(self) -> None:
        if self.clock.monotonic() < self.away_until:
            raise VenueAway("503")


def make_order(row: int, **changes: object) -> Order:
    """Make a good order for a row; each row has another size."""
    fields: dict[str, object] = {
        "row": row,
        "symbol": "EUR/USD",
        "side": Side.BUY,
        "currency": "EUR",
        "size": Decimal(100_000 + row),
        "price": Decimal("1.11720"),
        "time_in_force": TimeInForce.IOC,
        **changes,
    }
    return Order(**fields)  # type: ignore[arg-type]


def make_validation(*orders: Order, name: str = "orders.csv", note: str = "") -> Validation:
    """Make a checked sheet of these orders; `note` makes its content another one."""
    columns = (
        Column("client_order_id", "client_order_id", "A"),
        Column("size", "size", "B"),
        Column("price", "price", "C"),
        Column("note", "note", "D"),
    )
    rows = tuple(
        Row(
            order.row,
            (order.client_order_id or "", format(order.size, "f"), format(order.price, "f"), note),
        )
        for order in orders
    )
    return Validation(Sheet(Path(name), None, 1, columns, rows), orders, ())


__all__ = [
    "LOGIN",
    "START",
    "FakeClock",
    "Held",
    "InlineWorkers",
    "ScriptedVenue",
    "encode_order",
    "make_order",
    "make_validation",
]
