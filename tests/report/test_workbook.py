"""The workbook that people keep: Summary and Results, read back with openpyxl."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from batch import report
from batch.errors import ReportError
from batch.escaping import escaped
from batch.model import BatchRecord, OrderRecord
from batch.report.text import TEXT_LIMIT, exact_number
from batch.report.totals import survey
from batch.states import OrderState as S
from tests.report.conftest import (
    StoppedClock,
    Write,
    make_columns,
    make_order,
    worksheet,
)


def column_of(sheet: Worksheet, name: str) -> int:
    return [cell.value for cell in sheet[1]].index(name) + 1


def test_workbook_has_summary_first_then_results(write: Write, orders: list[OrderRecord]) -> None:
    workbook = write(orders)

    assert workbook.sheetnames == ["Summary", "Results", "To do", "Totals"]
    assert workbook.active is not None
    assert workbook.active.title == "Summary"


def test_results_hold_every_row_in_order(write: Write, orders: list[OrderRecord]) -> None:
    results = worksheet(write(orders), "Results")

    states = column_of(results, "final_state")
    assert [results.cell(line, 1).value for line in range(2, 14)] == list(range(4, 16))
    assert [results.cell(line, states).value for line in (2, 7, 8, 9, 12)] == [
        "FILLED",
        "INVALID",
        "NOT_SENT",
        "NOT_SENT",
        "UNKNOWN",
    ]
    assert results.max_row == 13


def test_results_columns_are_the_contracts(write: Write, orders: list[OrderRecord]) -> None:
    results = worksheet(write(orders), "Results")

    assert [cell.value for cell in results[1]] == [
        "row",
        "Client Order ID",
        "Ccy Pair",
        "Side",
        "Dealt Ccy",
        "Amount",
        "Limit Price",
        "TIF",
        "Note",
        "Desk",
        "client_order_id",
        "server_order_id",
        "final_state",
        "filled_size",
        "average_price",
        "message",
        "submitted_at",
        "finished_at",
        "request_id",
        "unfilled_size",
        "execution_id",
    ]


def test_ids_are_text_cells(write: Write) -> None:
    order = make_order(4, S.FILLED, client_order_id="00123", request_id="1E5")

    results = worksheet(write([order]), "Results")

    for name, value in (
        ("client_order_id", "00123"),
        ("server_order_id", "4820276004"),
        ("request_id", "1E5"),
    ):
        cell = results.cell(2, column_of(results, name))
        assert (cell.value, cell.number_format) == (value, "@")


def test_sizes_and_prices_are_numbers_that_show_all_their_digits(write: Write) -> None:
    results = worksheet(write([make_order(4, S.FILLED, average_price=Decimal("8.70"))]), "Results")

    shown = {
        name: results.cell(2, column_of(results, name))
        for name in ("Amount", "Limit Price", "filled_size", "average_price")
    }

    assert {name: (cell.value, cell.number_format) for name, cell in shown.items()} == {
        "Amount": (1_000_000, "#,##0"),
        "Limit Price": (1.3927, "#,##0.00000"),
        "filled_size": (1_000_000, "#,##0"),
        "average_price": (8.7, "#,##0.00"),
    }


def test_number_beyond_fifteen_digits_is_text_rather_than_wrong(write: Write) -> None:
    average = Decimal("1.0971678000000001")

    results = worksheet(write([make_order(4, S.FILLED, average_price=average)]), "Results")

    assert results.cell(2, column_of(results, "average_price")).value == "1.0971678000000001"


def test_invalid_row_shows_its_text_as_it_was(write: Write) -> None:
    results = worksheet(write([make_order(4, S.INVALID)]), "Results")

    assert results.cell(2, column_of(results, "Amount")).value == "-3"
    assert results.cell(2, column_of(results, "Limit Price")).value == "1.39270"


def test_times_are_dates_in_utc(write: Write) -> None:
    results = worksheet(write([make_order(4, S.FILLED)]), "Results")

    cell = results.cell(2, column_of(results, "submitted_at"))
    assert cell.value == datetime(2026, 10, 30, 16, 5, 1, 123_000)
    assert cell.is_date
    assert "UTC" in cell.number_format


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1+2", "@SUM(A1)", "\t=1", "\r=1", "{=1}", " =1"]
)
def test_text_that_could_run_is_inert_everywhere(text: str, write: Write) -> None:
    order = make_order(4, S.UNKNOWN, message=text, server_order_id=text)
    order = replace(order, values=(text,) * 9)

    workbook = write([order], batch_id=text, sheet_path=text, org=text)

    for sheet in workbook.worksheets:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    note = worksheet(workbook, "Results").cell(2, 9)
    assert note.value == escaped(text)
    assert isinstance(note, Cell)
    assert note.quotePrefix is (text not in ("{=1}", "\r=1"))


def test_formula_as_a_header_is_inert(write: Write) -> None:
    columns = make_columns([("=1+1", None)])

    results = worksheet(write([make_order(4, S.OPEN, values=("x",))], columns=columns), "Results")

    assert (results.cell(1, 2).value, results.cell(1, 2).data_type) == ("=1+1", "s")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1bc\x7f", "a\\x00b\\x1bc\\x7f"),
        ("a\ud800b\uffff", "a\\ud800b\\uffff"),
        ("<r><t>x</t></r>", "<r><t>x</t></r>"),
        ("<b>&amp;", "<b>&amp;"),
        ("  kept  ", "  kept  "),
    ],
)
def test_text_that_xml_cannot_hold_is_replaced_visibly(
    text: str, expected: str, write: Write
) -> None:
    results = worksheet(write([make_order(4, S.UNKNOWN, message=text)]), "Results")

    assert results.cell(2, column_of(results, "message")).value == expected


@pytest.mark.parametrize("letter", ["x", "😀"])
def test_text_beyond_a_cells_limit_is_cut_with_a_note(letter: str, write: Write) -> None:
    results = worksheet(write([make_order(4, S.OPEN, message=letter * 40_000)]), "Results")

    text = str(results.cell(2, column_of(results, "message")).value)
    assert text.startswith(letter * 16_000)
    assert text.endswith("the whole text is in the .csv and .json reports]")
    assert len(text.encode("utf-16-le")) // 2 <= TEXT_LIMIT


def test_sheet_of_three_hundred_columns_is_reported_whole(write: Write) -> None:
    columns = make_columns([(f"column {place}", None) for place in range(300)])
    order = make_order(4, S.OPEN, values=tuple(f"value {place}" for place in range(300)))

    results = worksheet(write([order], columns=columns), "Results")

    assert results.max_column == 312
    assert results.cell(2, 301).value == "value 299"


def test_results_are_ready_to_filter_and_print(write: Write, orders: list[OrderRecord]) -> None:
    results = worksheet(write(orders), "Results")

    assert results.freeze_panes == "B2"
    assert results.auto_filter.ref == "A1:U13"
    assert results.page_setup.orientation == "landscape"
    assert results.page_setup.fitToHeight == 0
    assert results.sheet_properties.pageSetUpPr is not None
    assert results.sheet_properties.pageSetUpPr.fitToPage
    assert results.print_title_rows == "$1:$1"
    footer = results.oddFooter
    assert footer is not None
    assert footer.left is not None
    assert footer.left.text == "eod.xlsx, batch e3k7-q2mp"
    assert footer.right is not None
    assert footer.right.text == "Page &P of &N"


def test_every_final_state_has_its_own_colour(write: Write, orders: list[OrderRecord]) -> None:
    results = worksheet(write(orders), "Results")

    states = column_of(results, "final_state")
    colours = {
        str(results.cell(line, states).value): results.cell(line, states).fill.start_color.rgb
        for line in range(2, 14)
    }
    assert len(colours) == 9
    assert len(set(colours.values())) == 9


def test_simulated_batch_is_marked_on_both_sheets(write: Write) -> None:
    workbook = write([make_order(4, S.FILLED)], simulated=True, worksheet=None)

    summary, results = worksheet(workbook, "Summary"), worksheet(workbook, "Results")
    assert str(summary["A2"].value).startswith("SIMULATED: practice")
    assert results.cell(2, column_of(results, "message")).value == "SIMULATED"
    assert results.oddHeader is not None
    assert results.oddHeader.center is not None
    assert "SIMULATED" in str(results.oddHeader.center.text)


def test_empty_batch_gives_a_workbook_without_a_chart(tmp_path: Path, write: Write) -> None:
    workbook = write([])

    assert worksheet(workbook, "Results").max_row == 1
    with zipfile.ZipFile(tmp_path / "out.xlsx") as package:
        assert "xl/charts/chart1.xml" not in package.namelist()


def test_sums_are_exact_over_sizes_of_any_magnitude() -> None:
    sizes = [Decimal("999999999999999"), Decimal("0.00000000000000000000000000001")]
    orders = []
    for row, size in enumerate(sizes):
        record = make_order(row, S.FILLED, filled_size=size)
        assert record.order is not None
        orders.append(replace(record, order=replace(record.order, size=size)))

    (line,) = survey(orders).lines

    assert line.amounts.size == Decimal("999999999999999.00000000000000000000000000001")
    assert line.amounts.filled == line.amounts.size


def test_interrupted_workbook_leaves_no_remains(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("batch.report.workbook.write_results", interrupt)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    with pytest.raises(KeyboardInterrupt):
        report.write(tmp_path / "out.xlsx", batch, [make_order(4, S.OPEN)], clock=clock)

    assert list(tmp_path.iterdir()) == []


def test_unwritable_temporary_folder_is_said_clearly(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))

    with pytest.raises(ReportError, match="The orders and the journal are untouched"):
        report.write(tmp_path / "out.xlsx", batch, [], clock=clock)


@given(
    text=st.text(
        alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\uffff\ufffe"),
        max_size=60,
    )
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_comes_back_unchanged_and_as_text(text: str, write: Write) -> None:
    # What a program would act on is shown instead; every other text must be itself.
    assume(escaped(text) == text)
    order = make_order(4, S.FILLED, server_order_id=text)

    results = worksheet(write([order]), "Results")

    cell = results.cell(2, column_of(results, "server_order_id"))
    assert (cell.value or "") == text.replace("_x", "_x")
    assert cell.data_type != "f"


@given(digits=st.integers(1, 10**15 - 1), decimals=st.integers(0, 12))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_price_of_fifteen_digits_comes_back_to_the_digit(
    digits: int, decimals: int, write: Write
) -> None:
    price = Decimal(digits).scaleb(-decimals)
    assert exact_number(format(price, "f")) == price

    results = worksheet(write([make_order(4, S.FILLED, average_price=price)]), "Results")

    value = results.cell(2, column_of(results, "average_price")).value
    assert Decimal(repr(value)) == price
