"""The `Results` worksheet: one line for each row of the sheet. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from math import ceil
from typing import Any

from xlsxwriter.utility import xl_range
from xlsxwriter.worksheet import Worksheet

from batch.model import NUMBER_FIELDS, BatchRecord, OrderRecord
from batch.report.cells import Cells, Look
from batch.report.columns import RESULTS, column_names, result_texts, sheet_values, timestamp
from batch.report.palette import HEADER, RULE, STATE_STYLES
from batch.report.text import is_exact_number
from batch.states import FinalState

_IDS = frozenset({"client_order_id", "org", "account"})
_CELL: dict[str, Any] = {"border": 1, "border_color": RULE}
_TEXT: dict[str, Any] = {**_CELL, "align": "left", "indent": 1}
_NUMBER: dict[str, Any] = {**_CELL, "align": "right", "indent": 1}
_ID: dict[str, Any] = {**_TEXT, "num_format": "@", "text_wrap": True}
_NARROWEST, _WIDEST, _MESSAGE_WIDTH = 6, 40, 64
_SHORT = min(_WIDEST, _MESSAGE_WIDTH) - 4
_LINE_POINTS, _HIGHEST_POINTS = 15, 405
_ANY_MOMENT = timestamp(datetime.max.replace(tzinfo=UTC))
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
    writer = _Writer(cells, batch)
    # Headers wrap at blanks only, and the filter button takes its place.
    widths = [max((len(word) for word in name.split()), default=0) + 4 for name in names]
    line = 0
    for line, order in enumerate(orders, start=1):
        lines = 1
        texts = _line_texts(batch, order)
        for column, text in enumerate(texts):
            if text:
                length = len(text)
                wide = length + 4 + (length // 3 if column in numbers else 0)
                if wide > widths[column]:
                    widths[column] = wide
                # Nearly all texts are shorter than any column may be, and have one line.
                if length > _SHORT or "\n" in text:
                    lines = max(lines, _lines(text, widest[column]))
        if lines > 1:
            worksheet.set_row(line, min(lines * _LINE_POINTS, _HIGHEST_POINTS))
        writer.write(line, order, texts)
        yield order
    widths = [min(max(one, _NARROWEST), most) for one, most in zip(widths, widest, strict=True)]
    for column, width in enumerate(widths):
        worksheet.set_column(column, column, width)
    worksheet.autofilter(0, 0, line, len(names) - 1)
    worksheet.fit_to_pages(ceil(sum(widths) / _PAGE_WIDTH), 0)
    # An ID that has digits only is text on purpose.
    worksheet.ignore_errors({"number_stored_as_text": xl_range(0, 0, line, len(names) - 1)})


def _line_texts(batch: BatchRecord, order: OrderRecord) -> tuple[str | None, ...]:
    """Give a whole line as text, with every moment as long as any."""
    return (
        str(order.row),
        *sheet_values(batch, order),
        *result_texts(batch, order, lambda moment: None if moment is None else _ANY_MOMENT),
    )


class _Writer:
    """Writes the lines of a batch; what is the same for each is made ready once."""

    def __init__(self, cells: Cells, batch: BatchRecord) -> None:
        self._cells = cells
        self._columns = batch.columns
        self._row = cells.number_look(num_format="0", **_NUMBER)
        self._number = cells.number_look(**_NUMBER)
        self._no_number = cells.look(**_NUMBER)
        self._text = cells.look(text_wrap=False, **_TEXT)
        self._wrapped = cells.look(text_wrap=True, **_TEXT)
        self._id = cells.look(**_ID)
        self._moment = cells.moment_look(**_TEXT)
        self._states: dict[FinalState, Look] = {}

    def write(self, line: int, order: OrderRecord, texts: Sequence[str | None]) -> None:
        """Write a line below those before.

        Args:
            texts: of the line, without a text for what does not exist or is not known.
        """
        cells, state = self._cells, order.final_state
        parts = [cells.number_cell(line, 0, str(order.row), self._row)]
        for column, definition in enumerate(self._columns, start=1):
            text = texts[column] or ""
            if _is_number(definition.field, state, text):
                parts.append(cells.number_cell(line, column, text, self._number))
            elif definition.field in _IDS:
                parts.append(cells.text_cell(line, column, text, self._id))
            else:
                look = self._wrapped if len(text) > _WIDEST - 2 else self._text
                parts.append(cells.text_cell(line, column, text, look))
        column = len(self._columns) + 1
        in_state = self._states.get(state)
        if in_state is None:
            in_state = cells.look(bold=True, **_TEXT, **STATE_STYLES[state])
            self._states[state] = in_state
        parts += [
            cells.text_cell(line, column, texts[column], self._id),
            cells.text_cell(line, column + 1, texts[column + 1], self._id),
            cells.text_cell(line, column + 2, state.value, in_state),
            self._number_cell(line, column + 3, texts),
            self._number_cell(line, column + 4, texts),
            cells.text_cell(line, column + 5, texts[column + 5], self._wrapped),
            self._moment_cell(line, column + 6, order.submitted_at),
            self._moment_cell(line, column + 7, order.finished_at),
            cells.text_cell(line, column + 8, texts[column + 8], self._id),
            self._number_cell(line, column + 9, texts),
            cells.text_cell(line, column + 10, texts[column + 10], self._id),
        ]
        cells.put_row(line, parts)

    def _number_cell(self, line: int, column: int, texts: Sequence[str | None]) -> str:
        digits = texts[column]
        if digits is None:
            return self._cells.text_cell(line, column, "", self._no_number)
        return self._cells.number_cell(line, column, digits, self._number)

    def _moment_cell(self, line: int, column: int, moment: datetime | None) -> str:
        if moment is None:
            return self._cells.text_cell(line, column, "", self._text)
        return self._cells.moment_cell(line, column, moment, self._moment)


def _lines(text: str, widest: int) -> int:
    """Count the lines of a cell; not every program does so on opening.

    A column is as wide as its longest text unless that is too long for any column, so a text that
    takes more than a line stands in one that is as wide as it may be.
    """
    if len(text) <= widest - 4 and "\n" not in text:
        return 1
    return max(ceil(len(text) / (widest - 2)), text.count("\n") + 1)


def _is_number(field: str | None, state: FinalState, value: str) -> bool:
    # What an INVALID row holds is shown as it was, or nobody finds what is wrong with it.
    if field not in NUMBER_FIELDS or state is FinalState.INVALID:
        return False
    return is_exact_number(value)


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
