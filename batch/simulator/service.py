"""What the simulated venue does with each request, faults included. Side module.

Source: venue-api; the paths are the vendor's.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate
from enum import Enum, auto

from batch.simulator.access import Access, Session
from batch.simulator.book import Book, HeldOrder
from batch.simulator.damage import DAMAGES
from batch.simulator.faults import OPERATIONS, SERVER_DATE, Fault, FaultKind, FaultScript
from batch.simulator.ledger import Ledger
from batch.simulator.market import Market
from batch.simulator.options import SimulatorOptions
from batch.simulator.orders import read_order
from batch.simulator.outcomes import foresee
from batch.simulator.timeline import Timeline
from batch.simulator.wire import Answer, Refusal, Request, decode_object, encode, error_body

K = FaultKind

_LIMITED = frozenset({"place", "query", "find", "active"})
_ORDERS = "/v2/orders"
_FIXED_PATHS = {
    "/v2/sso/login": {"POST": "login"},
    "/v2/sso/token/renew": {"GET": "renew"},
    "/v2/rates/spot": {"GET": "rate"},
    "/simulator/ledger": {"GET": "ledger"},
}


class Delivery(Enum):
    """What happens on the wire to an answer."""

    WHOLE = auto()
    CLOSED = auto()
    RESET = auto()
    CUT = auto()
    DRIPPING = auto()


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer and what happens to it on its way.

    Attributes:
        interval_s: between two bytes of a dripping body.
    """

    answer: Answer
    delivery: Delivery = Delivery.WHOLE
    interval_s: float = 0.0

    @property
    def status(self) -> int:
        """The status that the client sees; 0 where no answer is sent."""
        gone = self.delivery in {Delivery.CLOSED, Delivery.RESET}
        return 0 if gone else self.answer.status


