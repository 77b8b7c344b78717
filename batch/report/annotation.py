"""The person's own sheet with its problems marked, as a workbook. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.cell_style import StyleArray
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.properties import PageSetupProperties
from openpyxl.worksheet.worksheet import Worksheet

from batch.model import Problem, Sheet
from batch.report import problem_list
from batch.report.marked_table import write_marked_table
from batch.report.own_workbook import (
    CannotCopy,
    find_table,
    load_own_workbook,
    put_text,
    save_whole,
)
from batch.report.standing import SAVED_BY, problems_mark
from batch.report.text import is_active, visible

MARKED, LISTED = problem_list.MARKED, problem_list.LISTED
MOST = 10_000
"""Problems that are marked in a workbook with its looks."""
LARGEST = 12 * 1024 * 1024
"""Bytes of worksheets, unpacked, of a workbook that is marked with its looks: openpyxl takes 4 s
for them, and somebody waits. A copy with results, for which nobody waits, may be larger."""

_BAD = PatternFill("solid", start_color=f"FF{problem_list.BAD}")
_HEAD = PatternFill("solid", start_color=f"FF{problem_list.HEAD}")
_RULE = Border(bottom=Side("thin", f"FF{problem_list.RULE}"))
_LEFT = Alignment(horizontal="left", vertical="top", wrap_text=True, indent=1)
_RIGHT = Alignment(horizontal="right", vertical="top", wrap_text=True, indent=1)
_SENTENCE = Alignment(horizontal="left", vertical="top", wrap_text=True)


def write_annotated(
    stream: BinaryIO, source: Path, sheet: Sheet, problems: Sequence[Problem]
) -> str:
    """Write the marked copy: the person's own workbook, or where that cannot be, its table.

    Returns:
        Why it is the table alone, as a sentence; empty where it is the whole workbook, and for a
        CSV, which is nothing but a table.
    """
    reason = ""
    if sheet.worksheet is not None:
        try:
            save_whole(stream, lambda draft: _save_own_workbook(draft, source, sheet, problems))
            return ""
        except CannotCopy as failure:
            reason = (
                f"{sheet.path.name} cannot be copied with its looks ({failure}): this is a plain "
                "copy of its table, with the problems marked."
            )
    write_marked_table(stream, sheet, problems, reason=reason, marked=MARKED, listed=LISTED)
    return reason


def _save_own_workbook(
    draft: BinaryIO, source: Path, sheet: Sheet, problems: Sequence[Problem]
) -> None:
    if len(problems) > MOST:
        raise CannotCopy(f"there is too much to mark in it: {len(problems):,} problems")
    workbook, lost = load_own_workbook(source, LARGEST)
    table = find_table(workbook, sheet)
    _mark_cells(table, sheet, problems)
    _list_problems(workbook, table.title, sheet, problems, lost)
    workbook.properties.category = problems_mark(sheet.path.name)
    workbook.properties.lastModifiedBy = SAVED_BY
    workbook.save(draft)


def _mark_cells(table: Worksheet, sheet: Sheet, problems: Sequence[Problem]) -> None:
    by_cell = problem_list.cells_to_mark(sheet, problems)
    for count, (address, of_cell) in enumerate(by_cell.items()):
        cell = table[address]
        # Only the first cell of a merged range is one.
        if not isinstance(cell, Cell):
            continue
        cell.fill = _BAD
        if count < MARKED:
            words = problem_list.comment_words(of_cell)
            if cell.comment is not None:
                words = f"{cell.comment.text}\n\n{words}"
            words = visible(words)
            width, height = problem_list.comment_size(words)
            cell.comment = Comment(words, problem_list.AUTHOR, height=height, width=width)


def _list_problems(
    workbook: Workbook,
    title: str,
    sheet: Sheet,
    problems: Sequence[Problem],
    lost: Sequence[str],
) -> None:
    page = workbook.create_sheet(problem_list.free_title(workbook.sheetnames))
    top = put_text(page, 1, 1, problem_list.heading(sheet, problems))
    top.font = Font(problem_list.FONT, bold=True, size=16)
    page.row_dimensions[1].height = problem_list.HEADING_POINTS
    line = 2
    for remark in (
        "A copy to read and mend. The original file was not changed.",
        "Formulas get their values when a spreadsheet program opens and saves this copy.",
        *problem_list.remarks(problems, MARKED, LISTED),
        *([f"Not carried over from the original: {'; '.join(lost)}."] if lost else []),
    ):
        cell = put_text(page, line, 1, remark)
        cell.font, cell.alignment = Font(problem_list.FONT, italic=True), _SENTENCE
        page.merge_cells(
            start_row=line, end_row=line, start_column=1, end_column=len(problem_list.COLUMNS)
        )
        page.row_dimensions[line].height = problem_list.remark_points(remark)
        line += 1
    line += 1
    page.row_dimensions[line].height = problem_list.HEAD_POINTS
    for place, (name, width) in enumerate(problem_list.COLUMNS):
        cell = put_text(page, line, place + 1, name)
        cell.font, cell.fill = Font(problem_list.FONT, bold=True, color="FFFFFFFF"), _HEAD
        cell.alignment = _alignment(place)
        page.column_dimensions[cell.column_letter].width = width
    page.freeze_panes = f"A{line + 1}"
    listed = problems[:LISTED]
    addresses = problem_list.Addresses(sheet)
    page.auto_filter.ref = f"A{line}:F{line + len(listed)}"
    page.print_title_rows = f"{line}:{line}"
    page.page_setup.orientation = "landscape"
    page.page_setup.fitToHeight = 0
    page.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    styles = _line_styles(page)
    for count, problem in enumerate(listed):
        line += 1
        texts = problem_list.line_texts(addresses, problem)
        page.row_dimensions[line].height = problem_list.line_points(texts)
        for place, text in enumerate(texts):
            if place == problem_list.ROW_PLACE and problem.row is not None:
                cell = page.cell(line, place + 1, problem.row)
            else:
                cell = put_text(page, line, place + 1, text)
            plain, quoted = styles[place]
            cell._style = copy(quoted if is_active(text) else plain)  # type: ignore[attr-defined]
        if texts[0] and count < MARKED:
            _link(page, line, title, texts[0])


def _line_styles(page: Worksheet) -> list[tuple[StyleArray, StyleArray]]:
    """Make the styles of a problem's line, for text as it is and for what looks like a formula.

    To set each part of a style for each cell takes longer than all the rest.
    """
    styles = []
    for place in range(len(problem_list.COLUMNS)):
        cell = Cell(page, 1, place + 1)
        cell.alignment, cell.border = _alignment(place), _RULE
        plain = copy(cell._style)  # type: ignore[attr-defined]
        cell.quotePrefix = True
        styles.append((plain, copy(cell._style)))  # type: ignore[attr-defined]
    return styles


def _link(page: Worksheet, line: int, title: str, address: str) -> None:
    link = page.cell(line, 1)
    quoted = title.replace("'", "''")
    link.hyperlink = Hyperlink(ref=link.coordinate, location=f"'{quoted}'!{address}")
    link.font = Font(problem_list.FONT, color=f"FF{problem_list.LINK}", underline="single")


def _alignment(place: int) -> Alignment:
    return _RIGHT if place == problem_list.ROW_PLACE else _LEFT
