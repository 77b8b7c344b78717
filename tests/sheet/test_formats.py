"""Number formats of workbooks: what is no plain number whatever locale its format comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.sheet.formats import CellFormat, classify
from tests.sheet.writing import (
    MAIN,
    check,
    found_in,
    header_xml,
    only_problem,
    order_xml,
    write_parts,
)

CASES = Path(__file__).parent / "cases"

DATE_IDS = [*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59), *range(71, 82)]
OTHER_IDS = sorted({*range(100)}.difference(DATE_IDS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


def write_formatted(path: Path, number: int, code: str | None = None, *, price: str = "") -> Path:
    """A workbook whose second cell format is the one asked for, and whose price has it."""
    own = (
        f'<numFmts><numFmt numFmtId="{number}" formatCode="{code}"/></numFmts>'
        if code is not None
        else ""
    )
    styles = (
        f'<styleSheet xmlns="{MAIN}">{own}<cellXfs><xf numFmtId="0"/>'
        f'<xf numFmtId="{number}"/></cellXfs></styleSheet>'
    )
    return write_parts(
        path,
        header_xml() + order_xml(2, price=price or '<c s="1"><v>1.0925</v></c>'),
        extra=[("xl/styles.xml", styles)],
    )


@pytest.mark.parametrize(
    ("name", "field"), [("cjk-date-31-price.xlsx", "price"), ("cjk-date-56-size.xlsx", "size")]
)
def test_row_38_a_date_in_an_east_asian_format_is_a_problem(name: str, field: str) -> None:
    assert found_in(check(CASES / name)) == [(2, field, "date")]


@pytest.mark.parametrize("number", DATE_IDS)
def test_row_38_a_built_in_date_format_of_any_locale_is_a_problem(path: Path, number: int) -> None:
    assert found_in(check(write_formatted(path, number))) == [(2, "price", "date")]


def test_row_38_no_other_built_in_format_is_a_date() -> None:
    assert [number for number in OTHER_IDS if classify(number, None).kind == "date"] == []
    assert [n for n in OTHER_IDS if classify(n, None).kind == "percent"] == [9, 10, 67, 68]


@pytest.mark.parametrize(
    "code",
    [
        "yyyy-mm-dd",
        "[$-404]e/m/d",
        '[$-411]ge"年"m"月"d"日"',
        '[$-411]ggge"年"',
        "[$-409]mmm",
        "[$-F800]dddd, mmmm dd, yyyy",
        "[$-1070000]bbbb",
        "[$-804]aaaa",
        "h:mm AM/PM",
        "[h]",
        "[hh]:mm",
        "[mm]:ss",
        "[s].00",
        "ss.000",
        "[Red]d",
        "0.00;yyyy",
        "[&gt;40000]yyyy;0.00",
        "上午/下午h&quot;时&quot;",
        "m&quot;月&quot;",
        "yyyy/m/d;@",
    ],
)
def test_row_38_a_custom_date_or_time_format_is_a_problem(path: Path, code: str) -> None:
    code = code.replace('"', "&quot;")

    assert found_in(check(write_formatted(path, 200, code))) == [(2, "price", "date")]


@pytest.mark.parametrize(
    "code",
    [
        "General",
        "GENERAL",
        "Standard",
        "0.00",
        "0.00E+00",
        "##0.0e-0",
        "#,##0 EUR",
        "#,##0 [$kr-41D]",
        '#,##0.00 "days"',
        r"0\d",
        "0_d",
        "* 0.0",
        "[Red]0.0;[Blue]-0.0",
        "[$¥-804]#,##0.00",
        '_("$"* #,##0.00_);_("$"* \\(#,##0.00\\);_("$"* "-"??_);_(@_)',
        '#,##0"円"',
        "# ?/?",
        "@",
        "",
    ],
)
def test_row_38_a_plain_format_is_no_date(code: str) -> None:
    assert classify(200, code) == CellFormat("plain")


def test_row_38_a_code_of_the_workbook_wins_over_the_meaning_of_its_number(path: Path) -> None:
    assert check(write_formatted(path, 31, "0.0000")).problems == ()


def test_row_38_a_format_that_is_defined_after_its_use_counts(path: Path) -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
        '<numFmts><numFmt numFmtId="170" formatCode="yyyy"/></numFmts></styleSheet>'
    )
    order = order_xml(2, price='<c s="1"><v>1.0925</v></c>')
    write_parts(path, header_xml() + order, extra=[("xl/styles.xml", styles)])

    assert found_in(check(path)) == [(2, "price", "date")]


def test_row_38_a_format_for_single_conditions_is_no_format_of_cells(path: Path) -> None:
    styles = (
        f'<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="170" formatCode="yyyy"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs><dxfs><dxf>'
        '<numFmt numFmtId="170" formatCode="0.0"/></dxf></dxfs></styleSheet>'
    )
    order = order_xml(2, price='<c s="1"><v>1.0925</v></c>')
    write_parts(path, header_xml() + order, extra=[("xl/styles.xml", styles)])

    assert found_in(check(path)) == [(2, "price", "date")]


def test_row_38_a_cell_without_a_format_has_the_first(path: Path) -> None:
    styles = f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="14"/></cellXfs></styleSheet>'
    write_parts(path, header_xml() + order_xml(2), extra=[("xl/styles.xml", styles)])

    assert found_in(check(path)) == [(2, "size", "date"), (2, "price", "date")]


@pytest.mark.parametrize("code", [";;;", '"sold"', "-", "[Red]"])
def test_row_38_a_format_that_shows_no_digits_is_a_problem(path: Path, code: str) -> None:
    problem = only_problem(check(write_formatted(path, 200, code.replace('"', "&quot;"))))

    assert (problem.field, problem.code, problem.found) == ("price", "number-not-shown", "1.0925")
    assert "shows no digits of it: give the cell a plain number format" in problem.action


def test_row_47_a_format_that_does_not_exist_matters_for_numbers_that_are_sent(path: Path) -> None:
    price = '<c s="9"><v>1.0925</v></c>'

    problem = only_problem(check(write_formatted(path, 0, price=price)))

    assert (problem.row, problem.field, problem.code) == (2, "price", "unknown-format")
    assert "could be a date or a percentage" in problem.action


@pytest.mark.parametrize("style", ["9", "-1", "x", "99999999999999999999"])
def test_row_47_a_format_that_does_not_exist_does_not_matter_elsewhere(
    path: Path, style: str
) -> None:
    note = f'<c s="{style}"><v>7</v></c>'
    order = order_xml(2, note=note).replace("<c t=", f'<c s="{style}" t=', 1)
    write_parts(path, header_xml() + order)

    result = check(path)

    assert result.problems == ()
    assert result.sheet.rows[0].values[-1] == "7"


def test_row_47_a_workbook_without_formats_has_plain_numbers() -> None:
    (order,) = check(CASES / "no-styles-s0.xlsx").orders

    assert (str(order.size), str(order.price)) == ("1000000", "1.0971678")
