"""A tiny HTTP client for these tests, on the standard library alone."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Response:
    """An answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body, parse_float=Decimal)


def limit_order(client_order_id: str = "A-1", /, **changes: object) -> dict[str, object]:
    """Make a marketable order; a change to None leaves a member out."""
    members: dict[str, object] = {
        "coId": client_order_id,
        "type": "Limit",
        "side": "Buy",
        "symbol": "EUR/USD",
        "currency": "EUR",
        "size": 1000000,
        "price": 1.2,
        "timeInForce": "IOC",
    }
    members |= changes
    return {name: value for name, value in members.items() if value is not None}


class Client:
    """One keep-alive connection, with the token of its login."""

    def __init__(self, url: str, timeout_s: float = 5.0) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(
            parts.hostname or "", parts.port, timeout=timeout_s
        )
        self.headers: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def ask(
        self,
        method: str,
        target: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request; a body that is not bytes goes as JSON."""
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        content = {} if data is None else {"Content-Type": "application/json"}
        sent = content | (self.headers if headers is None else dict(headers))
        self.connection.request(method, target, data, sent)
        answer = self.connection.getresponse()
        return Response(answer.status, answer.headers, answer.read())

    def log_in(self, user: str = "ops", password: str = "secret", org: str = "ORG") -> Response:
        """Log in, and keep the token for what follows."""
        members = {"user": user, "pass": password, "org": org}
        response = self.ask("POST", "/v2/sso/login", members, headers={})
        if token := response.headers.get("SSO_TOKEN"):
            self.headers = {"SSO_TOKEN": token}
        return response

    def place(self, client_order_id: str = "A-1", /, **changes: object) -> Response:
        """Place a marketable order, changed as told."""
        return self.ask("POST", "/v2/orders", limit_order(client_order_id, **changes))

    def query(self, order_id: str) -> Response:
        return self.ask("GET", f"/v2/orders/{order_id}")

    def find(self, client_order_id: str) -> Response:
        return self.ask("GET", f"/v2/orders?coId={client_order_id}")
