"""Rows of text → parsed values by field → the facts that `rules` looks at. Middle of `schema`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from batch.errors import ConfigError
from batch.model import (
    FIELDS,
    NUMBER_FIELDS,
    REQUIRED_FIELDS,
    Column,
    Problem,
    Row,
    TimeInForce,
    shown,
)
from batch.schema.cells import (
    ABOVE_ZERO,
    LIMIT_ORDER,
    DecimalSign,
    NumberReader,
    Pair,
    Rejection,
    read_currency,
    read_identifier,
    read_native,
    read_order_type,
    read_pair,
    read_seconds,
    read_side,
    read_time_in_force,
)

Reader = Callable[[str], object]

_READ = tuple(name for name in FIELDS if name != "note")

# A blank order type says nothing, and nothing is not "limit".
_REQUIRED_CELLS = frozenset({*REQUIRED_FIELDS, "order_type"})

_WANTED = {
    "symbol": "a currency pair such as EUR/USD",
    "side": "Buy or Sell",
    "size": ABOVE_ZERO,
    "price": ABOVE_ZERO,
    "time_in_force": ", ".join(TimeInForce),
    "order_type": LIMIT_ORDER,
}


class _Unread:
    """Stands for a value that is there and could not be read."""


UNREAD = _Unread()
_READ_NATIVE: Reader = read_native


@dataclass(slots=True)
class Parsed:
    """Some rows, read.

    Attributes:
        values: field → one value for each row: None for a blank cell, `UNREAD` for one that has a
            problem already. Fields that neither the sheet nor a setting gives are all None.
        problems: of cells that could not be read, or are blank and must not be.
    """

    rows: Sequence[Row]
    values: Mapping[str, Sequence[object]]
    problems: list[Problem] = field(default_factory=list)


class RowParser:
    """Reads the rows of one sheet, a field at a time.

    Args:
        defaults: field → text, for fields that the sheet lacks.
        unreadable: row number and field of cells that the reader of the sheet has refused.

    Raises:
        ConfigError: a default names no field or cannot be read.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        decimal: DecimalSign,
        thousands: str | None,
        defaults: Mapping[str, str],
        unreadable: Iterable[tuple[int, str]],
    ) -> None:
        numbers = NumberReader(decimal, thousands)
        self._readers: dict[str, Reader] = {
            "symbol": read_pair,
            "side": read_side,
            "size": numbers.amount,
            "price": numbers.number,
            "time_in_force": read_time_in_force,
            "currency": read_currency,
            "client_order_id": read_identifier,
            "expiry_time": read_seconds,
            "min_size": numbers.amount,
            "org": read_identifier,
            "account": read_identifier,
            "order_type": read_order_type,
        }
        self._positions = {c.field: i for i, c in enumerate(columns) if c.field is not None}
        self._headers = {c.field: c.header for c in columns if c.field is not None}
        self._read: dict[str, dict[str, object]] = {name: {} for name in _READ}
        self._read_native: dict[str, object] = {}
        self._unreadable: dict[str, set[int]] = {}
        for number, name in unreadable:
            self._unreadable.setdefault(name, set()).add(number)
        self._defaults = {
            name: text for name, text in defaults.items() if name not in self._positions
        }
        self._constants = {name: self._constant(name, defaults[name]) for name in self._defaults}

    def problem(self, row: Row, name: str, code: str, expected: str, action: str = "") -> Problem:
        """Word a problem with a field of a row."""
        return self._rejected(row, name, Rejection(code, expected, action))

    def _rejected(self, row: Row, name: str, why: Rejection) -> Problem:
        if name in self._positions:
            text, header = row.values[self._positions[name]], self._headers[name]
        else:
            text, header = self._defaults.get(name, ""), name
        return Problem(
            why.code, row.number, header, name, why.expected, shown(text), why.action, why.advice
        )

    def parse(self, rows: Sequence[Row]) -> Parsed:
        """Read all fields but the note."""
        parsed = Parsed(rows, {})
        parsed.values = {name: self._parse_field(name, parsed) for name in _READ}
        return parsed

    def _parse_field(self, name: str, parsed: Parsed) -> list[object]:
        position = self._positions.get(name)
        if position is None:
            return [self._constants.get(name)] * len(parsed.rows)
        read = self._readers[name]
        native = name in NUMBER_FIELDS and name != "expiry_time"
        required = name in _REQUIRED_CELLS
        unreadable = self._unreadable.get(name, ())
        known = self._read[name]
        values: list[object] = []
        for row in parsed.rows:
            text = row.values[position]
            if unreadable and row.number in unreadable:
                value: object = UNREAD
            elif not text or text.isspace():
                value = None
                if required:
                    parsed.problems.append(self.problem(row, name, "missing-value", _WANTED[name]))
            else:
                if native and position in row.numeric:
                    cache, reader = self._read_native, _READ_NATIVE
                else:
                    cache, reader = known, read
                value = cache.get(text)
                if value is None:
                    value = cache[text] = reader(text)
                if isinstance(value, Rejection):
                    parsed.problems.append(self._rejected(row, name, value))
                    value = UNREAD
            values.append(value)
        return values

    def _constant(self, name: str, text: str) -> object:
        if name not in FIELDS:
            raise ConfigError(
                f'sheet.defaults: expected one of {", ".join(FIELDS)}, found "{name}"'
            )
        if name == "note":
            return None
        value = self._readers[name](text)
        if isinstance(value, Rejection):
            raise ConfigError(
                f'sheet.defaults, {name}: expected {value.expected}, found "{shown(text)}"'
            )
        return value


