"""From an order to the exact text that is planned, journalled and sent."""

from __future__ import annotations

import json
from decimal import Decimal

from batch.model import Order
from batch.venue.integral import wire


def encode_order(order: Order, client_order_id: str) -> str:
    """Write the JSON text of a limit order; equal orders give equal text.

    Args:
        client_order_id: what the venue shall know the order by; stands above the order's own.

    Returns:
        ASCII text with the keys in a fixed order, only those that are set, and each number digit
        for digit as the order holds it: 1.39270 stays 1.39270 and is never written with an
        exponent.

    Raises:
        ValueError: a number is not finite, which no validated order can hold.

    Source: venue-api, "Place an order".
    """
    values = (
        client_order_id,
        wire.LIMIT,
        order.side.value,
        order.symbol,
        order.currency,
        order.size,
        order.price,
        order.time_in_force.value,
        order.expiry_time_s,
        order.min_size,
        order.org,
        order.account,
    )
    members = [
        f"{name}: {_text(value)}"
        for name, value in zip(_NAMES, values, strict=True)
        if value is not None
    ]
    return "{" + ", ".join(members) + "}"


_encode = json.JSONEncoder().encode

_NAMES = tuple(
    _encode(name)
    for name in (
        *(wire.CLIENT_ORDER_ID, wire.ORDER_TYPE, wire.SIDE, wire.SYMBOL, wire.CURRENCY),
        *(wire.SIZE, wire.PRICE, wire.TIME_IN_FORCE, wire.EXPIRY_TIME, wire.MIN_SIZE),
        *(wire.ORG, wire.ACCOUNT),
    )
)
"""As they stand in the text, in the order of the values."""


def _text(value: str | int | Decimal) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"expected a finite number in an order, found {value}")
        return format(value, "f")
    return _encode(value)
