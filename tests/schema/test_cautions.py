"""What a person is warned of: orders that cross, and times in force that may be refused. Row 51."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Order, Problem, Side, TimeInForce
from batch.schema import validate
from batch.schema.crossing import crossings
from tests.schema.test_validation import GOOD, sheet_of

BUY = GOOD | {"price": "1.10"}
SELL = GOOD | {"side": "Sell", "price": "1.10"}


def warnings_of(*rows: Mapping[str, str]) -> list[Problem]:
    return [w for w in validate(sheet_of(*rows)).warnings if w.code != "equal-row"]


def order(row: int, side: Side, price: str, **more: str) -> Order:
    terms = {"symbol": "EUR/USD", "currency": "EUR"} | more
    return Order(
        row=row,
        side=side,
        size=Decimal(1),
        price=Decimal(price),
        time_in_force=TimeInForce.IOC,
        **terms,  # type: ignore[arg-type]
    )


def test_row_51_a_buy_at_a_sells_price_crosses_it() -> None:
    (warning,) = warnings_of(BUY, SELL, SELL | {"price": "1.11"}, BUY | {"price": "1.105"})

    assert warning.code == "crossing-orders"
    assert (
        warning.found
        == "EUR/USD: buys of EUR up to 1.105 in rows 2, 5, sells of it from 1.10 in row 3"
    )


@pytest.mark.parametrize(
    "other",
    [
        {"price": "1.1001"},
        {"symbol": "GBP/USD"},
        {"org": "Desk", "account": "Book"},
        {"side": "Buy"},
        {"currency": "USD", "side": "Buy", "price": "1.1001"},
        {"currency": "USD", "side": "Sell"},
    ],
)
def test_row_51_orders_that_cannot_deal_with_each_other_do_not_cross(
    other: dict[str, str],
) -> None:
    assert warnings_of(BUY, SELL | other) == []


def test_row_51_buying_the_other_currency_is_selling_the_base() -> None:
    (warning,) = warnings_of(BUY, BUY | {"currency": "USD"})

    assert warning.found.endswith("buys of EUR up to 1.10 in row 2, sells of it from 1.10 in row 3")


def test_row_51_each_pair_and_account_is_told_by_itself() -> None:
    account = {"org": "Desk", "account": "Book"}

    found = warnings_of(BUY, SELL, BUY | account, SELL | account)

    assert [w.found.partition(":")[0] for w in found] == ["EUR/USD", "EUR/USD for Book of Desk"]


prices = st.integers(1, 5).map(str)
sides = st.sampled_from(Side)


@given(st.lists(st.tuples(sides, prices, st.sampled_from(["EUR", "USD"])), max_size=8))
def test_row_51_the_rows_are_those_of_every_pair_that_crosses(
    drawn: list[tuple[Side, str, str]],
) -> None:
    orders = [order(row, s, p, currency=c) for row, (s, p, c) in enumerate(drawn, start=2)]

    def buys(one: Order) -> bool:
        return (one.side is Side.BUY) == (one.currency == "EUR")

    expected = {
        one.row
        for buy in orders
        for sell in orders
        if buys(buy) and not buys(sell) and buy.price >= sell.price
        for one in (buy, sell)
    }

    assert {row for crossing in crossings(orders) for row in crossing.rows} == expected


def test_row_51_a_hundred_thousand_orders_are_compared_in_no_time() -> None:
    sides = (Side.BUY, Side.SELL)
    orders = [order(row, sides[row % 2], f"1.{row:06d}") for row in range(100_000)]
    started = time.process_time()

    (crossing,) = crossings(orders)

    assert len(crossing.rows) == 99_998
    assert len(str(crossing)) < 300
    assert time.process_time() - started < 2


def test_fok_and_day_are_told_once_with_their_rows() -> None:
    rows = [GOOD | {"tif": tif} for tif in ("FOK", "IOC", "DAY", "FOK", "GTC")]

    (warning,) = warnings_of(*rows)

    assert (warning.code, warning.found) == ("time-in-force-unsure", "FOK or DAY in rows 2, 4-5")
    assert warning.action == "this venue may refuse them"


def test_times_in_force_that_the_venue_names_are_not_worth_a_word() -> None:
    rows = [GOOD | {"tif": "IOC"}, GOOD | {"tif": "GTC", "price": "1"}]
    rows.append(GOOD | {"tif": "GTT", "expiry_time": "5", "price": "2"})

    assert warnings_of(*rows) == []
