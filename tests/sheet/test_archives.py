"""The archive around a workbook: names of parts, two parts of one name, odd packing."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.sheet.writing import (
    MAIN,
    check,
    found_in,
    header_xml,
    order_xml,
    refusal,
    write_parts,
)

CASES = Path(__file__).parent / "cases"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


def plain_parts(path: Path) -> dict[str, bytes]:
    write_parts(path, header_xml() + order_xml(2))
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write_archive(path: Path, parts: Mapping[str, bytes], compression: int = 8) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in parts.items():
            # The constructor would turn the separators of Windows into its own.
            info = zipfile.ZipInfo("x")
            info.filename = name
            info.compress_type = compression
            archive.writestr(info, content)
    return path


def other_sheet() -> bytes:
    order = order_xml(2).replace("1000000", "9000000")
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{header_xml()}{order}</sheetData></worksheet>'
    return sheet.encode()


@pytest.mark.parametrize(
    "second",
    [
        "xl/worksheets/Sheet1.xml",
        "XL/WORKSHEETS/SHEET1.XML",
        "xl\\worksheets\\sheet1.xml",
        "/xl/worksheets/sheet1.xml",
        "xl/worksheets/sheet%31.xml",
    ],
)
def test_row_42_two_parts_whose_names_mean_the_same_refuse_the_file(
    path: Path, second: str
) -> None:
    write_archive(path, {**plain_parts(path), second: other_sheet()})

    error = refusal(path)

    assert error.code == "damaged-workbook"
    assert 'it has two parts of the name "xl/worksheets/sheet1.xml"' in str(error)


@pytest.mark.parametrize("name", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_row_42_two_parts_of_one_name_refuse_the_file(path: Path, name: str) -> None:
    parts = plain_parts(path)
    twin = name[:-1] + "?"
    write_archive(path, {**parts, twin: other_sheet()})
    path.write_bytes(path.read_bytes().replace(twin.encode(), name.encode()))

    assert "it has two parts of the name" in str(refusal(path))


def test_row_42_folders_are_no_parts(path: Path) -> None:
    parts = {"xl/": b"", "XL/": b"", **plain_parts(path)}

    assert len(check(write_archive(path, parts)).orders) == 1


def test_row_47_a_workbook_with_backslashes_in_its_names_is_read() -> None:
    (order,) = check(CASES / "backslash-names.xlsx").orders

    assert (str(order.size), str(order.price)) == ("1000000", "1.0971678")


@pytest.mark.parametrize(
    "rename",
    [
        str.lower,
        str.upper,
        lambda name: name.replace("/", "\\"),
        lambda name: name.replace("sheet1", "sheet%31"),
        lambda name: "/" + name,
    ],
    ids=["lower case", "upper case", "backslashes", "percent", "leading slash"],
)
def test_row_47_names_of_parts_are_found_however_they_are_written(
    path: Path, rename: Callable[[str], str]
) -> None:
    parts = {rename(name): content for name, content in plain_parts(path).items()}

    assert len(check(write_archive(path, parts)).orders) == 1


@pytest.mark.parametrize(
    "target", ["worksheets\\sheet1.xml", "worksheets/sheet%31.xml", "/xl/worksheets/SHEET1.xml"]
)
def test_row_47_relationships_are_followed_however_they_are_written(
    path: Path, target: str
) -> None:
    parts = plain_parts(path)
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace(b"worksheets/sheet1.xml", target.encode())

    assert len(check(write_archive(path, parts)).orders) == 1


def test_row_47_a_part_whose_name_has_a_space_is_read(path: Path) -> None:
    parts = plain_parts(path)
    name = "xl/_rels/workbook.xml.rels"
    parts[name] = parts[name].replace(b"sheet1.xml", b"my%20sheet.xml")
    parts["xl/worksheets/my sheet.xml"] = parts.pop("xl/worksheets/sheet1.xml")

    assert len(check(write_archive(path, parts)).orders) == 1


def test_row_42_two_worksheets_of_one_name_refuse_the_file(path: Path) -> None:
    sheets = (
        '<sheet name="orders" sheetId="1" state="hidden" r:id="rId1"/>'
        '<sheet name="Orders" sheetId="2" r:id="rId1"/>'
    )

    error = refusal(write_parts(path, header_xml() + order_xml(2), sheets=sheets))

    assert error.code == "damaged-workbook"
    assert 'it has two worksheets "Orders"' in str(error)


@pytest.mark.parametrize(
    ("again", "words"),
    [
        ('Id="rId1" Type="x/worksheet" Target="a.xml"', "has two relationships rId1"),
        ('Id="rId9" Type="x/sharedStrings" Target="a.xml"', "two parts for its sharedStrings"),
        ('Id="rId9" Type="x/styles" Target="styles.xml"', "two parts for its styles"),
    ],
)
def test_row_42_two_relationships_for_one_thing_refuse_the_file(
    path: Path, again: str, words: str
) -> None:
    parts = plain_parts(path)
    name = "xl/_rels/workbook.xml.rels"
    more = f"<Relationship {again}/></Relationships>".encode()
    parts[name] = parts[name].replace(b"</Relationships>", more)

    error = refusal(write_archive(path, parts))

    assert error.code == "damaged-workbook"
    assert words in str(error)


def test_row_42_two_number_formats_of_one_number_refuse_the_file(path: Path) -> None:
    formats = "".join(f'<numFmt numFmtId="170" formatCode="{c}"/>' for c in ("0.0", "yyyy"))
    write_parts(path, header_xml() + order_xml(2), styles=f"<numFmts>{formats}</numFmts>")

    assert "two number formats have one number" in str(refusal(path))


@pytest.mark.parametrize("compression", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_row_28_a_workbook_that_is_packed_as_no_workbook_is_refused(
    path: Path, compression: int
) -> None:
    error = refusal(write_archive(path, plain_parts(path), compression))

    assert error.code == "damaged-workbook"
    assert "is packed as in no workbook" in str(error)


@pytest.mark.parametrize("encoding", ["klingon", "utf-7", "shift_jis", "idna", "hex", "utf_32"])
@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml"])
def test_an_encoding_that_no_parser_knows_is_a_damage_of_its_part(
    path: Path, encoding: str, part: str
) -> None:
    parts = plain_parts(path)
    parts[part] = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() + parts[part]

    error = refusal(write_archive(path, parts))

    assert error.code == "damaged-workbook"
    assert part in str(error)


def test_row_47_rows_out_of_order_are_refused_by_their_cause(path: Path) -> None:
    error = refusal(write_parts(path, header_xml() + order_xml(5) + order_xml(3)))

    assert error.code == "damaged-workbook"
    assert "xl/worksheets/sheet1.xml: row 3 comes after 5" in str(error)


@pytest.mark.parametrize("name", ["an-strict.xlsx", "an-fill-bare.xlsx", "an-color-rgb.xlsx"])
def test_row_46_what_openpyxl_cannot_load_is_checked_all_the_same(name: str) -> None:
    result = check(CASES / name)

    assert result.problems != ()
    assert all(row is not None for row, _, _ in found_in(result))
