"""Reads the body of `POST /v2/orders` and refuses a malformed one as the venue does. Side module.

Source: venue-api, "Place an order".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from batch.simulator.market import Market
from batch.simulator.wire import Refusal, decode_object, encode_members

CLIENT_ID_LIMIT = 255
EXPIRY_LIMIT_S = 86399
TIMES_IN_FORCE = frozenset({"GTC", "IOC", "FOK", "GTT", "DAY"})

_SYMBOL = re.compile(r"[A-Z]{3}/[A-Z]{3}")
_ORDER_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} \S+")
_ECHOED = (
    "coId", "type", "side", "symbol", "currency", "size", "price", "timeInForce",
    "expiryTime", "minQty", "org", "account", "clientOrderTime",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class LimitOrder:
    """A well-formed order.

    Attributes:
        echo: the order's own members as JSON, without the braces.
        buys_base: what the order does in terms of the base currency; `side` speaks of the dealt
            currency, so selling the term currency is buying the base.
    """

    client_order_id: str
    symbol: str
    currency: str
    buys_base: bool
    size: Decimal
    price: Decimal
    time_in_force: str
    expiry_s: int | None
    min_size: Decimal
    echo: str

    @property
    def deals_base(self) -> bool:
        """Whether `size` is in the base currency."""
        return self.symbol.startswith(self.currency)


def read_order(body: bytes, market: Market) -> LimitOrder:
    """Read an order.

    Raises:
        Refusal: 400; the order is malformed, or its symbol is not traded here.
    """
    members = decode_object(body)
    client_order_id = _text(members, "coId")
    if len(client_order_id) > CLIENT_ID_LIMIT:
        raise _invalid("coId", f"longer than {CLIENT_ID_LIMIT} characters")
    if _text(members, "type") != "Limit":
        raise _invalid("type", "only Limit is supported")
    side = _text(members, "side")
    if side not in {"Buy", "Sell"}:
        raise _invalid("side", "expected Buy or Sell")
    symbol = _text(members, "symbol")
    if not _SYMBOL.fullmatch(symbol):
        raise _invalid("symbol", "expected the form EUR/USD")
    if market.mid(symbol) is None:
        raise Refusal(400, "UNKNOWN_SYMBOL", f"symbol: {symbol} is not traded here")
    currency = _text(members, "currency")
    base, term = symbol.split("/")
    if currency not in {base, term}:
        raise _invalid("currency", f"expected {base} or {term}")
    size = _amount(members, "size")
    price = _amount(members, "price")
    time_in_force = _text(members, "timeInForce")
    if time_in_force not in TIMES_IN_FORCE:
        raise _invalid("timeInForce", "expected GTC, IOC, FOK, GTT or DAY")
    min_size = _amount(members, "minQty") if "minQty" in members else Decimal(0)
    if min_size > size:
        raise _invalid("minQty", "above size")
    _check_party(members)
    return LimitOrder(
        client_order_id=client_order_id,
        symbol=symbol,
        currency=currency,
        buys_base=(side == "Buy") == (currency == base),
        size=size,
        price=price,
        time_in_force=time_in_force,
        expiry_s=_expiry(members, time_in_force),
        min_size=min_size,
        echo=encode_members({name: members[name] for name in _ECHOED if name in members}),
    )


def _check_party(members: dict[str, object]) -> None:
    for name in ("org", "account"):
        if name in members:
            _text(members, name)
    if "account" in members and "org" not in members:
        raise _invalid("org", "required with account")
    if "clientOrderTime" in members and not _ORDER_TIME.fullmatch(
        _text(members, "clientOrderTime")
    ):
        raise _invalid("clientOrderTime", "expected yyyy-MM-dd HH:mm:ss,SSS Z")


def _expiry(members: dict[str, object], time_in_force: str) -> int | None:
    if "expiryTime" not in members:
        if time_in_force == "GTT":
            raise _invalid("expiryTime", "required with GTT")
        return None
    expiry_s = members["expiryTime"]
    if type(expiry_s) is not int or not 1 <= expiry_s <= EXPIRY_LIMIT_S:
        raise _invalid("expiryTime", f"expected whole seconds from 1 to {EXPIRY_LIMIT_S}")
    return expiry_s


def _text(members: dict[str, object], name: str) -> str:
    if name not in members:
        raise _invalid(name, "required")
    value = members[name]
    if not isinstance(value, str) or not value:
        raise _invalid(name, "expected a string that is not empty")
    return value


def _amount(members: dict[str, object], name: str) -> Decimal:
    if name not in members:
        raise _invalid(name, "required")
    value = members[name]
    # A bool is an int to Python, and not a number to JSON.
    if not isinstance(value, int | Decimal) or isinstance(value, bool) or value <= 0:
        raise _invalid(name, "expected a JSON number above 0")
    return Decimal(value)


def _invalid(name: str, words: str) -> Refusal:
    return Refusal(400, "INVALID_ORDER", f"{name}: {words}")
