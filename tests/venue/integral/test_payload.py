"""The text that is sent, digit for digit."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Order, Side, TimeInForce
from batch.venue import encode_order

numbers = st.decimals(
    min_value=Decimal("0.000001"), max_value=Decimal("999999999999999"), places=6
) | st.builds(
    lambda digits, exponent: Decimal(digits).scaleb(exponent),
    st.integers(min_value=1, max_value=10**15 - 1),
    st.integers(min_value=-12, max_value=6),
)
texts = st.text(min_size=1, max_size=30)
orders = st.builds(
    Order,
    row=st.integers(min_value=1),
    symbol=st.just("EUR/USD"),
    side=st.sampled_from(Side),
    currency=st.sampled_from(["EUR", "USD"]),
    size=numbers,
    price=numbers,
    time_in_force=st.sampled_from(TimeInForce),
    expiry_time_s=st.none() | st.integers(1, 86399),
    min_size=st.none() | numbers,
    org=st.none() | texts,
    account=st.none() | texts,
)


def test_limit_order_keeps_trailing_zeros_and_a_fixed_order_of_keys() -> None:
    order = Order(
        row=2,
        symbol="EUR/USD",
        side=Side.BUY,
        currency="EUR",
        size=Decimal("1E+6"),
        price=Decimal("1.39270"),
        time_in_force=TimeInForce.GTT,
        client_order_id="of-the-sheet",
        expiry_time_s=60,
        min_size=Decimal("0.0000001"),
        org="Org",
        account="Acc",
    )

    text = encode_order(order, "b1-2")

    assert text == (
        '{"coId": "b1-2", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", '
        '"currency": "EUR", "size": 1000000, "price": 1.39270, "timeInForce": "GTT", '
        '"expiryTime": 60, "minQty": 0.0000001, "org": "Org", "account": "Acc"}'
    )


@given(order=orders, client_order_id=texts)
def test_any_order_decodes_to_the_same_digits(order: Order, client_order_id: str) -> None:
    text = encode_order(order, client_order_id)

    data = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    assert text.isascii()
    assert data["coId"] == client_order_id
    assert format(data["size"], "f") == format(order.size, "f")
    assert format(data["price"], "f") == format(order.price, "f")
    assert data.get("minQty") == order.min_size
    assert data.get("expiryTime") == order.expiry_time_s
    assert (data.get("org"), data.get("account")) == (order.org, order.account)
    assert all(value is not None for value in data.values())


def test_number_that_is_not_finite_is_never_written() -> None:
    order = Order(
        2, "EUR/USD", Side.BUY, "EUR", Decimal("NaN"), Decimal(1), time_in_force=TimeInForce.IOC
    )

    with pytest.raises(ValueError, match="finite"):
        encode_order(order, "b1-2")
