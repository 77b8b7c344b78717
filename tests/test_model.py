"""The values that pass between the layers."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from batch.model import FIELDS, NUMBER_FIELDS, OrderRecord, Problem, Sheet, Validation, shown
from batch.states import FinalState, OrderState


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
