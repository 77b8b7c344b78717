"""Placing, following, finding and cancelling."""

from __future__ import annotations

import pytest

from tests.simulator.client import limit_order
from tests.simulator.conftest import Start, SteppedClock


def test_a_marketable_order_goes_from_received_over_new_to_filled(
    start: Start, clock: SteppedClock
) -> None:
    _, client = start()

    placed = client.place(price=1.2)
    clock.step(0.15)
    new = client.query(placed.json["orderId"])
    clock.step(0.2)
    filled = client.query(placed.json["orderId"])

    assert placed.status == 202
    assert placed.json["status"] == "RECEIVED"
    assert (new.status, new.json["status"], new.json["cumQty"]) == (200, "NEW", 0)
    assert filled.json["status"] == "FILLED"
    assert b'"averagePrice": 1.11720,' in filled.body


@pytest.mark.parametrize(
    ("changes", "status", "filled"),
    [
        ({"side": "Buy", "price": 1.1172}, "FILLED", 1000000),
        ({"side": "Buy", "price": 1.11719}, "EXPIRED", 0),
        ({"side": "Sell", "price": 1.1172}, "FILLED", 1000000),
        ({"side": "Sell", "price": 1.11721}, "EXPIRED", 0),
        ({"side": "Sell", "currency": "USD", "price": 1.11721}, "FILLED", 1000000),
        ({"side": "Sell", "currency": "USD", "price": 1.11719}, "EXPIRED", 0),
        ({"side": "Buy", "currency": "USD", "price": 1.11719}, "FILLED", 1000000),
        ({"side": "Buy", "currency": "USD", "price": 1.11721}, "EXPIRED", 0),
    ],
)
def test_the_side_speaks_of_the_dealt_currency(
    start: Start, clock: SteppedClock, changes: dict[str, object], status: str, filled: int
) -> None:
    _, client = start()

    placed = client.place(**changes)
    clock.step(1)
    order = client.query(placed.json["orderId"]).json

    assert (order["status"], order["cumQty"]) == (status, filled)


def test_the_ledger_counts_what_was_taken_and_shows_duplicates(start: Start) -> None:
    simulator, client = start()

    client.place("A-1")
    client.place("A-1")
    client.place("A-2", price=-1)

    assert simulator.ledger.posts == 3
    assert [entry.client_order_id for entry in simulator.ledger.orders] == ["A-1", "A-1"]
    assert simulator.ledger.duplicates() == ("A-1",)
    assert limit_order("A-1")["coId"] in simulator.ledger.orders[0].body  # type: ignore[operator]


@pytest.mark.parametrize(
    ("changes", "status", "filled"),
    [
        ({"timeInForce": "IOC", "size": 5000000}, "EXPIRED", 3000000),
        ({"timeInForce": "IOC", "size": 5000000, "minQty": 3000001}, "EXPIRED", 0),
        ({"timeInForce": "IOC", "size": 5000000, "minQty": 3000000}, "EXPIRED", 3000000),
        ({"timeInForce": "FOK", "size": 3000000}, "FILLED", 3000000),
        ({"timeInForce": "FOK", "size": 3000000.01}, "EXPIRED", 0),
        ({"timeInForce": "GTC", "size": 5000000}, "FILLED", 5000000),
        ({"timeInForce": "DAY", "size": 10000000}, "FILLED", 10000000),
        ({"timeInForce": "GTT", "size": 5000000, "expiryTime": 9}, "FILLED", 5000000),
        ({"timeInForce": "DAY", "size": 10000001}, "REJECTED", 0),
        # 5,000,000 USD are more than 3,000,000 EUR at 1.1172; 3,000,000 USD are less.
        ({"currency": "USD", "side": "Sell", "size": 5000000}, "EXPIRED", 3351600),
        ({"currency": "USD", "side": "Sell", "size": 3000000}, "FILLED", 3000000),
        ({"currency": "USD", "side": "Sell", "size": 11172001}, "REJECTED", 0),
    ],
)
def test_the_outcome_follows_from_the_order_itself(
    start: Start, clock: SteppedClock, changes: dict[str, object], status: str, filled: int
) -> None:
    _, client = start()

    placed = client.place(**changes)
    clock.step(1)
    order = client.query(placed.json["orderId"]).json

    assert placed.status == 202
    assert (order["status"], order["cumQty"]) == (status, filled)


