"""A venue in memory that the real client talks to: it accepts duplicates and keeps books.

It stands where the client's transport does, so that whatever the client makes of an answer is
under test, and nothing of time or sockets is in the way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

from urllib3 import HTTPHeaderDict

from batch.clock import Clock
from batch.venue.http.transport import Lost, Reply, Unsent
from tests.campaign.invariants import FINAL_STATUSES, Taken

LIFE_S = 0.3
LONG_LIFE_S = 30 * 3600.0
"""How long an order works that is none of those which end at once; longer than a day."""

LOGIN_LIFE_S = 40
"""Longer than the latest request is under way: it arrives, because its login lives."""

ENDS = (("FILLED", 1), ("FILLED", 1), ("EXPIRED", 0), ("EXPIRED", Decimal("0.5")), ("REJECTED", 0))
"""How orders end and which part of them is filled; size and server ID say which it is."""

UNTAKEN = {
    "refused": (400, b'{"errorCode": "INVALID", "errorMessage": "no"}'),
    "forbidden": (403, b""),
    "conflict": (409, b'{"errorCode": "CONFLICT"}'),
    "throttled": (429, b""),
    "gateway": (503, b"<html>away</html>"),
    "redirected": (307, b""),
    "no-such-page": (404, b"<html>no such page</html>"),
}
TAKEN = {
    "failed-after": (500, b'{"errorCode": "INTERNAL"}'),
    "page": (202, b"<html>please try again</html>"),
    "page-404-after": (404, b"<html>no such page</html>"),
    "timeout-408-after": (408, b'{"errorCode": "TIMEOUT", "errorMessage": "too slow"}'),
    "balancer-460-after": (460, b""),
    "duplicate-after": (400, b'{"errorCode": "INVALID", "errorMessage": "duplicate client ID"}'),
}
"""Answers of whatever stands on the way, or that say that the order is there already."""

WORDS = (
    *("ok", "lost", "lost-untaken", "late", "unsent", "logged-out", "cut", "no-order-id"),
    *("crossed", "foreign"),
    *UNTAKEN,
    *TAKEN,
)
"""What can become of a placing; see `Books.send`."""


@dataclass(frozen=True, slots=True)
class Market:
    """A kind of venue, and what its operator has told the program about it.

    Attributes:
        finds: what asking by client ID finds: `all` orders, `open` ones, `none`, or `any`: the
            venue does not look at the client ID and gives every open order.
        slow_s: how old an order must be to be found by client ID.
        late_s: how much later than its placing an order can come into being.
        token_life_s: how long a token lives; what carries a dead one is not processed.
        is_silent: it does not say how much was filled of an order that ended early.
    """

    name: str
    finds: str = "all"
    slow_s: float = 0.0
    covers_done: bool = False
    late_s: float = 30.0
    token_life_s: float = 20.0
    is_silent: bool = False


Content = tuple[Decimal, str, Decimal]
"""Size, dealt currency and price: what tells the orders of a history from each other."""

Place = tuple[str, str]
"""A journal's folder and one of its batches."""


@dataclass(slots=True)
class Held:
    """An order in the books.

    Attributes:
        sent_at: when its request left.
        sender: the batch that was at work then, which it came from unless it is foreign.
        is_foreign: somebody else's, who happens to use the same client ID.
        cancelled_at: when it was cancelled, if it still worked then.
    """

    server_order_id: str
    order: dict[str, Decimal | str]
    taken_at: float
    sent_at: float
    sender: Place
    is_foreign: bool = False
    cancelled_at: float | None = None

    @property
    def client_order_id(self) -> str:
        return str(self.order["coId"])

    @property
    def size(self) -> Decimal:
        return Decimal(self.order["size"])

    @property
    def content(self) -> Content:
        return self.size, str(self.order["currency"]), Decimal(self.order["price"])

    @property
    def ends_at(self) -> float:
        is_long = self.order["timeInForce"] == "GTC"
        planned = self.taken_at + (LONG_LIFE_S if is_long else LIFE_S)
        return planned if self.cancelled_at is None else self.cancelled_at

    @property
    def end(self) -> tuple[str, Decimal]:
        if self.cancelled_at is not None:
            return "CANCELLED", Decimal(0)
        # Of equal orders one can be filled and the other one not.
        status, part = ENDS[(int(self.size) + int(self.server_order_id)) % len(ENDS)]
        return status, self.size * part


