"""The two end-of-day sheets of one desk, as they came: CSV, and a workbook with formula prices."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batch.model import Validation
from batch.schema import validate
from batch.sheet import read

FILES = Path(__file__).parent.parent / "sheet" / "files"


@pytest.fixture(scope="module")
def from_csv() -> Validation:
    return validate(read(FILES / "eod-2026-10-30.csv"))


@pytest.fixture(scope="module")
def from_workbook() -> Validation:
    return validate(read(FILES / "eod-2026-10-30.xlsx"))


def test_csv_gives_48_orders_with_line_numbers(from_csv: Validation) -> None:
    assert [order.row for order in from_csv.orders] == list(range(2, 50))
    assert from_csv.problems == ()


def test_workbook_gives_48_orders_with_the_row_numbers_a_person_sees(
    from_workbook: Validation,
) -> None:
    assert from_workbook.sheet.worksheet == "Orders"
    assert from_workbook.sheet.header_row == 3
    assert [order.row for order in from_workbook.orders] == list(range(4, 52))
    assert from_workbook.problems == ()


def test_both_files_give_equal_orders(from_csv: Validation, from_workbook: Validation) -> None:
    left = [replace(order, row=0) for order in from_csv.orders]
    right = [replace(order, row=0) for order in from_workbook.orders]

    assert left == right


def test_a_csv_price_keeps_its_digits_and_a_formula_gives_its_value(
    from_csv: Validation, from_workbook: Validation
) -> None:
    assert str(from_csv.orders[2].price) == "1.39270"
    assert str(from_workbook.orders[2].price) == "1.3927"
    assert from_csv.orders[2].price == from_workbook.orders[2].price == Decimal("1.3927")
