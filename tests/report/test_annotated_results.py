"""The person's own workbook with the results in it, and otherwise as it was."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from batch import report
from batch.errors import ReportError
from batch.model import BatchRecord, OrderRecord, Row, Sheet
from batch.report import own_workbook
from batch.states import OrderState as S
from tests.report.conftest import StoppedClock, make_columns, make_order, worksheet

COLUMNS = make_columns([("ID", "client_order_id"), ("Amount", "size"), ("Note", None)])
ROWS = (Row(4, ("A", "1000000", "")), Row(5, ("B", "2", "=x")), Row(7, ("C", "5", "00123")))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    workbook = Workbook()
    orders = workbook.active
    assert isinstance(orders, Worksheet)
    orders.title = "Desk's orders"
    orders["A1"] = "Treasury"
    orders["E9"] = "a remark beside the table"
    for place, header in enumerate(["ID", "Amount", "Note"], start=1):
        orders.cell(3, place, header)
    for row, identity, amount in ((4, "A", 1_000_000), (5, "B", "=1+1"), (7, "C", 5)):
        orders.cell(row, 1, identity)
        orders.cell(row, 2, amount).number_format = "#,##0.00"
    orders["B7"].comment = Comment("ask Anna", "Bea")
    orders["A4"].font = Font(bold=True)
    orders.column_dimensions["C"].width = 33
    workbook.create_sheet("Rates")["A1"] = 1.1
    path = tmp_path / "orders.xlsx"
    workbook.save(path)
    return path


@pytest.fixture
def sheet(source: Path) -> Sheet:
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    return Sheet(source, "Desk's orders", 3, COLUMNS, ROWS, sha256=digest)


@pytest.fixture
def batch(make_batch: Callable[..., BatchRecord]) -> BatchRecord:
    return make_batch(columns=COLUMNS, worksheet="Desk's orders", row_count=3)


@pytest.fixture
def orders() -> list[OrderRecord]:
    states = (S.FILLED, S.EXPIRED, S.UNKNOWN)
    filled, expired, unknown = (
        make_order(row.number, state, values=row.values)
        for row, state in zip(ROWS, states, strict=True)
    )
    return [filled, expired, replace(unknown, filled_size=Decimal(0))]


def annotated(sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]) -> Workbook:
    copy = report.annotate_results(sheet, batch, orders, sheet.path.with_name("copy.xlsx"))
    return load_workbook(copy.path)


def test_results_stand_behind_the_last_column_of_each_row(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    table = worksheet(annotated(sheet, batch, orders), "Desk's orders")

    lines = [[table.cell(row, column).value for column in range(6, 11)] for row in (3, 4, 5, 7)]
    assert lines == [
        ["final_state", "server_order_id", "filled_size", "average_price", "message"],
        ["FILLED", "4820276004", 1_000_000, 1.3925, None],
        ["EXPIRED", "4820276005", 250_000, 1.3925, "why row 5 is EXPIRED"],
        ["UNKNOWN", None, None, None, "why row 7 is UNKNOWN"],
    ]
    assert [table.cell(row, 6).fill.start_color.rgb for row in (4, 7)] == ["FFC6E0B4", "FFC00000"]
    assert table.cell(4, 7).number_format == "@"
    assert table.cell(4, 8).number_format == "#,##0"


def test_everything_else_is_as_it_was(
    source: Path, sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    before = source.read_bytes()

    workbook = annotated(sheet, batch, orders)

    table = worksheet(workbook, "Desk's orders")
    assert workbook.sheetnames == ["Desk's orders", "Rates", "Batch"]
    assert table["B5"].value == "=1+1"
    assert table["B4"].number_format == "#,##0.00"
    assert table["A4"].font.bold
    assert table["B7"].comment is not None
    assert table["E9"].value == "a remark beside the table"
    assert table.column_dimensions["C"].width == 33
    assert source.read_bytes() == before


def test_copy_says_what_it_is_and_what_it_lacks(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_workbook, "_LOST_PARTS", (("xl/styles", "the colour of the wind"),))
    target = sheet.path.with_name("copy.xlsx")

    copy = report.annotate_results(sheet, batch, orders, target)

    assert copy.remark == "It does not have: the colour of the wind."
    page = worksheet(load_workbook(copy.path), "Batch")
    texts = [row[0] for row in page.iter_rows(values_only=True)]
    assert texts[0] == "Results of batch e3k7-q2mp"
    assert str(texts[1]).startswith("3 of 3 orders sent (1 of them UNKNOWN), 1 filled whole")
    assert "Not carried over from the original: the colour of the wind." in texts


def test_practice_copy_says_so(sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]) -> None:
    workbook = annotated(sheet, replace(batch, simulated=True), orders)

    assert str(worksheet(workbook, "Batch")["A2"].value).startswith("SIMULATED: practice")
    assert worksheet(workbook, "Desk's orders")["J4"].value == "SIMULATED"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rows": ROWS[:2]}, "3 rows, found 2"),
        ({"rows": (*ROWS[:2], Row(8, ROWS[2].values))}, "row 7, found row 8 in its place"),
        (
            {"rows": (*ROWS[:2], Row(7, ("C", "6", "00123")))},
            'in row 7, Amount, "5", found "6"',
        ),
        ({"columns": make_columns([("ID", None)])}, "the columns ID, Amount, Note, found ID"),
    ],
)
def test_sheet_that_has_changed_since_is_refused_in_words(
    changes: dict[str, object],
    words: str,
    sheet: Sheet,
    batch: BatchRecord,
    orders: list[OrderRecord],
) -> None:
    changed = replace(sheet, **changes)  # type: ignore[arg-type]

    with pytest.raises(ReportError, match="has changed since") as caught:
        annotated(changed, batch, orders)

    assert words in str(caught.value)
    assert not sheet.path.with_name("copy.xlsx").exists()


def test_sheet_that_is_saved_meanwhile_is_refused(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    with pytest.raises(ReportError, match="it was saved while it was read; try again"):
        annotated(replace(sheet, sha256="0" * 64), batch, orders)


def test_text_file_has_nothing_to_keep_and_is_refused(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    with pytest.raises(ReportError, match="found a text file, which has neither formats"):
        annotated(replace(sheet, worksheet=None), batch, orders)


def test_workbook_that_is_too_large_is_refused(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_workbook, "LARGEST", 10)

    with pytest.raises(ReportError, match="too large for that"):
        annotated(sheet, batch, orders)


def test_sheet_itself_is_never_written(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    with pytest.raises(ReportError, match="this is the sheet itself"):
        report.annotate_results(sheet, batch, orders, sheet.path)


def test_earlier_copy_of_the_same_batch_is_replaced_and_no_other_file(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    target = sheet.path.with_name("copy.xlsx")
    report.annotate_results(sheet, batch, orders, target)

    report.check_annotated_target(target, batch)
    assert report.annotate_results(sheet, batch, orders, target).path == target
    other = replace(batch, batch_id="other")
    with pytest.raises(report.TargetTaken, match="annotated results of batch e3k7-q2mp"):
        report.check_annotated_target(target, other)
    assert report.annotate_results(sheet, other, orders, target, clock=clock).path != target


def test_names_that_the_sheet_uses_get_a_prefix(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    columns = make_columns([("ID", None), ("Amount", None), ("message", None)])
    workbook = load_workbook(sheet.path)
    workbook["Desk's orders"]["C3"] = "message"
    workbook.save(sheet.path)
    renamed = replace(sheet, columns=columns, sha256="")

    table = worksheet(annotated(renamed, replace(batch, columns=columns), orders), "Desk's orders")

    assert table["J3"].value == "result_message"


@pytest.mark.parametrize("text", ["=1+1", "@SUM(A1)", "00123", "1E5"])
def test_what_the_venue_wrote_is_text(
    text: str, sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    orders[0] = replace(orders[0], server_order_id=text, message=text)

    table = worksheet(annotated(sheet, batch, orders), "Desk's orders")

    assert [(table[cell].value, table[cell].data_type) for cell in ("G4", "J4")] == [
        (text, "s")
    ] * 2


def test_number_beyond_fifteen_digits_is_text_rather_than_wrong(
    sheet: Sheet, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    orders[0] = replace(orders[0], average_price=Decimal("1.0971678000000001"))

    table = worksheet(annotated(sheet, batch, orders), "Desk's orders")

    assert table["I4"].value == "1.0971678000000001"
