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
    fields: list[tuple[str, str | int | Decimal | None]] = [
        (wire.CLIENT_ORDER_ID, client_order_id),
        (wire.ORDER_TYPE, wire.LIMIT),
        (wire.SIDE, order.side.value),
        (wire.SYMBOL, order.symbol),
        (wire.CURRENCY, order.currency),
        (wire.SIZE, order.size),
        (wire.PRICE, order.price),
        (wire.TIME_IN_FORCE, order.time_in_force.value),
        (wire.EXPIRY_TIME, order.expiry_time_s),
        (wire.MIN_SIZE, order.min_size),
        (wire.ORG, order.org),
        (wire.ACCOUNT, order.account),
    ]
    members = (f"{json.dumps(name)}: {_text(value)}" for name, value in fields if value is not None)
    return "{" + ", ".join(members) + "}"


def _text(value: str | int | Decimal) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"expected a finite number in an order, found {value}")
        return format(value, "f")
    return json.dumps(value)
