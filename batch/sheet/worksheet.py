"""One worksheet's XML → raw rows, in one pass and bounded memory. Used by `sheet.workbook`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from sys import getsizeof
from typing import TypeVar

from openpyxl.utils.cell import column_index_from_string, range_boundaries

from batch.sheet.bounds import damaged, require
from batch.sheet.package import Attributes, Package, PlainRows
from batch.sheet.raw import NO_POSITIONS, Area, Flaw, RawRow
from batch.sheet.values import CellReader, Shared, is_true, qualified

_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})", re.ASCII)
_PLAIN_CELL = re.compile(
    r'<c r="([A-Z]{1,3}[0-9]{1,7})"(?: s="([0-9]{1,9})")?(?: t="([a-zA-Z]{1,9})")?'
    r"(?:/>|><v>([^<]*)</v></c>|><is><t>([^<]*)</t></is></c>)"
)
# Less than this nobody sees: half a point, a tenth of a character.
_LEAST_HEIGHT = 0.5
_LEAST_WIDTH = 0.1
_EMPTY = getsizeof("")

_CELL = qualified("c")

_Action = TypeVar("_Action")


def _by_tag(**by_name: _Action) -> dict[str, _Action]:
    return {tag: action for name, action in by_name.items() for tag in qualified(name)}


class Worksheet:
    """One worksheet of an open workbook.

    Attributes:
        limits: of the workbook.
        merged: areas of merged cells; complete once all rows were drawn.
    """

    def __init__(self, package: Package, part: str, shared: Shared) -> None:
        self._package = package
        self._part = part
        self.limits = package.limits
        self._handler = _RowHandler(self, shared)
        self.merged: list[Area] = []

    def rows(self) -> Iterator[RawRow]:
        """Give the rows that hold anything, in order.

        Raises:
            SheetError: the worksheet is damaged, or larger than the limits.
        """
        handler = self._handler
        events = self._package.parse(
            self._part, handler.start, handler.end, handler.data, plain_rows=handler.plain_rows
        )
        for _ in events:
            handler.require_short()
            if handler.done:
                yield from handler.done
                handler.done.clear()

    def is_hidden(self, position: int) -> bool:
        """Tell whether a column cannot be seen; known once the first row was drawn."""
        return self._handler.hides(position + 1)

    def require(self, name: str, found: int) -> None:
        """Refuse the workbook where `found` goes beyond a limit."""
        require(f"{self._package.path}, {self._part}", self.limits, name, found)

    def damaged(self, what: str) -> Exception:
        """Word the refusal of the workbook for something in this worksheet."""
        return damaged(self._package.path, f"{self._part}: {what}")


class _RowHandler:
    """Takes a worksheet's XML events, gives rows in `done`."""

    def __init__(self, worksheet: Worksheet, shared: Shared) -> None:
        self._worksheet = worksheet
        self._shared = shared
        self._reader = CellReader(shared)
        self.plain_rows = PlainRows()
        self.done: list[RawRow] = []
        self._starts = _by_tag(
            v=self._start_value,
            f=self._start_formula,
            t=self._start_text,
            row=self._start_row,
            rPh=self._start_reading_aid,
            strike=self._start_strike,
            r=self._start_run,
            mergeCell=self._start_merged,
            col=self._start_column,
            sheetFormatPr=self._start_defaults,
        )
        self._ends = _by_tag(row=self._end_row, rPh=self._end_reading_aid, r=self._end_run)
        self._most_text = worksheet.limits.cell_text
        self._may_be_struck = bool(shared.struck_formats or shared.struck_strings)
        self._positions: dict[str, int] = {}
        self._same_sets: dict[tuple[int, ...], frozenset[int]] = {(): NO_POSITIONS}
        self._pieces: list[str] | None = None
        self._phonetic = False
        self._inside_run = False
        # Of the worksheet:
        self._columns: list[tuple[int, int, bool]] = []
        self._no_width = False
        self._no_height = False
        self._arrays: list[Area] = []
        self._text_bytes = 0
        # Of the row:
        self._number = 0
        self._hidden = False
        self._texts: list[str] = []
        self._numeric: list[int] = []
        self._struck: list[int] = []
        self._flaws: dict[int, Flaw] = {}
        # Of the cell:
        self._position = -1
        self._cell: Attributes = {}
        self._value: list[str] | None = None
        self._inline: list[str] | None = None
        self._formula: list[str] | None = None
        self._twice = False
        self._strike = False
        self._plain = False
        self._open_cells = 0
        self._is_touched = True  # one of these is not as it was before any cell

    def start(self, tag: str, attributes: Attributes) -> None:
        """Take the start of an element."""
        # Nearly all are cells, so these need not be looked up.
        if tag in _CELL:
            # Most cells of a sheet that is formatted to its end are empty: as little as possible.
            self._cell = attributes
            self._open_cells += 1
            if self._is_touched:
                self._formula = self._value = self._inline = None
                self._is_touched = self._twice = self._strike = self._plain = False
            return
        act = self._starts.get(tag)
        if act is not None:
            self._is_touched = True
            act(attributes)

    def data(self, piece: str) -> None:
        """Take a piece of text."""
        if self._pieces is not None:
            self._pieces.append(piece)

    def end(self, tag: str) -> None:
        """Take the end of an element."""
        self._pieces = None
        if tag in _CELL:
            self._end_cell()
            return
        act = self._ends.get(tag)
        if act is not None:
            act()

    def require_short(self) -> None:
        """Refuse a row or a cell that has no end, as long as it still fits."""
        self._worksheet.require("columns", len(self._texts))
        for pieces in (self._value, self._inline, self._formula):
            if pieces is not None:
                self._worksheet.require("cell_text", sum(map(len, pieces)))

    def hides(self, column: int) -> bool:
        """Tell whether a column, counted from 1, cannot be seen."""
        hidden = self._no_width
        for first, last, is_hidden in self._columns:
            if first <= column <= last:
                hidden = is_hidden
        return hidden

    def _start_defaults(self, attributes: Attributes) -> None:
        self._no_width = _is_below(attributes.get("defaultColWidth"), _LEAST_WIDTH)
        self._no_height = _is_below(attributes.get("defaultRowHeight"), _LEAST_HEIGHT)

    def _start_column(self, attributes: Attributes) -> None:
        first, last = attributes.get("min", ""), attributes.get("max", "")
        if not (first.isdecimal() and last.isdecimal() and len(first) < 9 and len(last) < 9):
            raise self._worksheet.damaged(f"there are no columns {first[:20]} to {last[:20]}")
        hidden = is_true(attributes.get("hidden", "0")) or _is_below(
            attributes.get("width"), _LEAST_WIDTH
        )
        self._columns.append((int(first), int(last), hidden))
        self._worksheet.require("column_widths", len(self._columns))

    def _start_row(self, attributes: Attributes) -> None:
        reference = attributes.get("r")
        number = self._number + 1
        if reference is not None:
            if not reference.isdecimal() or len(reference) > 7 or int(reference) < number:
                raise self._worksheet.damaged(f"row {reference[:20]} comes after {number - 1}")
            number = int(reference)
        self._number = number
        self._position = -1
        height = attributes.get("ht")
        self._hidden = is_true(attributes.get("hidden", "0")) or (
            self._no_height if height is None else _is_below(height, _LEAST_HEIGHT)
        )
        self._texts = []
        self._numeric = []
        self._struck = []
        self._flaws = {}
        plain = attributes.get(self.plain_rows.word)
        if plain is not None:
            self._take_plain(self.plain_rows.cells(plain))

    def _take_plain(self, cells: str) -> None:
        """Take all cells of a row, as their events would have told of them."""
        if self._open_cells or self._phonetic or self._inside_run:
            raise self._worksheet.damaged("it has a row within a cell")
        self._cell = {}
        self._formula = self._value = self._inline = None
        self._is_touched = self._twice = self._strike = self._plain = False
        for reference, style, kind, value, inline in _PLAIN_CELL.findall(cells):
            position = self._take_position(reference)
            if inline:
                self._take_cell(position, "inlineStr", style, inline, twice=kind != "inlineStr")
            elif value:
                self._take_cell(position, kind or "n", style, value, twice=kind == "inlineStr")

    def _take_position(self, reference: str | None) -> int:
        """Give the cell's position; one that names none follows the last."""
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
        self._twice = self._twice or self._value is not None
        self._pieces = self._value = []

    def _start_formula(self, attributes: Attributes) -> None:
        self._twice = self._twice or self._formula is not None
        self._pieces = self._formula = []
        if self._shared.stale and "ref" in attributes:
            # The other cells of an array have values only.
            self._arrays.append(self._area(attributes["ref"]))
            self._worksheet.require("array_formulas", len(self._arrays))

    def _start_text(self, _: Attributes) -> None:
        # Rich text comes in several runs, between them readings for Japanese that are not text.
        if not self._phonetic:
            # A plain text beside runs, or a second one: programs show one or the other.
            if not self._inside_run:
                self._twice = self._twice or self._inline is not None
                self._plain = True
            self._inline = self._pieces = self._inline or []

    def _start_run(self, _: Attributes) -> None:
        self._inside_run = True
        self._twice = self._twice or self._plain

    def _end_run(self) -> None:
        self._inside_run = False

    def _start_strike(self, attributes: Attributes) -> None:
        self._strike = self._strike or is_true(attributes.get("val", "1"))

    def _start_reading_aid(self, _: Attributes) -> None:
        self._phonetic = True

    def _end_reading_aid(self) -> None:
        self._phonetic = False

    def _end_cell(self) -> None:
        self._open_cells -= 1
        position = self._take_position(self._cell.get("r"))
        if self._value is None and self._formula is None and self._inline is None:
            return
        kind = self._cell.get("t", "n")
        stored = _joined(self._value)
        inline = _joined(self._inline)
        twice = self._twice
        if inline is not None:
            # A text inside, whatever else the cell says about itself.
            twice = twice or kind != "inlineStr" or bool(stored and stored != inline)
            stored, kind = inline, "inlineStr"
        elif kind == "inlineStr" and stored:
            twice = True
        self._take_cell(position, kind, self._cell.get("s", ""), stored, twice=twice)

    def _take_cell(
        self, position: int, kind: str, style: str, stored: str | None, *, twice: bool
    ) -> None:
        if stored is not None and len(stored) > self._most_text:
            self._worksheet.require("cell_text", len(stored))
        try:
            text, native, flaw = self._reader.text_of(kind, style, stored, _joined(self._formula))
        except ValueError as error:
            raise self._worksheet.damaged(str(error)) from None
        if not text:
            return
        if twice or (kind == "s" and _is_in(stored, self._shared.doubled_strings)):
            native, flaw = False, Flaw.TWO_VALUES
        elif self._shared.stale and flaw is None and self._is_computed(position):
            native, flaw = False, Flaw.STALE_FORMULA
        texts = self._texts
        if len(texts) < position:
            self._worksheet.require("columns", position + 1)
            texts.extend([""] * (position - len(texts)))
        texts.append(text)
        if native:
            self._numeric.append(position)
        if flaw is not None:
            self._flaws[position] = flaw
        if self._strike or (self._may_be_struck and self._is_struck(kind, style, stored)):
            self._struck.append(position)

    def _is_computed(self, position: int) -> bool:
        if self._formula is not None or not self._arrays:
            return self._formula is not None
        return any(
            area.first_row <= self._number <= area.last_row
            and area.first_position <= position <= area.last_position
            for area in self._arrays
        )

    def _is_struck(self, kind: str, style: str, stored: str | None) -> bool:
        if (style or "0") in self._shared.struck_formats:
            return True
        return kind == "s" and _is_in(stored, self._shared.struck_strings)

    def _end_row(self) -> None:
        if self._texts:
            self._worksheet.require("columns", len(self._texts))
            self._text_bytes += sum(map(getsizeof, self._texts)) - _EMPTY * len(self._texts)
            self._worksheet.require("text_bytes", self._text_bytes)
            numeric = tuple(self._numeric)
            self.done.append(
                RawRow(
                    self._number,
                    self._texts,
                    self._same_sets.setdefault(numeric, frozenset(numeric)),
                    self._flaws or None,
                    self._hidden,
                    frozenset(self._struck) if self._struck else NO_POSITIONS,
                )
            )

    def _start_merged(self, attributes: Attributes) -> None:
        self._worksheet.merged.append(self._area(attributes.get("ref", "")))
        self._worksheet.require("merged_areas", len(self._worksheet.merged))

    def _area(self, reference: str) -> Area:
        try:
            left, top, right, bottom = range_boundaries(reference)
        except (ValueError, TypeError):
            left = top = right = bottom = None
        if left is None or top is None or right is None or bottom is None:
            raise self._worksheet.damaged(f"there is no area {reference[:20]}")
        return Area(reference, top, bottom, left - 1, right - 1)


def _is_in(stored: str | None, strings: set[int]) -> bool:
    """Tell whether a cell shows one of these shared texts."""
    return bool(strings) and int(stored or "0") in strings


def _joined(pieces: list[str] | None) -> str | None:
    return None if pieces is None else "".join(pieces)


def _is_below(measure: str | None, least: float) -> bool:
    """Tell whether a height or width, however it is written, is too small to be seen."""
    try:
        return measure is not None and float(measure) < least
    except ValueError:
        return False
