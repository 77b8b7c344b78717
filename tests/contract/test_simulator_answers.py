"""Every answer that the simulated venue can give, held to the description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from batch.simulator import Simulator, SimulatorOptions, parse_fault
from tests.contract.validation import assert_request_valid, assert_response_valid
from tests.simulator.client import Client, Response
from tests.simulator.conftest import SteppedClock


class CheckedClient(Client):
    """A client that holds every answer to the description, and its own good requests, too."""

    def ask(
        self,
        method: str,
        target: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        response = super().ask(method, target, body, headers)
        assert_response_valid(
            method, target, response.status, response.headers.items(), response.body
        )
        return response


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def simulator(clock: SteppedClock) -> Iterator[Simulator]:
    with Simulator(SimulatorOptions(user="ops", password="secret"), clock=clock) as simulator:
        yield simulator


@pytest.fixture
def client(simulator: Simulator) -> Iterator[CheckedClient]:
    with CheckedClient(simulator.url) as client:
        client.log_in()
        yield client


@pytest.mark.parametrize(
    ("changes", "statuses"),
    [
        ({}, ["NEW", "NEW", "FILLED"]),
        ({"size": 5000000}, ["NEW", "NEW", "EXPIRED"]),
        ({"size": 5000000, "timeInForce": "GTC"}, ["NEW", "NEW", "FILLED"]),
        ({"size": 50000000}, ["REJECTED", "REJECTED", "REJECTED"]),
        ({"price": 1, "timeInForce": "GTC"}, ["NEW", "NEW", "NEW"]),
        ({"price": 1, "timeInForce": "GTT", "expiryTime": 1}, ["NEW", "NEW", "NEW"]),
        (
            {"minQty": 1, "org": "X", "account": "Y", "currency": "USD", "side": "Sell"},
            ["NEW", "NEW", "FILLED"],
        ),
    ],
)
def test_an_order_follows_the_description_in_every_state(
    client: CheckedClient,
    clock: SteppedClock,
    changes: dict[str, object],
    statuses: list[str],
) -> None:
    placed = client.place(**changes)

    seen = []
    for _ in statuses:
        clock.step(0.11)
        seen.append(client.query(placed.json["orderId"]).json["status"])
    client.find("A-1")
    client.ask("GET", "/v2/orders")

    assert placed.status == 202
    assert seen == statuses


def test_a_cancelled_order_follows_the_description(
    client: CheckedClient, clock: SteppedClock
) -> None:
    order_id = client.place(price=1, timeInForce="GTC").json["orderId"]

    first = client.ask("DELETE", f"/v2/orders/{order_id}")
    clock.step(1)
    again = client.ask("DELETE", f"/v2/orders/{order_id}")

    assert (first.status, again.status) == (202, 200)
    assert again.json["status"] == "CANCELED"


def test_several_orders_with_one_client_id_follow_the_description(client: CheckedClient) -> None:
    client.place()
    client.place()

    found = client.find("A-1")

    assert [order["coId"] for order in found.json] == ["A-1", "A-1"]


def test_logins_renewals_and_rates_follow_the_description(client: CheckedClient) -> None:
    statuses = [
        client.log_in().status,
        client.ask("GET", "/v2/sso/token/renew").status,
        client.ask("GET", "/v2/rates/spot?symbol=EUR/USD").status,
    ]

    assert statuses == [200, 200, 200]


@pytest.mark.parametrize(
    ("method", "target", "body", "headers", "status"),
    [
        ("POST", "/v2/sso/login", b"{", None, 400),
        ("POST", "/v2/sso/login", {"user": "ops", "pass": "wrong", "org": "o"}, None, 401),
        ("GET", "/v2/sso/token/renew", None, {}, 401),
        ("POST", "/v2/orders", {}, None, 400),
        ("POST", "/v2/orders", {}, {}, 401),
        ("GET", "/v2/orders", None, {"SSO_TOKEN": "made-up"}, 401),
        ("GET", "/v2/orders?coId=nobody", None, None, 404),
        ("GET", "/v2/orders/1", None, None, 404),
        ("GET", "/v2/orders/1", None, {}, 401),
        ("DELETE", "/v2/orders/1", None, None, 404),
        ("DELETE", "/v2/orders/1", None, {}, 401),
        ("GET", "/v2/rates/spot?symbol=XXX/YYY", None, None, 404),
        ("GET", "/v2/rates/spot?symbol=EUR/USD", None, {}, 401),
    ],
)
def test_every_refusal_follows_the_description(
    client: CheckedClient,
    method: str,
    target: str,
    body: object,
    headers: dict[str, str] | None,
    status: int,
) -> None:
    response = client.ask(method, target, body, headers)

    assert response.status == status
    assert {"status", "errorCode", "errorMessage"} <= response.json.keys()


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("429:place", 429),
        ("retry-after=5:place", 429),
        ("500:place", 500),
        ("status-after=503:place", 503),
        ("unknown-status=HALTED:query", 200),
    ],
)
def test_scripted_answers_follow_the_description(
    simulator: Simulator, client: CheckedClient, fault: str, status: int
) -> None:
    simulator.add_fault(parse_fault(fault))

    placed = client.place()
    response = placed if placed.status != 202 else client.query(placed.json["orderId"])

    assert response.status == status


def test_the_client_of_these_tests_sends_what_the_description_says(
    simulator: Simulator, client: CheckedClient
) -> None:
    order_id = client.place().json["orderId"]
    client.query(order_id)
    client.find("A-1")

    for exchange in simulator.requests.exchanges:
        assert_request_valid(exchange.method, exchange.target, exchange.headers, exchange.body)
