"""The person's own sheet with its problems marked, as a workbook. Part of `report`, layer 2."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils.cell import column_index_from_string
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from batch.errors import ReportError
from batch.model import Problem, Sheet
from batch.report.text import exact_number, is_active, number_format, visible

MARKED = 5_000
"""Cells with a comment, and lines with a link: Excel takes minutes, or fails, with many more."""
LISTED = 1_000_000
"""Problems on the `Problems` worksheet: what one holds, with room for its head."""

_AUTHOR = "orderbatch"
# Without a name a program takes whatever comes first.
_FONT = "Calibri"
_BAD = PatternFill("solid", start_color="FFFFC7CE")
_HEAD = PatternFill("solid", start_color="FF1F3A5F")
_WRAPPED = Alignment(wrap_text=True)
_NUMBERS = frozenset({"size", "price", "min_size", "expiry_time"})
_COLUMNS = (("Cell", 9), ("Row", 8), ("Column", 20), ("Found", 28), ("Expected", 46), ("To do", 52))

_LOST_PARTS = (
    ("xl/vbaProject", "macros"),
    ("xl/media/", "pictures"),
    ("xl/ctrlProps/", "buttons and other controls"),
    ("xl/activeX/", "controls"),
    ("xl/slicers/", "slicers"),
    ("xl/timelines/", "timelines"),
    ("xl/threadedComments/", "replies to comments"),
    ("xl/charts/", "some formats of charts"),
    ("xl/diagrams/", "diagrams"),
)


def write_annotated(
    stream: BinaryIO, source: Path, sheet: Sheet, problems: Sequence[Problem]
) -> None:
    """Write the marked copy.

    Raises:
        ReportError: the source is not the workbook any more that `sheet` was read from.
    """
    lost: list[str] = []
    if sheet.worksheet is None:
        workbook = _build_workbook(sheet)
    else:
        workbook, lost = _load_workbook(source, sheet.worksheet)
    table = workbook[sheet.worksheet or "Orders"]
    _mark_cells(table, sheet, problems)
    _list_problems(workbook, table.title, sheet, problems, lost)
    workbook.save(stream)


def _load_workbook(source: Path, worksheet: str) -> tuple[Workbook, list[str]]:
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            workbook = load_workbook(source, rich_text=True)
        with zipfile.ZipFile(source) as package:
            names = package.namelist()
    except (OSError, KeyError, ValueError, zipfile.BadZipFile, InvalidFileException) as error:
        raise ReportError(f"{source}: it cannot be copied as a workbook ({error})") from error
    if worksheet not in workbook.sheetnames:
        raise ReportError(
            f'{source}: expected the worksheet "{worksheet}", found {workbook.sheetnames}; '
            "the file has changed since it was read: check it again"
        )
    lost = [what for part, what in _LOST_PARTS if any(name.startswith(part) for name in names)]
    unread = [str(warning.message) for warning in caught if warning.category is UserWarning]
    return workbook, list(dict.fromkeys(lost + unread))


def _build_workbook(sheet: Sheet) -> Workbook:
    """Make a workbook of a CSV, with each record on the row of its own number."""
    workbook = Workbook()
    table = workbook.active
    assert isinstance(table, Worksheet)
    table.title = "Orders"
    table.freeze_panes = f"A{sheet.header_row + 1}"
    table.print_title_rows = f"{sheet.header_row}:{sheet.header_row}"
    _set_up_print(table)
    places = [column_index_from_string(column.letter) for column in sheet.columns]
    for place, column in zip(places, sheet.columns, strict=True):
        _put_text(table, sheet.header_row, place, column.header).font = Font(_FONT, bold=True)
        table.column_dimensions[column.letter].width = max(len(column.header) + 4, 12)
    for row in sheet.rows:
        for place, column, text in zip(places, sheet.columns, row.values, strict=True):
            number = exact_number(text) if column.field in _NUMBERS else None
            if number is not None:
                cell = table.cell(row.number, place, number)
                cell.number_format = number_format(number)
            elif text:
                _put_text(table, row.number, place, text)
    return workbook


def _set_up_print(page: Worksheet) -> None:
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)


def _mark_cells(table: Worksheet, sheet: Sheet, problems: Sequence[Problem]) -> None:
    by_cell: dict[str, list[Problem]] = {}
    for problem in problems:
        address = _address(sheet, problem)
        if address is not None:
            by_cell.setdefault(address, []).append(problem)
    for count, (address, of_cell) in enumerate(by_cell.items()):
        cell = table[address]
        # Only the first cell of a merged range is one.
        if not isinstance(cell, Cell):
            continue
        cell.fill = _BAD
        if count < MARKED:
            words = "\n".join(_words(problem) for problem in of_cell)
            if cell.comment is not None:
                words = f"{cell.comment.text}\n\n{words}"
            lines = words.count("\n") + 1 + len(words) // 45
            cell.comment = Comment(visible(words), _AUTHOR, height=24 + 18 * lines, width=320)


def _list_problems(
    workbook: Workbook,
    title: str,
    sheet: Sheet,
    problems: Sequence[Problem],
    lost: Sequence[str],
) -> None:
    page = workbook.create_sheet(_free_title(workbook))
    heading = _put_text(page, 1, 1, f"{len(problems):,} problems in {sheet.path.name}")
    heading.font = Font(_FONT, bold=True, size=16)
    line = 2
    for remark in _remarks(problems, sheet, lost):
        _put_text(page, line, 1, remark).font = Font(_FONT, italic=True)
        line += 1
    line += 1
    for place, (name, width) in enumerate(_COLUMNS, start=1):
        cell = _put_text(page, line, place, name)
        cell.font, cell.fill = Font(_FONT, bold=True, color="FFFFFFFF"), _HEAD
        page.column_dimensions[cell.column_letter].width = width
    page.freeze_panes = f"A{line + 1}"
    shown = problems[:LISTED]
    page.auto_filter.ref = f"A{line}:F{line + len(shown)}"
    page.print_title_rows = f"{line}:{line}"
    _set_up_print(page)
    for count, problem in enumerate(shown):
        line += 1
        _write_problem(page, line, title, sheet, problem, linked=count < MARKED)


def _write_problem(
    page: Worksheet, line: int, title: str, sheet: Sheet, problem: Problem, *, linked: bool
) -> None:
    address = _address(sheet, problem)
    texts = (
        address or "",
        None,
        problem.column or "",
        problem.found,
        problem.expected,
        problem.action,
    )
    for place, (text, (_, width)) in enumerate(zip(texts, _COLUMNS, strict=True), start=1):
        if text:
            cell = _put_text(page, line, place, text)
            # Only where it shows: openpyxl takes its time over every style.
            if len(text) > width:
                cell.alignment = _WRAPPED
    if problem.row is not None:
        page.cell(line, 2, problem.row)
    if address is not None and linked:
        link = page.cell(line, 1)
        quoted = title.replace("'", "''")
        link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{quoted}'!{address}")
        link.font = Font(_FONT, color="FF1F4E79", underline="single")


def _remarks(problems: Sequence[Problem], sheet: Sheet, lost: Sequence[str]) -> Iterator[str]:
    """Say what this copy is, and what it leaves out."""
    yield "A copy to read and mend. The original file was not changed."
    if sheet.worksheet is not None:
        yield "Formulas get their values when a spreadsheet program opens and saves this copy."
    if len(problems) > MARKED:
        yield (
            f"The first {MARKED:,} cells have a comment, and the first {MARKED:,} lines a link; "
            "all bad cells are coloured."
        )
    if len(problems) > LISTED:
        yield f"The first {LISTED:,} are listed."
    if lost:
        yield f"Not carried over from the original: {'; '.join(lost)}."


def _address(sheet: Sheet, problem: Problem) -> str | None:
    """Find the cell to mark: the problem's own, or the first of its row."""
    if problem.row is None:
        return None
    letters = {column.header: column.letter for column in sheet.columns}
    first = sheet.columns[0].letter if sheet.columns else "A"
    return f"{letters.get(problem.column or '', first)}{problem.row}"


def _words(problem: Problem) -> str:
    words = f'{problem.column or "row"}: expected {problem.expected}, found "{problem.found}"'
    return f"{words}; {problem.action}" if problem.action else words


def _free_title(workbook: Workbook) -> str:
    taken = {name.casefold() for name in workbook.sheetnames}
    title, attempt = "Problems", 2
    while title.casefold() in taken:
        title = f"Problems {attempt}"
        attempt += 1
    return title


def _put_text(table: Worksheet, row: int, place: int, text: str) -> Cell:
    """Write text as text; openpyxl would make a formula of what starts with an equals sign."""
    text = visible(text)
    cell = table.cell(row, place)
    assert isinstance(cell, Cell)
    cell.value = text
    cell.data_type = "s"
    if is_active(text):
        cell.quotePrefix = True
    return cell