def test_a_part_fill_is_seen_while_the_order_still_works(start: Start, clock: SteppedClock) -> None:
    _, client = start()

    order_id = client.place(size=5000000, timeInForce="GTC").json["orderId"]
    clock.step(0.25)
    part = client.query(order_id).json
    clock.step(0.25)
    whole = client.query(order_id).json

    assert (part["status"], part["cumQty"], part["leavesQty"], part["lastQty"]) == (
        "NEW",
        3000000,
        2000000,
        3000000,
    )
    assert (whole["status"], whole["cumQty"], whole["leavesQty"], whole["lastQty"]) == (
        "FILLED",
        5000000,
        0,
        2000000,
    )


def test_a_minimum_fill_above_the_liquidity_allows_no_part_fill(
    start: Start, clock: SteppedClock
) -> None:
    _, client = start()

    order_id = client.place(size=5000000, minQty=4000000, timeInForce="GTC").json["orderId"]
    clock.step(0.25)

    assert client.query(order_id).json["cumQty"] == 0


@pytest.mark.parametrize(
    ("changes", "still_new_s", "ended_s"),
    [
        ({"timeInForce": "GTT", "expiryTime": 2}, 1.9, 2.1),
        ({"timeInForce": "DAY"}, 6.9, 7.1),
        ({"timeInForce": "IOC"}, 0.2, 0.4),
    ],
)
def test_an_order_away_from_the_market_expires_in_its_time(
    start: Start,
    clock: SteppedClock,
    changes: dict[str, object],
    still_new_s: float,
    ended_s: float,
) -> None:
    simulator, client = start(day_length_s=7.0)
    order_id = client.place(price=1, **changes).json["orderId"]

    clock.step(still_new_s)
    working = client.query(order_id).json["status"]
    quiet_while_working = simulator.is_quiet()
    clock.step(ended_s - still_new_s)
    ended = client.query(order_id).json["status"]

    assert (working, ended) == ("NEW", "EXPIRED")
    assert (quiet_while_working, simulator.is_quiet()) == (False, True)


def test_time_can_be_scaled(start: Start, clock: SteppedClock) -> None:
    _, client = start(time_scale=100)
    order_id = client.place(price=1, timeInForce="GTT", expiryTime=20).json["orderId"]

    clock.step(0.19)
    working = client.query(order_id).json["status"]
    clock.step(0.02)
    ended = client.query(order_id).json["status"]

    assert (working, ended) == ("NEW", "EXPIRED")


def test_a_placed_order_is_received_however_fast_the_market(start: Start) -> None:
    _, client = start(time_scale=1e9)

    assert client.place().json["status"] == "RECEIVED"


def test_an_order_that_rests_leaves_the_venue_quiet_and_is_listed(
    start: Start, clock: SteppedClock
) -> None:
    simulator, client = start()
    client.place("A-1", price=1, timeInForce="GTC")
    client.place("A-2")
    both = [order["coId"] for order in client.ask("GET", "/v2/orders").json]

    clock.step(1)

    assert both == ["A-1", "A-2"]
    assert [order["coId"] for order in client.ask("GET", "/v2/orders").json] == ["A-1"]
    assert simulator.is_quiet()


def test_a_rejected_order_says_why(start: Start, clock: SteppedClock) -> None:
    _, client = start()
    order_id = client.place(size=20000000).json["orderId"]

    clock.step(0.2)

    order = client.query(order_id).json
    assert order["status"] == "REJECTED"
    assert order["errorMessage"] == "size is above the limit of 10000000 EUR"


