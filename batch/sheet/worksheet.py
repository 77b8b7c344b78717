"""One worksheet's XML → raw rows, in one pass and bounded memory. Used by `sheet.workbook`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from openpyxl.utils.cell import column_index_from_string, range_boundaries
from openpyxl.utils.datetime import from_excel

from batch.sheet.formats import PLAIN, CellFormat
from batch.sheet.package import Attributes, Package
from batch.sheet.raw import NO_POSITIONS, Area, Flaw, RawRow
from batch.sheet.source import damaged

_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LONGEST_TEXT = 32_767  # of a cell, by the file format


_Action = TypeVar("_Action")

Formats = Sequence[CellFormat]
_TEXT_KINDS = ("str", "inlineStr")


def qualified(tag: str) -> frozenset[str]:
    """Give the names that a tag of a workbook has, in both editions of the file format."""
    return frozenset(f"{namespace} {tag}" for namespace in _NAMESPACES)


def _by_tag(**by_name: _Action) -> dict[str, _Action]:
    return {tag: action for name, action in by_name.items() for tag in qualified(name)}


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


class Worksheet:
    """One worksheet of an open workbook.

    Attributes:
        merged: areas of merged cells; complete once all rows were drawn.
    """

    def __init__(
        self,
        package: Package,
        part: str,
        strings: Sequence[str],
        formats: Formats,
        epoch: datetime,
    ) -> None:
        self._package = package
        self._part = part
        self._strings = strings
        self._formats = formats
        self._epoch = epoch
        self._plain_numbers: dict[str, str] = {}
        self.merged: list[Area] = []

    def rows(self) -> Iterator[RawRow]:
        """Give the rows that hold anything, in order.

        Raises:
            SheetError: the worksheet is damaged.
        """
        handler = _RowHandler(self)
        for _ in self._package.parse(self._part, handler.start, handler.end, handler.data):
            if handler.done:
                yield from handler.done
                handler.done.clear()

    def damaged(self, what: str) -> Exception:
        """Word the refusal of the workbook for something in this worksheet."""
        return damaged(self._package.path, f"{self._part}: {what}")

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
        """
        if stored is None or (not stored and kind not in _TEXT_KINDS):
            if formula is None:
                return "", False, None
            return f"={formula}", False, Flaw.FORMULA_WITHOUT_VALUE
        if kind == "s":
            try:
                return self._strings[int(stored)], False, None
            except (ValueError, IndexError):
                raise self.damaged(f"there is no shared text {stored[:20]}") from None
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
        raise self.damaged(f"there is no cell type {kind[:20]}")

    def _number(self, style: str, stored: str) -> tuple[str, bool, Flaw | None]:
        text = self._plain_numbers.get(stored)
        if text is None:
            try:
                text = self._plain_numbers[stored] = plain_number(stored)
            except ValueError:
                raise self.damaged(f"{stored[:20]} is no number") from None
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
        if not self._formats:
            return PLAIN
        try:
            number = int(style or "0")
        except ValueError:
            return None
        return self._formats[number] if 0 <= number < len(self._formats) else None

    def _date(self, text: str) -> str:
        try:
            moment = from_excel(float(text), self._epoch)
        except (ValueError, OverflowError):
            return text
        return str(moment).removesuffix(" 00:00:00")


