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
