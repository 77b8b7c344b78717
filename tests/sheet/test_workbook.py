"""Workbooks, by the rows of the table of bad inputs."""

from __future__ import annotations

import io
import shutil
import time
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter

from batch.cli.advice import words_of
from batch.sheet import HiddenRows, Limits, read
from tests.sheet.writing import (
    HEADER,
    MAIN,
    OFFICE,
    RELATED,
    cells,
    check,
    csv_text,
    found_in,
    header_xml,
    line,
    only_problem,
    order_xml,
    refusal,
    text_cell,
    write_openpyxl,
    write_parts,
    write_text,
    write_xlsxwriter,
)

FILES = Path(__file__).parent / "files"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


def test_row_1_words_for_nothing_stay_text_in_a_workbook(path: Path) -> None:
    write_openpyxl(path, [HEADER, cells(client_order_id="NA", note="null")])

    result = check(path)

    assert result.orders[0].client_order_id == "NA"
    assert result.sheet.rows[0].values[-1] == "null"


@pytest.mark.parametrize("text", ["00123", "1E5"])
def test_row_2_an_id_in_a_text_cell_is_unchanged(path: Path, text: str) -> None:
    write_xlsxwriter(path, [HEADER, cells(client_order_id=text)])

    assert check(path).orders[0].client_order_id == text


@pytest.mark.parametrize(("number", "text"), [(123, "123"), (123456789012345, "123456789012345")])
def test_row_3_an_id_in_a_numeric_cell_gives_its_digits(path: Path, number: int, text: str) -> None:
    write_xlsxwriter(path, [HEADER, cells(client_order_id=number)])

    assert check(path).orders[0].client_order_id == text


def test_row_3_a_long_id_in_a_numeric_cell_is_a_problem(path: Path) -> None:
    write_openpyxl(path, [HEADER, cells(client_order_id=1234567890123456)])

    problem = only_problem(check(path))

    assert (problem.field, problem.code) == ("client_order_id", "long-number")
    assert problem.found == "1234567890123456"
    assert "format the cell as Text" in problem.action


def test_row_3_an_id_whose_zeros_are_only_shown_is_a_problem() -> None:
    result = check(FILES / "libreoffice-cells.xlsx")

    assert (21, "client_order_id", "padded-number") in found_in(result)
    assert next(row for row in result.sheet.rows if row.number == 21).values[0] == "00042"


def test_row_6_control_characters_in_escaped_form_are_a_problem(path: Path) -> None:
    write_xlsxwriter(path, [HEADER, cells(client_order_id="A\x071")])

    problem = only_problem(check(path))

    assert (problem.field, problem.code, problem.found) == (
        "client_order_id",
        "control-character",
        r"A\x071",
    )


@pytest.mark.parametrize("text", ["1,5", "1.000.000", "1 000 000"])
def test_row_10_text_cells_of_a_workbook_follow_the_rules_for_text(path: Path, text: str) -> None:
    write_openpyxl(path, [HEADER, cells(size=text)])

    assert found_in(check(path)) == [(2, "size", "ambiguous-number")]


@pytest.mark.parametrize(
    ("stored", "text"),
    [
        ("1.0971678000000001", "1.0971678"),
        ("0.1", "0.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1.25E6", "1250000"),
        ("1E-7", "0.0000001"),
        ("1.2300E+2", "123"),
        ("5000000.0", "5000000"),
    ],
)
def test_row_14_binary_noise_gives_the_shortest_text_of_the_same_double(
    path: Path, stored: str, text: str
) -> None:
    write_parts(path, header_xml() + order_xml(2, price=f"<c><v>{stored}</v></c>"))

    sheet = read(path)

    assert sheet.rows[0].values[4] == text
    assert float(text) == float(stored)
    assert sheet.rows[0].numeric == frozenset({3, 4})


