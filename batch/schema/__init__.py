"""Rows → orders, or problems: all of them at once. Second on the way, after `sheet`.

`cells` reads the text of one cell, `facts` does so for whole columns and puts the fields of a row
beside each other, `rules` holds the pandera schema. Only validating pays for loading polars.
"""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from sys import intern
from types import MappingProxyType
from typing import cast

from batch.errors import ConfigError
from batch.model import Order, Problem, Sheet, Side, TimeInForce, Validation
from batch.schema.cautions import cautions
from batch.schema.cells import DecimalSign, Pair, Rejection, read_pair
from batch.schema.currencies import ISO_4217, MARKET_CODES
from batch.schema.facts import Parsed, RowParser, facts_of

__all__ = ["DecimalSign", "validate"]

_ROWS_AT_ONCE = 20_000  # pandera needs about a kilobyte for each row that is bad throughout
_NAMED_TWINS = 5
_MOST_COLUMNS = 1 << 20
_NOTHING: Mapping[str, str] = MappingProxyType({})
_NO_DECIMALS: Mapping[str, int] = MappingProxyType({})


def validate(
    sheet: Sheet,
    *,
    decimal: DecimalSign = "point",
    thousands: str | None = None,
    defaults: Mapping[str, str] = _NOTHING,
    price_decimals: Mapping[str, int] = _NO_DECIMALS,
    more_currencies: Collection[str] = (),
) -> Validation:
    """Read every row as an order, and tell everything that is wrong.

    Args:
        decimal: the decimal sign of numbers that are text; native numbers have none.
        thousands: the sign between groups of three digits; None if the sheet has none.
        defaults: order field → text, for fields that have no column in the sheet.
        price_decimals: symbol → the most decimals that a limit price may have.
        more_currencies: codes that orders may name beside those of ISO 4217 and of the market.

    Raises:
        ConfigError: one of the arguments cannot be used.
        SheetError: the checks could not be made for certain.
    """
    with _no_collection():
        parser = RowParser(
            sheet.columns,
            decimal,
            thousands,
            defaults,
            ((p.row, p.field) for p in sheet.problems if p.row is not None and p.field is not None),
        )
        currencies = ISO_4217 | MARKET_CODES | frozenset(more_currencies)
        return _validate(sheet, parser, _conventions(price_decimals), currencies)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep Python from looking for garbage among hundreds of thousands of values that all stay."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _validate(
    sheet: Sheet, parser: RowParser, conventions: Mapping[str, int], currencies: Collection[str]
) -> Validation:
    from batch.schema.rules import failures

    whole_rows = {p.row for p in sheet.problems if p.column is None}
    rows = [row for row in sheet.rows if row.number not in whole_rows]
    problems = [*sheet.problems, *_repeated_ids(sheet, parser)]
    refused = {problem.row for problem in problems}
    orders: list[Order] = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        parsed = parser.parse(rows[start : start + _ROWS_AT_ONCE])
        found = parsed.problems
        told: set[tuple[int, str]] = set()
        for position, rule in failures(facts_of(parsed, conventions, currencies)):
            if (position, rule.field) not in told:
                told.add((position, rule.field))
                row = parsed.rows[position]
                found.append(parser.problem(row, rule.field, rule.code, rule.expected, rule.action))
        refused.update(problem.row for problem in found)
        problems += found
        orders.extend(_orders(parsed, refused))
    places = {column.header: place for place, column in enumerate(sheet.columns)}
    problems.sort(key=lambda p: (p.row or 0) * _MOST_COLUMNS + places.get(p.column or "", -1))
    warnings = (*sheet.warnings, *cautions(orders))
    return Validation(sheet, tuple(orders), tuple(problems), warnings)


def _conventions(price_decimals: Mapping[str, int]) -> dict[str, int]:
    conventions = {}
    for symbol, decimals in price_decimals.items():
        pair = read_pair(symbol)
        if isinstance(pair, Rejection):
            raise ConfigError(f'sheet.price_decimals: expected {pair.expected}, found "{symbol}"')
        conventions[str(pair)] = decimals
    return conventions


def _repeated_ids(sheet: Sheet, parser: RowParser) -> Iterator[Problem]:
    positions = [i for i, column in enumerate(sheet.columns) if column.field == "client_order_id"]
    for position in positions:
        rows_of: dict[str, list[int]] = {}
        for row in sheet.rows:
            rows_of.setdefault(row.values[position].strip(), []).append(row.number)
        rows_of[""] = []
        for row in sheet.rows:
            numbers = rows_of[row.values[position].strip()]
            if len(numbers) > 1:
                yield parser.problem(
                    row,
                    "client_order_id",
                    "repeated-id",
                    "an ID that no other row has",
                    f"it is also in {_twins(numbers, row.number)}",
                )


def _twins(numbers: Sequence[int], own: int) -> str:
    # One more than is named, because the row itself may be among the first.
    others = [number for number in numbers[: _NAMED_TWINS + 1] if number != own][:_NAMED_TWINS]
    words = ", ".join(map(str, others))
    more = len(numbers) - 1 - len(others)
    return f"row {words}" + (f" and {more:,} more" if more else "")


def _orders(parsed: Parsed, refused: set[int | None]) -> Iterator[Order]:
    columns = parsed.values
    for position, row in enumerate(parsed.rows):
        if row.number in refused:
            continue
        pair = cast("Pair", columns["symbol"][position])
        yield Order(
            row=row.number,
            symbol=intern(str(pair)),  # one text for all orders of a pair
            side=cast("Side", columns["side"][position]),
            currency=cast("str | None", columns["currency"][position]) or pair.base,
            size=cast("Decimal", columns["size"][position]),
            price=cast("Decimal", columns["price"][position]),
            time_in_force=cast("TimeInForce", columns["time_in_force"][position]),
            client_order_id=cast("str | None", columns["client_order_id"][position]),
            expiry_time_s=cast("int | None", columns["expiry_time"][position]),
            min_size=cast("Decimal | None", columns["min_size"][position]),
            org=cast("str | None", columns["org"][position]),
            account=cast("str | None", columns["account"][position]),
        )
