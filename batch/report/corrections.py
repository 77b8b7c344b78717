"""Rows given back for mending, as an order sheet of their own. Part of `report`, layer 2.

A row is offered only when it is certain that the venue holds nothing of it and that nothing will
send it any more; whatever is not certain is left to `resume` and to a person.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from pathlib import PurePath
from typing import Any, BinaryIO

from batch.model import (
    LONGEST_CLIENT_ORDER_ID,
    NUMBER_FIELDS,
    BatchRecord,
    Column,
    OrderRecord,
)
from batch.report.cells import Cells, open_workbook
from batch.report.columns import message, sheet_values
from batch.report.mending import rows_to_mend
from batch.report.palette import HEADER
from batch.report.plain import as_cell, write_lines
from batch.report.standing import SAVED_BY, corrections_mark
from batch.report.text import exact_number
from batch.states import OrderState as S

REASON = "correction_reason"

_OUR_SUFFIX = re.compile(r"(.+)-([2-9]|[1-9]\d+)", re.DOTALL | re.ASCII)
_IDS = frozenset({"client_order_id", "org", "account"})
_WIDEST = 60
_LINE_POINTS = 15


def correction_table(
    batch: BatchRecord, orders: Sequence[OrderRecord], *, abandoned: bool
) -> tuple[list[Column], list[list[str]]]:
    """Choose the rows to mend and give used IDs a new ending.

    Returns:
        The columns with `correction_reason` as the last, and a text for each of them in each row.
    """
    # A sheet that is itself a corrections sheet gets a new reason in place of the old one.
    kept = [place for place, column in enumerate(batch.columns) if column.header != REASON]
    columns = [batch.columns[place] for place in kept]
    taken = {order.client_order_id for order in orders} | set(_own_ids(batch, orders))
    rows = []
    for order in rows_to_mend(orders, abandoned=abandoned):
        values = list(sheet_values(batch, order))
        place = _id_place(batch)
        if place is not None and values[place] and order.state is not S.INVALID:
            values[place] = _fresh_id(values[place], _was_renamed(batch, order), taken)
            taken.add(values[place])
        rows.append([*(values[place] for place in kept), _reason(batch, order)])
    return [*columns, Column(REASON, None, "")], rows


def write_corrections_csv(
    stream: BinaryIO, columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> None:
    """Write the rows to mend as CSV, as inert as a report."""
    write_lines(stream, corrections_lines(columns, rows))


def corrections_lines(
    columns: Iterable[Column], rows: Iterable[Sequence[str]]
) -> Iterator[list[str]]:
    """Give the lines of a CSV of rows to mend as they are written, the header first."""
    yield [as_cell(column.header) for column in columns]
    for row in rows:
        yield [as_cell(value) for value in row]


def write_corrections_workbook(
    stream: BinaryIO, columns: Sequence[Column], rows: Sequence[Sequence[str]], batch_id: str
) -> None:
    """Write the rows to mend as a workbook with one worksheet, `Orders`."""
    with open_workbook(stream) as workbook:
        workbook.set_properties({"category": corrections_mark(batch_id), "author": SAVED_BY})
        worksheet = workbook.add_worksheet("Orders")
        cells = Cells(workbook, worksheet)
        worksheet.freeze_panes(1, 0)
        worksheet.set_landscape()
        worksheet.set_paper(9)
        worksheet.fit_to_pages(1, 0)
        worksheet.repeat_rows(0)
        for place, column in enumerate(columns):
            longest = max(len(text) for text in (column.header, *(row[place] for row in rows)))
            style = cells.style(num_format="@" if column.field in _IDS else "General")
            worksheet.set_column(place, place, min(longest + 6, _WIDEST + 4), style)
        for place, column in enumerate(columns):
            align = "right" if column.field in NUMBER_FIELDS else "left"
            cells.text(0, place, column.header, align=align, indent=1, **HEADER)
        for line, row in enumerate(rows, start=1):
            worksheet.set_row(line, min(_LINE_POINTS * ceil(len(row[-1]) / _WIDEST), 405))
            for place, (column, text) in enumerate(zip(columns, row, strict=True)):
                _write_cell(cells, line, place, column, text)


def _write_cell(cells: Cells, line: int, place: int, column: Column, text: str) -> None:
    number = exact_number(text) if column.field in NUMBER_FIELDS else None
    if number is not None:
        cells.number(line, place, number, align="right", indent=1)
        return
    style: dict[str, Any] = {"align": "left", "indent": 1}
    if column.field in _IDS:
        style["num_format"] = "@"
    if column.header == REASON:
        style |= {"text_wrap": True, "bg_color": "#FFF2CC"}
    cells.text(line, place, text, **style)


def _reason(batch: BatchRecord, order: OrderRecord) -> str:
    words = message(batch, order) or "no reason was given"
    sheet = PurePath(batch.sheet_path).name
    return f"{order.final_state}: {words} (row {order.row} of {sheet})"


def _id_place(batch: BatchRecord) -> int | None:
    fields = [column.field for column in batch.columns]
    return fields.index("client_order_id") if "client_order_id" in fields else None


def _own_ids(batch: BatchRecord, orders: Sequence[OrderRecord]) -> Iterator[str]:
    place = _id_place(batch)
    if place is not None:
        for order in orders:
            yield sheet_values(batch, order)[place]


def _was_renamed(batch: BatchRecord, order: OrderRecord) -> bool:
    """Tell whether an earlier corrections sheet gave the row's ID its ending.

    Without that, the 7 of `ORD-7` is the desk's own count, and `ORD-8` may be its next order.
    """
    headers = [column.header for column in batch.columns]
    if REASON not in headers:
        return False
    reason = sheet_values(batch, order)[headers.index(REASON)].removeprefix("'")
    return bool(reason) and not reason.startswith(S.INVALID)


def _fresh_id(own: str, renamed: bool, taken: set[str | None]) -> str:
    match = _OUR_SUFFIX.fullmatch(own) if renamed else None
    stem, attempt = (match[1], int(match[2]) + 1) if match else (own, 2)
    while True:
        suffix = f"-{attempt}"
        fresh = stem[: LONGEST_CLIENT_ORDER_ID - len(suffix)] + suffix
        if fresh not in taken:
            return fresh
        attempt += 1