def test_row_15_an_accounting_format_gives_the_value() -> None:
    result = check(FILES / "libreoffice-cells.xlsx")

    assert str(next(order for order in result.orders if order.row == 7).size) == "2500000"


def test_row_15_a_percent_format_is_a_problem() -> None:
    result = check(FILES / "libreoffice-cells.xlsx")

    problem = next(problem for problem in result.problems if problem.row == 6)
    assert (problem.field, problem.code, problem.found) == ("price", "percent-format", "5.00%")


def test_row_15_a_percent_sign_in_quotes_is_decoration(path: Path) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        worksheet = workbook.add_worksheet("Orders")
        worksheet.write_row(0, 0, HEADER)
        worksheet.write_row(1, 0, cells())
        worksheet.write_number(1, 4, 1.5, workbook.add_format({"num_format": '0.0" %"'}))

    assert check(path).problems == ()


def test_row_16_booleans_dates_and_times_in_number_columns_are_problems() -> None:
    result = check(FILES / "libreoffice-cells.xlsx")

    odd = {p.row: (p.field, p.code, p.found) for p in result.problems if p.row in (8, 9, 10)}
    assert odd == {
        8: ("size", "boolean", "TRUE"),
        9: ("size", "date", "2026-10-30"),
        10: ("price", "date", "09:30:00"),
    }


def test_row_16_an_iso_date_cell_is_a_problem(path: Path) -> None:
    write_parts(path, header_xml() + order_xml(2, price='<c t="d"><v>2026-10-30</v></c>'))

    assert found_in(check(path)) == [(2, "price", "date")]


def test_row_16_dates_count_from_1904_where_the_workbook_says_so(path: Path) -> None:
    main = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr date1904="1"/>'
        '<sheets><sheet name="Orders" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )
    write_parts(
        path,
        header_xml() + order_xml(2, price='<c s="2"><v>1</v></c>'),
        extra=[("xl/workbook.xml", main)],
    )

    assert only_problem(check(path)).found == "1904-01-02"


def test_row_16_a_date_that_no_calendar_has_is_shown_as_its_number(path: Path) -> None:
    write_parts(path, header_xml() + order_xml(2, price='<c s="2"><v>99999999999</v></c>'))

    problem = only_problem(check(path))

    assert (problem.code, problem.found) == ("date", "99999999999")


def test_row_17_a_formula_with_a_cached_value_gives_the_value() -> None:
    result = check(FILES / "libreoffice-cells.xlsx")

    by_row = {order.row: order for order in result.orders}
    assert str(by_row[11].price) == "1.0925"
    assert by_row[19].time_in_force == "FOK"
    assert next(row for row in result.sheet.rows if row.number == 20).values[-1] == ""


def test_row_18_a_formula_without_a_cached_value_is_a_problem(path: Path) -> None:
    write_openpyxl(path, [HEADER, cells(price="=1.05+0.0425")])

    problem = only_problem(check(path))

    assert (problem.field, problem.code) == ("price", "formula-without-value")
    assert (problem.found, problem.action) == ("=1.05+0.0425", "open and save it in Excel")


def test_row_18_a_text_formula_without_a_cached_value_is_a_problem(path: Path) -> None:
    price = '<c t="str"><f>A1</f></c>'
    write_parts(path, header_xml() + order_xml(2, price=price))

    assert found_in(check(path)) == [(2, "price", "formula-without-value")]


def test_row_19_error_values_are_problems_that_name_the_error() -> None:
    result = check(FILES / "libreoffice-cells.xlsx")

    errors = {p.row: p.found for p in result.problems if p.code == "error-value"}
    assert errors == {12: "#N/A", 13: "#DIV/0!", 14: "#REF!", 15: "#N/A"}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<c t="e"><v>#N/A</v></c>', "#N/A"),
        ('<c t="b"><v>1</v></c>', "TRUE"),
        ('<c t="b"><v>0</v></c>', "FALSE"),
        ('<c s="1"><v>0.05</v></c>', "5.00%"),
        ("<c><f>A1&amp;B1</f></c>", "=A1&B1"),
    ],
)
def test_rows_15_to_19_do_not_matter_in_a_note(path: Path, cell: str, text: str) -> None:
    write_parts(path, header_xml() + order_xml(2, note=cell))

    result = check(path)

    assert result.problems == ()
    assert result.sheet.rows[0].values[-1] == text


