"""The text of one cell → a value, or words for what is wrong with it. First half of `schema`.

Nothing is guessed: what could be read two ways is refused. Nothing here knows rows or columns.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from batch.errors import Advice, ConfigError, Hint
from batch.model import LONGEST_EXPIRY_S, Side, TimeInForce

DecimalSign = Literal["point", "comma"]

_SIDES = {"b": Side.BUY, "buy": Side.BUY, "s": Side.SELL, "sell": Side.SELL}
_TIMES_IN_FORCE = {str(tif).casefold(): tif for tif in TimeInForce}

_PLAIN = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_PAIR = re.compile(r"([A-Z]{3})(?: *[/.:|_\\-] *| *)([A-Z]{3})", re.IGNORECASE | re.ASCII)
_LIMIT_ORDER = frozenset({"limit", "lmt", "l"})
_CURRENCY = re.compile(r"[A-Z]{3}", re.IGNORECASE | re.ASCII)
_WHOLE = re.compile(r"(?:0|[1-9][0-9]{0,9})(?:\.0+)?")
_SPACES = " \u00a0\u2009\u202f"
_SIGNS = f".,'\u2019{_SPACES}"
_GROUPED = re.compile(rf"[+-]?[0-9{_SIGNS}]*[{_SIGNS}][0-9]+")
_SIGNED = re.compile(r"[-\u2212\u2012\u2013\ufe63\uff0d] ?[0-9][0-9.,]*|[0-9.,]+-|\([0-9.,]+\)")
_THREE_DECIMALS = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")

ABOVE_ZERO = "a number above 0"
LIMIT_ORDER = "Limit, LMT or L"
SEVERAL_READINGS = (Hint(Advice.DECIMAL_SIGN),)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a text is no value of its field.

    Attributes:
        code: as in `Problem`; so are the others.
    """

    code: str
    expected: str
    action: str = ""
    advice: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """A currency pair as written, whatever its codes mean."""

    base: str
    term: str

    def __str__(self) -> str:
        return f"{self.base}/{self.term}"


class NumberReader:
    """Reads numbers as one sheet writes them.

    Args:
        decimal: the sign before the decimals.
        thousands: the sign between groups of three digits; None where there is none.

    Raises:
        ConfigError: the two are the same, or `thousands` is no sign that sheets use.
    """

    def __init__(self, decimal: DecimalSign, thousands: str | None) -> None:
        sign = "." if decimal == "point" else ","
        if thousands is not None and (
            thousands == sign or len(thousands) != 1 or thousands not in _SIGNS
        ):
            raise ConfigError(
                "thousands: expected a point, comma, space or apostrophe, and not the decimal "
                f'{decimal}, found "{thousands}"'
            )
        self._as_written = decimal == "point" and thousands is None
        groups = _SPACES if thousands == " " else thousands or ""
        between = f"[{re.escape(groups)}]"
        grouped = rf"|[1-9][0-9]{{0,2}}(?:{between}[0-9]{{3}})+" if groups else ""
        self._written = re.compile(rf"(?:0|[1-9][0-9]*{grouped})(?:{re.escape(sign)}[0-9]+)?")
        self._translation = str.maketrans({sign: "."} | dict.fromkeys(groups, ""))

    def amount(self, text: str) -> Decimal | Rejection:
        """Read a size: a group of exactly three decimals could be thousands, so it is refused."""
        if self._as_written and _THREE_DECIMALS.fullmatch(text.strip()):
            return Rejection(
                "ambiguous-number",
                "a size that can be read in one way only",
                f"write {text.strip().replace('.', '')} or {text.strip()}0",
            )
        return self.number(text)

    def number(self, text: str) -> Decimal | Rejection:
        """Read a plain number that is not negative."""
        text = text.strip()
        if self._written.fullmatch(text):
            return Decimal(text.translate(self._translation))
        return _no_number(text)


def read_native(text: str) -> Decimal | Rejection:
    """Read the digits of a workbook's native number."""
    return Decimal(text) if _PLAIN.fullmatch(text) else _no_number(text)


def _no_number(text: str) -> Rejection:
    if _SIGNED.fullmatch(text):
        return Rejection("not-positive", ABOVE_ZERO)
    if _GROUPED.fullmatch(text):
        return Rejection(
            "ambiguous-number",
            "a plain number such as 1000000 or 1.0925",
            "it could be read in more than one way",
            SEVERAL_READINGS,
        )
    return Rejection(
        "not-a-number", "a plain number such as 1000000 or 1.0925", _foreign_letter(text)
    )


def read_side(text: str) -> Side | Rejection:
    """Read Buy or Sell in any case, or their first letters."""
    side = _SIDES.get(text.strip().casefold())
    return side if side is not None else Rejection("unknown-side", "Buy or Sell")


def read_time_in_force(text: str) -> TimeInForce | Rejection:
    """Read one of the venue's codes in any case."""
    tif = _TIMES_IN_FORCE.get(text.strip().casefold())
    if tif is None:
        return Rejection("unknown-time-in-force", ", ".join(TimeInForce))
    return tif


def read_pair(text: str) -> Pair | Rejection:
    """Read EUR/USD, EURUSD, eur-usd, EUR.USD, EUR_USD, EUR USD or EUR / USD."""
    match = _PAIR.fullmatch(text.strip())
    if match is None:
        return Rejection("not-a-pair", "a currency pair such as EUR/USD", _foreign_letter(text))
    return Pair(match[1].upper(), match[2].upper())


def read_order_type(text: str) -> str | Rejection:
    """Take any way to say limit, and nothing else: every order leaves as a limit order."""
    if text.strip().casefold() in _LIMIT_ORDER:
        return "Limit"
    return Rejection(
        "not-a-limit-order",
        LIMIT_ORDER,
        "every row is sent as a limit order: take out the rows that are none",
    )


def read_currency(text: str) -> str | Rejection:
    """Read three Latin letters."""
    text = text.strip()
    if not _CURRENCY.fullmatch(text):
        return Rejection("not-a-currency", "a currency such as EUR", _foreign_letter(text))
    return text.upper()


def read_seconds(text: str) -> int | Rejection:
    """Read a whole number."""
    text = text.strip()
    if not _WHOLE.fullmatch(text):
        return Rejection("not-seconds", f"whole seconds from 1 to {LONGEST_EXPIRY_S}")
    return int(Decimal(text))


def read_identifier(text: str) -> str | Rejection:
    """Take an ID as it is; a space at its end would be invisible and part of it."""
    if text != text.strip():
        return Rejection("space-at-end", "no space at its beginning or end", "remove the space")
    return text


Reader = Callable[[str], object]


def _foreign_letter(text: str) -> str:
    """Name a character that looks like another, which a person cannot see."""
    for char in text:
        if not char.isascii() and (char.isalpha() or char.isdigit()):
            return f'"{char}" is {unicodedata.name(char, "a letter of its own")}: type it again'
    return ""
