"""Files within the limits of size that cost a careless reader minutes or gigabytes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.sheet.writing import (
    HEADER,
    MAIN,
    OFFICE,
    RELATED,
    csv_text,
    header_xml,
    line,
    order_xml,
    text_cell,
)

Pieces = Iterable[str]

_TYPES = "<Types/>"
_ROOT = (
    f'<Relationships xmlns="{RELATED}"><Relationship Id="a" Type="{OFFICE}/officeDocument" '
    'Target="xl/workbook.xml"/></Relationships>'
)
_ORDERS = '<sheet name="Orders" sheetId="1" r:id="rId1"/>'


def _related(more: Pieces = ()) -> Pieces:
    yield f'<Relationships xmlns="{RELATED}">'
    for number, (kind, target) in enumerate(
        [
            ("worksheet", "worksheets/sheet1.xml"),
            ("styles", "styles.xml"),
            ("sharedStrings", "sharedStrings.xml"),
        ],
        1,
    ):
        yield f'<Relationship Id="rId{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
    yield from more
    yield "</Relationships>"


def _write(path: Path, **changed: Pieces) -> Path:
    """Write a workbook part by part, with pieces of other content where a name says so."""
    parts: dict[str, tuple[str, str, Pieces, str]] = {
        "workbook": (
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>',
            [_ORDERS],
            "</sheets></workbook>",
        ),
        "related": ("xl/_rels/workbook.xml.rels", "", _related(), ""),
        "sheet": (
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{MAIN}">',
            [f"<sheetData>{header_xml()}{order_xml(2)}</sheetData>"],
            "</worksheet>",
        ),
        "styles": (
            "xl/styles.xml",
            f'<styleSheet xmlns="{MAIN}">',
            ['<cellXfs><xf numFmtId="0"/></cellXfs>'],
            "</styleSheet>",
        ),
        "strings": ("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}">', [], "</sst>"),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _ROOT)
        for key, (name, before, content, after) in parts.items():
            with archive.open(name, "w", force_zip64=True) as part:
                part.write(before.encode())
                for piece in changed.get(key, content):
                    part.write(piece.encode())
                part.write(after.encode())
    return path


def _sheet_data(rows: Pieces) -> Iterator[str]:
    yield "<sheetData>"
    yield from rows
    yield "</sheetData>"


def _times(piece: str, count: int, at_once: int = 1_000) -> Iterator[str]:
    for _ in range(count // at_once):
        yield piece * at_once


def _letters(position: int) -> str:
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def columns_of_one_name(path: Path) -> Path:
    cells = "".join(text_cell("Desk") for _ in range(16_384 - len(HEADER)))
    row = header_xml().replace("</row>", f"{cells}</row>")
    return _write(path, sheet=_sheet_data([row, order_xml(2)]))


def columns_of_many_names(path: Path) -> Path:
    cells = "".join(text_cell(f"Header number {n}") for n in range(16_384 - len(HEADER)))
    row = header_xml().replace("</row>", f"{cells}</row>")
    return _write(path, sheet=_sheet_data([row, order_xml(2)]))


def cells_without_references(path: Path) -> Path:
    cells = "".join(f"<c t='inlineStr'><is><t>h{n}</t></is></c>" for n in range(500_000))
    row = header_xml().replace("</row>", f"{cells}</row>")
    return _write(path, sheet=_sheet_data([row, order_xml(2)]))


def columns_of_text(path: Path) -> Path:
    names = ",".join(f"Column {n}" for n in range(200_000))
    path.write_text(f"{','.join(HEADER)},{names}\n{line()}{',' * 200_000}\n")
    return path


def columns_of_text_without_a_header(path: Path) -> Path:
    path.write_text(",".join(f"c{n}" for n in range(5_000_000)) + "\n")
    return path


def number_format_of_quotes(path: Path) -> Path:
    code = "&quot;" * 300_000
    return _write(
        path,
        styles=[
            f'<numFmts><numFmt numFmtId="170" formatCode="{code}"/></numFmts>'
            '<cellXfs><xf numFmtId="170"/></cellXfs>'
        ],
    )


def many_number_formats(path: Path) -> Path:
    formats = "".join(
        f'<numFmt numFmtId="{n}" formatCode="{"[" * 900}"/>' for n in range(200, 60_000)
    )
    return _write(path, styles=[f"<numFmts>{formats}</numFmts>"])


def many_cell_formats(path: Path) -> Path:
    return _write(path, styles=["<cellXfs>", *_times("<xf/>", 40_000_000), "</cellXfs>"])


def many_fonts(path: Path) -> Path:
    return _write(path, styles=["<fonts>", *_times("<font/>", 40_000_000), "</fonts>"])


def many_merges(path: Path) -> Path:
    merges = (f'<mergeCell ref="J{n}:K{n}"/>' for n in range(1, 1_000_001))
    return _write(
        path,
        sheet=[
            *_sheet_data([header_xml(), order_xml(2)]),
            "<mergeCells>",
            *merges,
            "</mergeCells>",
        ],
    )


def many_worksheets(path: Path) -> Path:
    return _write(path, workbook=_times(_ORDERS, 5_000_000))


def _wide_titles() -> Iterator[str]:
    for number in range(1, 22):
        cells = "".join(text_cell("x", f"{_letters(place)}{number}") for place in range(400))
        yield f'<row r="{number}">{cells}</row>'


def _worksheets_of_one_part(path: Path, count: int) -> Path:
    sheets = [f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(count)]
    return _write(path, workbook=sheets, sheet=_sheet_data(_wide_titles()))


def worksheets_that_are_one_part(path: Path) -> Path:
    return _worksheets_of_one_part(path, 300)


def as_many_worksheets_as_may_be(path: Path) -> Path:
    return _worksheets_of_one_part(path, 250)


def many_relationships(path: Path) -> Path:
    more = (f'<Relationship Id="x{n}" Type="a/b" Target="c"/>' for n in range(2_000_000))
    return _write(path, related=_related(more))


def many_column_widths(path: Path) -> Path:
    columns = _times('<col min="1" max="1" width="9"/>', 5_000_000)
    return _write(
        path, sheet=["<cols>", *columns, "</cols>", *_sheet_data([header_xml(), order_xml(2)])]
    )


def lines_of_one_quote(path: Path) -> Path:
    path.write_bytes(b'"\n' * 24_000_000)
    return path


def lines_of_one_quote_below_a_header(path: Path) -> Path:
    path.write_bytes(csv_text(line()).encode() + b'"\n' * 24_000_000)
    return path


def blank_lines(path: Path) -> Path:
    path.write_bytes(b"\n" * 48_000_000)
    return path


def blank_lines_below_a_header(path: Path) -> Path:
    path.write_bytes(csv_text(line()).encode() + b"\r" * 48_000_000)
    return path


def lines_of_commas(path: Path) -> Path:
    path.write_bytes(csv_text(line()).encode() + (b"," * 400 + b"\n") * 120_000)
    return path


def one_long_line(path: Path) -> Path:
    path.write_bytes(csv_text(line()).encode() + b"x" * 48_000_000)
    return path


def text_with_one_rare_letter(path: Path) -> Path:
    path.write_text(csv_text(*[line()] * 90_000, line(note="\U0001f600"), *[line()] * 9_000))
    return path


def long_titles(path: Path) -> Path:
    def rows() -> Iterator[str]:
        for number in range(1, 22):
            cells = "".join(text_cell("Size \u0415" * 5_000) for _ in range(400))
            yield f'<row r="{number}">{cells}</row>'

    return _write(path, sheet=_sheet_data(rows()))


def long_titles_of_text(path: Path) -> Path:
    title = ",".join(["Size of it" * 199] * 490)
    path.write_text(f"{title}\n" * 20 + csv_text(line()))
    return path


def many_short_titles(path: Path) -> Path:
    title = ",".join(["Size of an order and what it is for " * 2] * 490)
    path.write_text(f"{title}\n" * 20 + csv_text(line()))
    return path


def styled_blank_rows(path: Path) -> Path:
    def rows() -> Iterator[str]:
        yield header_xml()
        yield order_xml(2)
        for number in range(3, 1_048_576):
            blanks = "".join(f'<c r="{letters}{number}" s="0"/>' for letters in "ABCDEFGHIJ")
            yield f'<row r="{number}" spans="1:10" s="0" customFormat="1">{blanks}</row>'

    return _write(path, sheet=_sheet_data(rows()))


def blank_rows_without_references(path: Path) -> Path:
    rows = _times(f"<row>{'<c/>' * 10}</row>", 1_000_000)
    return _write(path, sheet=_sheet_data([header_xml(), order_xml(2), *rows]))


def tags_of_nothing(path: Path) -> Path:
    return _write(path, sheet=_times("<x/>", 100_000_000))


def tags_within_tags(path: Path) -> Path:
    return _write(path, sheet=_times("<x>", 30_000_000))


def text_without_end(path: Path) -> Path:
    text = _times("x", 400_000_000, 1_000_000)
    row = ['<row r="2"><c t="inlineStr"><is><t>', *text, "</t></is></c></row>"]
    return _write(path, sheet=_sheet_data([header_xml(), *row]))


def shared_text_without_end(path: Path) -> Path:
    return _write(path, strings=["<si><t>", *_times("x", 400_000_000, 1_000_000), "</t></si>"])


def many_shared_texts(path: Path) -> Path:
    return _write(path, strings=_times("<si/>", 60_000_000))


def attributes_of_one_tag(path: Path) -> Path:
    attributes = " ".join(f'a{n}="1"' for n in range(150_000))
    return _write(path, sheet=[f"<x {attributes}/>" * 20])


HOSTILE: tuple[Callable[[Path], Path], ...] = (
    columns_of_one_name,
    columns_of_many_names,
    cells_without_references,
    columns_of_text,
    columns_of_text_without_a_header,
    number_format_of_quotes,
    many_number_formats,
    many_cell_formats,
    many_fonts,
    many_merges,
    many_worksheets,
    worksheets_that_are_one_part,
    as_many_worksheets_as_may_be,
    many_relationships,
    many_column_widths,
    lines_of_one_quote,
    lines_of_one_quote_below_a_header,
    blank_lines,
    blank_lines_below_a_header,
    lines_of_commas,
    one_long_line,
    text_with_one_rare_letter,
    long_titles,
    long_titles_of_text,
    many_short_titles,
    styled_blank_rows,
    blank_rows_without_references,
    tags_of_nothing,
    tags_within_tags,
    text_without_end,
    shared_text_without_end,
    many_shared_texts,
    attributes_of_one_tag,
)
"""Each writes its file and gives its path; whether the file is a workbook says its content."""
