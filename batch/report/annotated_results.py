"""The person's own workbook with what became of each row. Part of `report`, layer 2.

The work in a spreadsheet ends in the sheet where it began: a copy of it, formats and formulas
kept, with the results behind the last column.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.cell import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from batch.errors import ReportError
from batch.model import BatchRecord, OrderRecord, Sheet, shown
from batch.report.columns import SIMULATED, message
from batch.report.fills import told_size
from batch.report.own_workbook import (
    CannotCopy,
    find_table,
    load_own_workbook,
    put_text,
    save_whole,
)
from batch.report.palette import HEADER, STATE_STYLES
from batch.report.standing import SAVED_BY, annotated_mark
from batch.report.text import is_exact_number, number_format
from batch.report.totals import survey
from batch.report.wording import headline

COLUMNS = (
    ("final_state", 13),
    ("server_order_id", 18),
    ("filled_size", 16),
    ("average_price", 14),
    ("message", 60),
)
"""What is added to each row, with widths in characters."""

_MOST_COLUMNS = 16_384
_FONT = "Calibri"
_HEAD = PatternFill("solid", start_color=f"FF{str(HEADER['bg_color'])[1:]}")
_NUMBERS = (2, 3)
_RIGHT, _INDENTED = Alignment(horizontal="right"), Alignment(horizontal="left", indent=1)
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_FORMULAS = "Formulas get their values when a spreadsheet program opens and saves this copy."


def write_annotated_results(
    stream: BinaryIO,
    source: Path,
    sheet: Sheet,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
) -> list[str]:
    """Write the copy, or nothing.

    Args:
        sheet: what `source` holds now, as it was read.

    Returns:
        What the copy does not have of the original.

    Raises:
        ReportError: it is no workbook, is not the content that was sent, or cannot be copied.
    """
    if sheet.worksheet is None:
        raise ReportError(
            f"{source}: expected a workbook (.xlsx), of which a copy can have results in it, found "
            "a text file, which has neither formats nor formulas to keep; a report as a workbook "
            "has its columns and the results"
        )
    _check_same_content(source, sheet, batch, orders)
    lost: list[str] = []

    def save(draft: BinaryIO) -> None:
        workbook, missing = load_own_workbook(source)
        _check_unchanged(source, sheet)
        lost.extend(missing)
        _add_results(find_table(workbook, sheet), sheet, batch, orders)
        _add_remarks(workbook, batch, orders, missing)
        workbook.properties.category = annotated_mark(batch.batch_id)
        workbook.properties.lastModifiedBy = SAVED_BY
        workbook.save(draft)

    try:
        save_whole(stream, save)
    except CannotCopy as failure:
        raise ReportError(
            f"{source}: it cannot be copied with its looks ({failure}); a report as a workbook has "
            "its columns and the results"
        ) from failure
    return lost


def _check_same_content(
    source: Path, sheet: Sheet, batch: BatchRecord, orders: Sequence[OrderRecord]
) -> None:
    """Refuse a file whose rows are not those of the batch: results would stand at other orders."""
    headers = [column.header for column in sheet.columns]
    sent = [column.header for column in batch.columns]
    if headers != sent:
        raise _changed(source, batch, f"the columns {_listed(sent)}", _listed(headers))
    if len(sheet.rows) != len(orders):
        raise _changed(source, batch, f"{len(orders):,} rows", f"{len(sheet.rows):,}")
    for row, order in zip(sheet.rows, orders, strict=True):
        if row.number != order.row:
            raise _changed(source, batch, f"row {order.row}", f"row {row.number} in its place")
        for header, now, then in zip(sent, row.values, order.values, strict=True):
            if now != then:
                where = f"in row {row.number}, {shown(header)},"
                raise _changed(source, batch, f'{where} "{shown(then)}"', f'"{shown(now)}"')


def _changed(source: Path, batch: BatchRecord, expected: str, found: str) -> ReportError:
    return ReportError(
        f"{source}: expected the sheet as batch {batch.batch_id} has it, {expected}, found "
        f"{found}. The sheet has changed since; a report as a workbook has it as it was"
    )


def _listed(headers: Sequence[str]) -> str:
    return ", ".join(shown(header, 20) for header in headers[:12]) or "none"


def _check_unchanged(source: Path, sheet: Sheet) -> None:
    """Refuse a file that was saved between the reading and the copying."""
    if sheet.sha256 and hashlib.sha256(source.read_bytes()).hexdigest() != sheet.sha256:
        raise CannotCopy("it was saved while it was read; try again")


def _add_results(
    table: Worksheet, sheet: Sheet, batch: BatchRecord, orders: Sequence[OrderRecord]
) -> None:
    first = table.max_column + 1
    if first + len(COLUMNS) - 1 > _MOST_COLUMNS:
        raise CannotCopy("there is no room for more columns")
    taken = {column.header for column in sheet.columns}
    for place, (name, width) in enumerate(COLUMNS, start=first):
        while name in taken:
            name = f"result_{name}"
        cell = put_text(table, sheet.header_row, place, name)
        cell.font, cell.fill = Font(_FONT, bold=True, color="FFFFFFFF"), _HEAD
        cell.alignment = _RIGHT if place - first in _NUMBERS else _INDENTED
        table.column_dimensions[get_column_letter(place)].width = width
    styles = {
        state: (
            Font(_FONT, bold=True, color=f"FF{str(style['font_color'])[1:]}"),
            PatternFill("solid", start_color=f"FF{str(style['bg_color'])[1:]}"),
        )
        for state, style in STATE_STYLES.items()
    }
    for order in orders:
        state = put_text(table, order.row, first, order.final_state.value)
        state.font, state.fill = styles[order.final_state]
        put_text(table, order.row, first + 1, order.server_order_id or "").number_format = "@"
        _put_number(table, order.row, first + 2, told_size(order))
        _put_number(table, order.row, first + 3, order.average_price)
        # The last column: a long text runs on to the right, and the rows keep their heights.
        words = put_text(table, order.row, first + 4, message(batch, order))
        words.alignment = _INDENTED


def _put_number(table: Worksheet, row: int, place: int, number: Decimal | None) -> None:
    digits = "" if number is None else format(number, "f")
    if number is None or not is_exact_number(digits):
        put_text(table, row, place, digits)
    else:
        cell = table.cell(row, place, number)
        cell.number_format = number_format(len(digits.partition(".")[2]))


def _add_remarks(
    workbook: Workbook, batch: BatchRecord, orders: Sequence[OrderRecord], lost: Sequence[str]
) -> None:
    """Say on a worksheet of its own what this copy is, and what it leaves out."""
    taken = {name.casefold() for name in workbook.sheetnames}
    title, attempt = "Batch", 2
    while title.casefold() in taken:
        title, attempt = f"Batch {attempt}", attempt + 1
    page = workbook.create_sheet(title)
    page.column_dimensions["A"].width = 110
    practice = f"{SIMULATED}: practice against a local venue. No real order was placed."
    remarks = (
        f"Results of batch {batch.batch_id}",
        *([practice] if batch.simulated else []),
        headline(survey(orders)),
        "A copy with the results behind the last column. The original file was not changed.",
        _FORMULAS,
        *([f"Not carried over from the original: {'; '.join(lost)}."] if lost else []),
    )
    for line, remark in enumerate(remarks, start=1):
        cell = put_text(page, line, 1, remark)
        cell.font = Font(_FONT, bold=line == 1, size=16 if line == 1 else 11)
        cell.alignment = _WRAPPED
