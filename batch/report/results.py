"""The `Results` worksheet: one line for each row of the sheet. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil
from typing import Any

from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from batch.model import BatchRecord, OrderRecord
from batch.report.cells import MOMENT_WIDTH, Cells, exact_number
from batch.report.columns import column_names, message, sheet_values
from batch.report.palette import HEADER, RULE, STATE_STYLES
from batch.states import FinalState

_NUMBERS = frozenset({"size", "price", "min_size", "expiry_time"})
_IDS = frozenset({"client_order_id", "org", "account"})
_CELL: dict[str, Any] = {"border": 1, "border_color": RULE}
_ID: dict[str, Any] = {**_CELL, "num_format": "@"}
_NARROWEST, _WIDEST, _MESSAGE_WIDTH = 6, 30, 44
_PAGE_WIDTH = 300
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
    for column, name in enumerate(names):
        cells.text(0, column, name, text_wrap=True, **HEADER)
    for line, order in enumerate(orders, start=1):
        _write_order(cells, line, batch, order)


def _write_order(cells: Cells, line: int, batch: BatchRecord, order: OrderRecord) -> None:
    cells.number(line, 0, order.row, **{**_CELL, "num_format": "0"})
    column = 1
    for definition, value in zip(batch.columns, sheet_values(batch, order), strict=True):
        number = _number(definition.field, order, value)
        if number is not None:
            cells.number(line, column, number, **_CELL)
        elif definition.field in _IDS:
            cells.text(line, column, value, **_ID)
        else:
            cells.text(line, column, value, text_wrap=len(value) > _WIDEST, **_CELL)
        column += 1
    cells.text(line, column, order.client_order_id, **_ID)
    cells.text(line, column + 1, order.server_order_id, **_ID)
    state = order.final_state
    cells.text(line, column + 2, state.value, bold=True, **_CELL, **STATE_STYLES[state])
    for offset, number in ((3, order.filled_size), (4, order.average_price)):
        if number is None:
            cells.text(line, column + offset, "", **_CELL)
        else:
            cells.number(line, column + offset, number, **_CELL)
    cells.text(line, column + 5, message(batch, order), text_wrap=True, **_CELL)
    for offset, moment in ((6, order.submitted_at), (7, order.finished_at)):
        if moment is None:
            cells.text(line, column + offset, "", **_CELL)
        else:
            cells.moment(line, column + offset, moment, **_CELL)
    cells.text(line, column + 8, order.request_id, **_ID)


def _number(field: str | None, order: OrderRecord, value: str) -> Decimal | None:
    # What an INVALID row holds is shown as it was, or nobody finds what is wrong with it.
    if field not in _NUMBERS or order.final_state is FinalState.INVALID:
        return None
    return exact_number(value)


def _widths(names: Sequence[str], batch: BatchRecord, orders: Sequence[OrderRecord]) -> list[int]:
    """Find for each column, in characters, the width that shows its longest cell."""
    own = len(batch.columns)
    # Headers wrap at blanks only, and the filter button takes its place.
    widths = [max((len(word) for word in name.split()), default=0) + 3 for name in names]
    numbers = [column.field in _NUMBERS for column in batch.columns]
    for order in orders:
        texts = (*order.values, order.client_order_id, order.server_order_id)
        for column, text in enumerate(texts, start=1):
            if not text:
                continue
            shown = len(text)
            if column <= own and numbers[column - 1]:
                shown += len(text) // 3
            widths[column] = max(widths[column], shown + 2)
        for column, number in ((own + 4, order.filled_size), (own + 5, order.average_price)):
            if number is not None:
                shown = len(f"{number:,f}")
                widths[column] = max(widths[column], shown + 2)
        widths[own + 9] = max(widths[own + 9], len(order.request_id or "") + 2)
    widths = [min(max(width, _NARROWEST), _WIDEST) for width in widths]
    widths[own + 6] = _MESSAGE_WIDTH
    widths[own + 7] = widths[own + 8] = MOMENT_WIDTH
    return widths
