"""Problems and totals of a sheet, in words and as data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from batch.model import Order, Problem, Sheet, Validation

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 50
"""Problems that a terminal shows; all of them are in --json."""


def where(sheet: Sheet) -> str:
    """Name a sheet as a person knows it."""
    return f"{sheet.path.name}, sheet {sheet.worksheet}" if sheet.worksheet else sheet.path.name


def sentence(sheet: Sheet, problem: Problem) -> str:
    """Say one problem: where, what was expected, what was found, what to do."""
    place = [where(sheet)]
    if problem.row is not None:
        place.append(f"row {problem.row}")
    if problem.column:
        place.append(problem.column)
    action = f". {problem.action[0].upper()}{problem.action[1:]}" if problem.action else ""
    return f'{", ".join(place)}: expected {problem.expected}, found "{problem.found}"{action}'


def totals(orders: Iterable[Order]) -> list[tuple[str, str, str, int, Decimal]]:
    """Add orders up: symbol, side, dealt currency, number of orders, size in that currency."""
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for order in orders:
        key = (order.symbol, order.side.value, order.currency)
        count, size = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, size + order.size)
    return [(*key, count, size) for key, (count, size) in sorted(sums.items())]


def totals_table(orders: Sequence[Order]) -> Table:
    """Lay totals out for a person."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("Symbol", "Side", "Orders", "Total size"):
        table.add_column(header, justify="right" if header in ("Orders", "Total size") else "left")
    for symbol, side, currency, count, size in totals(orders):
        table.add_row(symbol, side, f"{count:,}", Text(f"{size:,f} {currency}"))
    return table


def problems_table(problems: Sequence[Problem]) -> Table:
    """Lay problems out for a person, the first `SHOWN` of them."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("Row", justify="right")
    table.add_column("Column", overflow="fold")
    table.add_column("Expected", overflow="fold", ratio=3)
    table.add_column("Found", overflow="fold", ratio=2)
    for problem in problems[:SHOWN]:
        expected = f"{problem.expected} ({problem.action})" if problem.action else problem.expected
        # Text, not markup: a cell may hold anything.
        cells = ["" if problem.row is None else str(problem.row), problem.column or ""]
        table.add_row(*(Text(cell) for cell in [*cells, expected, f'"{problem.found}"']))
    return table


def as_data(validation: Validation) -> dict[str, Any]:
    """Give what `--json` prints of a checked sheet."""
    sheet = validation.sheet

    def listed(problems: Iterable[Problem]) -> list[dict[str, Any]]:
        return [
            {
                "code": problem.code,
                "row": problem.row,
                "column": problem.column,
                "field": problem.field,
                "expected": problem.expected,
                "found": problem.found,
                "action": problem.action,
                "message": sentence(sheet, problem),
            }
            for problem in problems
        ]

    return {
        "sheet": str(sheet.path),
        "worksheet": sheet.worksheet,
        "rows": len(sheet.rows),
        "orders": len(validation.orders),
        "problems": listed(validation.problems),
        "warnings": listed(validation.warnings),
        "totals": [
            {
                "symbol": symbol,
                "side": side,
                "currency": currency,
                "orders": count,
                "size": format(size, "f"),
            }
            for symbol, side, currency, count, size in totals(validation.orders)
        ],
    }
