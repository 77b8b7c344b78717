"""What a person does not see in a workbook, or sees struck through."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.styles import Font

from batch.cli.advice import words_of
from batch.sheet import read
from tests.sheet.writing import (
    HEADER,
    MAIN,
    cells,
    check,
    header_xml,
    order_xml,
    refusal,
    text_cell,
    write_parts,
)

CASES = Path(__file__).parent / "cases"
OWN_CURRENCY = ("Dealt Ccy", *HEADER)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


def write_columns(path: Path, columns: str, *, defaults: str = "") -> Path:
    """A workbook with what its XML says about the widths of columns; A is the dealt currency."""
    rows = f'<row r="1">{"".join(map(text_cell, OWN_CURRENCY))}</row>' + order_xml(2).replace(
        '<row r="2">', f'<row r="2">{text_cell("USD")}'
    )
    sheet = (
        f'<worksheet xmlns="{MAIN}">{defaults}<cols>{columns}</cols>'
        f"<sheetData>{rows}</sheetData></worksheet>"
    )
    return write_parts(path, "", extra=[("xl/worksheets/sheet1.xml", sheet)])


def test_row_44_a_hidden_column_with_an_order_field_refuses_the_file() -> None:
    error = refusal(CASES / "hidden-column.xlsx")

    assert error.code == "hidden-columns"
    assert 'row 1: hidden columns that hold order fields: "Dealt Ccy" (G)' in str(error)
    assert words_of(error).endswith(
        "Show them, or say --hidden-rows include or --hidden-rows skip."
    )


def test_row_44_a_hidden_column_is_read_where_a_person_says_so() -> None:
    sheet = read(CASES / "hidden-column.xlsx", hidden_rows="include")

    assert sheet.columns[6].field == "currency"
    assert sheet.warnings == ()


def test_row_44_a_hidden_column_that_is_to_be_ignored_is_no_matter() -> None:
    sheet = read(CASES / "hidden-column.xlsx", ignore=["dealt ccy"])

    assert sheet.columns[6].field is None


def test_row_44_a_hidden_column_is_left_out_where_a_person_says_so_and_never_in_silence() -> None:
    sheet = read(CASES / "hidden-column.xlsx", hidden_rows="skip")

    assert (sheet.columns[6].header, sheet.columns[6].field) == ("Dealt Ccy", None)
    (warning,) = sheet.warnings
    assert (warning.code, warning.row, warning.column) == ("hidden-column", None, "Dealt Ccy")
    assert warning.action == "it is left out: nothing of it is sent"


@pytest.mark.parametrize(
    "column",
    [
        '<col min="1" max="1" hidden="1"/>',
        '<col min="1" max="1" hidden="true" width="12"/>',
        '<col min="1" max="1" width="0"/>',
        '<col min="1" max="1" width="0.0" customWidth="1"/>',
        '<col min="1" max="1" width="0E0"/>',
        '<col min="1" max="16384" hidden="1" outlineLevel="1"/>',
        '<col min="1" max="1" width="9"/><col min="1" max="1" hidden="1"/>',
    ],
)
def test_row_44_every_way_to_hide_a_column_counts(path: Path, column: str) -> None:
    assert refusal(write_columns(path, column)).code == "hidden-columns"


@pytest.mark.parametrize(
    "column",
    [
        '<col min="1" max="1" hidden="0" width="9"/>',
        '<col min="1" max="1" hidden="false"/>',
        '<col min="9" max="16384" hidden="1"/>',
        '<col min="8" max="8" hidden="1"/>',
    ],
)
def test_row_44_columns_that_can_be_seen_and_hidden_ones_that_are_not_sent_do_not_matter(
    path: Path, column: str
) -> None:
    (order,) = check(write_columns(path, column)).orders

    assert order.currency == "USD"


def test_row_44_columns_without_a_width_of_their_own_have_the_worksheets(path: Path) -> None:
    defaults = '<sheetFormatPr defaultRowHeight="15" defaultColWidth="0"/>'
    shown = '<col min="2" max="8" width="9"/>'

    error = refusal(write_columns(path, shown, defaults=defaults))

    assert '"Dealt Ccy" (A)' in str(error)
    assert "(B)" not in str(error)


def test_row_44_a_required_column_that_is_hidden_cannot_be_left_out(path: Path) -> None:
    write_columns(path, '<col min="3" max="3" hidden="1"/>')

    error = refusal(path, hidden_rows="skip")

    assert error.code == "hidden-columns"
    assert 'order fields and are required: "Symbol" (C)' in str(error)


@pytest.mark.parametrize("column", ['<col min="1"/>', '<col min="x" max="2"/>'])
def test_row_44_columns_that_no_worksheet_has_refuse_the_file(path: Path, column: str) -> None:
    assert refusal(write_columns(path, column)).code == "damaged-workbook"


def test_row_44_columns_hidden_by_a_library_are_found(path: Path) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        worksheet = workbook.add_worksheet("Orders")
        worksheet.write_row(0, 0, HEADER)
        worksheet.write_row(1, 0, cells())
        worksheet.set_column("D:E", None, None, {"hidden": True})

    assert '"Size" (D), "Price" (E)' in str(refusal(path))


@pytest.mark.parametrize(
    "how", ["0", "0.0", "0.00", ".0", "-0", "+0", "0E0", "0e-5", "0.25", "-1", " 0 "]
)
def test_row_44_a_row_of_no_height_in_any_spelling_is_hidden(path: Path, how: str) -> None:
    hidden = order_xml(3).replace('r="3"', f'r="3" ht="{how}" customHeight="1"')
    write_parts(path, header_xml() + order_xml(2) + hidden)

    error = refusal(path)

    assert (error.code, str(error).endswith("rows: 3.")) == ("hidden-rows", True)


@pytest.mark.parametrize("how", ["0.75", "15", "1E1", "auto"])
def test_row_44_a_row_of_any_height_is_not_hidden(path: Path, how: str) -> None:
    row = order_xml(2).replace('r="2"', f'r="2" ht="{how}"')

    assert len(check(write_parts(path, header_xml() + row)).orders) == 1


def test_row_44_rows_without_a_height_of_their_own_have_the_worksheets(path: Path) -> None:
    rows = header_xml().replace('r="1"', 'r="1" ht="15"') + order_xml(2)
    sheet = (
        f'<worksheet xmlns="{MAIN}"><sheetFormatPr defaultRowHeight="0"/>'
        f"<sheetData>{rows}</sheetData></worksheet>"
    )
    write_parts(path, "", extra=[("xl/worksheets/sheet1.xml", sheet)])

    assert refusal(path).code == "hidden-rows"


def test_row_44_struck_through_rows_are_a_warning_that_lists_them(path: Path) -> None:
    workbook = openpyxl.Workbook()
    worksheet = workbook.active
    assert worksheet is not None
    for row in (HEADER, *(cells(client_order_id=f"A-{n}", size=n * 1000) for n in range(2, 8))):
        worksheet.append(list(row))
    for number in (3, 4, 6):
        worksheet.cell(number, 4).font = Font(strike=True)
    worksheet.cell(7, 7).font = Font(strike=True)  # a note only
    workbook.save(path)

    result = check(path)

    assert len(result.orders) == 6
    (warning,) = result.warnings
    assert (warning.code, warning.row, warning.found) == ("struck-through", None, "row 3-4, 6")
    assert "delete the rows that are not meant" in warning.action


@pytest.mark.parametrize(
    ("side", "count"),
    [
        ('<c t="inlineStr"><is><r><rPr><strike/></rPr><t>Buy</t></r></is></c>', 1),
        ('<c t="inlineStr"><is><r><rPr><strike val="0"/></rPr><t>Buy</t></r></is></c>', 0),
        ('<c t="s"><v>0</v></c>', 1),
        ('<c t="s"><v>1</v></c>', 0),
    ],
)
def test_row_44_a_part_of_a_text_that_is_struck_through_counts(
    path: Path, side: str, count: int
) -> None:
    strings = "<si><r><rPr><strike/></rPr><t>Buy</t></r></si><si><t>Buy</t></si>"
    order = order_xml(2).replace(text_cell("Buy"), side)

    result = check(write_parts(path, header_xml() + order, strings=strings))

    assert len(result.orders) == 1
    assert [warning.code for warning in result.warnings] == ["struck-through"] * count


def test_row_44_a_struck_through_row_that_is_hidden_and_skipped_is_not_listed(path: Path) -> None:
    struck = '<c t="inlineStr"><is><r><rPr><strike/></rPr><t>Buy</t></r></is></c>'
    order = order_xml(3).replace(text_cell("Buy"), struck).replace('r="3"', 'r="3" hidden="1"')
    write_parts(path, header_xml() + order_xml(2) + order)

    assert read(path, hidden_rows="skip").warnings == ()
