"""Cells of a workbook: text that is never a formula, numbers to the digit. Part of `report`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

TEXT_LIMIT = 32_767
DIGITS = 15

_PLAIN = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_ACTIVE = re.compile(r"\s*[=+\-@]|[\t\r]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CUT = " … [cut here: a cell holds no more; the whole text is in the .csv and .json reports]"
_CONTROL_PICTURES = 0x2400

MOMENT = 'yyyy-mm-dd hh:mm:ss.000 "UTC"'


def visible(text: str) -> str:
    """Replace what a workbook cannot hold by something that a person sees.

    Control characters become their pictures (NUL becomes ␀), and text beyond the limit of a cell
    is cut with a note.
    """
    text = _FORBIDDEN.sub(_picture, text)
    # Spreadsheet programs count UTF-16 units.
    units = text.encode("utf-16-le")
    if len(units) <= 2 * TEXT_LIMIT:
        return text
    return units[: 2 * (TEXT_LIMIT - len(_CUT))].decode("utf-16-le", "ignore") + _CUT


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == 0x7F else "\ufffd"


def is_active(text: str) -> bool:
    """Tell whether a spreadsheet program would take text for a formula if a person typed it."""
    return _ACTIVE.match(text) is not None


def exact_number(text: str) -> Decimal | None:
    """Read text as a number that a numeric cell holds digit for digit.

    Returns:
        None for everything but plain numbers of at most 15 significant digits.
    """
    if not _PLAIN.fullmatch(text):
        return None
    digits = text.replace(".", "").lstrip("0")
    # 30 decimals are the most that a number format can show.
    if len(digits) > DIGITS or len(text.partition(".")[2]) > 30:
        return None
    return Decimal(text)


def number_format(number: Decimal) -> str:
    """Give the format that shows every digit that the number was written with."""
    exponent = number.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return "#,##0" + ("." + "0" * decimals if decimals else "")


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
        key = tuple(sorted(properties.items()))
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
        if exact_number(text) is None:
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
