"""How much of an order was filled: the last word, or none."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batch.journal import Change, Journal
from batch.model import OrderRecord
from batch.states import OrderEvent, OrderState
from tests.journal.planned import NOW, a_row, add, claim

ZERO, PART = Decimal(0), Decimal(250_000)


def ended(
    journal: Journal, event: OrderEvent, before: Decimal, at_end: Decimal | None
) -> OrderRecord:
    """Let an order work with so much filled, and end with what the venue says then."""
    add(journal, rows=[a_row(2)])
    journal.apply("abc", [claim(2)], NOW)
    accepted = Change(
        2,
        OrderState.SENDING,
        OrderEvent.ACCEPTED,
        server_order_id="S-2",
        filled_size=before,
        average_price=Decimal("1.1") if before else None,
    )
    journal.apply("abc", [accepted], NOW)
    journal.apply("abc", [Change(2, OrderState.OPEN, event, filled_size=at_end)], NOW)
    order = journal.order("abc", 2)
    assert order is not None
    return order


@pytest.mark.parametrize("event", [OrderEvent.EXPIRED, OrderEvent.CANCELLED])
@pytest.mark.parametrize("before", [ZERO, PART])
def test_what_was_filled_while_it_worked_says_nothing_of_an_early_end(
    journal: Journal, event: OrderEvent, before: Decimal
) -> None:
    order = ended(journal, event, before, None)

    assert (order.filled_size, order.average_price) == (None, None)


def test_what_the_venue_says_at_an_early_end_stands(journal: Journal) -> None:
    assert ended(journal, OrderEvent.EXPIRED, ZERO, PART).filled_size == PART


def test_what_was_filled_while_it_works_is_kept_where_an_answer_says_nothing(
    journal: Journal,
) -> None:
    order = ended(journal, OrderEvent.WORKING, PART, None)

    assert (order.filled_size, order.average_price) == (PART, Decimal("1.1"))


def test_rows_whose_filled_size_is_written_otherwise_are_found_and_no_others(
    journal: Journal,
) -> None:
    add(journal, rows=[a_row(row) for row in range(2, 8)])
    size = a_row(2).order.size  # type: ignore[union-attr]
    filled = {3: size, 4: PART, 5: Decimal(f"{size:f}.0"), 6: ZERO, 7: None}
    journal.apply("abc", [claim(row) for row in filled], NOW)
    for row, amount in filled.items():
        journal.apply(
            "abc",
            [
                Change(row, OrderState.SENDING, OrderEvent.ACCEPTED, server_order_id=f"S-{row}"),
                Change(row, OrderState.OPEN, OrderEvent.EXPIRED, filled_size=amount),
            ],
            NOW,
        )

    found = list(journal.orders_filled_otherwise("abc"))

    assert [(order.row, order.filled_size) for order in found] == [
        (row, filled[row]) for row in (4, 5, 6)
    ]
    assert list(journal.orders_filled_otherwise("def")) == []
