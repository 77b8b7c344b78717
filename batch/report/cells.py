"""Cells of a workbook: text that is never a formula, numbers to the digit. Part of `report`."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import BinaryIO

from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.report.text import exact_number, is_active, number_format, visible

MOMENT = 'yyyy-mm-dd hh:mm:ss.000 "UTC"'


# What XML reads as its own, and what Excel reads as the code of a character.
# `_x0041_` in a sheet is these seven letters, and not the A that Excel would make of them.
_MARKUP = re.compile(r"[&<>\r]|_(?=x[0-9A-Fa-f]{4}_)")
_IN_XML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "_x000D_", "_": "_x005F_"}
_OUTER_BLANK = re.compile(r"^\s|\s$")


class _Page(Worksheet):  # type: ignore[misc]
    """A worksheet that takes cells as XML, too: what XlsxWriter does for each takes four times as
    long as all the rest of a copy with 100,000 problems."""

    def put(self, row: int, column: int, xml: str) -> None:
        """Put a finished cell into a row, which may not be above the last one."""
        if self._check_dimensions(row, column) == 0:
            if row > self.previous_row:
                self._write_single_row(row)
            self.table[row][column] = xml

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

    def text(self, row: int, column: int, text: str | None, **properties: object) -> None:
        """Write text as text, whatever it looks like."""
        self.put_text(row, column, text, self.look(**properties))

    def put_text(self, row: int, column: int, text: str | None, look: Look) -> None:
        """Write text as text, whatever it looks like, in a style that is ready."""
        start = f'<c r="{self._letter(column)}{row + 1}" s="'
        if not text:
            self._page.put(row, column, f'{start}{look.plain}"/>')
            return
        text = visible(text)
        style = look.quoted if is_active(text) else look.plain
        kept = ' xml:space="preserve"' if _OUTER_BLANK.search(text) else ""
        text = _MARKUP.sub(_in_xml, text)
        xml = f'{start}{style}" t="inlineStr"><is><t{kept}>{text}</t></is></c>'
        self._page.put(row, column, xml)

    def number(self, row: int, column: int, number: Decimal | int, **properties: object) -> None:
        """Write a number as a numeric cell, or as text where that would lose digits."""
        number = Decimal(number)
        text = format(number, "f")
        if exact_number(text.removeprefix("-")) is None:
            self.text(row, column, text, **{**properties, "align": "right"})
            return
        properties.setdefault("num_format", number_format(number))
        style = self.look(**properties).plain
        # Every digit as it is: XlsxWriter writes 16 of a float, and those of 8.7 are not 8.7.
        place = f"{self._letter(column)}{row + 1}"
        self._page.put(row, column, f'<c r="{place}" s="{style}"><v>{text}</v></c>')

    def moment(self, row: int, column: int, moment: datetime, **properties: object) -> None:
        """Write a date and time, in UTC, as a date cell."""
        naive = moment.astimezone(UTC).replace(tzinfo=None)
        style = self.style(**{"align": "left", **properties, "num_format": MOMENT})
        self._page.write_datetime(row, column, naive, style)

    def _letter(self, column: int) -> str:
        letter = self._letters.get(column)
        if letter is None:
            letter = self._letters[column] = xl_col_to_name(column)
        return letter


def _in_xml(match: re.Match[str]) -> str:
    return _IN_XML[match[0]]
