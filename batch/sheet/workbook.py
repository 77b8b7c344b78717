"""The bytes of an XLSX workbook → its worksheets, and which of them holds the orders.

Read as a stream and in one pass, because everything that decides about a cell has to be seen
together: its stored digits, type, number format, whether a formula has a value, and whether its
row is hidden. openpyxl gives either formulas or values, and no hidden rows when streaming; what it
knows about number formats is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType

from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900

from batch.errors import SheetError
from batch.model import REQUIRED_FIELDS
from batch.sheet.formats import CellFormat, classify
from batch.sheet.headers import TITLE_ROWS, fields_of, find_header
from batch.sheet.package import Attributes, Package
from batch.sheet.raw import RawRow
from batch.sheet.source import Limits, damaged
from batch.sheet.worksheet import Formats, Worksheet, qualified, unescape

_RELATIONSHIP_ID = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships id",
    "http://purl.oclc.org/ooxml/officeDocument/relationships id",
)
_STRING_OVERHEAD = 60
_ORDERS = "orders"


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
        self._package = Package(path, content)
        self._epoch: datetime = CALENDAR_WINDOWS_1900
        main = [
            part
            for kind, part in self._package.relationships("").values()
            if kind == "officeDocument"
        ]
        if len(main) != 1:
            raise damaged(path, "it does not say which part is the workbook")
        related = self._package.relationships(main[0])
        self._listed = self._list_worksheets(main[0], related)
        by_kind = dict(related.values())
        self._formats = self._read_formats(by_kind.get("styles"))
        self._strings = self._read_strings(by_kind.get("sharedStrings"))

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
        names = ", ".join(f'"{sheet.name}"' for sheet in self._listed)
        if wanted is not None:
            for sheet in self._listed:
                if sheet.name.casefold() == wanted.casefold():
                    return sheet.name
            raise SheetError(
                f'{self._path}: there is no worksheet "{wanted}"; it has {names}',
                code="no-such-worksheet",
            )
        visible = [sheet.name for sheet in self._listed if sheet.visible]
        for name in visible:
            if name.strip().casefold() == _ORDERS:
                return name
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
            f"of an order sheet, found {len(fitting)} among {names}; say which with --sheet",
            code="which-worksheet",
        )

    def worksheet(self, name: str) -> Worksheet:
        """Open one of the listed worksheets."""
        part = next(sheet.part for sheet in self._listed if sheet.name == name)
        return Worksheet(self._package, part, self._strings, self._formats, self._epoch)

    def _top(self, name: str) -> list[RawRow]:
        top: list[RawRow] = []
        for row in self.worksheet(name).rows():
            if row.number > TITLE_ROWS + 1:
                break
            top.append(row)
        return top

    def _list_worksheets(self, main: str, related: Mapping[str, tuple[str, str]]) -> list[_Listed]:
        listed: list[_Listed] = []

        def start(tag: str, attributes: Attributes) -> None:
            if tag in qualified("workbookPr") and attributes.get("date1904") in ("1", "true"):
                self._epoch = CALENDAR_MAC_1904
            if tag in qualified("sheet"):
                relationship = next(
                    (attributes[key] for key in _RELATIONSHIP_ID if key in attributes), ""
                )
                kind, part = related.get(relationship, ("", ""))
                if kind == "worksheet":
                    visible = attributes.get("state", "visible") == "visible"
                    listed.append(_Listed(attributes.get("name", ""), part, visible))

        _exhaust(self._package.parse(main, start))
        if not listed:
            raise damaged(self._path, "it has no worksheet")
        return listed

    def _read_formats(self, part: str | None) -> Formats:
        if part is None:
            return []
        codes: dict[int, str] = {}
        numbers: list[int] = []
        inside: list[str] = []
        cell_formats, number_formats = qualified("cellXfs"), qualified("numFmts")

        def start(tag: str, attributes: Attributes) -> None:
            above = inside[-1] if inside else ""
            inside.append(tag)
            # Formats for single conditions have numbers of their own, which may be the same.
            if tag in qualified("numFmt") and above in number_formats:
                codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif tag in qualified("xf") and above in cell_formats:
                numbers.append(_whole(attributes.get("numFmtId")))

        def end(_: str) -> None:
            inside.pop()

        _exhaust(self._package.parse(part, start, end))
        kinds: dict[int, CellFormat] = {}
        for number in set(numbers):
            kinds[number] = classify(number, codes.get(number))
        return [kinds[number] for number in numbers]

    def _read_strings(self, part: str | None) -> list[str]:
        strings: list[str] = []
        if part is None:
            return strings
        collecting = phonetic = False
        pieces: list[str] = []
        size = 0
        item, text, reading_aid = qualified("si"), qualified("t"), qualified("rPh")

        def start(tag: str, _: Attributes) -> None:
            nonlocal collecting, phonetic
            if tag in text:
                collecting = not phonetic
            elif tag in reading_aid:
                phonetic = True

        def end(tag: str) -> None:
            nonlocal collecting, phonetic, size
            if tag in text:
                collecting = False
            elif tag in reading_aid:
                phonetic = False
            elif tag in item:
                strings.append(unescape("".join(pieces)))
                pieces.clear()
                size += _STRING_OVERHEAD + len(strings[-1])
                if size > self._limits.text_bytes:
                    raise SheetError(
                        f"{self._path}: the workbook holds more text than an order sheet can; "
                        "copy the orders into a fresh workbook",
                        code="workbook-too-large",
                    )

        def data(piece: str) -> None:
            if collecting:
                pieces.append(piece)

        _exhaust(self._package.parse(part, start, end, data))
        return strings


def _exhaust(steps: Iterator[None]) -> None:
    for _ in steps:
        pass


def _whole(text: str | None) -> int:
    return int(text) if text is not None and text.isdecimal() and len(text) < 10 else 0
