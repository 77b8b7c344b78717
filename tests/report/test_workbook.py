"""The workbook that people keep: Summary and Results, read back with openpyxl."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch import report
from batch.errors import ReportError
from batch.model import BatchRecord, OrderRecord
from batch.report.text import TEXT_LIMIT, exact_number
from batch.report.totals import survey
from batch.states import OrderState as S
from tests.report.conftest import StoppedClock, make_columns, make_order

Write = Callable[..., Workbook]


@pytest.fixture
def write(tmp_path: Path, make_batch: Callable[..., BatchRecord], clock: StoppedClock) -> Write:
    def write_and_load(orders: list[OrderRecord], **changes: object) -> Workbook:
        path = report.write(tmp_path / "out.xlsx", make_batch(**changes), orders, clock=clock)
        return load_workbook(path)

    return write_and_load


def worksheet(workbook: Workbook, name: str) -> Worksheet:
    found = workbook[name]
    assert isinstance(found, Worksheet)
    return found


def column_of(sheet: Worksheet, name: str) -> int:
    return [cell.value for cell in sheet[1]].index(name) + 1


def texts_of(sheet: Worksheet) -> str:
    return "\n".join(
        str(value) for row in sheet.iter_rows(values_only=True) for value in row if value
    )


def test_workbook_has_summary_first_then_results(write: Write, orders: list[OrderRecord]) -> None:
    workbook = write(orders)

    assert workbook.sheetnames == ["Summary", "Results"]
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
    assert str(note.value).replace("_x000D_", "\r") == text
    assert isinstance(note, Cell)
    assert note.quotePrefix is (text != "{=1}")


def test_formula_as_a_header_is_inert(write: Write) -> None:
    columns = make_columns([("=1+1", None)])

    results = worksheet(write([make_order(4, S.OPEN, values=("x",))], columns=columns), "Results")

    assert (results.cell(1, 2).value, results.cell(1, 2).data_type) == ("=1+1", "s")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b\x1bc\x7f", "a␀b␛c␡"),
        ("a\ud800b\uffff", "a\ufffdb\ufffd"),
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


def test_summary_says_what_when_and_where(write: Write, orders: list[OrderRecord]) -> None:
    texts = texts_of(worksheet(write(orders), "Summary"))

    for fact in (
        "e3k7-q2mp",
        "eod.xlsx",
        "Orders",
        "https://venue.example.com",
        "ACME, ops1",
        "2026-10-30 16:05:01",
        "2026-10-30 16:09:30.123",
    ):
        assert fact in texts
    assert "SIMULATED" not in texts


def test_simulated_batch_is_marked_on_both_sheets(write: Write) -> None:
    workbook = write([make_order(4, S.FILLED)], simulated=True, worksheet=None)

    summary, results = worksheet(workbook, "Summary"), worksheet(workbook, "Results")
    assert str(summary["A2"].value).startswith("SIMULATED: practice")
    assert results.cell(2, column_of(results, "message")).value == "SIMULATED"
    assert results.oddHeader is not None
    assert results.oddHeader.center is not None
    assert "SIMULATED" in str(results.oddHeader.center.text)


def test_summary_lists_first_what_needs_a_person_most(
    write: Write, orders: list[OrderRecord]
) -> None:
    summary = worksheet(write(orders), "Summary")

    lines = [tuple(cell.value for cell in row) for row in summary.iter_rows()]
    start = next(n for n, line in enumerate(lines) if line[0] == "Needs a person first: 7 rows")
    assert [(line[0], line[1]) for line in lines[start + 2 : start + 9]] == [
        ("UNKNOWN", "13"),
        ("UNKNOWN", "14"),
        ("OPEN", "12"),
        ("REFUSED", "8"),
        ("REJECTED", "6"),
        ("NOT_SENT", "10"),
        ("INVALID", "9"),
    ]
    assert lines[start + 2][2] == "Buy 1,000,000 EUR in EUR/USD at 1.39270 IOC"
    assert lines[start + 2][6] == "why row 13 is UNKNOWN"
    link = summary.cell(start + 3, 2).hyperlink
    assert link is not None
    assert link.location == "Results!A11"


def test_summary_counts_what_it_does_not_list(write: Write) -> None:
    orders = [make_order(row, S.UNKNOWN) for row in range(2, 14)]
    orders += [make_order(row, S.PLANNED) for row in range(14, 1014)]

    texts = texts_of(worksheet(write(orders), "Summary"))

    assert "Needs a person first: 1,012 rows" in texts
    assert "and 992 more: filter final_state on Results" in texts


def test_summary_of_a_good_batch_says_that_nothing_needs_a_person(write: Write) -> None:
    texts = texts_of(worksheet(write([make_order(4, S.FILLED)]), "Summary"))

    assert "Nothing: no row is UNKNOWN, OPEN, REFUSED, REJECTED, NOT_SENT or INVALID." in texts


def test_summary_shortens_a_long_reason_and_says_where_the_rest_is(write: Write) -> None:
    texts = texts_of(worksheet(write([make_order(4, S.OPEN, message="word " * 200)]), "Summary"))

    assert "… (all of it is on Results)" in texts


def test_summary_says_when_no_reason_is_known(write: Write) -> None:
    texts = texts_of(worksheet(write([make_order(4, S.OPEN, message="")]), "Summary"))

    assert "(no reason was given)" in texts


def test_summary_has_totals_by_symbol_side_and_state(
    write: Write, orders: list[OrderRecord]
) -> None:
    summary = worksheet(write(orders), "Summary")

    lines = [tuple(cell.value for cell in row)[:7] for row in summary.iter_rows()]
    assert ("EUR/USD", "Buy", "EUR", "FILLED", 2, 2_000_000, 2_000_000) in lines
    assert ("EUR/USD", "Buy", "EUR", "EXPIRED", 1, 1_000_000, 250_000) in lines
    assert ("EUR/USD", "Buy", "EUR", "UNKNOWN", 2, 2_000_000, "not known") in lines
    assert ("EUR/USD", "Buy", "EUR", "CANCELLED", 1, 1_000_000, "not known") in lines
    assert ("EUR/USD", "Buy", "EUR", "REFUSED", 1, 1_000_000, 0) in lines
    assert any(line[0] == "Not read as orders" and line[4] == 1 for line in lines)
    assert any(line[0] == "All rows" and line[4] == 12 for line in lines)


def test_chart_has_title_axis_titles_and_a_colour_for_each_state(
    tmp_path: Path, write: Write, orders: list[OrderRecord]
) -> None:
    write(orders)

    with zipfile.ZipFile(tmp_path / "out.xlsx") as package:
        chart = package.read("xl/charts/chart1.xml").decode("utf-8")
    for title in ("Orders by final state", "Number of orders", "Final state"):
        assert f"<a:t>{title}</a:t>" in chart
    assert chart.count("<c:dPt>") == 9


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

    (total,) = survey(orders).totals

    assert total.size == Decimal("999999999999999.00000000000000000000000000001")
    assert total.filled_size == total.size


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