class _RowHandler:
    """Takes a worksheet's XML events, gives rows in `done`."""

    def __init__(self, worksheet: Worksheet) -> None:
        self._worksheet = worksheet
        self.done: list[RawRow] = []
        self._starts = _by_tag(
            c=self._start_cell,
            v=self._start_value,
            f=self._start_formula,
            t=self._start_text,
            row=self._start_row,
            rPh=self._start_reading_aid,
            mergeCell=self._start_merged,
        )
        self._ends = _by_tag(c=self._end_cell, row=self._end_row, rPh=self._end_reading_aid)
        self._positions: dict[str, int] = {}
        self._same_sets: dict[tuple[int, ...], frozenset[int]] = {(): NO_POSITIONS}
        self._pieces: list[str] | None = None
        self._phonetic = False
        # Of the row:
        self._number = 0
        self._hidden = False
        self._texts: list[str] = []
        self._numeric: list[int] = []
        self._flaws: dict[int, Flaw] = {}
        # Of the cell:
        self._position = -1
        self._cell: Attributes = {}
        self._value: list[str] | None = None
        self._formula: list[str] | None = None

    def start(self, tag: str, attributes: Attributes) -> None:
        """Take the start of an element."""
        act = self._starts.get(tag)
        if act is not None:
            act(attributes)

    def data(self, piece: str) -> None:
        """Take a piece of text."""
        if self._pieces is not None:
            self._pieces.append(piece)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        self._pieces = None
        act = self._ends.get(tag)
        if act is not None:
            act()

    def _start_row(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        number = self._number + 1
        if reference is not None:
            if not reference.isdecimal() or len(reference) > 7 or int(reference) < number:
                raise self._worksheet.damaged(f"row {reference[:20]} comes after {number - 1}")
            number = int(reference)
        self._number = number
        self._position = -1
        self._hidden = (
            attributes.get("hidden", "0") not in ("0", "false") or attributes.get("ht") == "0"
        )
        self._texts = []
        self._numeric = []
        self._flaws = {}

    def _start_cell(self, attributes: Attributes) -> None:
        # Most cells of a sheet that is formatted to its end are empty: as little as possible here.
        self._cell = attributes
        self._formula = None
        self._value = None

    def _take_position(self) -> int:
        """Give the cell's position; one that names none follows the last."""
        reference = self._cell.get("r")
        if reference is None:
            self._position += 1
            return self._position
        letters = reference.rstrip("0123456789")
        position = self._positions.get(letters)
        if position is None:
            if not _REFERENCE.fullmatch(reference):
                raise self._worksheet.damaged(f"there is no cell {reference[:20]}")
            position = self._positions[letters] = column_index_from_string(letters) - 1
        if position <= self._position:
            raise self._worksheet.damaged(f"cell {reference[:20]} is out of order")
        self._position = position
        return position

    def _start_value(self, _: Attributes) -> None:
        self._pieces = self._value = []

    def _start_formula(self, _: Attributes) -> None:
        self._pieces = self._formula = []

    def _start_text(self, _: Attributes) -> None:
        # Rich text comes in several runs, between them readings for Japanese that are not text.
        if not self._phonetic:
            self._value = self._pieces = self._value or []

    def _start_reading_aid(self, _: Attributes) -> None:
        self._phonetic = True

    def _end_reading_aid(self) -> None:
        self._phonetic = False

    def _end_cell(self) -> None:
        position = self._take_position()
        if self._value is None and self._formula is None:
            return
        stored = None if self._value is None else "".join(self._value)
        if stored is not None and len(stored) > _LONGEST_TEXT:
            raise self._worksheet.damaged("a cell holds more text than a cell can")
        formula = None if self._formula is None else "".join(self._formula)
        text, native, flaw = self._worksheet.text_of(
            self._cell.get("t", "n"), self._cell.get("s", ""), stored, formula
        )
        if not text:
            return
        texts = self._texts
        if len(texts) < position:
            texts.extend([""] * (position - len(texts)))
        texts.append(text)
        if native:
            self._numeric.append(position)
        if flaw is not None:
            self._flaws[position] = flaw

    def _end_row(self) -> None:
        if self._texts:
            numeric = tuple(self._numeric)
            self.done.append(
                RawRow(
                    self._number,
                    self._texts,
                    self._same_sets.setdefault(numeric, frozenset(numeric)),
                    self._flaws or None,
                    self._hidden,
                )
            )

    def _start_merged(self, attributes: Attributes) -> None:
        self._worksheet.merged.append(self._area(attributes.get("ref", "")))

    def _area(self, reference: str) -> Area:
        try:
            left, top, _, bottom = range_boundaries(reference)
        except (ValueError, TypeError):
            left = top = bottom = None
        if left is None or top is None or bottom is None:
            raise self._worksheet.damaged(f"there is no area {reference[:20]}")
        return Area(reference, top, bottom, left - 1)
