"""Sheets that repeat each other, and a batch that stopped half-way."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from batch.model import Validation
from batch.states import OrderState
from tests.run.conftest import Desk, let_all_leave
from tests.run.doubles import make_order, make_validation


def sheet_of(count: int, **changes: str) -> Validation:
    return make_validation(*(make_order(row) for row in range(2, count + 2)), **changes)


def edited(count: int, row: int) -> Validation:
    """Give the sheet with the price of one row changed."""
    orders = [make_order(number) for number in range(2, count + 2)]
    orders[row - 2] = replace(orders[row - 2], price=Decimal("1.2"))
    return make_validation(*orders)


def interrupt(desk: Desk, sheet: Validation, sent: int) -> str:
    """Send so many rows of a sheet, then stop; the others stay planned."""
    batch_id = desk.plan(sheet).batch.batch_id
    run = desk.make_run(batch_id, max_in_flight=1)
    let_all_leave(run)
    books = len(desk.venue.books)
    desk.workers.before_call = lambda _: (
        run.stop() if len(desk.venue.books) == books + sent - 1 else None
    )
    run.execute()
    desk.workers.before_call = lambda _: None
    desk.make_run(batch_id, send=False).execute()
    return batch_id


def states_of(desk: Desk, batch_id: str) -> list[OrderState]:
    return [order.state for order in desk.orders(batch_id)]
