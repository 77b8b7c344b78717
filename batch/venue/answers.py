"""From the bytes of an answer to orders, rates and the venue's words; nothing is guessed.

Numbers become `Decimal` straight from their text, so no digit passes through a float.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime

from urllib3 import HTTPHeaderDict

from batch.model import SpotRate, VenueOrder
from batch.venue import wire
from batch.venue.transport import Reply

# Far more than any amount or price has; text beyond it would become a number of gigabytes.
_MAX_NUMBER_LENGTH = 64
_MAX_EXPONENT = 40
_MAX_WORDS_LENGTH = 300


class Misfit(Exception):
    """The answer is not what the API describes. The text says what was found."""


def read_json(reply: Reply) -> object:
    """Read the body as JSON, numbers as `Decimal`.

    Raises:
        Misfit: the body did not arrive whole, or is not JSON.
    """
    if reply.body is None:
        raise Misfit(reply.flaw)
    if not reply.body:
        raise Misfit("an empty answer")
    try:
        return json.loads(
            reply.body.decode("utf-8-sig"),
            parse_float=_exact,
            parse_int=_exact,
            parse_constant=_refuse,
        )
    except (ValueError, RecursionError):
        kind = reply.headers.get("Content-Type", "no content type").partition(";")[0]
    raise Misfit(f"an answer that is not readable JSON ({_printable(kind)[:60]})")


def _exact(text: str) -> Decimal:
    if len(text) > _MAX_NUMBER_LENGTH:
        raise ValueError("a number that is too long")
    number = Decimal(text)
    if number and abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError("a number that is out of any range")
    return number


def _refuse(text: str) -> object:
    raise ValueError(f"{text} is not JSON")


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
    status = data.get(wire.STATUS)
    return VenueOrder(
        server_order_id=server_order_id,
        client_order_id=_identity(data.get(wire.CLIENT_ORDER_ID)),
        status=status if isinstance(status, str) else "",
        filled_size=_amount(data.get(wire.FILLED_SIZE)),
        average_price=_amount(data.get(wire.AVERAGE_PRICE)),
        execution_id=_identity(data.get(wire.EXECUTION_ID)) or None,
        message=_message(data),
        fields={name: data[name] for name in wire.ORDER_FIELDS if data.get(name) is not None},
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
            value = _exact(value)
        except (ValueError, InvalidOperation):
            return None
    if isinstance(value, Decimal) and value.is_finite() and value >= 0:
        return value
    return None


def _message(data: Mapping[str, object]) -> str:
    for name in wire.ERROR_TEXTS:
        if isinstance(text := data.get(name), str) and text:
            return _printable(text)[:_MAX_WORDS_LENGTH]
    return ""


def error_code(reply: Reply) -> str | None:
    """Give the venue's own code of an error, if it has one."""
    code = _error_object(reply).get(wire.ERROR_CODE)
    if isinstance(code, str | Decimal) and str(code):
        return _printable(str(code))[:_MAX_WORDS_LENGTH]
    return None


def error_words(reply: Reply) -> str:
    """Give whatever the error object says, field by field; "" where there is none.

    Source: venue-api, "Place an order": the fields are not published.
    """
    words = "; ".join(
        f"{_printable(name)}: {_printable(str(value))}"
        for name, value in _error_object(reply).items()
        if isinstance(value, str | Decimal | bool) and str(value)
    )
    return words if len(words) <= _MAX_WORDS_LENGTH else words[: _MAX_WORDS_LENGTH - 1] + "…"


def _error_object(reply: Reply) -> Mapping[str, object]:
    try:
        data = read_json(reply)
    except Misfit:
        return {}
    return data if isinstance(data, dict) else {}


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in text)


def retry_after_s(headers: HTTPHeaderDict, now: datetime) -> float | None:
    """Read Retry-After, as seconds or as a date.

    Args:
        now: stands in where the answer has no Date of its own; a date is otherwise taken
            relative to the venue's clock, because ours may be wrong.

    Returns:
        Seconds from now, never below 0; None where the venue named none that can be read.
    """
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,15}", text):
        return float(text)
    until = _date(text)
    if until is None:
        return None
    return max(0.0, (until - (server_time(headers) or now)).total_seconds())


def server_time(headers: HTTPHeaderDict) -> datetime | None:
    """Give the Date of an answer, to the second; None where it has none that can be read."""
    return _date(headers.get("Date", ""))


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
