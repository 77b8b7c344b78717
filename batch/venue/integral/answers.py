"""From an answer's JSON to orders, rates and the venue's words; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Any

from batch.escaping import shown
from batch.model import Side, SpotRate, Terms, TimeInForce, VenueOrder
from batch.venue.http.exact import Misfit, exact, read_json
from batch.venue.http.redaction import MARK
from batch.venue.http.transport import Reply
from batch.venue.integral import wire
from batch.venue.integral.statuses import event_of_status, is_published

_MAX_WORDS_LENGTH = 300


def read_order(data: object, request_id: str) -> VenueOrder:
    """Read one order object.

    Returns:
        What the venue left out, or wrote in a way that cannot be read, is None or "".

    Raises:
        Misfit: not an object, or without a server ID.

    Source: venue-api, "Follow an order".
    """
    if not isinstance(data, dict):
        raise Misfit("an answer that is not an order")
    server_order_id = _identity(data.get(wire.SERVER_ORDER_ID))
    if not server_order_id:
        raise Misfit(f"an order without {wire.SERVER_ORDER_ID}")
    if MARK in server_order_id:
        raise Misfit(f"an order with a secret of ours for {wire.SERVER_ORDER_ID}")
    raw = data.get(wire.STATUS)
    status = raw if isinstance(raw, str) else ""
    terms, odd_terms = _terms(data)
    return VenueOrder(
        server_order_id=server_order_id,
        client_order_id=_identity(data.get(wire.CLIENT_ORDER_ID)),
        status=status,
        event=event_of_status(status),
        is_published=is_published(status),
        filled_size=_amount(data.get(wire.FILLED_SIZE)),
        average_price=_amount(data.get(wire.AVERAGE_PRICE)),
        execution_id=_identity(data.get(wire.EXECUTION_ID)) or None,
        message=_message(data),
        terms=terms,
        odd_terms=odd_terms,
        request_id=request_id,
    )


def read_orders(reply: Reply) -> tuple[VenueOrder, ...]:
    """Read the answer of the endpoint that gives one order or a list of them.

    Raises:
        Misfit: not orders, or an order without a server ID or a status.
    """
    data = read_json(reply)
    entries = data if isinstance(data, list) else [data]
    orders = tuple(read_order(entry, reply.request_id) for entry in entries)
    if any(not order.status for order in orders):
        raise Misfit(f"an order without {wire.STATUS}")
    return orders


def read_list(reply: Reply) -> tuple[VenueOrder, ...]:
    """Read a list of orders; an entry that is odd spoils only itself.

    Raises:
        Misfit: not a list at all, or nothing in it is an order.
    """
    data = read_json(reply)
    if not isinstance(data, list):
        return read_orders(reply)
    orders: list[VenueOrder] = []
    for entry in data:
        with suppress(Misfit):
            order = read_order(entry, reply.request_id)
            if order.status:
                orders.append(order)
    if data and not orders:
        raise Misfit("a list of what are not orders")
    return tuple(orders)


def read_spot_rate(reply: Reply, symbol: str) -> SpotRate:
    """Read a spot rate.

    Raises:
        Misfit: another symbol, or no two-sided price above zero.

    Source: venue-api, "Follow an order".
    """
    data = read_json(reply)
    if not isinstance(data, dict) or data.get("symbol") != symbol:
        raise Misfit(f"an answer that is not a rate for {symbol}")
    bid, offer = _amount(data.get("bid")), _amount(data.get("offer"))
    if not bid or not offer:
        raise Misfit("a rate without a bid and an offer")
    return SpotRate(symbol=symbol, bid=bid, offer=offer)


def _terms(data: Mapping[str, object]) -> tuple[Terms, dict[str, str]]:
    """Read the order's terms; apart from those, what the venue echoed that can be no such term."""
    read: dict[str, Any] = {}
    odd: dict[str, str] = {}
    for name, (wire_name, reader) in _TERMS.items():
        value = data.get(wire_name)
        if not isinstance(value, str | Decimal) or value == "":
            continue
        try:
            read[name] = reader(value)
        except (ValueError, ArithmeticError):
            odd[name] = shown(str(value), _MAX_WORDS_LENGTH)
    return Terms(**read), odd


def _number(value: str | Decimal) -> Decimal:
    return value if isinstance(value, Decimal) else exact(value)


def _whole(value: str | Decimal) -> int:
    return int(_number(value).quantize(Decimal(1), context=_INEXACT_RAISES))


def _side(value: str | Decimal) -> Side:
    return Side(str(value).capitalize())


def _time_in_force(value: str | Decimal) -> TimeInForce:
    return TimeInForce(str(value).upper())


_INEXACT_RAISES = Context(prec=28, traps=[Inexact, InvalidOperation])

_TERMS: Mapping[str, tuple[str, Callable[[str | Decimal], object]]] = {
    "symbol": (wire.SYMBOL, str),
    "side": (wire.SIDE, _side),
    "currency": (wire.CURRENCY, str),
    "size": (wire.SIZE, _number),
    "price": (wire.PRICE, _number),
    "time_in_force": (wire.TIME_IN_FORCE, _time_in_force),
    "expiry_time_s": (wire.EXPIRY_TIME, _whole),
    "min_size": (wire.MIN_SIZE, _number),
    "org": (wire.ORG, str),
    "account": (wire.ACCOUNT, str),
}
"""The terms by our names, each with its name on the wire and its reader."""


def _identity(value: object) -> str:
    if isinstance(value, str):
        return value
    # Documented as text; a venue that writes the digits bare means the same.
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return format(value, "f")
    return ""


def _amount(value: object) -> Decimal | None:
    if isinstance(value, str):
        try:
            value = exact(value)
        except (ValueError, InvalidOperation):
            return None
    if isinstance(value, Decimal) and value.is_finite() and value >= 0:
        return value
    return None


def _message(data: Mapping[str, object]) -> str:
    for name in wire.ERROR_TEXTS:
        if isinstance(text := data.get(name), str) and text:
            return shown(text, _MAX_WORDS_LENGTH)
    return ""


def error_code(reply: Reply) -> str | None:
    """Give the venue's own code of an error, if it has one."""
    code = _error_object(reply).get(wire.ERROR_CODE)
    if isinstance(code, str | Decimal) and str(code):
        return shown(str(code), _MAX_WORDS_LENGTH)
    return None


def error_words(reply: Reply) -> str:
    """Give whatever the error object says, field by field; "" where there is none.

    Source: venue-api, "Place an order": the fields are not published.
    """
    words = "; ".join(
        f"{name}: {value}"
        for name, value in _error_object(reply).items()
        if isinstance(value, str | Decimal | bool) and str(value)
    )
    # Once more: what is no text may be a secret, too, and two fields the two parts of one.
    return shown(reply.redact(words), _MAX_WORDS_LENGTH)


def has_error_object(reply: Reply) -> bool:
    """Say whether an answer holds a JSON object that says something, as the venue's own do."""
    return bool(_error_object(reply))


def speaks_of_duplicate(reply: Reply) -> bool:
    """Say whether an error may mean that the venue has the order already."""
    text = (reply.body or b"").decode("utf-8", "replace")
    # Its fields are not published: whatever it says, wherever it says it.
    return wire.SPEAKS_OF_DUPLICATE.search(text.replace("_", " ")) is not None


def _error_object(reply: Reply) -> Mapping[str, object]:
    try:
        data = read_json(reply)
    except Misfit:
        return {}
    return data if isinstance(data, dict) else {}