def test_cancelling_ends_a_resting_order(start: Start, clock: SteppedClock) -> None:
    simulator, client = start()
    order_id = client.place(price=1, timeInForce="GTC").json["orderId"]
    clock.step(1)

    first = client.ask("DELETE", f"/v2/orders/{order_id}")
    second = client.ask("DELETE", f"/v2/orders/{order_id}")
    quiet_while_cancelling = simulator.is_quiet()
    clock.step(0.2)
    order = client.query(order_id).json

    assert (first.status, second.status, first.json["status"]) == (202, 202, "NEW")
    assert not quiet_while_cancelling
    assert (order["status"], order["leavesQty"]) == ("CANCELED", 0)
    assert client.ask("GET", "/v2/orders").json == []
    assert simulator.is_quiet()


def test_a_cancel_can_lose_the_race_with_a_fill(start: Start, clock: SteppedClock) -> None:
    _, client = start()
    order_id = client.place().json["orderId"]
    clock.step(0.25)

    asked = client.ask("DELETE", f"/v2/orders/{order_id}")
    clock.step(1)
    order = client.query(order_id).json

    assert asked.status == 202
    assert (order["status"], order["cumQty"]) == ("FILLED", 1000000)


def test_a_cancel_keeps_the_part_that_was_filled(start: Start, clock: SteppedClock) -> None:
    _, client = start(cancelled_status="CANCELLED", time_scale=0.1)
    order_id = client.place(size=5000000, timeInForce="GTC").json["orderId"]

    clock.step(1.5)
    client.ask("DELETE", f"/v2/orders/{order_id}")
    clock.step(10)
    order = client.query(order_id).json

    assert (order["status"], order["cumQty"], order["leavesQty"]) == ("CANCELLED", 3000000, 0)


def test_a_final_order_stays_as_it_is_when_cancelled(start: Start, clock: SteppedClock) -> None:
    _, client = start()
    order_id = client.place().json["orderId"]
    clock.step(1)

    response = client.ask("DELETE", f"/v2/orders/{order_id}")

    assert (response.status, response.json["status"]) == (200, "FILLED")


@pytest.mark.parametrize(
    ("query", "open_status", "done_status"), [("all", 200, 200), ("open", 200, 404)]
)
def test_a_query_by_client_id_covers_what_the_venue_covers(
    start: Start, clock: SteppedClock, query: str, open_status: int, done_status: int
) -> None:
    _, client = start(client_id_query=query)
    client.place()

    seen_open = client.find("A-1").status
    clock.step(1)
    seen_done = client.find("A-1").status

    assert (seen_open, seen_done) == (open_status, done_status)


def test_a_venue_can_lack_the_query_by_client_id(start: Start) -> None:
    _, client = start(client_id_query="none")
    client.place()

    assert client.find("A-1").status == 404


def test_queries_can_lag_behind_the_orders(start: Start, clock: SteppedClock) -> None:
    _, client = start(client_id_delay_s=3, bulk_delay_s=5)
    order_id = client.place(price=1, timeInForce="GTC").json["orderId"]

    seen = []
    for _ in range(3):
        found = client.find("A-1").status
        seen.append((found, len(client.ask("GET", "/v2/orders").json)))
        clock.step(3)

    assert seen == [(404, 0), (200, 0), (200, 1)]
    assert client.query(order_id).status == 200


