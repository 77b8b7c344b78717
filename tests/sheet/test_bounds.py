"""Every dimension of a sheet has a bound, with a reason, and a sheet beyond it is refused."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from batch.sheet import Limits, companion, read
from batch.sheet import __name__ as sheet_room
from tests.sheet.writing import (
    HEADER,
    MAIN,
    OFFICE,
    RELATED,
    csv_text,
    header_xml,
    line,
    order_xml,
    refusal,
    text_cell,
    write_parts,
    write_text,
)

ORDERS = '<sheet name="Orders" sheetId="1" r:id="rId1"/>'
STYLES = f'<styleSheet xmlns="{MAIN}">%s</styleSheet>'


def rows(path: Path) -> Path:
    return write_text(path.parent, csv_text(line(), line(), line()))


def rows_of_a_workbook(path: Path) -> Path:
    return write_parts(path, header_xml() + order_xml(2) + order_xml(3) + order_xml(4))


def columns_of_a_workbook(path: Path) -> Path:
    header = header_xml().replace("</row>", f"{text_cell('Desk')}</row>")
    return write_parts(path, header + order_xml(2))


def columns_behind_a_gap(path: Path) -> Path:
    note = text_cell("x", "XX2")
    return write_parts(path, header_xml() + order_xml(2).replace("</row>", f"{note}</row>"))


def columns_of_text(path: Path) -> Path:
    return write_text(path.parent, f"{','.join(HEADER)},Desk\n{line()},x\n")


def header_text(path: Path) -> Path:
    return write_text(path.parent, f"{','.join(HEADER)},{'Desk ' * 60}\n{line()},x\n")


def lines(path: Path) -> Path:
    return write_text(path.parent, csv_text(line()) + "\r\n\r\n\n")


def line_text(path: Path) -> Path:
    return write_text(path.parent, csv_text(line(note="x" * 200)))


def parts(path: Path) -> Path:
    return write_parts(path, header_xml() + order_xml(2))


def deep(path: Path) -> Path:
    return write_parts(path, header_xml() + order_xml(2), after="<x>" * 200_000)


def relationships(path: Path) -> Path:
    more = "".join(f'<Relationship Id="x{n}" Type="a/b" Target="c"/>' for n in range(3))
    rels = f'<Relationships xmlns="{RELATED}">{more}</Relationships>'
    return write_parts(path, "", extra=[("xl/_rels/workbook.xml.rels", rels)])


def worksheets(path: Path) -> Path:
    sheets = "".join(f'<sheet name="S{n}" sheetId="{n}" r:id="rId1"/>' for n in range(3))
    return write_parts(path, header_xml() + order_xml(2), sheets=sheets)


def shared_texts(path: Path) -> Path:
    return write_parts(path, header_xml() + order_xml(2), strings="<si><t>x</t></si>" * 50)


def texts_of_cells(path: Path) -> Path:
    return write_parts(path, header_xml() + order_xml(2, note=text_cell("\u0415" * 1_000)))


def one_shared_text(path: Path) -> Path:
    strings = f"<si><t>{'x' * 600_000}</t></si>"
    return write_parts(path, header_xml() + order_xml(2), strings=strings)


def cell_text(path: Path) -> Path:
    return write_parts(path, header_xml() + order_xml(2, note=text_cell("x" * 200)))


def endless_cell(path: Path) -> Path:
    # Without an end, so that only what was read so far can tell.
    note = f'<c t="inlineStr"><is><t>{"x" * 600_000}'
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{header_xml()}<row>{note}'
    return write_parts(path, "", extra=[("xl/worksheets/sheet1.xml", sheet)])


def cell_formats(path: Path) -> Path:
    return write_parts(path, header_xml() + order_xml(2))  # has four


def number_formats(path: Path) -> Path:
    styles = "".join(f'<numFmt numFmtId="{n}" formatCode="0"/>' for n in range(200, 203))
    return write_parts(path, "", styles=f"<numFmts>{styles}</numFmts>")


def number_format(path: Path) -> Path:
    styles = f'<numFmts><numFmt numFmtId="200" formatCode="{"0" * 200}"/></numFmts>'
    return write_parts(path, "", styles=styles)


def fonts(path: Path) -> Path:
    return write_parts(path, "", styles="<fonts><font/><font/><font/></fonts>")


def merged_areas(path: Path) -> Path:
    merges = "".join(f'<mergeCell ref="J{n}:K{n}"/>' for n in range(1, 4))
    return write_parts(
        path, header_xml() + order_xml(2), after=f"<mergeCells>{merges}</mergeCells>"
    )


def column_widths(path: Path) -> Path:
    widths = '<cols><col min="1" max="1"/><col min="2" max="2"/><col min="3" max="3"/></cols>'
    sheet = (
        f'<worksheet xmlns="{MAIN}">{widths}<sheetData>{header_xml()}{order_xml(2)}</sheetData>'
        "</worksheet>"
    )
    return write_parts(path, "", extra=[("xl/worksheets/sheet1.xml", sheet)])


def array_formulas(path: Path) -> Path:
    note = '<c r="H2"><f t="array" ref="H2:H3">A1</f><v>1</v></c>'
    main = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{ORDERS}</sheets>'
        '<calcPr fullCalcOnLoad="1"/></workbook>'
    )
    sheet = header_xml() + order_xml(2).replace("</row>", f"{note}</row>")
    return write_parts(path, sheet, extra=[("xl/workbook.xml", main)])


CASES: list[tuple[Callable[[Path], Path], str, int, str]] = [
    (rows, "packed_bytes", 100, "file-too-large"),
    (rows, "rows", 2, "too-many-rows"),
    (rows, "cells", 20, "too-many-cells"),
    (rows_of_a_workbook, "workbook_cells", 20, "too-many-cells"),
    (columns_of_a_workbook, "columns", 7, "too-many-columns"),
    (columns_behind_a_gap, "columns", 100, "too-many-columns"),
    (columns_of_text, "columns", 7, "too-many-columns"),
    (header_text, "header_text", 255, "workbook-too-large"),
    (lines, "lines", 4, "too-many-lines"),
    (line_text, "line_text", 100, "workbook-too-large"),
    (parts, "unpacked_bytes", 100, "workbook-too-large"),
    (parts, "parts", 6, "workbook-too-large"),
    (parts, "tags", 20, "workbook-too-large"),
    (deep, "depth", 1_000, "workbook-too-large"),
    (relationships, "relationships", 2, "workbook-too-large"),
    (worksheets, "worksheets", 2, "workbook-too-large"),
    (shared_texts, "text_bytes", 1_000, "workbook-too-large"),
    (texts_of_cells, "text_bytes", 2_000, "workbook-too-large"),
    (one_shared_text, "text_bytes", 500_000, "workbook-too-large"),
    (cell_text, "cell_text", 100, "workbook-too-large"),
    (endless_cell, "cell_text", 100_000, "workbook-too-large"),
    (cell_formats, "cell_formats", 3, "workbook-too-large"),
    (number_formats, "number_formats", 2, "workbook-too-large"),
    (number_format, "number_format", 100, "workbook-too-large"),
    (fonts, "fonts", 2, "workbook-too-large"),
    (merged_areas, "merged_areas", 2, "workbook-too-large"),
    (column_widths, "column_widths", 2, "workbook-too-large"),
    (array_formulas, "array_formulas", 0, "workbook-too-large"),
]


@pytest.mark.parametrize(
    ("write", "name", "most", "code"),
    CASES,
    ids=[f"{write.__name__}-{name}" for write, name, _, _ in CASES],
)
def test_a_sheet_beyond_a_bound_is_refused(
    tmp_path: Path, write: Callable[[Path], Path], name: str, most: int, code: str
) -> None:
    path = write(tmp_path / "orders.xlsx")

    error = refusal(path, limits=Limits(**{name: most}))

    assert error.code == code
    assert f"at most {most:,} " in str(error)


def test_too_many_cells_of_a_workbook_have_two_ways_out(tmp_path: Path) -> None:
    path = rows_of_a_workbook(tmp_path / "orders.xlsx")

    words = str(refusal(path, limits=Limits(workbook_cells=20)))

    assert "at most 20 cells in a workbook, found more in 7 columns" in words
    assert "save the sheet as CSV (up to 5,000,000 cells of which are read)" in words
    assert "it grows with max_rows in [limits] of config.toml above 100,000" in words
    assert Limits.for_rows(150_000).workbook_cells == 1.5 * Limits().workbook_cells
    assert Limits().workbook_cells > 100_000 * 12


def test_every_bound_says_what_it_counts_and_why_and_has_a_case() -> None:
    tried = {name for _, name, _, _ in CASES} | {"record_lines"}

    for bound in fields(Limits):
        assert bound.metadata["what"]
        assert bound.metadata["why"]
        assert bound.name in tried


def test_a_quoted_field_of_more_lines_than_a_note_has_is_a_stray_quote(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line(note='"' + "\n" * 30 + '"')))

    error = refusal(path, limits=Limits(record_lines=20))

    assert error.code == "stray-quote"
    assert "line 2: expected quotes to be closed" in str(error)
    assert "a field of more than 20 lines" in str(error)


def test_delimiters_down_to_the_last_column_of_a_spreadsheet_are_no_columns(
    tmp_path: Path,
) -> None:
    more = "," * 16_000
    path = write_text(tmp_path, f"{','.join(HEADER)}{more}\n{line()}{more}\n")

    assert len(read(path).rows) == 1


def test_blank_cells_down_to_the_last_column_and_row_are_no_columns(tmp_path: Path) -> None:
    far = '<c r="XFD1" s="1"/>'
    header = header_xml().replace("</row>", f"{far}</row>")
    path = write_parts(tmp_path / "orders.xlsx", header + order_xml(2))

    assert len(read(path).columns) == len(HEADER)


@pytest.mark.parametrize(
    "blanks",
    [
        '<c r="H2" s="1"/>',
        '<c r="H2" s="1" />',
        '<c r="H2" s="1"></c>',
        '<c r="H2" s="1" t="n"/><c r="I2"/>',
        '<c/><c s="1"/><c></c>',
        '</row><row r="3" spans="1:7" s="1" customFormat="1"><c r="A3" s="1"/></row><row r="4">',
        '</row><row r="3"/><row r="4"/><row r="5">',
    ],
)
def test_row_24_what_holds_nothing_is_left_out_without_a_trace(tmp_path: Path, blanks: str) -> None:
    order = order_xml(2).replace("</row>", f"{blanks}</row>")
    path = write_parts(tmp_path / "orders.xlsx", header_xml() + order + order_xml(9))

    assert [row.number for row in read(path).rows] == [2, 9]


def test_row_24_a_blank_cell_still_holds_its_place_for_one_that_names_none(tmp_path: Path) -> None:
    rows = header_xml() + (
        '<row r="2"><c r="A2" s="0"/>' + "".join(map(text_cell, ("EUR/USD", "Buy"))) + "</row>"
    )

    (row,) = read(write_parts(tmp_path / "orders.xlsx", rows)).rows

    assert row.values[:3] == ("", "EUR/USD", "Buy")


def test_row_24_a_blank_row_still_holds_its_place_for_one_that_names_none(tmp_path: Path) -> None:
    order = order_xml(2).replace('<row r="2">', "<row>")

    (row,) = read(
        write_parts(tmp_path / "orders.xlsx", f'{header_xml()}<row r="6"></row>{order}')
    ).rows

    assert row.number == 7


@pytest.mark.parametrize(
    "text", ['<![CDATA[<c r="A1"/><c r="A2"/></row>]]>', '<!-- x --><![CDATA[<row r="1"/>]]>']
)
def test_row_24_what_looks_like_a_blank_cell_inside_a_text_is_kept(
    tmp_path: Path, text: str
) -> None:
    path = write_parts(tmp_path / "orders.xlsx", header_xml() + order_xml(2, note=text_cell(text)))

    note = read(path).rows[0].values[-1]

    assert note == text.replace("<!-- x -->", "").removeprefix("<![CDATA[").removesuffix("]]>")


def test_row_24_a_text_that_goes_over_two_chunks_is_kept(tmp_path: Path) -> None:
    blank = '<c r="A1"/><c r="A2"/>'
    for shift in range(-20, 21, 1):
        head = f'<?xml version="1.0"?><worksheet xmlns="{MAIN}"><sheetData>{header_xml()}'
        start = head
        filler = " " * ((1 << 18) - len(start) - len(order_xml(2)) + shift)
        note = text_cell(f"<![CDATA[{blank}]]>")
        sheet = f"{start}{filler}{order_xml(2, note=note)}</sheetData></worksheet>"
        path = write_parts(
            tmp_path / "orders.xlsx", "", extra=[("xl/worksheets/sheet1.xml", sheet)]
        )

        assert read(path).rows[0].values[-1] == blank


@pytest.mark.parametrize("encoding", ["utf-16", "iso-8859-1", "us-ascii"])
def test_row_24_a_worksheet_in_another_encoding_is_read(tmp_path: Path, encoding: str) -> None:
    blanks = '<c r="H2" s="1"/>'
    rows = header_xml() + order_xml(2).replace("</row>", f"{blanks}</row>")
    sheet = (
        f'<?xml version="1.0" encoding="{encoding}"?><worksheet xmlns="{MAIN}">'
        f"<sheetData>{rows}</sheetData></worksheet>"
    )
    path = write_parts(tmp_path / "orders.xlsx", "")
    with zipfile.ZipFile(path) as archive:
        others = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in others.items():
            archive.writestr(
                name, sheet.encode(encoding) if name.endswith("sheet1.xml") else content
            )

    assert len(read(path).rows) == 1


def test_a_failure_that_nobody_thought_of_is_a_damage_of_its_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("nobody thought of it")

    monkeypatch.setattr(f"{sheet_room}.kind_of", fail)

    error = refusal(rows(tmp_path / "orders.xlsx"))

    assert error.code == "damaged"
    assert "not known (ZeroDivisionError); open it in a spreadsheet program" in str(error)
    assert "nobody thought of it" in caplog.text


def test_a_sheet_for_which_the_memory_does_not_suffice_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(f"{sheet_room}.kind_of", fail)

    assert refusal(rows(tmp_path / "orders.xlsx")).code == "too-large-for-memory"


def test_row_48_a_sheet_has_no_companion_whose_name_would_be_too_long(tmp_path: Path) -> None:
    path = tmp_path / f"{'o' * 251}.csv"
    path.write_text(csv_text(line()))

    assert companion.read_companion(path) is None
