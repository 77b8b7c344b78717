"""Cells of workbooks that do not say for certain what they hold."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from tests.sheet.writing import (
    HEADER,
    MAIN,
    OFFICE,
    cells,
    check,
    found_in,
    header_xml,
    only_problem,
    order_xml,
    text_cell,
    write_parts,
)

CASES = Path(__file__).parent / "cases"
STRINGS = (
    "<si><t>1.5</t></si><si><t>1.0</t><t>925</t></si><si><r><t>1</t></r><t>.5</t></si>"
    "<si><r><t>Bu</t></r><r><t>y</t></r><rPh sb='0' eb='1'><t>x</t></rPh></si>"
)
PRICE = "<c><f>1+0.0925</f><v>1.0925</v></c>"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.xlsx"


def write_calculated(path: Path, calculation: str, price: str = PRICE, *, more: str = "") -> Path:
    main = (
        f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        f'<sheet name="Orders" sheetId="1" r:id="rId1"/></sheets>{calculation}</workbook>'
    )
    return write_parts(
        path, header_xml() + order_xml(2, price=price) + more, extra=[("xl/workbook.xml", main)]
    )


def test_row_43_a_formula_of_a_workbook_that_is_to_be_recomputed_is_a_problem() -> None:
    problem = only_problem(check(CASES / "fullcalc-stale.xlsx"))

    assert (problem.row, problem.field, problem.code) == (2, "price", "stale-formula")
    assert problem.found == "1.0971678"
    assert problem.action.endswith("may be an old one: open and save it in Excel")


@pytest.mark.parametrize(
    "calculation",
    [
        '<calcPr fullCalcOnLoad="1"/>',
        '<calcPr calcId="191029" fullCalcOnLoad="true"/>',
        '<calcPr calcCompleted="0"/>',
        '<calcPr calcMode="manual" calcOnSave="false"/>',
    ],
)
def test_row_43_every_way_to_say_that_values_are_old_counts(path: Path, calculation: str) -> None:
    assert found_in(check(write_calculated(path, calculation))) == [(2, "price", "stale-formula")]


@pytest.mark.parametrize(
    "calculation",
    [
        "",
        '<calcPr calcId="191029"/>',
        '<calcPr fullCalcOnLoad="0"/>',
        '<calcPr fullCalcOnLoad="false" calcCompleted="1"/>',
        '<calcPr calcMode="manual"/>',
    ],
)
def test_row_43_a_workbook_whose_values_are_fresh_is_read(path: Path, calculation: str) -> None:
    assert check(write_calculated(path, calculation)).problems == ()


def test_row_43_numbers_and_notes_of_a_workbook_that_is_to_be_recomputed_are_read(
    path: Path,
) -> None:
    note = '<c t="str"><f>A1&amp;"x"</f><v>x</v></c>'
    price = "<c><v>1.0925</v></c>"
    write_calculated(path, '<calcPr fullCalcOnLoad="1"/>', price, more=order_xml(3, note=note))

    assert check(path).problems == ()


@pytest.mark.parametrize("cell", ['<c t="str"><f>"Buy"</f><v>Buy</v></c>'])
def test_row_43_a_text_that_a_formula_gives_counts_too(path: Path, cell: str) -> None:
    order = order_xml(3).replace(text_cell("Buy"), cell)
    write_calculated(path, '<calcPr fullCalcOnLoad="1"/>', "<c><v>1.0925</v></c>", more=order)

    assert found_in(check(path)) == [(3, "side", "stale-formula")]


def test_row_43_the_cells_of_an_array_formula_count_though_they_hold_values_only(
    path: Path,
) -> None:
    first = '<c r="E2"><f t="array" ref="E2:E3">X1:X2</f><v>1.0925</v></c>'
    write_calculated(
        path,
        '<calcPr fullCalcOnLoad="1"/>',
        first,
        more=order_xml(3) + order_xml(4),
    )

    assert found_in(check(path)) == [(2, "price", "stale-formula"), (3, "price", "stale-formula")]


def test_row_43_a_formula_that_a_library_wrote_with_a_value_of_its_own_is_a_problem(
    path: Path,
) -> None:
    with xlsxwriter.Workbook(path) as workbook:
        worksheet = workbook.add_worksheet("Orders")
        worksheet.write_row(0, 0, HEADER)
        worksheet.write_row(1, 0, cells())
        worksheet.write_formula(1, 3, "=500000*2", value=999)

    assert found_in(check(path)) == [(2, "size", "stale-formula")]


@pytest.mark.parametrize(
    "price",
    [
        '<c t="inlineStr"><is><t>1.0925</t></is><v>9.0925</v></c>',
        '<c t="inlineStr"><v>9.0925</v><is><t>1.0925</t></is></c>',
        "<c><is><t>1.0925</t></is><v>9.0925</v></c>",
        "<c><v>1.0925</v><is><t>1.0925</t></is></c>",
        "<c><v>1.0925</v><v>9.0925</v></c>",
        "<c><v>1.0925</v><v>1.0925</v></c>",
        "<c><is><t>1.0925</t></is></c>",
        '<c t="s"><is><t>0</t></is></c>',
        '<c t="inlineStr"><v>1.0925</v></c>',
        "<c><f>1</f><f>2</f><v>1.0925</v></c>",
        '<c t="s"><v>1</v></c>',
        '<c t="s"><v>2</v></c>',
        '<c t="inlineStr"><is><t>1.0925</t><t>5</t></is></c>',
        '<c t="inlineStr"><is><t>1.0925</t><r><t>5</t></r></is></c>',
        '<c t="inlineStr"><is><r><t>1.0925</t></r><t>5</t></is></c>',
    ],
)
def test_row_45_a_cell_that_says_two_things_is_a_problem(path: Path, price: str) -> None:
    write_parts(path, header_xml() + order_xml(2, price=price), strings=STRINGS)

    problem = only_problem(check(path))

    assert (problem.row, problem.field, problem.code) == (2, "price", "two-values")
    assert "enter it again" in problem.action


@pytest.mark.parametrize(
    "side",
    [
        '<c t="inlineStr"><is><t>Buy</t></is><v/></c>',
        '<c t="inlineStr"><is><t>Buy</t></is><v>Buy</v></c>',
        '<c t="inlineStr"><is><r><t>B</t></r><r><t>uy</t></r></is></c>',
        '<c t="str"><v>Buy</v></c>',
        '<c t="s"><v>3</v></c>',
    ],
)
def test_row_45_a_cell_that_says_one_thing_is_read(path: Path, side: str) -> None:
    order = order_xml(2).replace(text_cell("Buy"), side)

    assert check(write_parts(path, header_xml() + order, strings=STRINGS)).problems == ()


def test_row_45_a_note_may_say_two_things(path: Path) -> None:
    note = '<c t="inlineStr"><is><t>a</t></is><v>b</v></c>'

    result = check(write_parts(path, header_xml() + order_xml(2, note=note)))

    assert (result.problems, result.sheet.rows[0].values[-1]) == ((), "a")
