"""The `To do` worksheet: the list to phone from. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import ceil
from typing import Any

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.errors import Wording
from batch.model import BatchRecord, OrderRecord
from batch.report.attention import Pressing, reason, what_to_do
from batch.report.cells import Cells
from batch.report.fills import filled_size, unfilled_size
from batch.report.palette import HEADER, NEED_STYLES, RULE
from batch.report.text import visible

SHEET = "To do"

_COLUMNS = (
    ("Why", 17),
    ("Row", 14),
    ("Client order ID", 24),
    ("Server order ID", 20),
    ("Symbol", 10),
    ("Side", 7),
    ("Currency", 10),
    ("Size", 16),
    ("Filled", 16),
    ("Not filled", 16),
    ("Limit price", 13),
    ("What became of it", 48),
    ("What to do", 66),
)
_NUMBERS = range(7, 11)
_FIRST_RESULT = 2
"""The line on Results, in a spreadsheet's counting, of the first row."""
_REASON_LIMIT, _VALUES_LIMIT = 300, 120
_LINE_POINTS = 15
_CELL: dict[str, Any] = {"bottom": 1, "bottom_color": RULE}
_WRAPPED: dict[str, Any] = {**_CELL, "text_wrap": True}
_ID: dict[str, Any] = {**_WRAPPED, "num_format": "@"}


def first_lines(pressing: Sequence[Pressing]) -> list[int]:
    """Give for each need the line, from 0, on which its rows begin on this worksheet."""
    ends = accumulate((_line_count(one) for one in pressing), initial=1)
    return list(ends)[:-1]


def write_to_do(
    workbook: Workbook,
    worksheet: Worksheet,
    batch_of: Callable[[OrderRecord], BatchRecord],
    pressing: Sequence[Pressing],
    *,
    word: Wording,
    has_results: bool = True,
) -> None:
    """Write a line for each row that needs a person, the most urgent first.

    Args:
        batch_of: gives the batch of a row.
        word: puts advice into words.
        has_results: the workbook has a worksheet Results with these rows, to lead to.
    """
    cells = Cells(workbook, worksheet)
    for column, (_, width) in enumerate(_COLUMNS):
        worksheet.set_column(column, column, width)
    worksheet.freeze_panes(1, 0)
    worksheet.repeat_rows(0)
    worksheet.fit_to_pages(1, 0)
    lines = sum(map(_line_count, pressing))
    worksheet.autofilter(0, 0, max(lines, 1), len(_COLUMNS) - 1)
    # An ID that has digits only is text on purpose, and so is a row that leads somewhere.
    worksheet.ignore_errors({"number_stored_as_text": f"A1:M{lines + 1}"})
    worksheet.set_row(0, 22)
    for column, (name, _) in enumerate(_COLUMNS):
        align = "right" if column in _NUMBERS else "left"
        cells.text(0, column, name, align=align, indent=int(column == 11), **HEADER)
    if not pressing:
        cells.text(1, 0, "No row needs a person.", italic=True)
    line = 1
    for one in pressing:
        for place, record in one.first:
            target = f"internal:Results!A{place + _FIRST_RESULT}" if has_results else ""
            _write_line(worksheet, cells, line, batch_of(record), (one, record), target, word)
            line += 1
        if one.count > len(one.first):
            where = (
                "filter final_state on Results" if has_results else "see the reports of the batches"
            )
            words = f"and {one.count - len(one.first):,} more: {where}"
            _write_why(cells, line, one)
            cells.text(line, 1, words, italic=True)
            line += 1


def _line_count(one: Pressing) -> int:
    return len(one.first) + (one.count > len(one.first))


def _write_why(cells: Cells, line: int, one: Pressing) -> None:
    style = {**NEED_STYLES[one.need], **_CELL, "bold": True}
    cells.text(line, 0, one.need.value, **style)


def _write_line(
    worksheet: Worksheet,
    cells: Cells,
    line: int,
    batch: BatchRecord,
    entry: tuple[Pressing, OrderRecord],
    target: str,
    word: Wording,
) -> None:
    one, record = entry
    words, advice = _shortened(reason(record)), what_to_do(one.need, batch, record, word)
    lines = max(
        ceil(len(text) / (_COLUMNS[column][1] - 3))
        for column, text in (
            (2, record.client_order_id or "-"),
            (3, record.server_order_id or "-"),
            (11, words),
            (12, advice),
        )
    )
    worksheet.set_row(line, _LINE_POINTS * lines)
    _write_why(cells, line, one)
    if target:
        worksheet.write_url(
            line,
            1,
            target,
            cells.style(font_color="#1F4E79", underline=1, align="left", **_CELL),
            string=str(record.row),
            tip="Show this row on Results",
        )
    else:
        cells.text(line, 1, f"{record.row} of {record.batch_id}", **_WRAPPED)
    cells.text(line, 2, record.client_order_id, **_ID)
    cells.text(line, 3, record.server_order_id, **_ID)
    _write_order(cells, line, record)
    cells.text(line, 11, words, indent=1, **_WRAPPED)
    cells.text(line, 12, advice, **_WRAPPED)


def _write_order(cells: Cells, line: int, record: OrderRecord) -> None:
    order = record.order
    if order is None:
        # As it was in the sheet, or nobody finds what is wrong with it.
        values = ", ".join(visible(value) for value in record.values if value)
        cells.text(line, 4, values[:_VALUES_LIMIT], **_CELL)
        for column in range(5, 11):
            cells.text(line, column, "", **_CELL)
        return
    for column, text in enumerate((order.symbol, order.side.value, order.currency), start=4):
        cells.text(line, column, text, **_CELL)
    numbers = (order.size, filled_size(record), unfilled_size(record), order.price)
    for column, number in zip(_NUMBERS, numbers, strict=True):
        if number is None:
            cells.text(line, column, "not known", align="right", italic=True, **_CELL)
        else:
            cells.number(line, column, number, align="right", shrink=True, **_CELL)


def _shortened(words: str) -> str:
    if len(words) <= _REASON_LIMIT:
        return words
    return f"{words[:_REASON_LIMIT]} … (all of it is on Results)"
