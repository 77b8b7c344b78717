"""Cells of a workbook: text that is never a formula, numbers to the digit. Part of `report`."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import BinaryIO

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.report.text import is_active, is_exact_number, number_format, visible

MOMENT = 'yyyy-mm-dd hh:mm:ss.000 "UTC"'


# What XML reads as its own, and what Excel reads as the code of a character.
# `_x0041_` in a sheet is these seven letters, and not the A that Excel would make of them.
_MARKUP = re.compile(r"[&<>\r]|_(?=x[0-9A-Fa-f]{4}_)")
_IN_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "_x000D_", "_": "_x005F_"}
_FIRST_DAY = datetime(1899, 12, 30, tzinfo=UTC)
"""From which spreadsheet programs count days; right from March 1900 on."""
_DAY_S = 24 * 60 * 60


class _Page(Worksheet):  # type: ignore[misc]
    """A worksheet that takes cells as XML, too: what XlsxWriter does for each takes four times as
    long as all the rest of a copy with 100,000 problems."""

    def put(self, row: int, column: int, xml: str) -> None:
        """Put a finished cell into a row, which may not be above the last one."""
        if self._check_dimensions(row, column) == 0:
            if row > self.previous_row:
                self._write_single_row(row)
            self.table[row][column] = xml

    def put_row(self, row: int, cells: Sequence[str]) -> None:
        """Put the finished cells of a whole row, from the first column on, below the last row."""
        if self._check_dimensions(row, len(cells) - 1) == 0:
            self.put(row, 0, "".join(cells))

    def write_row(self, row: int, cells: Sequence[str], points: float | None) -> None:
        """Write the finished cells of a whole row below the last one, and never touch it again.

        Args:
            points: its height; None for the usual one.
        """
        if self._check_dimensions(row, len(cells) - 1) == 0:
            self._write_single_row(row)  # the one before, where that still waits
            height = "" if points is None else f' ht="{points:.16g}" customHeight="1"'
            self.fh.write(f'<row r="{row + 1}"{height}>{"".join(cells)}</row>')

    def _write_cell(self, row: int, col: int, cell: object) -> None:
        if isinstance(cell, str):
            self.fh.write(cell)
        else:
            super()._write_cell(row, col, cell)


@contextlib.contextmanager
def open_workbook(stream: BinaryIO) -> Iterator[Workbook]:
    """Open a workbook whose finished rows wait on the disk, and close it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="orderbatch-", ignore_cleanup_errors=True) as folder:
        workbook = Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        workbook.worksheet_class = _Page
        try:
            yield workbook
            workbook.close()
        finally:
            for worksheet in workbook.worksheets():
                # Its rows so far may not fit on the disk: that has been said already.
                with contextlib.suppress(OSError):
                    worksheet.row_data_fh.close()


@dataclass(frozen=True, slots=True)
class Look:
    """A style of cells, ready to be written.

    Attributes:
        plain: the number of the style.
        quoted: that of the same style for text that would turn into a formula when somebody edits
            the cell.
    """

    plain: int
    quoted: int


@dataclass(frozen=True, slots=True)
class NumberLook:
    """A style of numbers, ready to be written.

    Attributes:
        by_decimals: the number of the style that shows so many decimals.
    """

    properties: Mapping[str, object]
    by_decimals: dict[int, int] = field(default_factory=dict)


