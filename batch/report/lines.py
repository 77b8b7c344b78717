"""Lines of totals in a workbook, the same on every worksheet. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from batch.report.cells import Cells
from batch.report.palette import HEADER, RULE
from batch.report.totals import Amounts, Line

TOTAL_HEADS = (
    "Symbol",
    "Side",
    "Currency",
    "Orders",
    "Size",
    "Filled",
    "Not filled",
    "Not known",
    "Fill rate",
    "Avg. price",
    "Avg. limit",
    "Pips",
    "Filled, in the other currency",
)
TOTAL_WIDTHS = (12, 7, 10, 9, 17, 17, 17, 15, 11, 13, 13, 9, 28)

FIRST_NUMBER = 3
"""From this column on, a line holds numbers."""

_LINE: dict[str, Any] = {"bottom": 1, "bottom_color": RULE}
_NUMBER: dict[str, Any] = {"align": "right", "shrink": True}


def write_head(cells: Cells, line: int, names: Sequence[str]) -> None:
    """Write the head of a table of totals."""
    for column, name in enumerate(names):
        align = "right" if column >= FIRST_NUMBER else "left"
        cells.text(line, column, name, align=align, **HEADER)


def write_total_line(cells: Cells, line: int, total: Line) -> None:
    """Write the orders of one symbol, side and currency."""
    for column, text in enumerate((total.symbol, total.side.value, total.currency)):
        cells.text(line, column, text, **_LINE)
    write_amounts(cells, line, total.amounts, **_LINE)
    for column, number in ((9, total.average_price), (10, total.average_limit), (11, total.pips)):
        _number(cells, line, column, number, _LINE)
    notional = total.notional
    if notional is None:
        cells.text(line, 12, "", **_LINE)
        return
    least = "at least " if total.unpriced else ""
    text = f"{least}{notional:,f} {total.other_currency}"
    cells.text(line, 12, text, **_NUMBER, **_LINE)


def write_currency_line(cells: Cells, line: int, currency: str, amounts: Amounts) -> None:
    """Write all orders that deal one currency."""
    style = {"bold": True, **_LINE}
    for column, text in enumerate(("All symbols", "", currency)):
        cells.text(line, column, text, **style)
    write_amounts(cells, line, amounts, **style)


def write_amounts(cells: Cells, line: int, amounts: Amounts, **style: object) -> None:
    """Write six columns, from the number of orders to the fill rate."""
    _number(cells, line, FIRST_NUMBER, Decimal(amounts.orders), style)
    _number(cells, line, 4, amounts.size, style)
    if amounts.is_unknown:
        for column in (5, 6, 8):
            cells.text(line, column, "not known", **{**_NUMBER, **style, "italic": True})
    else:
        _number(cells, line, 5, amounts.filled, style)
        _number(cells, line, 6, amounts.unfilled, style)
        least = '"≥ "' if amounts.not_known else ""
        rate = amounts.fill_rate or Decimal(0)
        cells.number(line, 8, rate, num_format=f"{least}0.00 %", **_NUMBER, **style)
    # An empty cell says that everything is known; a 0 would have to be read.
    _number(cells, line, 7, amounts.not_known or None, style)


def _number(
    cells: Cells, line: int, column: int, number: Decimal | None, style: Mapping[str, Any]
) -> None:
    if number is None:
        cells.text(line, column, "", **style)
    else:
        cells.number(line, column, number, **_NUMBER, **style)
