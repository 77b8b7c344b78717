"""What a workbook stores for a cell → what a person sees. Used by `sheet.worksheet`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from openpyxl.utils.datetime import CALENDAR_WINDOWS_1900, from_excel

from batch.sheet.formats import PLAIN, CellFormat
from batch.sheet.raw import Flaw

_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_TEXT_KINDS = ("str", "inlineStr")
_CACHED_NUMBERS = 100_000


@dataclass(slots=True)
class Shared:
    """What the worksheets of a workbook share.

    Attributes:
        formats: of cells; a cell names its own by its place here.
        struck_formats: places, as text, of those whose font is struck through.
        struck_strings: places of shared texts with a struck part.
        doubled_strings: places of shared texts that say two things.
        stale: formulas are to be computed anew; their values need not be what they give.
    """

    strings: list[str] = field(default_factory=list)
    formats: Sequence[CellFormat] = ()
    struck_formats: frozenset[str] = frozenset()
    struck_strings: set[int] = field(default_factory=set)
    doubled_strings: set[int] = field(default_factory=set)
    epoch: datetime = CALENDAR_WINDOWS_1900
    stale: bool = False


def qualified(tag: str) -> frozenset[str]:
    """Give the names that a tag of a workbook has, in both editions of the file format."""
    return frozenset(f"{namespace} {tag}" for namespace in _NAMESPACES)


def is_true(text: str) -> bool:
    """Read a flag of a workbook."""
    return text.strip().lower() not in ("0", "false", "off", "")


def unescape(text: str) -> str:
    """Undo the `_x000D_` form in which a workbook writes characters that XML lacks."""
    if "_x" not in text:
        return text
    text = _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    # The form speaks of UTF-16: two halves make one character.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def plain_number(stored: str) -> str:
    """Give the shortest plain text of the double that a numeric cell stores.

    Raises:
        ValueError: what is stored is no finite number.
    """
    if not _NUMBER.fullmatch(stored):
        raise ValueError(stored)
    text = repr(float(stored))
    if text.endswith(".0"):
        return text[:-2]
    if "inf" in text:
        raise ValueError(stored)
    return format(Decimal(text), "f") if "e" in text else text


class CellReader:
    """Reads the cells of one workbook."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._plain_numbers: dict[str, str] = {}

    def text_of(
        self, kind: str, style: str, stored: str | None, formula: str | None
    ) -> tuple[str, bool, Flaw | None]:
        """Read one cell.

        Args:
            kind: the cell's type in the file; `n` where it names none.
            style: number of its format; empty where it names none.
            stored: its value's text; None where it has none.
            formula: None where it has none.

        Returns:
            What a person sees, whether that is the digits of a native number, and what is odd.

        Raises:
            ValueError: no spreadsheet program would have stored this; the text says why.
        """
        if stored is None or (not stored and kind not in _TEXT_KINDS):
            if formula is None:
                return "", False, None
            return f"={formula}", False, Flaw.FORMULA_WITHOUT_VALUE
        if kind == "s":
            strings = self._shared.strings
            if not stored.isdecimal() or len(stored) > 9 or int(stored) >= len(strings):
                raise ValueError(f"there is no shared text {stored[:20]}")
            return strings[int(stored)], False, None
        if kind in _TEXT_KINDS:
            return unescape(stored), False, None
        if kind == "n":
            return self._number(style, stored)
        if kind == "b":
            return ("FALSE" if stored == "0" else "TRUE"), False, Flaw.BOOLEAN
        if kind == "e":
            return stored, False, Flaw.ERROR_VALUE
        if kind == "d":
            return stored, False, Flaw.DATE
        raise ValueError(f"there is no cell type {kind[:20]}")

    def _number(self, style: str, stored: str) -> tuple[str, bool, Flaw | None]:
        text = self._plain_numbers.get(stored)
        if text is None:
            try:
                text = plain_number(stored)
            except ValueError:
                raise ValueError(f"{stored[:20]} is no number") from None
            if len(self._plain_numbers) < _CACHED_NUMBERS:
                self._plain_numbers[stored] = text
        number_format = self._format(style)
        if number_format is None:
            return text, False, Flaw.UNKNOWN_FORMAT
        if number_format.kind == "percent":
            return f"{Decimal(text) * 100:f}%", False, Flaw.PERCENT_FORMAT
        if number_format.kind == "date":
            return self._date(text), False, Flaw.DATE
        if number_format.kind == "padded" and len(text) < number_format.width:
            return text.zfill(number_format.width), False, Flaw.PADDED_NUMBER
        if number_format.kind == "unshown":
            return text, False, Flaw.NUMBER_NOT_SHOWN
        return text, True, None

    def _format(self, style: str) -> CellFormat | None:
        """Give a cell's format: the first where it names none; None if there is no such."""
        if not self._shared.formats:
            return PLAIN
        try:
            number = int(style or "0")
        except ValueError:
            return None
        return self._shared.formats[number] if 0 <= number < len(self._shared.formats) else None

    def _date(self, text: str) -> str:
        try:
            moment = from_excel(float(text), self._shared.epoch)
        except (ValueError, OverflowError):
            return text
        return str(moment).removesuffix(" 00:00:00")