class Cells:
    """Writes cells of one worksheet, row by row from the top.

    Styles are XlsxWriter's format properties; equal ones are made once.
    """

    def __init__(self, workbook: Workbook, worksheet: Worksheet) -> None:
        if not isinstance(worksheet, _Page):
            raise TypeError("expected a worksheet of a workbook that open_workbook opened")
        self._workbook = workbook
        self._page: _Page = worksheet
        self._styles: dict[tuple[tuple[str, object], ...], Format] = {}
        self._looks: dict[tuple[tuple[str, object], ...], Look] = {}
        self._letters: dict[int, str] = {}

    def style(self, **properties: object) -> Format:
        """Make, or find, the style with these properties."""
        key = tuple(properties.items())
        if key not in self._styles:
            self._styles[key] = self._workbook.add_format({"valign": "top", **properties})
        return self._styles[key]

    def look(self, **properties: object) -> Look:
        """Make, or find, the style with these properties, for many cells."""
        key = tuple(properties.items())
        look = self._looks.get(key)
        if look is None:
            quoted = self.style(**{**properties, "quote_prefix": True})
            plain = self.style(**properties)
            look = Look(plain._get_xf_index(), quoted._get_xf_index())
            self._looks[key] = look
        return look

    def number_look(self, **properties: object) -> NumberLook:
        """Make the style of numbers with these properties, for many cells."""
        return NumberLook(properties)

    def moment_look(self, **properties: object) -> Look:
        """Make the style of moments with these properties, for many cells."""
        return self.look(**{"align": "left", **properties, "num_format": MOMENT})

    def text(self, row: int, column: int, text: str | None, **properties: object) -> None:
        """Write text as text, whatever it looks like."""
        self.put_text(row, column, text, self.look(**properties))

    def put_text(self, row: int, column: int, text: str | None, look: Look) -> None:
        """Write text as text, whatever it looks like, in a style that is ready."""
        self._page.put(row, column, self.text_cell(row, column, text, look))

    def number(self, row: int, column: int, number: Decimal | int, **properties: object) -> None:
        """Write a number as a numeric cell, or as text where that would lose digits."""
        digits = format(Decimal(number), "f")
        cell = self.number_cell(row, column, digits, self.number_look(**properties))
        self._page.put(row, column, cell)

    def moment(self, row: int, column: int, moment: datetime, **properties: object) -> None:
        """Write a date and time, in UTC, as a date cell."""
        cell = self.moment_cell(row, column, moment, self.moment_look(**properties))
        self._page.put(row, column, cell)

    def put_row(self, row: int, cells: Sequence[str]) -> None:
        """Write a whole row, from the first column on, of what the methods below give."""
        self._page.put_row(row, cells)

    def write_row(self, row: int, tails: Sequence[str], points: float | None = None) -> None:
        """Write a whole row that has no comment, as quickly as it goes.

        Args:
            tails: of each cell from the first column on what follows its place in XML; empty for
                no cell.
            points: the height of the row; None for the usual one.
        """
        cells = [
            f'<c r="{self._letter(column)}{row + 1}{tail}' if tail else ""
            for column, tail in enumerate(tails)
        ]
        self._page.write_row(row, cells, points)

    def text_cell(self, row: int, column: int, text: str | None, look: Look) -> str:
        """Give a cell of text as XML."""
        return f'<c r="{self._letter(column)}{row + 1}{text_tail(text, look)}'

    def number_cell(self, row: int, column: int, digits: str, look: NumberLook) -> str:
        """Give a numeric cell as XML, or one of text where that would lose digits.

        Args:
            digits: of the number, without an exponent.
        """
        return f'<c r="{self._letter(column)}{row + 1}{self.number_tail(digits, look)}'

    def number_tail(self, digits: str, look: NumberLook) -> str:
        """Give what follows the place in a number's cell; see `number_cell`."""
        if not is_exact_number(digits.removeprefix("-")):
            return text_tail(digits, self.look(**{**look.properties, "align": "right"}))
        decimals = len(digits.partition(".")[2])
        style = look.by_decimals.get(decimals)
        if style is None:
            shown = {"num_format": number_format(decimals), **look.properties}
            style = look.by_decimals[decimals] = self.look(**shown).plain
        # Every digit as it is: XlsxWriter writes 16 of a float, and those of 8.7 are not 8.7.
        return f'" s="{style}"><v>{digits}</v></c>'

    def moment_cell(self, row: int, column: int, moment: datetime, look: Look) -> str:
        """Give a cell with a date and time, in UTC, as XML."""
        since = moment - _FIRST_DAY
        days = since.days + (since.seconds + since.microseconds / 1e6) / _DAY_S
        place = f"{self._letter(column)}{row + 1}"
        return f'<c r="{place}" s="{look.plain}"><v>{days:.16G}</v></c>'

    def _letter(self, column: int) -> str:
        letter = self._letters.get(column)
        if letter is None:
            letter = self._letters[column] = xl_col_to_name(column)
        return letter


def text_tail(text: str | None, look: Look) -> str:
    """Give what follows the place in a cell of text."""
    if not text:
        return f'" s="{look.plain}"/>'
    text = visible(text)
    style = look.quoted if is_active(text) else look.plain
    kept = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
    text = _MARKUP.sub(_in_xml, text)
    return f'" s="{style}" t="inlineStr"><is><t{kept}>{text}</t></is></c>'


def _in_xml(match: re.Match[str]) -> str:
    return _IN_XML[match[0]]
