"""What is known of an order's fill, and what is not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batch.report.fills import filled_size, told_size, unfilled_size
from batch.states import OrderState as S
from tests.report.conftest import make_order

SIZE = Decimal(1_000_000)


@pytest.mark.parametrize("state", [S.REFUSED, S.REJECTED, S.PLANNED])
def test_order_that_the_venue_never_held_is_unfilled_as_a_whole(state: S) -> None:
    order = make_order(4, state, filled_size=None)

    assert (filled_size(order), unfilled_size(order)) == (Decimal(0), SIZE)


@pytest.mark.parametrize("state", [S.UNKNOWN, S.SENDING, S.INVALID, S.SKIPPED])
def test_row_of_which_nobody_knows_has_no_sizes(state: S) -> None:
    order = make_order(4, state, filled_size=Decimal(0))

    assert (filled_size(order), unfilled_size(order)) == (None, None)


@pytest.mark.parametrize("state", [S.FILLED, S.EXPIRED, S.CANCELLED, S.OPEN])
def test_fill_that_the_venue_did_not_say_is_not_taken_for_nothing(state: S) -> None:
    order = make_order(4, state, filled_size=None)

    assert (filled_size(order), unfilled_size(order)) == (None, None)


@pytest.mark.parametrize("state", [S.FILLED, S.EXPIRED, S.CANCELLED, S.OPEN, S.REJECTED])
@pytest.mark.parametrize("filled", ["0", "0.5", "250000", "1000000", "1000001"])
def test_what_is_left_is_the_size_less_what_the_venue_filled(state: S, filled: str) -> None:
    order = make_order(4, state, filled_size=Decimal(filled))

    assert filled_size(order) == Decimal(filled)
    assert unfilled_size(order) == SIZE - Decimal(filled)


@pytest.mark.parametrize("state", [S.UNKNOWN, S.SENDING])
def test_unknown_order_of_which_nothing_was_filled_yet_has_no_amount_of_its_own(state: S) -> None:
    assert told_size(make_order(4, state, filled_size=Decimal(0))) is None


@pytest.mark.parametrize("state", [S.UNKNOWN, S.SENDING])
def test_fill_that_the_venue_told_of_before_an_order_became_unknown_stays(state: S) -> None:
    order = make_order(4, state, filled_size=Decimal(250_000))

    assert (told_size(order), filled_size(order)) == (Decimal(250_000), None)


@pytest.mark.parametrize("state", [S.OPEN, S.EXPIRED, S.CANCELLED, S.REJECTED])
def test_nothing_filled_is_an_amount_where_the_order_is_known(state: S) -> None:
    assert told_size(make_order(4, state, filled_size=Decimal(0))) == 0
