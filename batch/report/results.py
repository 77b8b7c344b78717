"""The `Results` worksheet: one line for each row of the sheet. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from math import ceil
from typing import Any

from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from batch.model import NUMBER_FIELDS, BatchRecord, OrderRecord
from batch.report.cells import Cells
from batch.report.columns import RESULTS, column_names, line_texts, message, sheet_values
from batch.report.fills import unfilled_size
from batch.report.palette import HEADER, RULE, STATE_STYLES
from batch.report.text import exact_number
from batch.states import FinalState

_IDS = frozenset({"client_order_id", "org", "account"})
_CELL: dict[str, Any] = {"border": 1, "border_color": RULE}
_TEXT: dict[str, Any] = {**_CELL, "align": "left", "indent": 1}
_NUMBER: dict[str, Any] = {**_CELL, "align": "right", "indent": 1}
_ID: dict[str, Any] = {**_TEXT, "num_format": "@", "text_wrap": True}
_NARROWEST, _WIDEST, _MESSAGE_WIDTH = 6, 40, 64
_LINE_POINTS, _HIGHEST_POINTS = 15, 405
_PAGE_WIDTH = 230
"""Characters across one landscape page, at the smallest print that can still be read."""


def write_results(
    worksheet: Worksheet, cells: Cells, batch: BatchRecord, orders: Iterable[OrderRecord]
) -> Iterator[OrderRecord]:
    """Write the header, the rows, and what makes them easy to read, filter and print.

    Returns:
        Each order when its row is written, so that one reading of them serves what follows, too.
        The worksheet is ready when they have been gone through.
    """
    names = column_names(batch)
    worksheet.freeze_panes(1, 1)
    worksheet.repeat_rows(0)
    worksheet.repeat_columns(0)
    worksheet.set_row(0, 32)
    numbers = _number_columns(batch)
    for column, name in enumerate(names):
        align = "right" if column in numbers else "left"
        cells.text(0, column, name, text_wrap=True, align=align, indent=1, **HEADER)
    widest = _widest(batch)
    # Headers wrap at blanks only, and the filter button takes its place.
    widths = [max((len(word) for word in name.split()), default=0) + 4 for name in names]
    line = 0
    for line, order in enumerate(orders, start=1):
        lines = 1
        for column, text in enumerate(line_texts(batch, order)):
            if text:
                separators = len(text) // 3 if column in numbers else 0
                widths[column] = max(widths[column], len(text) + separators + 4)
                lines = max(lines, _lines(text, widest[column]))
        if lines > 1:
            worksheet.set_row(line, min(lines * _LINE_POINTS, _HIGHEST_POINTS))
        _write_order(cells, line, batch, order)
        yield order
    widths = [min(max(one, _NARROWEST), most) for one, most in zip(widths, widest, strict=True)]
    for column, width in enumerate(widths):
        worksheet.set_column(column, column, width)
    worksheet.autofilter(0, 0, line, len(names) - 1)
    worksheet.fit_to_pages(ceil(sum(widths) / _PAGE_WIDTH), 0)
    # An ID that has digits only is text on purpose.
    worksheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, line, len(names) - 1)})


def _write_order(cells: Cells, line: int, batch: BatchRecord, order: OrderRecord) -> None:
    state = order.final_state
    cells.number(line, 0, order.row, num_format="0", **_NUMBER)
    column = 1
    for definition, value in zip(batch.columns, sheet_values(batch, order), strict=True):
        number = _number(definition.field, state, value)
        if number is not None:
            cells.number(line, column, number, **_NUMBER)
        elif definition.field in _IDS:
            cells.text(line, column, value, **_ID)
        else:
            cells.text(line, column, value, text_wrap=len(value) > _WIDEST - 2, **_TEXT)
        column += 1
    cells.text(line, column, order.client_order_id, **_ID)
    cells.text(line, column + 1, order.server_order_id, **_ID)
    cells.text(line, column + 2, state.value, bold=True, **_TEXT, **STATE_STYLES[state])
    for offset, number in ((3, order.filled_size), (4, order.average_price)):
        _write_number(cells, line, column + offset, number)
    cells.text(line, column + 5, message(batch, order), text_wrap=True, **_TEXT)
    for offset, moment in ((6, order.submitted_at), (7, order.finished_at)):
        if moment is None:
            cells.text(line, column + offset, "", **_TEXT)
        else:
            cells.moment(line, column + offset, moment, **_TEXT)
    cells.text(line, column + 8, order.request_id, **_ID)
    _write_number(cells, line, column + 9, unfilled_size(order))
    cells.text(line, column + 10, order.execution_id, **_ID)


def _write_number(cells: Cells, line: int, column: int, number: Decimal | None) -> None:
    if number is None:
        cells.text(line, column, "", **_NUMBER)
    else:
        cells.number(line, column, number, **_NUMBER)


def _lines(text: str, widest: int) -> int:
    """Count the lines of a cell; not every program does so on opening.

    A column is as wide as its longest text unless that is too long for any column, so a text that
    takes more than a line stands in one that is as wide as it may be.
    """
    if len(text) <= widest - 4 and "\n" not in text:
        return 1  # as nearly all are
    return max(ceil(len(text) / (widest - 2)), text.count("\n") + 1)


def _number(field: str | None, state: FinalState, value: str) -> Decimal | None:
    # What an INVALID row holds is shown as it was, or nobody finds what is wrong with it.
    if field not in NUMBER_FIELDS or state is FinalState.INVALID:
        return None
    return exact_number(value)


def _number_columns(batch: BatchRecord) -> frozenset[int]:
    own = (n for n, column in enumerate(batch.columns, start=1) if column.field in NUMBER_FIELDS)
    first_result = len(batch.columns) + 1
    return frozenset({0, *own, first_result + 3, first_result + 4, first_result + 9})


def _widest(batch: BatchRecord) -> list[int]:
    """Give for each column how many characters wide it may be at the most."""
    message_column = len(batch.columns) + 1 + RESULTS.index("message")
    widest = [_WIDEST] * (1 + len(batch.columns) + len(RESULTS))
    widest[message_column] = _MESSAGE_WIDTH
    return widest