def facts_of(
    parsed: Parsed, price_decimals: Mapping[str, int], currencies: Collection[str]
) -> dict[str, list[object]]:
    """Give the columns that the rules look at; None wherever something is blank or unread.

    Args:
        price_decimals: symbol → the most decimals that a price may have.
        currencies: the codes that an order may name.
    """
    values = parsed.values
    facts: dict[str, list[object]] = {
        "row": [row.number for row in parsed.rows],
        "expiry_time": [None if value is UNREAD else value for value in values["expiry_time"]],
        "client_order_id_length": [
            len(value) if isinstance(value, str) else None for value in values["client_order_id"]
        ],
    }
    for name in ("size", "price", "min_size"):
        numbers = [value if isinstance(value, Decimal) else None for value in values[name]]
        facts[f"{name}_above_zero"] = [None if n is None else n > 0 for n in numbers]
        facts[f"{name}_digits"] = [None if n is None else _digits(n) for n in numbers]
    pairs = [pair if isinstance(pair, Pair) else None for pair in values["symbol"]]
    dealt = [code if isinstance(code, str) else None for code in values["currency"]]
    facts["base_listed"] = [pair and pair.base in currencies for pair in pairs]
    facts["term_listed"] = [pair and pair.term in currencies for pair in pairs]
    facts["currency_listed"] = [code and code in currencies for code in dealt]
    facts["two_currencies"] = [pair and pair.base != pair.term for pair in pairs]
    facts["currency_in_pair"] = [
        currency in (pair.base, pair.term) if pair and currency else None
        for pair, currency in zip(pairs, dealt, strict=True)
    ]
    facts["min_size_fits"] = [
        min_size <= size if isinstance(min_size, Decimal) and isinstance(size, Decimal) else None
        for min_size, size in zip(values["min_size"], values["size"], strict=True)
    ]
    facts["price_decimals_fit"] = [
        _decimals(price) <= price_decimals[symbol]
        if isinstance(price, Decimal) and (symbol := str(pair)) in price_decimals
        else None
        for pair, price in zip(pairs, values["price"], strict=True)
    ]
    facts["expiry_time_given"] = [
        expiry is not None if tif is TimeInForce.GTT else None
        for tif, expiry in zip(values["time_in_force"], values["expiry_time"], strict=True)
    ]
    facts["expiry_time_allowed"] = [
        tif is TimeInForce.GTT if expiry is not None and isinstance(tif, TimeInForce) else None
        for tif, expiry in zip(values["time_in_force"], values["expiry_time"], strict=True)
    ]
    facts["org_given"] = [
        org is not None if account is not None else None
        for org, account in zip(values["org"], values["account"], strict=True)
    ]
    facts["account_given"] = [
        account is not None if org is not None else None
        for org, account in zip(values["org"], values["account"], strict=True)
    ]
    return facts


def _digits(number: Decimal) -> int:
    return len(number.as_tuple().digits)


def _decimals(price: Decimal) -> int:
    """Count decimals, zeros at the end left out: they change nothing for the venue."""
    exponent = price.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