@dataclass(frozen=True, slots=True)
class Asked:
    """A request on its way."""

    method: str
    target: str
    request_id: str
    headers: Mapping[str, str]
    body: str


@dataclass
class Books:
    """A venue; has the face of `batch.venue.http.transport.Transport`.

    Attributes:
        words: what becomes of the next placings; `ok` when they are used up.
        silent: how many of the next questions get no answer.
        struck: how often each word was said.
        sender: the batch that is at work.
        transit_s: how long a request takes whose sender is dead.
    """

    clock: Clock
    market: Market
    words: list[str] = field(default_factory=list)
    silent: int = 0
    held: list[Held] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    sender: Place = ("", "")
    base_url: str = "https://venue.test"
    transit_s: float = 0.0
    _tokens: int = 0
    _ends: dict[str, float] = field(default_factory=dict)

    def prepare(
        self, method: str, target: str, request_id: str, headers: Mapping[str, str], body: str = ""
    ) -> Asked:
        return Asked(method, target, request_id, dict(headers), body)

    def close(self) -> None:
        """Nothing is open."""

    def drop(self) -> None:
        """There is no connection."""

    def send(self, asked: Asked, most_bytes: int = 0) -> Reply:
        """Answer a request, or do not.

        A placing's next word decides: `lost`, `lost-untaken` no answer; `late` no answer, and the
        order comes into being later; `unsent` nothing left; `logged-out` 401 until a new login;
        `cut` half an answer; `no-order-id` an answer that lacks it; `crossed` the answer to
        another order; `foreign` no answer, and another order under the same client ID.
        """
        parts = urlsplit(asked.target)
        if parts.path.startswith("/v2/sso"):
            return self._log_in(asked)
        if asked.method == "POST":
            return self._place(asked)
        if self.silent:
            self.silent -= 1
            self.struck["question without an answer"] += 1
            raise Lost("no answer to a question")
        if parts.query:
            return self._found(asked, parse_qs(parts.query)["coId"][0])
        if parts.path == "/v2/orders":
            return self._reply(asked, 200, [self._show(h) for h in self._now() if self._works(h)])
        server_order_id = parts.path.rpartition("/")[2]
        found = [h for h in self._now() if h.server_order_id == server_order_id]
        if asked.method == "DELETE":
            return self._cancel(asked, found)
        return self._reply(asked, 200, self._show(found[0])) if found else self._nothing(asked)

    def _cancel(self, asked: Asked, found: list[Held]) -> Reply:
        if not found or not self._works(found[0]):
            return self._nothing(asked)
        found[0].cancelled_at = self.clock.monotonic()
        self.struck["cancelled"] += 1
        return self._reply(asked, 200, {"status": "OK"})

    def _log_in(self, asked: Asked) -> Reply:
        self._tokens += 1
        now, life_s = self.clock.monotonic(), self.market.token_life_s
        self._ends[self._token] = now + life_s
        times = {
            "status": "OK",
            "serverUTCTime": int(now * 1000),
            "expiryTime": int((now + life_s) * 1000),
        }
        header = HTTPHeaderDict({"SSO_TOKEN": self._token})
        return Reply(200, header, json.dumps(times).encode(), "", asked.request_id)

    def _is_alive(self, asked: Asked, later_s: float = 0.0) -> bool:
        """Say whether a request is still processed when it arrives so much later."""
        ends_at = self._ends.get(asked.headers["SSO_TOKEN"], 0.0)
        return self.clock.monotonic() + later_s < ends_at

    @property
    def _token(self) -> str:
        return f"token-number-{self._tokens}"

    def taken(self) -> list[Held]:
        """Give the orders that came from us, up to now."""
        return [held for held in self._now() if not held.is_foreign]

    def as_taken(self, held: Held) -> Taken:
        """Say how an order stands."""
        status, filled = self._standing(held)
        if self._is_silent_about(status):
            filled = Decimal(0)  # a report that says nothing of it claims nothing
        return Taken(held.server_order_id, held.client_order_id, held.size, status, filled)

    def _is_silent_about(self, status: str) -> bool:
        return self.market.is_silent and status in ("EXPIRED", "CANCELLED")

    def _place(self, asked: Asked) -> Reply:
        if not self._is_alive(asked):
            return self._reply(asked, 401, {"errorCode": "UNAUTHORIZED"})
        if self.transit_s:
            # Nobody waits for the answer any more.
            if self._is_alive(asked, self.transit_s):
                self._take(asked, self.transit_s)
                self.struck["arrived late from a dead process"] += 1
            raise Lost("its sender is dead")
        word = self.words.pop(0) if self.words else "ok"
        if word == "logged-out" and asked.headers["SSO_TOKEN"] == self._token:
            self.words.insert(0, word)
            self._tokens += 1
            return self._reply(asked, 401, {"errorCode": "UNAUTHORIZED"})
        self.struck[word] += 1
        match word:
            case "unsent":
                raise Unsent("connection refused")
            case "lost-untaken":
                raise Lost("connection reset")
            case "foreign":
                self._take(asked, is_foreign=True)
                raise Lost("connection reset")
        if word in UNTAKEN:
            status, body = UNTAKEN[word]
            return Reply(status, self._headers(word), body, "", asked.request_id)
        if word == "late" and not self._is_alive(asked, self.market.late_s):
            raise Lost("no answer within 20 s")
        held = self._take(asked, self.market.late_s if word == "late" else 0.0)
        if word in ("lost", "late"):
            raise Lost("no answer within 20 s")
        if word in TAKEN:
            status, body = TAKEN[word]
            return Reply(status, HTTPHeaderDict(), body, "", asked.request_id)
        if word == "cut":
            return Reply(202, HTTPHeaderDict(), None, "cut off", asked.request_id)
        shown = self._show(held, "RECEIVED")
        if word == "no-order-id":
            del shown["orderId"]
        if word == "crossed":
            shown = self._show(self.held[0], "RECEIVED")
        return self._reply(asked, 202, shown)

    def _take(self, asked: Asked, late_s: float = 0.0, *, is_foreign: bool = False) -> Held:
        order = json.loads(asked.body, parse_float=Decimal, parse_int=Decimal)
        if is_foreign:
            order["size"] += 7_000_000
        now = self.clock.monotonic()
        server_order_id = str(9000 + len(self.held))
        held = Held(server_order_id, order, now + late_s, now, self.sender, is_foreign)
        self.held.append(held)
        return held

    def _found(self, asked: Asked, client_order_id: str) -> Reply:
        market, now = self.market, self.clock.monotonic()
        if market.finds == "any":
            found = [h for h in self._now() if self._works(h)]
        else:
            found = [
                held
                for held in self._now()
                if held.client_order_id == client_order_id
                and now >= held.taken_at + market.slow_s
                and (market.finds == "all" or (market.finds == "open" and self._works(held)))
            ]
        if not found:
            return self._nothing(asked)
        return self._reply(asked, 200, [self._show(held) for held in found])

    def _now(self) -> list[Held]:
        now = self.clock.monotonic()
        return [held for held in self.held if held.taken_at <= now]

    def _works(self, held: Held) -> bool:
        return self._standing(held)[0] not in FINAL_STATUSES

    def _standing(self, held: Held) -> tuple[str, Decimal]:
        has_ended = self.clock.monotonic() >= held.ends_at
        return held.end if has_ended else ("NEW", Decimal(0))

    def _show(self, held: Held, status: str | None = None) -> dict[str, object]:
        standing, filled = self._standing(held)
        shown: dict[str, object] = {
            **held.order,
            "orderId": held.server_order_id,
            "status": status or standing,
            "cumQty": filled,
            "averagePrice": held.order["price"],
        }
        if self._is_silent_about(standing):
            del shown["cumQty"]
        return shown

    def _headers(self, word: str) -> HTTPHeaderDict:
        if word == "throttled":
            return HTTPHeaderDict({"Retry-After": "3"})
        if word == "redirected":
            return HTTPHeaderDict({"Location": f"{self.base_url}/v2/orders"})
        return HTTPHeaderDict()

    def _nothing(self, asked: Asked) -> Reply:
        return self._reply(asked, 404, {"errorCode": "NOT_FOUND"})

    def _reply(self, asked: Asked, status: int, content: object) -> Reply:
        body = json.dumps(content, default=_digits).encode()
        return Reply(status, HTTPHeaderDict(), body, "", asked.request_id)


def _digits(number: object) -> float:
    assert isinstance(number, Decimal)
    return float(number) if number % 1 else int(number)
