"""What a person is told before orders leave, and what a dry run tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from batch.desk.listener import Question
from batch.desk.problems import totals_by_currency
from batch.model import Order
from batch.plan.draft import Draft
from batch.plan.identity import Login

CURRENCIES = 8
"""Currencies that are named one by one; all of them are in the table of symbols."""


def question(drafts: Sequence[Draft], login: Login) -> Question:
    """Say what would leave, from which sheets, to where, and how much of it."""
    orders = [order for one in drafts for order in one.to_send]
    noun = "order" if len(orders) == 1 else "orders"
    return Question(
        f"Send {len(orders):,} {noun} {sender(login)}?",
        orders,
        (*(_sheet_line(one) for one in drafts), *_currency_lines(orders)),
    )


def sender(login: Login) -> str:
    """Say as whom, and where."""
    return f"as {login.user} of {login.org} at {login.url}"


def _sheet_line(one: Draft) -> str:
    sheet = one.validation.sheet
    worksheet = f", sheet {sheet.worksheet}" if sheet.worksheet else ""
    run = f", run key {one.batch.run_key}" if one.batch.run_key else ", no run key"
    rows = "row" if one.batch.row_count == 1 else "rows"
    return (
        f"{sheet.path.name}{worksheet}: batch {one.batch.batch_id}{run}, "
        f"{len(one.to_send):,} of {one.batch.row_count:,} {rows} to send"
    )


def _currency_lines(orders: Sequence[Order]) -> Iterator[str]:
    sums = totals_by_currency(orders)
    for currency, total in list(sums.items())[:CURRENCIES]:
        dealt = [order for order in orders if order.currency == currency]
        largest = max(dealt, key=lambda order: order.size)
        noun = "order" if len(dealt) == 1 else "orders"
        yield (
            f"{currency} {total:,f} in {len(dealt):,} {noun}; the largest is row {largest.row}: "
            f"{largest.side} {largest.size:,f} in {largest.symbol} at {largest.price:f}"
        )
    if len(sums) > CURRENCIES:
        yield f"and {len(sums) - CURRENCIES:,} more currencies"
