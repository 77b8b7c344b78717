"""The spreadsheets given back are order sheets again: what reads sheets reads them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch import report
from batch.errors import SheetError
from batch.model import BatchRecord, OrderRecord, Problem
from batch.report.template import FIELDS
from batch.sheet import read
from batch.states import OrderState as S
from tests.report.conftest import HEADERS, make_order


def test_template_filled_in_is_an_order_sheet(tmp_path: Path) -> None:
    target = report.write_template(tmp_path / "orders.xlsx")
    workbook = load_workbook(target)
    line = ("00123", "EUR/USD", "Buy", None, 1_000_000, 1.0971678, "GTT", 300, None, "A", "B", "x")
    for place, value in enumerate(line, start=1):
        workbook["Orders"].cell(2, place).value = value
    workbook.save(target)

    sheet = read(target)

    assert [column.field for column in sheet.columns] == [field.name for field in FIELDS]
    assert [row.values for row in sheet.rows] == [
        ("00123", "EUR/USD", "Buy", "", "1000000", "1.0971678", "GTT", "300", "", "A", "B", "x")
    ]
    assert sheet.problems == ()


def test_blank_template_holds_no_orders(tmp_path: Path) -> None:
    target = report.write_template(tmp_path / "orders.xlsx")

    with pytest.raises(SheetError, match="expected at least one order"):
        read(target)


@pytest.mark.parametrize("suffix", report.CORRECTION_FORMATS)
def test_rows_to_mend_are_an_order_sheet(
    suffix: str, tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    target = report.write_corrections(tmp_path / f"mend{suffix}", batch, orders)
    assert target is not None

    sheet = read(target)

    assert [(c.header, c.field) for c in sheet.columns] == [*HEADERS, ("correction_reason", None)]
    assert sheet.rows[0].values[:8] == (
        "TRS-006-2",
        "EUR/USD",
        "Buy",
        "EUR",
        "1000000",
        "1.39270" if suffix == ".csv" else "1.3927",
        "IOC",
        "payroll",
    )
    assert Decimal(sheet.rows[0].values[5]) == Decimal("1.39270")
    assert sheet.problems == ()


def test_marked_csv_is_an_order_sheet_with_the_same_rows(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"
    source.write_text("symbol,side,size,price,time_in_force\nEUR/USD,Buy,-3,1.0971,IOC\n")
    before = read(source)
    problem = Problem("not-positive", 2, "size", "size", "a number above 0", "-3")

    after = read(report.annotate(source, before, [problem], tmp_path / "marked.xlsx").path)

    assert [row.values for row in after.rows] == [row.values for row in before.rows]
    assert [row.number for row in after.rows] == [row.number for row in before.rows]


def test_corrections_of_corrections_count_on(tmp_path: Path, batch: BatchRecord) -> None:
    first = report.write_corrections(tmp_path / "1.xlsx", batch, [make_order(4, S.REJECTED)])
    assert first is not None
    again = read(first)
    order = make_order(2, S.REJECTED, values=again.rows[0].values, client_order_id="TRS-004-2")
    second_batch = BatchRecord(
        "b2", str(first), "Orders", again.columns, 1, "https://v", "o", "u", False, batch.created_at
    )

    second = report.write_corrections(tmp_path / "2.xlsx", second_batch, [order])

    assert second is not None
    assert read(second).rows[0].values[0] == "TRS-004-3"