def test_row_20_merged_cells_in_the_table_refuse_the_file_and_merged_titles_do_not() -> None:
    error = refusal(FILES / "libreoffice-merged.xlsx")

    assert error.code == "merged-cells"
    assert "C4:C6" in str(error)
    assert "A1:G1" not in str(error)


@pytest.mark.parametrize("area", ["A1:A2", "G5:H5"])
def test_row_20_merged_cells_that_touch_the_table_refuse_the_file(path: Path, area: str) -> None:
    write_parts(
        path,
        header_xml() + order_xml(2) + order_xml(5),
        after=f'<mergeCells><mergeCell ref="{area}"/></mergeCells>',
    )

    assert refusal(path).code == "merged-cells"


def test_row_20_merged_cells_beside_and_below_the_table_do_not_matter(path: Path) -> None:
    write_parts(
        path,
        header_xml() + order_xml(2),
        after='<mergeCells><mergeCell ref="I1:J4"/><mergeCell ref="A4:C4"/></mergeCells>',
    )

    assert len(check(path).orders) == 1


def test_row_21_filtered_out_rows_refuse_the_file_with_their_numbers() -> None:
    error = refusal(FILES / "libreoffice-filtered.xlsx")

    assert error.code == "hidden-rows"
    assert "4, 6-7, 10, 13" in str(error)
    assert "--hidden-rows include or --hidden-rows skip" in words_of(error)


@pytest.mark.parametrize(("choice", "count"), [("include", 12), ("skip", 7)])
def test_row_21_filtered_out_rows_are_taken_or_left_as_the_person_says(
    choice: HiddenRows, count: int
) -> None:
    sheet = read(FILES / "libreoffice-filtered.xlsx", hidden_rows=choice)

    assert len(sheet.rows) == count
    assert (4 in {row.number for row in sheet.rows}) is (choice == "include")


@pytest.mark.parametrize("how", ['hidden="1"', 'hidden="true"', 'ht="0" customHeight="1"'])
def test_row_21_every_way_to_hide_a_row_counts(path: Path, how: str) -> None:
    hidden = order_xml(3).replace('<row r="3"', f'<row r="3" {how}')
    write_parts(path, header_xml() + order_xml(2) + hidden)

    assert refusal(path).code == "hidden-rows"


def test_row_21_hidden_rows_without_content_do_not_matter(path: Path) -> None:
    write_parts(path, header_xml() + order_xml(2) + '<row r="3" hidden="1"><c s="1"/></row>')

    assert len(check(path).orders) == 1


def several(path: Path, *sheets: tuple[str, str, bool]) -> Path:
    workbook = openpyxl.Workbook()
    assert workbook.active is not None
    workbook.remove(workbook.active)
    for title, state, is_orders in sheets:
        worksheet = workbook.create_sheet(title)
        worksheet.sheet_state = state
        worksheet.append(HEADER if is_orders else ("Pair", "Mid"))
        worksheet.append(cells() if is_orders else ("EUR/USD", 1.1))
    workbook.save(path)
    return path


def test_row_22_the_worksheet_named_orders_is_taken(path: Path) -> None:
    several(path, ("Old", "visible", True), ("orders", "visible", True))

    assert read(path).worksheet == "orders"


def test_row_22_the_only_visible_worksheet_with_the_header_is_taken(path: Path) -> None:
    several(path, ("Rates", "visible", False), ("Old", "hidden", True), ("EOD", "visible", True))

    assert read(path).worksheet == "EOD"


