"""The venue of the benchmarks: a process of its own, and fast enough not to be what is measured.

Bare asyncio, no framework: one answer costs it some tens of microseconds. It holds each answer
back for the latency that is asked for, and counts. It says its port on stdout, serves until its
stdin is closed, and then says what it counted, as JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

ROUNDED_UP_S = 0.0005

TOKEN = "3f1c9a52-7d0e-4b86-a1de-9c5b7f20e4aa"

BY_CLIENT_ID = "/v2/orders?coId="

MANY = 1_000_000
"""A token that lives for so many seconds never runs out in a benchmark."""


@dataclass(slots=True)
class Held:
    """An order in the books.

    Attributes:
        echo: what of the order every answer repeats, as the inside of a JSON object.
        ends_at: monotonic time from which it is FILLED.
    """

    echo: str
    ends_at: float
    client_id: str
    size: object
    price: object
    noticed: bool = False


@dataclass
class Market:
    """What the venue does, and what it has counted.

    Attributes:
        asked_at: when the first request with a token came; 0 = none did.
        told_at: when the last answer went out that is about one order by its server ID.
        latency_s: from the arrival of a request to its answer.
        life_s: how long orders live: the first for none of it, and so on evenly up to `spread`
            orders, then from the start again. A spread of 1 gives every order the whole of it.
        rate: requests a second that it takes; the others get a 429; 0 = as many as come.
        retry_after_s: what a 429 asks to wait; 0 = it names no time.
    """

    latency_s: float = 0.0
    life_s: float = 0.0
    spread: int = 1
    rate: float = 0.0
    retry_after_s: int = 0
    orders: dict[int, Held] = field(default_factory=dict)
    open: dict[int, Held] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    notice_s: list[float] = field(default_factory=list)
    refused_at: list[float] = field(default_factory=list)
    placed_at: list[float] = field(default_factory=list)
    held_s: float = 0.0
    asked_at: float = 0.0
    told_at: float = 0.0
    last_at: float = 0.0
    _tokens: float = 0.0
    _filled_at: float = 0.0

    def answer(self, method: str, target: str, head: bytes, body: bytes) -> tuple[str, str]:
        """Give the status line and head lines, and the body, of the answer to a request."""
        now = time.monotonic()
        if target == "/v2/sso/login":
            times = {"serverUTCTime": 0, "expiryTime": MANY * 1000}
            return f"200 OK\r\nSSO_TOKEN: {TOKEN}", json.dumps({"status": "OK", **times})
        if _header(head, b"sso_token") != TOKEN.encode():
            self.counts["refused"] += 1
            return "401 Unauthorized", "{}"
        self.asked_at = self.asked_at or now
        if self.rate and not self._takes(now):
            self.counts["throttled"] += 1
            self.refused_at.append(now - self.asked_at)
            wait = f"\r\nRetry-After: {self.retry_after_s}" if self.retry_after_s else ""
            return f"429 Too Many Requests{wait}", "{}"
        if method == "POST":
            self.counts["place"] += 1
            self.told_at = now + self.latency_s
            return "202 Accepted", self._place(body, now)
        if target == "/v2/orders":
            self.counts["active"] += 1
            return "200 OK", self._list(now)
        if target.startswith(BY_CLIENT_ID):
            self.counts["by client ID"] += 1
            return "200 OK", self._find(target.removeprefix(BY_CLIENT_ID), now)
        self.counts["query"] += 1
        self.told_at = now + self.latency_s
        number = target.rpartition("/")[2]
        held = self.orders.get(int(number)) if number.isdigit() else None
        if held is None:
            return "404 Not Found", "{}"
        has_ended = now >= held.ends_at
        if has_ended and not held.noticed:
            held.noticed = True
            # The answer is known at the other end one latency later.
            self.notice_s.append(now + self.latency_s - held.ends_at)
        return "200 OK", self._show(int(number), now)

    def report(self) -> dict[str, Any]:
        """Give all that was counted."""
        return {
            "counts": dict(self.counts),
            "requests": sum(self.counts.values()),
            "first_at": self.placed_at[0] if self.placed_at else 0.0,
            "told_at": self.told_at,
            "second_at": self.placed_at[1] if len(self.placed_at) > 1 else 0.0,
            "last_at": self.last_at,
            "held_s": self.held_s / max(sum(self.counts.values()), 1),
            "cpu_s": time.process_time(),
            "notice_median_s": statistics.median(self.notice_s) if self.notice_s else 0.0,
            "refused_at": self.refused_at,
            "tenths_s": self._tenths_s(),
        }

    def _tenths_s(self) -> list[float]:
        """Give how long each tenth of the placings took, from the first to the last."""
        tenth = len(self.placed_at) // 10
        marks = self.placed_at[:: tenth or 1]
        return [later - earlier for earlier, later in pairwise(marks)][:10]

    def _takes(self, now: float) -> bool:
        # It takes a tenth of a second's requests at once, not more.
        most = max(self.rate / 10, 1.0)
        self._tokens = min(self._tokens + (now - self._filled_at) * self.rate, most)
        self._filled_at = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _place(self, body: bytes, now: float) -> str:
        self.placed_at.append(now)
        number = len(self.orders) + 1
        order = json.loads(body)
        life_s = self.life_s * (number % self.spread or self.spread) / self.spread
        echo, client_id = body.decode().strip()[1:-1], order.get("coId", "")
        held = Held(echo, now + life_s, client_id, order["size"], order["price"])
        self.orders[number] = held
        if order["timeInForce"] not in ("IOC", "FOK"):
            self.open[number] = held
        return _show(number, held, "RECEIVED")

    def _find(self, client_id: str, now: float) -> str:
        found = [number for number, held in self.orders.items() if held.client_id == client_id]
        return f"[{','.join(self._show(number, now) for number in found)}]"

    def _show(self, number: int, now: float) -> str:
        held = self.orders[number]
        return _show(number, held, "FILLED" if now >= held.ends_at else "NEW")

    def _list(self, now: float) -> str:
        for number in [number for number, held in self.open.items() if held.ends_at <= now]:
            del self.open[number]
        return f"[{','.join(_show(number, held, 'NEW') for number, held in self.open.items())}]"


def _show(number: int, held: Held, status: str) -> str:
    filled = ""
    if status == "FILLED":
        filled = f', "cumQty": {held.size}, "averagePrice": {held.price}'
    return f'{{{held.echo}, "orderId": "{number}", "status": "{status}"{filled}}}'


class Connection(asyncio.Protocol):
    """One client's connection; requests on it are answered in order."""

    def __init__(self, market: Market, loop: asyncio.AbstractEventLoop) -> None:
        self._market = market
        self._loop = loop
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = int(_header(head, b"content-length") or 0)
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            method, target, _ = head[: head.index(b"\r\n")].decode().split(" ")
            self._answer(*self._market.answer(method, target, head, body))

    def _answer(self, head: str, body: str) -> None:
        data = body.encode()
        reply = (
            f"HTTP/1.1 {head}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(data)}\r\n\r\n"
        ).encode() + data
        if self._market.latency_s:
            # The loop rounds its waits up to a millisecond; so on the average it is right.
            now = self._loop.time()
            at = now + self._market.latency_s - ROUNDED_UP_S
            self._loop.call_at(at, self._write, reply, now)
        else:
            self._write(reply, self._loop.time())

    def _write(self, reply: bytes, arrived_at: float) -> None:
        assert self._transport is not None
        self._market.last_at = time.monotonic()
        self._market.held_s += self._market.last_at - arrived_at
        self._transport.write(reply)


def _header(head: bytes, name: bytes) -> bytes:
    lowered = head.lower()
    start = b"\r\n" + name + b":"
    at = lowered.find(start)
    return head[at + len(start) :].split(b"\r\n", 1)[0].strip() if at >= 0 else b""


async def serve(market: Market) -> None:
    """Serve until stdin ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(market, loop), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Take the settings of a market from the command line, and serve it."""
    parser = argparse.ArgumentParser(description="A fast venue for benchmarks, on loopback.")
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--life-s", type=float, default=0.0)
    parser.add_argument("--spread", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--retry-after-s", type=int, default=0)
    given = parser.parse_args()
    market = Market(
        latency_s=given.latency_ms / 1000,
        life_s=given.life_s,
        spread=given.spread,
        rate=given.rate,
        retry_after_s=given.retry_after_s,
    )
    asyncio.run(serve(market))
    sys.stdout.write(json.dumps(market.report()) + "\n")


if __name__ == "__main__":
    main()
