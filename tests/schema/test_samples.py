"""The sample sheets: the good ones are good, the bad ones are bad in the ways they say."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.model import TimeInForce, Validation
from batch.schema import validate
from batch.sheet import read

SAMPLES = Path(__file__).parents[2] / "samples"


def check(name: str) -> Validation:
    return validate(read(SAMPLES / name))


@pytest.mark.parametrize(("name", "first_row"), [("orders.csv", 2), ("orders.xlsx", 5)])
def test_the_good_samples_give_14_orders(name: str, first_row: int) -> None:
    result = check(name)

    assert result.problems == ()
    assert [order.row for order in result.orders] == list(range(first_row, first_row + 14))
    assert {order.time_in_force for order in result.orders} == set(TimeInForce)


def test_the_workbooks_own_columns_are_told() -> None:
    assert [note.found for note in check("orders.xlsx").sheet.warnings] == ["Offset (bp)", "Trader"]
    assert check("orders.csv").sheet.warnings == ()


def test_only_the_workbook_has_client_order_ids_of_its_own() -> None:
    assert {order.client_order_id for order in check("orders.csv").orders} == {None}
    assert all(order.client_order_id for order in check("orders.xlsx").orders)


def test_the_workbooks_prices_are_formulas_whose_values_are_read() -> None:
    prices = {order.row: str(order.price) for order in check("orders.xlsx").orders}

    assert (prices[5], prices[7]) == ("1.11787", "157.313")


def test_the_bad_csv_has_eleven_mistakes_and_two_good_rows() -> None:
    result = check("orders-invalid.csv")

    assert [(problem.row, problem.code) for problem in result.problems] == [
        (3, "unknown-side"),
        (4, "ambiguous-number"),
        (5, "not-positive"),
        (6, "repeated-id"),
        (7, "currency-not-in-pair"),
        (8, "expiry-missing"),
        (9, "unknown-time-in-force"),
        (10, "expiry-without-gtt"),
        (11, "repeated-id"),
        (12, "unknown-currency"),
        (13, "missing-value"),
    ]
    assert [order.row for order in result.orders] == [2, 14]


def test_the_bad_workbook_has_ten_mistakes_and_four_good_rows() -> None:
    result = check("orders-invalid.xlsx")

    assert [(problem.row, problem.code) for problem in result.problems] == [
        (6, "unknown-side"),
        (7, "unknown-currency"),
        (7, "error-value"),
        (9, "ambiguous-number"),
        (10, "min-size-above-size"),
        (11, "expiry-missing"),
        (12, "percent-format"),
        (13, "long-number"),
        (14, "date"),
        (16, "currency-not-in-pair"),
    ]
    assert [order.row for order in result.orders] == [5, 8, 15, 17]