def test_duplicates_can_be_refused_within_an_organisation(start: Start) -> None:
    simulator, client = start(accept_duplicates=False)

    first, second = client.place(), client.place()
    client.log_in("other", "secret", "OTHER")
    third = client.place()

    assert (first.status, second.status, third.status) == (202, 400, 202)
    assert second.json["errorCode"] == "DUPLICATE_ORDER"
    assert len(simulator.ledger.orders) == 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        *(({name: None}, f"{name}: required") for name in limit_order()),
        ({"coId": ""}, "coId: expected a string"),
        ({"coId": 5}, "coId: expected a string"),
        ({"coId": "x" * 256}, "coId: longer than 255"),
        ({"type": "Market"}, "type: only Limit"),
        ({"side": "BUY"}, "side: expected Buy or Sell"),
        ({"symbol": "EURUSD"}, "symbol: expected the form"),
        ({"symbol": "USD/EUR", "currency": "USD"}, "USD/EUR is not traded"),
        ({"currency": "CHF"}, "currency: expected EUR or USD"),
        ({"size": "1000000"}, "size: expected a JSON number"),
        ({"size": True}, "size: expected a JSON number"),
        ({"size": 0}, "size: expected a JSON number"),
        ({"price": -1.1}, "price: expected a JSON number"),
        ({"price": "1.1"}, "price: expected a JSON number"),
        ({"timeInForce": "GFD"}, "timeInForce: expected"),
        ({"timeInForce": "GTT"}, "expiryTime: required"),
        ({"timeInForce": "GTT", "expiryTime": 0}, "expiryTime: expected"),
        ({"timeInForce": "GTT", "expiryTime": 86400}, "expiryTime: expected"),
        ({"timeInForce": "GTT", "expiryTime": 1.5}, "expiryTime: expected"),
        ({"timeInForce": "GTT", "expiryTime": True}, "expiryTime: expected"),
        ({"minQty": 0}, "minQty: expected"),
        ({"minQty": 1000001}, "minQty: above size"),
        ({"account": "A"}, "org: required with account"),
        ({"org": 7}, "org: expected"),
        ({"clientOrderTime": "yesterday"}, "clientOrderTime: expected"),
    ],
)
def test_a_malformed_order_is_refused_and_not_taken(
    start: Start, changes: dict[str, object], words: str
) -> None:
    simulator, client = start()

    response = client.place(**changes)

    assert (response.status, response.json["status"]) == (400, "ERROR")
    assert words in response.json["errorMessage"]
    assert simulator.ledger.orders == ()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{", b"\xff", b'{"size": NaN}', b'{"coId": "a", "coId": "b"}', b"[" * 9999],
)
def test_a_body_that_is_no_json_object_is_refused(start: Start, body: bytes) -> None:
    _, client = start()

    response = client.ask("POST", "/v2/orders", body)

    assert (response.status, response.json["errorCode"]) == (400, "MALFORMED_JSON")


def test_an_order_is_echoed_digit_for_digit(start: Start) -> None:
    _, client = start()
    body = (
        '{"coId": "Zürich/1", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", '
        '"currency": "EUR", "size": 1000000.10, "price": 1.09716780000001, '
        '"timeInForce": "GTT", "expiryTime": 30, "minQty": 0.5, "org": "X", "account": "Y", '
        '"clientOrderTime": "2026-10-30 17:00:00,123 +0000"'
    )

    response = client.ask("POST", "/v2/orders", body.encode() + b', "misspelt": 1}')

    assert response.status == 202
    for member in body[1:].split(", "):
        assert member.encode() in response.body
    assert b"misspelt" not in response.body


def test_the_ledger_has_the_exact_text_and_the_standing_of_each_order(
    start: Start, clock: SteppedClock
) -> None:
    simulator, client = start()
    order_id = client.ask(
        "POST",
        "/v2/orders",
        limit_order("A-1", size=5000000),
        client.headers | {"X-Request-ID": "R-7"},
    ).json["orderId"]
    clock.step(1)

    (entry,) = simulator.ledger.orders
    told = client.ask("GET", "/simulator/ledger", headers={}).json

    assert (entry.order_id, entry.request_id, entry.status) == (order_id, "R-7", "EXPIRED")
    assert entry.filled_size == 3000000
    assert '"size": 5000000' in entry.body
    assert simulator.ledger.by_client_id() == {"A-1": (entry,)}
    assert simulator.ledger.status_of(order_id) == "EXPIRED"
    assert told["posts"] == 1
    assert told["duplicates"] == []
    assert told["orders"][0]["body"] == entry.body
    with pytest.raises(KeyError):
        simulator.ledger.status_of("0")
