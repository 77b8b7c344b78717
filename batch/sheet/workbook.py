"""The bytes of an XLSX workbook → its worksheets, and which of them holds the orders.

Read as a stream and in one pass, because everything that decides about a cell has to be seen
together: its stored digits, type, number format, whether a formula has a value, and whether its
row is hidden. openpyxl gives either formulas or values, and no hidden rows when streaming; what it
knows about number formats is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from openpyxl.utils.datetime import CALENDAR_MAC_1904

from batch.errors import Advice, SheetError
from batch.model import REQUIRED_FIELDS, shown
from batch.sheet.bounds import Limits, damaged, require
from batch.sheet.formats import classify
from batch.sheet.headers import TITLE_ROWS, fields_of, find_header
from batch.sheet.package import Attributes, Package
from batch.sheet.raw import RawRow
from batch.sheet.values import Shared, is_true, qualified, unescape
from batch.sheet.worksheet import Worksheet

_RELATIONSHIP_ID = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
_STRING_OVERHEAD = 60
_NUM_FMT, _NUM_FMTS = qualified("numFmt"), qualified("numFmts")
_XF, _CELL_XFS = qualified("xf"), qualified("cellXfs")
_FONT, _FONTS, _STRIKE = qualified("font"), qualified("fonts"), qualified("strike")
_ITEM, _TEXT, _READING_AID = qualified("si"), qualified("t"), qualified("rPh")
_RUN = qualified("r")
_ORDERS = "orders"
_NAMED = 20
_LOOKED_AT = 50  # worksheets; the top of each costs up to a twentieth of a second


@dataclass(frozen=True, slots=True)
class _Listed:
    name: str
    part: str
    visible: bool


class Workbook:
    """An XLSX workbook, open for reading."""

    def __init__(self, path: Path, content: bytes, limits: Limits) -> None:
        self._path = path
        self._limits = limits
        self._package = Package(path, content, limits)
        self._shared = Shared()
        main = [
            part
            for kind, part in self._package.relationships("").values()
            if kind == "officeDocument"
        ]
        if len(main) != 1:
            raise damaged(path, "it does not say which part is the workbook")
        related = self._package.relationships(main[0])
        self._listed = self._list_worksheets(main[0], related)
        by_kind: dict[str, str] = {}
        for kind, part in related.values():
            if kind in ("styles", "sharedStrings") and kind in by_kind:
                raise damaged(path, f"it has two parts for its {kind}")
            by_kind[kind] = part
        self._read_formats(by_kind.get("styles"))
        self._read_strings(by_kind.get("sharedStrings"))

    def __enter__(self) -> Workbook:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._package.close()

    def choose(
        self, wanted: str | None, known: Mapping[str, str], constant_fields: Collection[str]
    ) -> str:
        """Name the worksheet to read.

        Raises:
            SheetError: it is not there, or several could be meant.
        """
        names = ", ".join(f'"{shown(sheet.name)}"' for sheet in self._listed[:_NAMED])
        if len(self._listed) > _NAMED:
            names += f" and {len(self._listed) - _NAMED} more"
        if wanted is not None:
            for sheet in self._listed:
                if sheet.name.casefold() == wanted.casefold():
                    return sheet.name
            raise SheetError(
                f'{self._path}: there is no worksheet "{shown(wanted)}"; it has {names}',
                code="no-such-worksheet",
            )
        visible = [sheet.name for sheet in self._listed if sheet.visible]
        for name in visible:
            if name.strip().casefold() == _ORDERS:
                return name
        if len(visible) > _LOOKED_AT:
            raise SheetError(
                f'{self._path}: expected a worksheet named "Orders" among so many, found {names}.',
                code="which-worksheet",
                advice=Advice.NAME_WORKSHEET,
            )
        if len(visible) > 1:
            needed = set(REQUIRED_FIELDS).difference(constant_fields)
            fitting = []
            for name in visible:
                header = find_header(self._top(name), known, constant_fields)
                if header is not None and needed <= fields_of(header, known):
                    fitting.append(name)
        else:
            fitting = visible
        if len(fitting) == 1:
            return fitting[0]
        raise SheetError(
            f'{self._path}: expected one worksheet named "Orders", or one visible with the header '
            f"of an order sheet, found {len(fitting)} among {names}.",
            code="which-worksheet",
            advice=Advice.NAME_WORKSHEET,
        )

    def worksheet(self, name: str) -> Worksheet:
        """Open one of the listed worksheets."""
        part = next(sheet.part for sheet in self._listed if sheet.name == name)
        return Worksheet(self._package, part, self._shared)

    def _top(self, name: str) -> list[RawRow]:
        top: list[RawRow] = []
        for row in self.worksheet(name).rows():
            if row.number > TITLE_ROWS + 1:
                break
            top.append(row)
        return top

    def _list_worksheets(self, main: str, related: Mapping[str, tuple[str, str]]) -> list[_Listed]:
        listed: list[_Listed] = []
        names: set[str] = set()

        def start(tag: str, attributes: Attributes) -> None:
            if tag in qualified("workbookPr") and attributes.get("date1904") in ("1", "true"):
                self._shared.epoch = CALENDAR_MAC_1904
            if tag in qualified("calcPr") and _is_stale(attributes):
                self._shared.stale = True
            if tag in qualified("sheet"):
                require(self._path, self._limits, "worksheets", len(listed) + 1)
                relationship = next(
                    (attributes[key] for key in _RELATIONSHIP_ID if key in attributes), ""
                )
                kind, part = related.get(relationship, ("", ""))
                if kind == "worksheet":
                    visible = attributes.get("state", "visible") == "visible"
                    name = attributes.get("name", "")
                    # Which of the two counts is another thing in each program.
                    if name.casefold() in names:
                        raise damaged(self._path, f'it has two worksheets "{shown(name)}"')
                    names.add(name.casefold())
                    listed.append(_Listed(name, part, visible))

        _exhaust(self._package.parse(main, start))
        if not listed:
            raise damaged(self._path, "it has no worksheet")
        return listed

    def _read_formats(self, part: str | None) -> None:
        if part is None:
            return
        codes: dict[int, str] = {}
        cells: list[tuple[int, int]] = []
        struck: list[bool] = []
        inside: list[str] = []

        def start(tag: str, attributes: Attributes) -> None:
            above = inside[-1] if inside else ""
            inside.append(tag)
            # Formats for single conditions have numbers of their own, which may be the same.
            if tag in _NUM_FMT and above in _NUM_FMTS:
                code = attributes.get("formatCode", "")
                require(self._path, self._limits, "number_format", len(code))
                if codes.setdefault(_whole(attributes.get("numFmtId")), code) != code:
                    raise damaged(self._path, "two number formats have one number")
                require(self._path, self._limits, "number_formats", len(codes))
            elif tag in _XF and above in _CELL_XFS:
                require(self._path, self._limits, "cell_formats", len(cells) + 1)
                cells.append((_whole(attributes.get("numFmtId")), _whole(attributes.get("fontId"))))
            elif tag in _FONT and above in _FONTS:
                require(self._path, self._limits, "fonts", len(struck) + 1)
                struck.append(False)
            elif tag in _STRIKE and above in _FONT and struck and inside[-3] in _FONTS:
                struck[-1] = is_true(attributes.get("val", "1"))

        def end(_: str) -> None:
            inside.pop()

        _exhaust(self._package.parse(part, start, end))
        kinds = {number: classify(number, codes.get(number)) for number in {n for n, _ in cells}}
        self._shared.formats = [kinds[number] for number, _ in cells]
        self._shared.struck_formats = frozenset(
            str(place)
            for place, (_, font) in enumerate(cells)
            if font < len(struck) and struck[font]
        )

    def _read_strings(self, part: str | None) -> None:
        strings = self._shared.strings
        if part is None:
            return
        collecting = phonetic = struck = inside_run = False
        texts = runs = 0
        pieces: list[str] = []
        size = 0

        def start(tag: str, attributes: Attributes) -> None:
            nonlocal collecting, phonetic, struck, inside_run, texts, runs
            if tag in _TEXT:
                collecting = not phonetic
                texts += collecting and not inside_run
            elif tag in _RUN:
                inside_run = True
                runs += 1
            elif tag in _READING_AID:
                phonetic = True
            elif tag in _STRIKE:
                struck = struck or is_true(attributes.get("val", "1"))

        def end(tag: str) -> None:
            nonlocal collecting, phonetic, size, struck, inside_run, texts, runs
            if tag in _TEXT:
                collecting = False
            elif tag in _READING_AID:
                phonetic = False
            elif tag in _RUN:
                inside_run = False
            elif tag in _ITEM:
                if texts > 1 or (texts and runs):
                    self._shared.doubled_strings.add(len(strings))
                texts = runs = 0
                if struck:
                    self._shared.struck_strings.add(len(strings))
                    struck = False
                strings.append(unescape("".join(pieces)))
                pieces.clear()
                size += _STRING_OVERHEAD + len(strings[-1])

        def data(piece: str) -> None:
            if collecting:
                pieces.append(piece)

        for _ in self._package.parse(part, start, end, data):
            require(self._path, self._limits, "text_bytes", size + sum(map(len, pieces)))


def _is_stale(attributes: Attributes) -> bool:
    """Tell whether values of formulas need not be what the formulas give."""
    saved_uncomputed = not is_true(attributes.get("calcOnSave", "1"))
    return (
        is_true(attributes.get("fullCalcOnLoad", "0"))
        or not is_true(attributes.get("calcCompleted", "1"))
        or (attributes.get("calcMode") == "manual" and saved_uncomputed)
    )


def _exhaust(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 0
