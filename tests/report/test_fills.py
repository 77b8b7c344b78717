"""What is known of an order's fill, and what is not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batch.report.fills import filled_size, unfilled_size
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
