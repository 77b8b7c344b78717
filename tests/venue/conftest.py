"""A clock set by hand, servers with a script, and venues that talk to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from batch.config import VenueSettings
from batch.errors import LoginNeeded, NotDelivered, VenueAway
from batch.model import VenueOrder
from batch.venue import Venue
from tests.venue.sockets import Script, ScriptedServer

PASSWORD = "correct-horse-battery"
PLACED = {"coId": "b1-2", "orderId": "77", "status": "RECEIVED"}
PAYLOAD = (
    '{"coId": "b1-2", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", "currency": "EUR", '
    '"size": 1000000, "price": 1.39270, "timeInForce": "IOC"}'
)


class HandClock:
    """A clock that stands until a test moves it; nothing may sleep on it.

    Attributes:
        reads: released once for each look at the monotonic clock.
    """

    def __init__(self) -> None:
        self.wall = datetime(2026, 1, 5, 12, tzinfo=UTC)
        self.seconds = 1000.0
        self.reads = threading.Semaphore(0)

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        self.reads.release()
        return self.seconds

    def sleep(self, seconds: float) -> None:
        raise AssertionError("the venue never sleeps")


class RunVenue(Venue):
    """A venue around whose placing the test does what a run does: log in, put it on record."""

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        self._use_what_is_due(request_id)
        try:
            return super().place(payload, client_order_id, request_id)
        except LoginNeeded:
            self._use_what_is_due(request_id)
            return super().place(payload, client_order_id, request_id)

    def _use_what_is_due(self, request_id: str) -> None:
        if self.wants_login():
            try:
                self.login()
            except VenueAway as away:
                raise NotDelivered("The order was not sent", request_id=request_id) from away
        if (lease := self.offered()) is not None:
            self.use(lease)


Connect = Callable[..., Venue]
Serve = Callable[[Script], ScriptedServer]


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def connect(clock: HandClock) -> Iterator[Connect]:
    """Make a venue for a URL, with short timeouts unless the test says otherwise."""
    with ExitStack() as stack:

        def connect_to(url: str, **changes: object) -> Venue:
            settings: dict[str, object] = {
                "url": url,
                "user": "ops",
                "password": SecretStr(PASSWORD),
                "org": "Desk",
                "connect_timeout_s": 2,
                "read_timeout_s": 2,
                "deadline_s": 4,
                **changes,
            }
            venue = RunVenue(VenueSettings.model_validate(settings), clock=clock)
            return stack.enter_context(venue)

        yield connect_to


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server whose answers, but for logins, follow a script."""
    with ExitStack() as stack:
        yield lambda script: stack.enter_context(ScriptedServer(script))
