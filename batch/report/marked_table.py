"""A plain workbook of an order sheet's table with its problems marked. Part of `report`, layer 2.

For a CSV, and for a workbook that cannot be copied with its looks.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, BinaryIO

from openpyxl.utils.cell import column_index_from_string
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.model import NUMBER_FIELDS, Column, Problem, Sheet
from batch.report import problem_list
from batch.report.cells import Cells, Look, open_workbook, text_tail
from batch.report.standing import SAVED_BY, problems_mark
from batch.report.text import exact_number, is_exact_number, visible

_TITLE_LIMIT = 31
_NOT_IN_A_TITLE = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f]")
_WIDEST, _NARROWEST = 60, 12
_A4 = 9
_BAD: dict[str, Any] = {"bg_color": f"#{problem_list.BAD}"}
_KEPT = 10_000
"""Texts of the list that are kept ready."""

Marks = dict[int, dict[int, list[Problem]]]
"""The problems to mark, by row number and by the column's place from 0."""


def write_marked_table(
    stream: BinaryIO,
    sheet: Sheet,
    problems: Sequence[Problem],
    *,
    reason: str = "",
    marked: int = problem_list.MARKED,
    listed: int = problem_list.LISTED,
) -> None:
    """Write the table, each record on the row of its own number, and the list of problems.

    Args:
        reason: why this is not the person's own workbook; empty for a CSV, which has no looks.
        marked, listed: how many cells get a comment, and how many problems a line.
    """
    title = _title(sheet)
    with open_workbook(stream) as workbook:
        mark = problems_mark(sheet.path.name)
        workbook.set_properties({"category": mark, "author": SAVED_BY})
        table = workbook.add_worksheet(title)
        page = workbook.add_worksheet(problem_list.free_title([title]))
        for worksheet in (table, page):
            worksheet.set_landscape()
            worksheet.set_paper(_A4)
            worksheet.fit_to_pages(1, 0)
        _write_table(table, Cells(workbook, table), sheet, _marks(sheet, problems), marked)
        _write_list(workbook, page, title, sheet, problems, reason, marked, listed)


def _write_table(
    table: Worksheet, cells: Cells, sheet: Sheet, marks: Marks, most_comments: int
) -> None:
    places = [column_index_from_string(column.letter) - 1 for column in sheet.columns]
    columns = dict(zip(places, sheet.columns, strict=True))
    table.freeze_panes(sheet.header_row, 0)
    table.repeat_rows(sheet.header_row - 1)
    for place, width in zip(places, _widths(sheet), strict=True):
        table.set_column(place, place, width)
    comments = 0
    quick = _QuickRows(cells, columns)
    for number, texts in _lines(sheet, marks):
        of_row = marks.get(number, {})
        if number != sheet.header_row and (not of_row or comments >= most_comments):
            quick.write(number - 1, places, texts, of_row)
            continue
        filled = dict(zip(places, texts, strict=True)) if texts else {}
        for place in sorted({*filled, *of_row}) if of_row else filled:
            style = _BAD if place in of_row else {}
            if number == sheet.header_row:
                style = {**style, "bold": True}
            _write_cell(
                cells, number - 1, place, columns.get(place), filled.get(place, ""), **style
            )
            if place in of_row:
                comments += 1
                _comment(table, number - 1, place, of_row[place])


class _QuickRows:
    """Writes the rows that have no comment, which are most of many."""

    def __init__(self, cells: Cells, columns: Mapping[int, Column]) -> None:
        self._cells = cells
        self._numeric = {place for place, one in columns.items() if one.field in NUMBER_FIELDS}
        self._looks: dict[tuple[int, bool], Look] = {}
        self._numbers = [cells.number_look(align="right", indent=1, **bad) for bad in ({}, _BAD)]
        self._widest = max(columns, default=-1) + 1

    def write(
        self, line: int, places: Sequence[int], texts: Sequence[str], bad: Collection[int]
    ) -> None:
        tails = [""] * max(self._widest, max(bad, default=-1) + 1)
        for place, text in zip(places, texts, strict=False):
            tails[place] = self._tail(place, text, place in bad) if text or place in bad else ""
        for place in bad:
            tails[place] = tails[place] or self._tail(place, "", is_bad=True)
        self._cells.write_row(line, tails)

    def _tail(self, place: int, text: str, is_bad: bool) -> str:
        if place in self._numeric and is_exact_number(text):
            return self._cells.number_tail(text, self._numbers[is_bad])
        look = self._looks.get((place, is_bad))
        if look is None:
            align = "right" if place in self._numeric else "left"
            look = self._cells.look(align=align, indent=1, **(_BAD if is_bad else {}))
            self._looks[(place, is_bad)] = look
        return text_tail(text, look)


def _write_cell(
    cells: Cells, line: int, place: int, column: Column | None, text: str, **style: object
) -> None:
    may_be_number = column is not None and column.field in NUMBER_FIELDS
    number = exact_number(text) if may_be_number and "bold" not in style else None
    align = "right" if may_be_number else "left"
    if number is not None:
        cells.number(line, place, number, align=align, indent=1, **style)
    elif text or style:
        cells.text(line, place, text, align=align, indent=1, **style)


def _lines(sheet: Sheet, marks: Marks) -> Iterator[tuple[int, Sequence[str]]]:
    """Give the rows to write from the top, those too that have nothing but a mark."""
    texts: dict[int, Sequence[str]] = {row.number: row.values for row in sheet.rows}
    texts[sheet.header_row] = [column.header for column in sheet.columns]
    for number in sorted({*texts, *marks}):
        yield number, texts.get(number, ())