class Service:
    """The venue without its sockets; thread-safe.

    Args:
        pause: waits so many real seconds, or less when the venue is stopped.
    """

    def __init__(
        self,
        options: SimulatorOptions,
        market: Market,
        timeline: Timeline,
        script: FaultScript,
        pause: Callable[[float], None],
    ) -> None:
        self._options = options
        self._market = market
        self._timeline = timeline
        self._script = script
        self._pause = pause
        self.access = Access(options, timeline)
        self.book = Book(options, timeline)
        self.ledger = Ledger(self.book)
        self._limit_lock = threading.Lock()
        self._recent: deque[float] = deque()
        self._operations: dict[str, Callable[[Request, Session], Answer]] = {
            "query": self._query,
            "find": self._find,
            "active": self._active,
            "cancel": self._cancel,
            "rate": self._rate,
        }

    def reply(self, request: Request, operation: str) -> Reply:
        """Process a request as far as the script of faults lets it come."""
        if operation == "place":
            self.book.count_post()
        if self._options.latency_s:
            self._pause(self._options.latency_s)
        fault = self._fault(request, operation)
        if fault is None:
            return Reply(self._answer(request, operation))
        return self._reply_before(fault, request, operation) or self._reply_after(
            fault, request, operation
        )

    def _reply_before(self, fault: Fault, request: Request, operation: str) -> Reply | None:
        """Play the faults that keep a request from being processed; None for the others."""
        match fault.kind:
            case K.RESET_BEFORE:
                return Reply(Answer(0), Delivery.RESET)
            case K.DROP_BEFORE:
                return Reply(Answer(0), Delivery.CLOSED)
            case K.STATUS:
                return Reply(_scripted(fault.status))
            case K.BARE_STATUS:
                return Reply(Answer(fault.status, content_type="text/plain"))
            case K.RETRY_AFTER:
                return Reply(self._too_many(fault.value))
            case K.REDIRECT:
                return Reply(Answer(fault.status, headers=(("Location", fault.location),)))
            case K.NOT_FOUND if self._is_hidden(fault, request, operation):
                return Reply(_not_found("no such order").answer())
            case _:
                return None

    def _reply_after(self, fault: Fault, request: Request, operation: str) -> Reply:
        """Process a request and play the faults that come on top of it."""
        if fault.kind is K.DELAY_BEFORE:
            self._pause(fault.seconds)
        late_s = fault.seconds if fault.kind is K.LATE else 0.0
        answer = self._answer(request, operation, late_s)
        match fault.kind:
            case K.DELAY | K.LATE:
                self._pause(fault.seconds)
            case K.DROP_REPLY:
                return Reply(answer, Delivery.CLOSED)
            case K.RESET_AFTER:
                return Reply(answer, Delivery.RESET)
            case K.CUT:
                return Reply(answer, Delivery.CUT)
            case K.DRIP:
                return Reply(answer, Delivery.DRIPPING, fault.seconds)
            case K.STATUS_AFTER:
                return Reply(_scripted(fault.status))
            case K.HTML:
                page = b"<!DOCTYPE html><title>Gateway</title><h1>Please try again later</h1>"
                return Reply(replace(answer, body=page, content_type="text/html"))
            case kind if kind in DAMAGES:
                return Reply(DAMAGES[kind](answer, fault.value))
            case _:
                pass
        return Reply(answer)

    def _answer(self, request: Request, operation: str, late_s: float = 0.0) -> Answer:
        try:
            match operation:
                case "login":
                    return self.access.log_in(request)
                case "renew":
                    return self.access.renew(request)
                case "ledger":
                    return Answer(200, self.ledger.to_json())
                case "unknown":
                    raise _not_found(f"{request.method} {request.path} is not served here")
            session = self.access.admit(request)
            if operation in _LIMITED and self._is_over_limit():
                return self._too_many(self._options.rate_limit_retry_after)
            if operation == "place":
                return self._place(request, session, late_s)
            return self._operations[operation](request, session)
        except Refusal as refusal:
            return refusal.answer()

    def _place(self, request: Request, session: Session, late_s: float) -> Answer:
        order = read_order(request.body, self._market)
        outcome = foresee(order, self._market.mids[order.symbol], self._options)
        held = self.book.take(
            order,
            outcome,
            body=request.body,
            org=session.org,
            user=session.user,
            request_id=request.headers.get("X-Request-ID"),
            after_s=late_s,
        )
        return Answer(202, self.book.describe(held, held.taken_at).encode())

    def _query(self, request: Request, session: Session) -> Answer:
        return Answer(200, self.book.describe(self._held(request, session)).encode())

    def _find(self, request: Request, session: Session) -> Answer:
        found = self.book.find_by_client_id(session.org, request.query["coId"])
        if not found:
            raise _not_found("no order with this coId")
        texts = [self.book.describe(held) for held in found]
        # Not published what several orders with one client ID look like; a list is the likeliest.
        body = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
        return Answer(200, body.encode())

    def _active(self, _request: Request, session: Session) -> Answer:
        texts = [self.book.describe(held) for held in self.book.active(session.org)]
        return Answer(200, f"[{', '.join(texts)}]".encode())

    def _cancel(self, request: Request, session: Session) -> Answer:
        held = self._held(request, session)
        status = 202 if self.book.cancel(held) else 200
        return Answer(status, self.book.describe(held).encode())

    def _rate(self, request: Request, _session: Session) -> Answer:
        symbol = request.query.get("symbol", "")
        rate = self._market.bid_and_offer(symbol)
        if rate is None:
            raise _not_found(f"symbol: {symbol!r} is not traded here")
        bid, offer = rate
        server_ms = self._timeline.server_ms(self._timeline.now())
        members: dict[str, object] = {
            "symbol": symbol,
            "bid": bid,
            "offer": offer,
            "bidLimit": self._options.liquidity,
            "offerLimit": self._options.liquidity,
            "time": server_ms,
            "rateId": f"{symbol}-{server_ms}",
        }
        return Answer(200, encode(members))

    def _held(self, request: Request, session: Session) -> HeldOrder:
        held = self.book.find(session.org, _order_id(request))
        if held is None:
            raise _not_found("no order with this ID")
        return held

    def _is_over_limit(self) -> bool:
        limit = self._options.rate_limit_per_s
        if limit is None:
            return False
        now = self._timeline.now()
        with self._limit_lock:
            while self._recent and self._recent[0] <= now - 1:
                self._recent.popleft()
            if len(self._recent) >= limit:
                return True
            self._recent.append(now)
            return False

    def _too_many(self, retry_after: str | None) -> Answer:
        answer = _scripted(429)
        if retry_after is None:
            return answer
        if retry_after.startswith(SERVER_DATE):
            seconds = float(retry_after.removeprefix(SERVER_DATE))
            at = self._timeline.server_epoch(self._timeline.now()) + seconds
            retry_after = formatdate(at, usegmt=True)
        return replace(answer, headers=(("Retry-After", retry_after),))

    def _fault(self, request: Request, operation: str) -> Fault | None:
        # Without a script nobody needs to know what a request is about; and nothing may come
        # between a test and the ledger.
        if not self._script or operation not in OPERATIONS:
            return None
        return self._script.strike(operation, self._subject(request, operation))

    def _subject(self, request: Request, operation: str) -> str:
        """The client ID that a request is about; empty for none."""
        match operation:
            case "place":
                try:
                    return str(decode_object(request.body).get("coId", ""))
                except Refusal:
                    return ""
            case "find":
                return request.query["coId"]
            case "query" | "cancel":
                entry = self.book.entry(_order_id(request))
                return entry.client_order_id if entry else ""
            case _:
                return ""

    def _is_hidden(self, fault: Fault, request: Request, operation: str) -> bool:
        if not fault.value:
            return True
        taken_at = self.book.last_taken_at(self._subject(request, operation))
        return taken_at is not None and self._timeline.now() - taken_at < fault.seconds


def operation_of(request: Request) -> str:
    """Say what a request asks for: one of `OPERATIONS`, `ledger`, or `unknown`."""
    path, method = request.path, request.method
    if path in _FIXED_PATHS:
        return _FIXED_PATHS[path].get(method, "unknown")
    if path == _ORDERS:
        if method == "GET":
            return "find" if "coId" in request.query else "active"
        return "place" if method == "POST" else "unknown"
    if path.startswith(_ORDERS + "/"):
        return {"GET": "query", "DELETE": "cancel"}.get(method, "unknown")
    return "unknown"


def _order_id(request: Request) -> str:
    return request.path.removeprefix(_ORDERS + "/")


def _not_found(words: str) -> Refusal:
    return Refusal(404, "NOT_FOUND", words)


def _scripted(status: int) -> Answer:
    return Answer(status, error_body(f"HTTP_{status}", "the simulator was told to say so"))
