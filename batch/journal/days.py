"""What a day's batches come to so far: for limits over all batches of a venue and org."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from batch.journal.records import finds_nonsense, read_digits, write_moment
from batch.journal.tables import BATCHES, ORDERS
from batch.states import OrderState


@dataclass(frozen=True, slots=True)
class Spent:
    """Orders of a day that are alike in what counts.

    Attributes:
        currency: the dealt currency, in which `size` and `filled_size` are.
        size: of each of them.
        filled_size: of each of them; None where it is not known.
        count: how many there are.
    """

    currency: str
    state: OrderState
    size: Decimal
    filled_size: Decimal | None
    count: int


@finds_nonsense
def spent_since(
    connection: Connection,
    venue_ids: Sequence[int],
    since: datetime,
    *,
    leave_out: Collection[str] = (),
) -> list[Spent]:
    """Give the orders that were sent since a moment, or are still to be sent by a batch since then.

    Args:
        venue_ids: the logins of one venue and org.
        leave_out: batches that do not count.
    """
    moment = write_moment(since)
    query = (
        select(
            ORDERS.c.currency,
            ORDERS.c.state,
            ORDERS.c.size,
            ORDERS.c.filled_size,
            func.count().label("orders"),
        )
        .join(BATCHES, BATCHES.c.batch_id == ORDERS.c.batch_id)
        .where(
            ORDERS.c.venue_id.in_(venue_ids),
            ORDERS.c.batch_id.not_in(leave_out),
            ORDERS.c.currency.is_not(None),
            # All moments are written alike, in UTC, so that their texts sort as they do.
            func.coalesce(ORDERS.c.submitted_at, BATCHES.c.created_at) >= moment,
        )
        .group_by(ORDERS.c.currency, ORDERS.c.state, ORDERS.c.size, ORDERS.c.filled_size)
    )
    return [
        Spent(
            row.currency,
            OrderState(row.state),
            Decimal(row.size),
            read_digits(row.filled_size),
            row.orders,
        )
        for row in connection.execute(query)
    ]
