"""Is what the venue holds what was sent?"""

from __future__ import annotations

from decimal import Decimal

import pytest

from batch.model import VenueOrder
from batch.run.matching import difference
from batch.venue import encode_order
from tests.run.doubles import make_order

SENT = encode_order(make_order(2), "b-2")
ECHO: dict[str, object] = {
    "symbol": "EUR/USD",
    "side": "Buy",
    "currency": "EUR",
    "size": 100_002,
    "price": Decimal("1.11720"),
    "timeInForce": "IOC",
}


def found(**changes: object) -> VenueOrder:
    return VenueOrder(
        server_order_id="9000",
        client_order_id="b-2",
        status="NEW",
        filled_size=None,
        average_price=None,
        fields={**ECHO, **changes},
        request_id="r",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"size": Decimal("100002.00")},
        {"price": Decimal("1.1172")},
        {"side": "BUY", "timeInForce": "ioc"},
        {"cumQty": 7, "status": "NEW"},
    ],
)
def test_the_same_order_is_the_same_however_it_is_written(changes: dict[str, object]) -> None:
    assert difference(SENT, found(**changes)) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": "GBP/USD"}, "symbol: sent EUR/USD, found GBP/USD"),
        ({"side": "Sell"}, "side: sent Buy, found Sell"),
        ({"currency": "USD"}, "currency: sent EUR, found USD"),
        ({"size": 100_003}, "size: sent 100002, found 100003"),
        ({"size": "many"}, "size: sent 100002, found many"),
        ({"size": None}, "size: sent 100002, found None"),
        ({"price": Decimal("1E+1")}, "price: sent 1.11720, found 10"),
        ({"timeInForce": "GTC"}, "timeInForce: sent IOC, found GTC"),
    ],
)
def test_another_order_is_told_by_what_differs(changes: dict[str, object], words: str) -> None:
    assert difference(SENT, found(**changes)) == words


def test_all_that_differs_is_told() -> None:
    assert difference(SENT, found(side="Sell", size=1)) == (
        "side: sent Buy, found Sell; size: sent 100002, found 1"
    )


def test_what_the_venue_does_not_echo_is_not_compared() -> None:
    silent = VenueOrder(
        server_order_id="9000",
        client_order_id="b-2",
        status="NEW",
        filled_size=None,
        average_price=None,
        fields={"side": "Buy"},
        request_id="r",
    )

    assert difference(SENT, silent) == ""