def test_row_22_a_long_worksheet_is_only_looked_at_from_above(path: Path) -> None:
    rows = [HEADER, *(cells(client_order_id=f"A-{n}") for n in range(40))]
    workbook = openpyxl.load_workbook(write_openpyxl(path, rows, title="EOD"))
    workbook.create_sheet("Rates").append(("Pair", "Mid"))
    workbook.save(path)

    assert len(read(path).rows) == 40


@pytest.mark.parametrize("is_orders", [True, False])
def test_row_22_several_or_no_fitting_worksheets_refuse_the_file(
    path: Path, is_orders: bool
) -> None:
    several(path, ("A", "visible", is_orders), ("B", "visible", is_orders))

    error = refusal(path)

    assert error.code == "which-worksheet"
    assert str(error).endswith('"A", "B".')
    assert words_of(error).endswith("Say which with --sheet.")


def test_row_22_so_many_worksheets_are_not_looked_through(path: Path) -> None:
    several(path, *[(f"S{n}", "visible", n == 3) for n in range(60)])

    error = refusal(path)

    assert error.code == "which-worksheet"
    assert 'named "Orders" among so many, found "S0", "S1"' in str(error)
    assert str(error).endswith('"S19" and 40 more.')
    assert words_of(error).endswith("Say which with --sheet.")


def test_row_22_the_worksheet_that_is_asked_for_is_taken(path: Path) -> None:
    several(path, ("Orders", "visible", True), ("B", "hidden", True))

    assert read(path, worksheet="b").worksheet == "B"


def test_row_22_a_worksheet_that_is_not_there_refuses_the_file(path: Path) -> None:
    several(path, ("Orders", "visible", True))

    error = refusal(path, worksheet="EOD")

    assert error.code == "no-such-worksheet"
    assert 'there is no worksheet "EOD"; it has "Orders"' in str(error)


def test_row_23_titles_gaps_and_blank_rows_keep_true_row_numbers(path: Path) -> None:
    write_parts(
        path,
        f'<row r="2">{text_cell("End of day")}</row>'
        + header_xml(21)
        + order_xml(24)
        + f'<row r="30">{text_cell("  ")}</row>'
        + order_xml(1000),
    )

    result = check(path)

    assert result.sheet.header_row == 21
    assert [order.row for order in result.orders] == [24, 1000]


def test_row_24_formatting_down_to_the_last_row_is_read_in_bounded_time(path: Path) -> None:
    orders = "".join(order_xml(number) for number in range(2, 12))
    empty = "".join(f'<row r="{n}"><c r="A{n}" s="3"/></row>' for n in range(900_000, 1_048_577))
    write_parts(path, header_xml() + orders + empty)

    started = time.process_time()
    result = check(path)

    assert len(result.orders) == 10
    assert time.process_time() - started < 10


def test_row_27_a_password_protected_workbook_is_refused() -> None:
    error = refusal(FILES / "password-protected.xlsx")

    assert error.code == "password-protected"
    assert "remove the password" in str(error)


@pytest.mark.parametrize(
    ("name", "code"), [("libreoffice.xls", "old-workbook"), ("libreoffice.ods", "open-document")]
)
@pytest.mark.parametrize("suffix", [".xlsx", ".csv"])
def test_row_27_other_kinds_are_refused_whatever_their_name(
    tmp_path: Path, name: str, code: str, suffix: str
) -> None:
    path = tmp_path / f"orders{suffix}"
    shutil.copy(FILES / name, path)

    error = refusal(path)

    assert error.code == code
    assert "save it as .xlsx or .csv and use that" in str(error)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        (["[Content_Types].xml", "_rels/.rels", "xl/workbook.bin"], "xlsb"),
        (["word/document.xml"], "not-a-sheet"),
    ],
)
def test_row_27_other_archives_are_refused(path: Path, members: list[str], code: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, "x")

    assert refusal(path).code == code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<html><table><tr><td>Symbol", "markup"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", "markup"),
        (b"%PDF-1.7", "not-a-sheet"),
        (b"\x1f\x8b\x08", "not-a-sheet"),
        (b"PK\x03\x04 and then nothing", "damaged-workbook"),
    ],
)
def test_row_27_what_is_no_sheet_at_all_is_refused(path: Path, content: bytes, code: str) -> None:
    path.write_bytes(content)

    assert refusal(path).code == code


