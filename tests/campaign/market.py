"""A venue of small histories: it accepts duplicates, and refuses what carries a dead token.

It stands where the client's transport does, in a time that others make.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from urllib3 import HTTPHeaderDict

from batch.venue.http.transport import Lost, Reply
from tests.campaign.books import Asked
from tests.campaign.choices import Choices
from tests.campaign.invariants import Taken
from tests.campaign.standing import Standing
from tests.run.doubles import FakeClock

CONTROL_SIZE = Decimal(77)
"""The size of an order that is done before a history begins."""

NEVER = "never"
ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Setting:
    """What kind of venue it is, and how much is tried at it.

    Attributes:
        token_life_s: how long a token lives from its login.
        has_control: an order of an earlier batch is known to be done.
        looks_at_id: the query by client ID looks at it; otherwise the venue gives all active
            orders, and so nothing where everything is done.
        fates: what can become of a placing: `answered`; `never` taken, and no answer; or no
            answer, and taken so many seconds later if its token then still lives.
        most_lost: after so many answers were lost in a history, each placing is answered.
    """

    name: str
    token_life_s: float = 20.0
    has_control: bool = True
    looks_at_id: bool = True
    fates: tuple[str, ...] = (ANSWERED, NEVER, "0", "8", "19")
    most_lost: int = 2


@dataclass(slots=True)
class Held:
    """An order at the venue; it is filled as soon as it is taken."""

    server_order_id: str
    order: dict[str, Any]
    taken_at: float


@dataclass
class Market:
    """A venue that accepts duplicates, keeps books, and refuses what carries a dead token."""

    clock: FakeClock
    setting: Setting
    choices: Choices | None = None
    held: list[Held] = field(default_factory=list)
    base_url: str = "https://venue.test"
    tokens: dict[str, float] = field(default_factory=dict)
    lost: int = 0

    def prepare(
        self, method: str, target: str, request_id: str, headers: Any, body: str = ""
    ) -> Asked:
        return Asked(method, target, request_id, dict(headers), body)

    def close(self) -> None:
        """Nothing is open."""

    def drop(self) -> None:
        """Nothing is open."""

    def send(self, asked: Asked, most_bytes: int = 0) -> Reply:
        """Answer a request, or do not."""
        parts = urlsplit(asked.target)
        if parts.path.startswith("/v2/sso"):
            return self._log_in(asked)
        if self.tokens.get(asked.headers.get("SSO_TOKEN", ""), 0.0) <= self.clock.monotonic():
            return self._reply(asked, 401, {"errorCode": "UNAUTHORIZED"})
        if asked.method == "POST":
            return self._place(asked, self._choose_fate(json.loads(asked.body)["coId"]))
        now = [held for held in self.held if held.taken_at <= self.clock.monotonic()]
        if parts.query:
            wanted = parse_qs(parts.query)["coId"][0]
            found = [self._show(h) for h in now if h.order["coId"] == wanted]
            if not self.setting.looks_at_id:
                found = []  # every order is done, and the list is that of the active ones
            return self._reply(asked, 200, found) if found else self._nothing(asked)
        if parts.path == "/v2/orders":
            return self._reply(asked, 200, [])
        server_id = parts.path.rpartition("/")[2]
        one = [self._show(held) for held in now if held.server_order_id == server_id]
        return self._reply(asked, 200, one[0]) if one else self._nothing(asked)

    def arrive(self, asked: Asked, later_s: float) -> Held | None:
        """Take an order so much later, if its token then still lives."""
        at = self.clock.monotonic() + later_s
        if self.tokens.get(asked.headers.get("SSO_TOKEN", ""), 0.0) <= at:
            return None
        order = json.loads(asked.body, parse_float=Decimal)
        # Numbered by client ID, so that it does not tell which of two came first.
        nth = sum(held.order["coId"] == order["coId"] for held in self.held) + 1
        held = Held(f"S-{order['coId']}-{nth}", order, at)
        self.held.append(held)
        return held

    def standing(self) -> Standing:
        """Say what it holds, and in how many seconds it will hold the rest."""
        now = self.clock.monotonic()
        return tuple(
            sorted(
                (held.server_order_id, str(held.order["size"]), max(held.taken_at - now, 0.0))
                for held in self.held
            )
        )

    def taken(self) -> list[Taken]:
        """Give the books."""
        return [
            Taken(
                held.server_order_id,
                held.order["coId"],
                Decimal(held.order["size"]),
                "FILLED",
                Decimal(held.order["size"]),
            )
            for held in self.held
            if Decimal(held.order["size"]) != CONTROL_SIZE
        ]

    def _log_in(self, asked: Asked) -> Reply:
        token = f"token-number-{len(self.tokens) + 1}"
        self.tokens[token] = self.clock.monotonic() + self.setting.token_life_s
        now = 1_790_000_000_000 + int(self.clock.monotonic() * 1000)
        times = {
            "status": "OK",
            "serverUTCTime": now,
            "expiryTime": now + int(self.setting.token_life_s * 1000),
        }
        body = json.dumps(times).encode()
        return Reply(200, HTTPHeaderDict({"SSO_TOKEN": token}), body, "", asked.request_id)

    def _choose_fate(self, client_order_id: str) -> str:
        if self.choices is None or self.lost >= self.setting.most_lost:
            return ANSWERED
        fate = self.choices.choose(f"placing of {client_order_id}", self.setting.fates)
        self.lost += fate != ANSWERED
        return fate

    def _place(self, asked: Asked, fate: str) -> Reply:
        if fate == NEVER:
            raise Lost("no answer")
        if fate == ANSWERED:
            held = self.arrive(asked, 0.0)
            assert held is not None
            return self._reply(asked, 202, {**self._show(held), "status": "RECEIVED"})
        self.arrive(asked, float(fate))
        raise Lost("no answer")

    def _show(self, held: Held) -> dict[str, object]:
        return {
            **held.order,
            "orderId": held.server_order_id,
            "status": "FILLED",
            "cumQty": held.order["size"],
            "averagePrice": held.order["price"],
        }

    def _nothing(self, asked: Asked) -> Reply:
        if self.setting.looks_at_id:
            return self._reply(asked, 404, {"errorCode": "NOT_FOUND"})
        return self._reply(asked, 200, [])

    def _reply(self, asked: Asked, status: int, content: object) -> Reply:
        body = json.dumps(content, default=float).encode()
        return Reply(status, HTTPHeaderDict(), body, "", asked.request_id)
