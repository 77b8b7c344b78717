"""Is what the venue holds what was sent?"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batch.model import Side, Terms, TimeInForce, VenueOrder
from batch.run.comparing import NothingToCompare, difference, says_terms
from batch.states import OrderEvent
from tests.run.doubles import make_order

SENT = make_order(2).terms()


def found(odd: dict[str, str] | None = None, **changes: Any) -> VenueOrder:
    return echo(replace(SENT, **changes), odd)


def echo(terms: Terms, odd: dict[str, str] | None = None) -> VenueOrder:
    return VenueOrder(
        server_order_id="9000",
        client_order_id="b-2",
        status="NEW",
        event=OrderEvent.WORKING,
        terms=terms,
        odd_terms=odd or {},
        request_id="r",
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"size": Decimal("100002.00")},
        {"price": Decimal("1.1172")},
        {"org": "echoed, and never sent"},
        {"min_size": Decimal(0)},
        {"time_in_force": None, "currency": None},
    ],
)
def test_the_same_order_is_the_same_however_it_is_written(changes: dict[str, Any]) -> None:
    assert difference(SENT, found(**changes)) == ""


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"symbol": "GBP/USD"}, "symbol: sent EUR/USD, found GBP/USD"),
        ({"side": Side.SELL}, "side: sent Buy, found Sell"),
        ({"currency": "USD"}, "currency: sent EUR, found USD"),
        ({"size": Decimal(100_003)}, "size: sent 100002, found 100003"),
        ({"odd": {"size": "many"}}, "size: sent 100002, found many"),
        ({"price": Decimal("1E+1")}, "price: sent 1.11720, found 10"),
        ({"time_in_force": TimeInForce.GTC}, "time_in_force: sent IOC, found GTC"),
    ],
)
def test_another_order_is_told_by_what_differs(changes: dict[str, Any], words: str) -> None:
    assert difference(SENT, found(**changes)) == words


def test_all_that_differs_is_told() -> None:
    assert difference(SENT, found(side=Side.SELL, size=Decimal(1))) == (
        "side: sent Buy, found Sell; size: sent 100002, found 1"
    )


def test_what_the_venue_does_not_echo_is_not_compared() -> None:
    assert difference(SENT, echo(Terms(side=Side.BUY))) == ""


@pytest.mark.parametrize("terms", [Terms(), Terms(org="ORG", account="A")])
def test_comparing_nothing_is_an_error_and_no_agreement(terms: Terms) -> None:
    assert not says_terms(echo(terms))

    with pytest.raises(NothingToCompare, match="names none of the order's terms"):
        difference(SENT, echo(terms))
