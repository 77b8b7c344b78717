"""The values that pass between the layers."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import (
    FIELDS,
    NUMBER_FIELDS,
    TERMS,
    Order,
    OrderRecord,
    Problem,
    Sheet,
    Validation,
    shown,
)
from batch.states import FinalState, OrderState
from tests.run.doubles import make_order


@given(st.text(st.characters(), max_size=200))
def test_what_a_message_shows_is_one_printable_line(text: str) -> None:
    found = shown(text)

    assert found.isprintable()


def test_a_long_text_is_shortened() -> None:
    assert shown("x" * 61) == "x" * 59 + "…"
    assert shown("x" * 60) == "x" * 60


def test_invisible_signs_are_shown_by_their_codes() -> None:
    assert shown("a\n\u202eb é") == "a\\n\\u202eb é"


def test_rows_with_problems_are_counted_once() -> None:
    problems = tuple(
        Problem("not-a-number", row, "Limit", "price", "a number", "x") for row in (3, 3, None, 7)
    )
    sheet = Sheet(Path("orders.csv"), None, 1, (), ())

    assert Validation(sheet, (), problems).invalid_rows == {3, 7}


def test_a_record_reports_its_state_in_the_reports_words() -> None:
    record = OrderRecord("abc", 2, (), OrderState.SENDING)

    assert record.final_state is FinalState.UNKNOWN


def test_numbers_are_fields_of_the_sheet() -> None:
    assert set(FIELDS) >= NUMBER_FIELDS


LEFT_OUT = {"row", "client_order_id"}
"""Fields of an order that are no term: where it stands, and what it is called."""


def test_every_field_of_an_order_is_a_term_or_named_as_left_out() -> None:
    order = {field.name for field in fields(Order)}

    assert set(TERMS) | LEFT_OUT == order
    assert not set(TERMS) & LEFT_OUT


def test_terms_are_equal_by_value() -> None:
    one = make_order(2, price=Decimal("1.3927"), client_order_id="A")
    other = replace(make_order(2), row=9)
    other = replace(other, price=Decimal("1.39270"), client_order_id="B")

    assert one.terms() == other.terms()
    assert one.terms().texts() == other.terms().texts()
    assert len({one.terms(), other.terms()}) == 1


@pytest.mark.parametrize("name", TERMS)
def test_each_term_makes_another_order(name: str) -> None:
    one = make_order(2).terms()
    other = replace(one, **{name: Decimal(7)})  # type: ignore[arg-type]

    assert one != other
    assert one.texts() != other.texts()