def _comment(table: Worksheet, line: int, place: int, problems: Sequence[Problem]) -> None:
    words = visible(problem_list.comment_words(problems))
    width, height = problem_list.comment_size(words)
    size = {"width": width, "height": height, "author": problem_list.AUTHOR}
    table.write_comment(line, place, words, size)


def _write_list(
    workbook: Workbook,
    page: Worksheet,
    title: str,
    sheet: Sheet,
    problems: Sequence[Problem],
    reason: str,
    marked: int,
    listed: int,
) -> None:
    cells = Cells(workbook, page)
    for place, (_, width) in enumerate(problem_list.COLUMNS):
        page.set_column(place, place, width)
    page.set_row(0, problem_list.HEADING_POINTS)
    cells.text(0, 0, problem_list.heading(sheet, problems), bold=True, font_size=16)
    line = 1
    for remark in (
        "A copy to read and mend. The original file was not changed.",
        *([reason] if reason else []),
        *problem_list.remarks(problems, marked, listed),
    ):
        page.set_row(line, problem_list.remark_points(remark))
        style = cells.style(italic=True, text_wrap=True, align="left")
        page.merge_range(line, 0, line, len(problem_list.COLUMNS) - 1, visible(remark), style)
        line += 1
    line += 1
    page.set_row(line, problem_list.HEAD_POINTS)
    for place, (name, _) in enumerate(problem_list.COLUMNS):
        cells.text(line, place, name, **_head(place))
    page.freeze_panes(line + 1, 0)
    page.repeat_rows(line)
    shown = problems[:listed]
    page.autofilter(line, 0, line + len(shown), len(problem_list.COLUMNS) - 1)
    addresses = problem_list.Addresses(sheet)
    looks = [cells.look(**_line(place)) for place in range(len(problem_list.COLUMNS))]
    for problem in shown[:marked]:
        line += 1
        texts = problem_list.line_texts(addresses, problem)
        page.set_row(line, problem_list.line_points(texts))
        if texts[0]:
            _link(page, cells, line, title, texts[0])
        else:
            cells.put_text(line, 0, texts[0], looks[0])
        for place in range(1, len(texts)):
            if place == problem_list.ROW_PLACE and problem.row is not None:
                cells.number(line, place, problem.row, num_format="0", **_line(place))
            else:
                cells.put_text(line, place, texts[place], looks[place])
    _write_rest(cells, line, shown[marked:], addresses, looks)


def _write_rest(
    cells: Cells,
    line: int,
    problems: Sequence[Problem],
    addresses: problem_list.Addresses,
    looks: Sequence[Look],
) -> None:
    """Write the lines that have no link. Of many thousands, few texts are said only once."""
    place = problem_list.ROW_PLACE
    row_style = cells.look(num_format="0", **_line(place)).plain
    tails: dict[tuple[int, str], tuple[str, int]] = {}
    for problem in problems:
        line += 1
        texts = problem_list.line_texts(addresses, problem)
        of_line, most = [text_tail(texts[0], looks[0]), ""], 1
        of_line[place] = (
            text_tail("", looks[place])
            if problem.row is None
            else f'" s="{row_style}"><v>{problem.row}</v></c>'
        )
        for at in range(place + 1, len(texts)):
            key = (at, texts[at])
            known = tails.get(key)
            if known is None:
                if len(tails) >= _KEPT:
                    tails.clear()
                known = text_tail(texts[at], looks[at]), problem_list.lines_of(at, texts[at])
                tails[key] = known
            of_line.append(known[0])
            most = max(most, known[1])
        cells.write_row(line, of_line, problem_list.points_of(most))


def _link(page: Worksheet, cells: Cells, line: int, title: str, address: str) -> None:
    style = {**_line(0), "font_color": f"#{problem_list.LINK}", "underline": 1}
    quoted = title.replace("'", "''")
    page.write_url(line, 0, f"internal:'{quoted}'!{address}", cells.style(**style), address)


def _head(place: int) -> dict[str, Any]:
    return {**_line(place), "bold": True, "font_color": "#FFFFFF", "bg_color": problem_list.HEAD}


def _line(place: int) -> dict[str, Any]:
    return {
        "align": "right" if place == problem_list.ROW_PLACE else "left",
        "indent": 1,
        "text_wrap": True,
        "bottom": 1,
        "bottom_color": f"#{problem_list.RULE}",
    }


def _marks(sheet: Sheet, problems: Sequence[Problem]) -> Marks:
    marks: Marks = {}
    addresses = problem_list.Addresses(sheet)
    places: dict[str, int] = {}
    for problem in problems:
        if problem.row is None:
            continue
        letter = addresses.letter_of(problem)
        if letter not in places:
            places[letter] = column_index_from_string(letter) - 1
        marks.setdefault(problem.row, {}).setdefault(places[letter], []).append(problem)
    return marks


def _widths(sheet: Sheet) -> list[int]:
    longest = [len(column.header) for column in sheet.columns]
    for row in sheet.rows:
        longest = [max(most, len(text)) for most, text in zip(longest, row.values, strict=True)]
    return [min(max(length + 4, _NARROWEST), _WIDEST) for length in longest]


def _title(sheet: Sheet) -> str:
    title = _NOT_IN_A_TITLE.sub("_", visible(sheet.worksheet or ""))[:_TITLE_LIMIT].strip("' ")
    return title or "Orders"