def test_row_28_a_zip_bomb_is_refused_before_it_is_unpacked(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("_rels/.rels", "")
        archive.writestr("xl/media/bomb", b"\0" * 20_000_000)

    error = refusal(path, limits=Limits(unpacked_bytes=10_000_000))

    assert error.code == "workbook-too-large"
    assert "expected a workbook of at most 10,000,000 bytes" in str(error)


def test_row_28_a_part_that_is_larger_than_it_says_is_refused(path: Path) -> None:
    write_parts(path, header_xml() + order_xml(2))
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = archive.getinfo("xl/worksheets/sheet1.xml").file_size
    true_size, lie = size.to_bytes(4, "little"), (100).to_bytes(4, "little")
    path.write_bytes(bytes(content).replace(true_size, lie))

    assert refusal(path).code == "damaged-workbook"


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_row_28_xml_entities_are_refused(path: Path, part: str) -> None:
    bomb = (
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        f'<worksheet xmlns="{MAIN}">&b;</worksheet>'
    )
    write_parts(path, "", extra=[(part, bomb)])

    assert refusal(path).code == "xml-entities"


def test_row_28_an_endless_tag_is_refused_in_bounded_time(path: Path) -> None:
    write_parts(path, "", prolog="<a " + "b" * 30_000_000)

    started = time.process_time()
    error = refusal(path)

    assert error.code == "damaged-workbook"
    assert time.process_time() - started < 5


def test_row_28_more_shared_text_than_a_sheet_can_have_is_refused(path: Path) -> None:
    write_parts(path, "", strings="<si><t>x</t></si>" * 1000)

    assert refusal(path, limits=Limits(text_bytes=10_000)).code == "workbook-too-large"


def test_row_28_more_text_in_a_cell_than_a_cell_can_have_is_refused(path: Path) -> None:
    write_parts(path, header_xml() + order_xml(2, note=text_cell("x" * 40_000)))

    assert refusal(path).code == "workbook-too-large"


def test_row_28_a_file_over_the_limit_is_refused_unread(path: Path) -> None:
    write_openpyxl(path, [HEADER, cells()])

    error = refusal(path, limits=Limits(packed_bytes=1000))

    assert error.code == "file-too-large"
    assert "expected at most 1,000 bytes" in str(error)


@pytest.mark.parametrize(
    ("sheet_data", "what"),
    [
        ('<row r="1"><c><v>1</v></c></row><row r="1">', "row 1 comes after 1"),
        ('<row r="x"/>', "row x comes after 0"),
        (
            '<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>',
            "cell A1 is out of order",
        ),
        ('<row r="1"><c r="A"><v>1</v></c></row>', "there is no cell A"),
        ('<row r="1"><c t="s"><v>7</v></c></row>', "there is no shared text 7"),
        ('<row r="1"><c><v>1_0</v></c></row>', "1_0 is no number"),
        ('<row r="1"><c><v>1e999</v></c></row>', "1e999 is no number"),
        ('<row r="1"><c t="z"><v>1</v></c></row>', "there is no cell type z"),
        ("<row>", "mismatched tag"),
    ],
)
def test_a_damaged_worksheet_is_refused_with_words(path: Path, sheet_data: str, what: str) -> None:
    write_parts(path, sheet_data)

    error = refusal(path)

    assert error.code == "damaged-workbook"
    assert what in str(error)


@pytest.mark.parametrize("area", ["A:B", "", "nowhere"])
def test_a_merged_area_that_is_none_is_refused(path: Path, area: str) -> None:
    write_parts(
        path,
        header_xml() + order_xml(2),
        after=f'<mergeCells><mergeCell ref="{area}"/></mergeCells>',
    )

    assert refusal(path).code == "damaged-workbook"


@pytest.mark.parametrize(
    "missing", ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/worksheets/sheet1.xml"]
)
def test_a_workbook_without_one_of_its_parts_is_refused(path: Path, missing: str) -> None:
    write_parts(path, header_xml() + order_xml(2), leave_out=[missing])

    error = refusal(path)

    assert error.code == "damaged-workbook"
    assert f"{missing} is missing" in str(error)


@pytest.mark.parametrize("relationship", ["", '<Relationship Id="a" Type="x/y" Target="z"/>'])
def test_a_package_that_names_no_workbook_is_refused(path: Path, relationship: str) -> None:
    rels = f'<Relationships xmlns="{RELATED}">{relationship}</Relationships>'
    write_parts(path, "", extra=[("_rels/.rels", rels)])

    assert "does not say which part is the workbook" in str(refusal(path))


def test_a_workbook_without_a_worksheet_is_refused(path: Path) -> None:
    write_parts(path, "", sheets='<sheet name="Chart" sheetId="1" r:id="rId2"/>')

    assert "it has no worksheet" in str(refusal(path))


def test_a_workbook_without_styles_and_shared_texts_is_read(path: Path) -> None:
    rels = (
        f'<Relationships xmlns="{RELATED}"><Relationship Id="rId1" Type="{OFFICE}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>'
    )
    write_parts(path, header_xml() + order_xml(2), extra=[("xl/_rels/workbook.xml.rels", rels)])

    assert len(check(path).orders) == 1


def test_rich_text_is_joined_and_readings_are_left_out(path: Path) -> None:
    runs = "<r><t>he</t></r><r><t>dge</t></r><rPh><t>reading</t></rPh>"
    write_parts(
        path,
        header_xml()
        + order_xml(2, note='<c t="s"><v>0</v></c>')
        + order_xml(3, note=f'<c t="inlineStr"><is>{runs}</is></c>'),
        strings=f"<si>{runs}</si>",
    )

    assert [row.values[-1] for row in read(path).rows] == ["hedge", "hedge"]


def test_escaped_characters_are_read_as_a_spreadsheet_shows_them(path: Path) -> None:
    write_parts(path, header_xml() + order_xml(2, note=text_cell("_x005F_x_xD83D__xDE00__x0041_")))

    assert read(path).rows[0].values[-1] == "_x\U0001f600A"


def test_the_strict_edition_of_the_format_is_read(path: Path) -> None:
    strict = "http://purl.oclc.org/ooxml/spreadsheetml/main"
    sheet = f'<worksheet xmlns="{strict}"><sheetData>{header_xml()}{order_xml(2)}</sheetData>'
    write_parts(path, "", extra=[("xl/worksheets/sheet1.xml", f"{sheet}</worksheet>")])

    assert len(check(path).orders) == 1


def test_native_numbers_are_not_read_under_another_decimal_sign(tmp_path: Path) -> None:
    from batch.schema import validate

    path = write_openpyxl(tmp_path / "a.xlsx", [HEADER, cells(size=1250000, price=1.0925)])

    (order,) = validate(read(path), decimal="comma", thousands=".").orders

    assert (str(order.size), str(order.price)) == ("1250000", "1.0925")


def test_csv_and_workbook_give_the_same_order(tmp_path: Path) -> None:
    by_text = check(write_text(tmp_path, csv_text(line())))
    by_cells = check(write_openpyxl(tmp_path / "a.xlsx", [HEADER, cells()]))

    assert by_text.orders == by_cells.orders
