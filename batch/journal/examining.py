"""What can be said of a whole journal: how much it holds, and whether that agrees with itself."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from batch.journal.tables import BATCHES, EVENTS, ORDERS
from batch.states import OrderState

LISTED = 20
"""How many contradictions of one kind are listed."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a journal holds."""

    batches: int
    rows: int
    events: int

    def __str__(self) -> str:
        return f"batches: {self.batches}, rows: {self.rows}, lines of history: {self.events}"


@dataclass(frozen=True, slots=True)
class Examination:
    """What looking a journal through came to.

    Attributes:
        version: of its tables; None where there are none.
        faults: what is wrong with it, each in words; empty for a sound journal.
    """

    version: int | None
    counts: Counts
    faults: tuple[str, ...]


def count(connection: Connection) -> Counts:
    """Count what a journal holds."""
    batches, rows, events = (
        connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in (BATCHES, ORDERS, EVENTS)
    )
    return Counts(batches, rows, events)


def find_contradictions(connection: Connection) -> list[str]:
    """Give what a journal says in one place and denies in another, in words."""
    return [*_lacking_rows(connection), *_strange_states(connection), *_untold(connection)]


def _lacking_rows(connection: Connection) -> list[str]:
    held = func.count(ORDERS.c.row)
    query = (
        select(BATCHES.c.batch_id, BATCHES.c.row_count, held.label("held"))
        .outerjoin(ORDERS, ORDERS.c.batch_id == BATCHES.c.batch_id)
        .group_by(BATCHES.c.batch_id, BATCHES.c.row_count)
        .having(held != BATCHES.c.row_count)
        .limit(LISTED)
    )
    return [
        f"batch {row.batch_id}: expected {row.row_count} rows, found {row.held}"
        for row in connection.execute(query)
    ]


def _strange_states(connection: Connection) -> list[str]:
    query = (
        select(ORDERS.c.batch_id, ORDERS.c.row)
        .where(ORDERS.c.state.not_in([state.value for state in OrderState]))
        .limit(LISTED)
    )
    return [
        f"batch {row.batch_id}, row {row.row}: expected a state that this version knows, found "
        "another"
        for row in connection.execute(query)
    ]


def _untold(connection: Connection) -> list[str]:
    """Find rows whose state is not the one that their history ends with."""
    last = (
        select(EVENTS.c.batch_id, EVENTS.c.row, func.max(EVENTS.c.id).label("id"))
        .where(EVENTS.c.state.is_not(None))
        .group_by(EVENTS.c.batch_id, EVENTS.c.row)
        .subquery()
    )
    query = (
        select(ORDERS.c.batch_id, ORDERS.c.row, ORDERS.c.state, EVENTS.c.state.label("told"))
        .join(last, (last.c.batch_id == ORDERS.c.batch_id) & (last.c.row == ORDERS.c.row))
        .join(EVENTS, EVENTS.c.id == last.c.id)
        .where(EVENTS.c.state != ORDERS.c.state)
        .limit(LISTED)
    )
    return [
        f"batch {row.batch_id}, row {row.row}: expected the state that its history ends with "
        f"({row.told}), found {row.state}"
        for row in connection.execute(query)
    ]
