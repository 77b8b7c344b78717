"""The `Results` worksheet: one line for each row of the sheet. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Sequence
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
    worksheet: Worksheet, cells: Cells, batch: BatchRecord, orders: Sequence[OrderRecord]
) -> None:
    """Write the header, the rows, and what makes them easy to read, filter and print."""
    names = column_names(batch)
    widths = _widths(names, batch, orders)
    for column, width in enumerate(widths):
        worksheet.set_column(column, column, width)
    worksheet.freeze_panes(1, 1)
    worksheet.autofilter(0, 0, len(orders), len(names) - 1)
    worksheet.repeat_rows(0)
    worksheet.repeat_columns(0)
    worksheet.fit_to_pages(ceil(sum(widths) / _PAGE_WIDTH), 0)
    # An ID that has digits only is text on purpose.
    worksheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, len(orders), len(names) - 1)})
    worksheet.set_row(0, 32)
    numbers = _number_columns(batch)
    for column, name in enumerate(names):
        align = "right" if column in numbers else "left"
        cells.text(0, column, name, text_wrap=True, align=align, indent=1, **HEADER)
    for line, order in enumerate(orders, start=1):
        lines = _lines(widths, batch, order)
        if lines > 1:
            worksheet.set_row(line, min(lines * _LINE_POINTS, _HIGHEST_POINTS))
        _write_order(cells, line, batch, order)


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


def _lines(widths: Sequence[int], batch: BatchRecord, order: OrderRecord) -> int:
    """Count the lines of the row's highest cell; not every program does so on opening."""
    most = 1
    for text, width in zip(line_texts(batch, order), widths, strict=True):
        # Of thousands of cells few are so long.
        if text and (len(text) > width - 2 or "\n" in text):
            most = max(most, ceil(len(text) / (width - 2)), text.count("\n") + 1)
    return most


def _number(field: str | None, state: FinalState, value: str) -> Decimal | None:
    # What an INVALID row holds is shown as it was, or nobody finds what is wrong with it.
    if field not in NUMBER_FIELDS or state is FinalState.INVALID:
        return None
    return exact_number(value)


def _number_columns(batch: BatchRecord) -> frozenset[int]:
    own = (n for n, column in enumerate(batch.columns, start=1) if column.field in NUMBER_FIELDS)
    first_result = len(batch.columns) + 1
    return frozenset({0, *own, first_result + 3, first_result + 4, first_result + 9})


def _widths(names: Sequence[str], batch: BatchRecord, orders: Sequence[OrderRecord]) -> list[int]:
    """Find for each column, in characters, the width that shows its longest cell."""
    # Headers wrap at blanks only, and the filter button takes its place.
    widths = [max((len(word) for word in name.split()), default=0) + 4 for name in names]
    numbers = _number_columns(batch)
    for order in orders:
        texts = line_texts(batch, order)
        for column, text in enumerate(texts):
            if text:
                separators = len(text) // 3 if column in numbers else 0
                widths[column] = max(widths[column], len(text) + separators + 4)
    message_column = len(batch.columns) + 1 + RESULTS.index("message")
    return [
        min(max(width, _NARROWEST), _MESSAGE_WIDTH if column == message_column else _WIDEST)
        for column, width in enumerate(widths)
    ]
