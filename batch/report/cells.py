"""Cells of a workbook: text that is never a formula, numbers to the digit. Part of `report`."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, BinaryIO

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.report.text import exact_number, is_active, number_format, visible

MOMENT = 'yyyy-mm-dd hh:mm:ss.000 "UTC"'


@contextlib.contextmanager
def open_workbook(stream: BinaryIO) -> Iterator[Workbook]:
    """Open a workbook whose finished rows wait on the disk, and close it whatever happens."""
    with tempfile.TemporaryDirectory(prefix="orderbatch-", ignore_cleanup_errors=True) as folder:
        workbook = Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        try:
            yield workbook
            workbook.close()
        finally:
            for worksheet in workbook.worksheets():
                # Its rows so far may not fit on the disk: that has been said already.
                with contextlib.suppress(OSError):
                    worksheet.row_data_fh.close()


class Cells:
    """Writes cells of one worksheet, row by row from the top.

    Styles are XlsxWriter's format properties; equal ones are made once.
    """

    def __init__(self, workbook: Workbook, worksheet: Worksheet) -> None:
        self._workbook = workbook
        self._worksheet = worksheet
        self._styles: dict[tuple[tuple[str, object], ...], Format] = {}

    def style(self, **properties: object) -> Format:
        """Make, or find, the style with these properties."""
        key = tuple(properties.items())
        if key not in self._styles:
            self._styles[key] = self._workbook.add_format({"valign": "top", **properties})
        return self._styles[key]

    def text(self, row: int, column: int, text: str | None, **properties: object) -> None:
        """Write text as text, whatever it looks like."""
        if not text:
            self._worksheet.write_blank(row, column, None, self.style(**properties))
            return
        text = visible(text)
        if is_active(text):
            # Without the mark it would turn into a formula when somebody edits the cell.
            properties["quote_prefix"] = True
        style = self.style(**properties)
        if text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter would take it for its own rich text and write it as markup.
            self._worksheet.write_rich_string(row, column, text[0], text[1], text[2:], style)
        else:
            self._worksheet.write_string(row, column, text, style)

    def number(self, row: int, column: int, number: Decimal | int, **properties: object) -> None:
        """Write a number as a numeric cell, or as text where that would lose digits."""
        number = Decimal(number)
        text = format(number, "f")
        if exact_number(text.removeprefix("-")) is None:
            self.text(row, column, text, **{**properties, "align": "right"})
            return
        properties.setdefault("num_format", number_format(number))
        # As a Decimal: XlsxWriter writes 16 digits of a float, and those of 8.7 are not 8.7.
        value: Any = number
        self._worksheet.write_number(row, column, value, self.style(**properties))

    def moment(self, row: int, column: int, moment: datetime, **properties: object) -> None:
        """Write a date and time, in UTC, as a date cell."""
        naive = moment.astimezone(UTC).replace(tzinfo=None)
        style = self.style(**{"align": "left", **properties, "num_format": MOMENT})
        self._worksheet.write_datetime(row, column, naive, style)
