"""The `Totals` worksheet: every sum of a batch, however many symbols it has. Part of `report`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.report.cells import Cells
from batch.report.lines import (
    TOTAL_HEADS,
    TOTAL_WIDTHS,
    write_amounts,
    write_currency_line,
    write_head,
    write_total_line,
)
from batch.report.palette import INK, RULE, STATE_STYLES
from batch.report.totals import Survey

CHART_SHEET = "Totals"
CHART_COLUMNS = (5, 6, 7)
"""Filled, not filled, not known."""

CHARTED = 8
"""Symbols in the chart, those with the most orders: more bars than that nobody reads."""

_LINE: dict[str, Any] = {"bottom": 1, "bottom_color": RULE}


@dataclass(frozen=True, slots=True)
class ChartData:
    """Where the chart finds its numbers, on this worksheet, lines from 0.

    Attributes:
        left_out: symbols that the chart does not show.
    """

    first: int
    last: int
    left_out: int

    @property
    def count(self) -> int:
        """How many bars there are."""
        return self.last - self.first + 1


def chart_data(found: Survey) -> ChartData:
    """Say where the numbers for the chart will stand: below the head of the first table."""
    symbols = len(found.by_symbol())
    shown = min(symbols, CHARTED)
    return ChartData(first=2, last=1 + shown, left_out=symbols - shown)


def write_sums(workbook: Workbook, worksheet: Worksheet, found: Survey) -> None:
    """Write the tables below each other: for the chart, by symbol and side, by final state."""
    cells = Cells(workbook, worksheet)
    for column, width in enumerate(TOTAL_WIDTHS):
        worksheet.set_column(column, column, width)
    worksheet.fit_to_pages(1, 0)
    _heading(worksheet, cells, 0, "By symbol, as in the chart")
    write_head(cells, 1, ("Symbol", "", "", *TOTAL_HEADS[3:9]))
    line = 2
    for label, amounts in found.by_symbol()[:CHARTED]:
        for column, text in enumerate((label, "", "")):
            cells.text(line, column, text, **_LINE)
        write_amounts(cells, line, amounts, **_LINE)
        line += 1
    line = _write_lines(worksheet, cells, line + 1, found)
    _write_states(worksheet, cells, line + 1, found)


def _write_lines(worksheet: Worksheet, cells: Cells, line: int, found: Survey) -> int:
    _heading(worksheet, cells, line, "By symbol and side, in the dealt currency")
    write_head(cells, line + 1, TOTAL_HEADS)
    line += 2
    for total in found.lines:
        write_total_line(cells, line, total)
        line += 1
    for currency, amounts in sorted(found.currencies.items()):
        write_currency_line(cells, line, currency, amounts)
        line += 1
    return line


def _write_states(worksheet: Worksheet, cells: Cells, line: int, found: Survey) -> None:
    _heading(worksheet, cells, line, "By symbol, side and final state, in the dealt currency")
    write_head(cells, line + 1, (*TOTAL_HEADS[:9], "State"))
    line += 2
    for one in found.by_state:
        for column, text in enumerate((one.symbol, one.side, one.currency)):
            cells.text(line, column, text, **_LINE)
        write_amounts(cells, line, one.amounts, **_LINE)
        style = {"bold": True, **_LINE, **STATE_STYLES[one.state]}
        cells.text(line, 9, one.state.value, **style)
        line += 1
    in_sums = sum(one.amounts.orders for one in found.by_state)
    unread = found.rows - in_sums - found.left_out
    for count, words in (
        (unread, "not in the sums: not read as orders (INVALID)"),
        (found.left_out, "not in the sums: left out on purpose, another batch answers for them"),
    ):
        if count:
            cells.number(line, 3, count, align="right")
            cells.text(line, 4, words, italic=True)
            line += 1
    cells.text(line, 0, "All rows", bold=True)
    cells.number(line, 3, found.rows, bold=True, align="right")


def _heading(worksheet: Worksheet, cells: Cells, line: int, text: str) -> None:
    worksheet.set_row(line, 22)
    cells.text(line, 0, text, bold=True, font_size=14, font_color=INK)
