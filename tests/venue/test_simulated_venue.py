"""The client against the local venue: each request held to the API description."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from batch.errors import Disputed, OutcomeUnknown, Throttled, VenueAway, VenueRefused
from batch.simulator import Simulator, SimulatorOptions, parse_fault
from batch.venue import Venue
from tests.contract.validation import assert_request_valid
from tests.venue.conftest import PASSWORD, PAYLOAD, Connect, HandClock


@pytest.fixture
def simulator(clock: HandClock) -> Iterator[Simulator]:
    """A venue that takes duplicates, so that it cannot hide one of ours."""
    options = SimulatorOptions(user="ops", password=PASSWORD, org="Desk", accept_duplicates=True)
    with Simulator(options, clock=lambda: clock.seconds) as simulator:
        yield simulator
        for exchange in simulator.requests.exchanges:
            assert_request_valid(exchange.method, exchange.target, exchange.headers, exchange.body)


@pytest.fixture
def venue(simulator: Simulator, connect: Connect) -> Venue:
    return connect(simulator.url)


def place(venue: Venue, client_id: str = "b1-2", **changes: str) -> str:
    payload = PAYLOAD.replace("b1-2", client_id)
    for old, new in changes.items():
        payload = payload.replace(old, new)
    return venue.place(payload, client_id, f"req-{client_id}").server_order_id


def test_order_is_placed_found_followed_and_cancelled(
    simulator: Simulator, venue: Venue, clock: HandClock
) -> None:
    order_id = place(venue, IOC="GTC", **{"1.39270": "0.5"})

    found = venue.find("b1-2")
    active = venue.active()
    queried = venue.query(order_id)
    venue.cancel(order_id)
    clock.seconds += 1
    after = venue.query(order_id)

    assert [order.server_order_id for order in found] == [order_id]
    assert list(active) == [order_id]
    assert queried is not None
    assert str(queried.terms.price) == "0.5"
    assert after is not None
    assert after.status.startswith("CANCEL")
    assert simulator.ledger.posts == 1


def test_what_the_venue_does_not_know_is_none(venue: Venue) -> None:
    assert (venue.query("none"), venue.find("none"), venue.active()) == (None, (), {})
    with pytest.raises(VenueRefused):
        venue.cancel("none")


def test_rate_is_two_sided(venue: Venue) -> None:
    rate = venue.spot_rate("EUR/USD")

    assert 0 < rate.bid <= rate.offer


@pytest.mark.parametrize(
    ("fault", "kind", "held"),
    [
        ("reset-before:place:first=1", OutcomeUnknown, 0),
        ("drop-before:place:first=1", OutcomeUnknown, 0),
        ("drop-reply:place:first=1", OutcomeUnknown, 1),
        ("reset-after:place:first=1", OutcomeUnknown, 1),
        ("status-after=500:place:first=1", OutcomeUnknown, 1),
        ("status=503:place:first=1", OutcomeUnknown, 0),
        ("html:place:first=1", OutcomeUnknown, 1),
        ("cut:place:first=1", OutcomeUnknown, 1),
        ("no-order-id:place:first=1", OutcomeUnknown, 1),
        ("other-client-id:place:first=1", OutcomeUnknown, 1),
        ("redirect=307:place:first=1:location=http://127.0.0.1:9/", OutcomeUnknown, 0),
        ("bare-status=403:place:first=1", Disputed, 0),
        ("status=409:place:first=1", Disputed, 0),
        ("retry-after=5:place:first=1", Throttled, 0),
    ],
)
def test_faulty_placing_ends_as_its_kind_and_is_never_repeated(
    simulator: Simulator, venue: Venue, fault: str, kind: type[Exception], held: int
) -> None:
    venue.login()
    simulator.add_fault(parse_fault(fault))

    with pytest.raises(kind) as caught:
        place(venue)

    assert type(caught.value) is kind
    assert simulator.requests.count("place") == 1
    assert len(simulator.ledger.orders) == held
    assert len(venue.find("b1-2")) == held


def test_fault_11_tokens_that_end_in_the_middle_cost_one_login(
    simulator: Simulator, venue: Venue
) -> None:
    def place_one(number: int) -> str:
        if number == 50:
            simulator.expire_tokens()
        return place(venue, f"b1-{number}")

    with ThreadPoolExecutor(16) as pool:
        placed = list(pool.map(place_one, range(100)))

    assert len(set(placed)) == 100
    assert len(simulator.ledger.orders) == 100
    assert simulator.ledger.duplicates() == ()
    assert simulator.requests.count("login") == 2


def test_fault_18_venue_that_comes_back_is_asked_with_the_same_token(
    simulator: Simulator, venue: Venue
) -> None:
    order_id = place(venue)
    simulator.set_down(True)
    with pytest.raises(VenueAway):
        venue.query(order_id)
    simulator.set_down(False)

    order = venue.query(order_id)

    assert order is not None
    assert simulator.requests.count("login") == 1
