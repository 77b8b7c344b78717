"""The statements that more than one part of the journal needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    Connection,
    Dialect,
    Insert,
    Row,
    bindparam,
    func,
    insert,
    select,
)
from sqlalchemy.sql.compiler import SQLCompiler

from batch.errors import JournalError
from batch.journal.actor import actor
from batch.journal.groups import apply_group
from batch.journal.records import (
    ORDER_COLUMNS,
    PLACING_COLUMNS,
    BatchSummary,
    Change,
    claimed,
    finds_nonsense,
    read_batch,
    write_change,
    write_moment,
    write_text,
)
from batch.journal.tables import BATCHES, CANCELS, EVENTS, ORDERS, VENUES
from batch.states import BatchEvent, OrderState

SELECT_BATCHES = select(BATCHES, VENUES.c.url, VENUES.c.org.label("venue_org"), VENUES.c.user).join(
    VENUES, VENUES.c.id == BATCHES.c.venue_id
)


INSERT_EVENT = insert(EVENTS).values(
    {column.name: bindparam(column.name) for column in EVENTS.c if not column.primary_key}
)


_PLANNED = (
    *("batch_id", "row", "venue_id", "sheet_values", "state", "client_order_id", "fingerprint"),
    *("payload", "message", "symbol", "side", "currency", "size", "price", "time_in_force"),
    *("expiry_time_s", "min_size", "org", "account", "own_client_order_id"),
)
INSERT_ORDER = insert(ORDERS).values({name: bindparam(name) for name in _PLANNED})
"""A row as `write_order` gives it."""


SELECT_ORDERS = select(*(ORDERS.c[name] for name in ORDER_COLUMNS))
"""Rows as `read_order` takes them."""

SELECT_NEXT_PLANNED = (
    select(*(ORDERS.c[name] for name in PLACING_COLUMNS))
    .where(
        ORDERS.c.batch_id == bindparam("in_batch"),
        ORDERS.c.state == OrderState.PLANNED.value,
        # What somebody wants cancelled, and was not there, is not brought there in that run.
        ORDERS.c.row.not_in(
            select(CANCELS.c.row).where(
                CANCELS.c.batch_id == bindparam("in_batch"), CANCELS.c.ended_at.is_(None)
            )
        ),
    )
    .order_by(ORDERS.c.row)
    .limit(bindparam("most"))
)
"""What `read_placing` needs of the rows that are to be sent next."""


def execute_many(
    connection: Connection, statement: Insert, parameters: Sequence[dict[str, Any]]
) -> int:
    """Execute a statement once for each set of parameters, and give the number of rows changed.

    Its parameters go to the driver as they are, text and numbers. A run commits some hundred times
    a second, and preparing the statement anew each time would take longer than executing it.
    """
    sql, in_order = _compiled(statement, connection.dialect)
    values = list(parameters) if in_order is None else [in_order(one) for one in parameters]
    return connection.exec_driver_sql(sql, values).rowcount


@cache
def _compiled(statement: Insert, dialect: Dialect) -> tuple[str, itemgetter[Any] | None]:
    compiled = statement.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    order = compiled.positiontup  # None for a driver that takes parameters by name
    return str(compiled), None if order is None else itemgetter(*order)


def apply_changes(
    connection: Connection,
    where: str,
    batch_id: str,
    changes: Sequence[Change],
    now: datetime,
    *,
    epoch: int | None = None,
) -> None:
    """Take steps in the lives of rows, each with its line of history.

    Args:
        epoch: of the hold under which rows are claimed; None where it is not known.

    Raises:
        IllegalTransition: a step that the table of states does not know; nothing was done.
        JournalError: a row was not in the state that its change expects. The transaction must
            then be rolled back.
    """
    if not changes:
        return
    steps = [write_step(batch_id, change, epoch) for change in changes]
    changed = apply_group(connection, steps, write_stamp(batch_id, now))
    _require_all(where, batch_id, len(changes), changed)


def write_step(batch_id: str, change: Change, epoch: int | None) -> dict[str, Any]:
    """Give a step and its line of history.

    Raises:
        IllegalTransition: the table of states does not know it.
    """
    return {
        **write_change(batch_id, change, epoch),
        "kind": change.event.value,
        "detail": change.detail,
        "line_request_id": change.request_id,
    }


def write_claim(batch_id: str, now: datetime, epoch: int) -> dict[str, Any]:
    """Give the step of a row that is claimed, without what is its own; see `Group`."""
    own = {"in_row": None, "new_request_id": None, "line_request_id": None}
    return {**write_step(batch_id, claimed(0, "", "", now), epoch), **own}


def write_stamp(batch_id: str, now: datetime) -> dict[str, Any]:
    """Give what all lines of history that are added together have in common."""
    return {"batch_id": batch_id, "at": write_moment(now), "actor": actor()}


def _require_all(where: str, batch_id: str, expected: int, changed: int) -> None:
    if changed != expected:
        raise JournalError(
            f"{where}, batch {batch_id}: expected to change {expected} rows, found {changed} "
            "in the expected state. Is another process at work on it?"
        )


def line_of_batch(kind: BatchEvent, detail: str, row: int | None = None) -> dict[str, Any]:
    """Give a line of history that is no step in the life of a row."""
    return {"row": row, "kind": kind.value, "state": None, "detail": detail, "request_id": None}


def append_events(
    connection: Connection, batch_id: str, now: datetime, lines: Sequence[dict[str, Any]]
) -> None:
    """Add lines of history, with the time and who records them."""
    stamp = write_stamp(batch_id, now)
    texts = ({**line, "detail": write_text(line["detail"])} for line in lines)
    execute_many(connection, INSERT_EVENT, [{**line, **stamp} for line in texts])


def find_venue(connection: Connection, url: str, org: str, user: str) -> int:
    """Give the number of a login at a venue, making it at first sight."""
    query = select(VENUES.c.id).where(
        VENUES.c.url == url, VENUES.c.org == org, VENUES.c.user == user
    )
    found = connection.execute(query).scalar()
    if found is None:
        connection.execute(insert(VENUES), {"url": url, "org": org, "user": user})
        found = connection.execute(query).scalar_one()
    return int(found)


@finds_nonsense
def read_summaries(connection: Connection, rows: Iterable[Row[Any]]) -> list[BatchSummary]:
    """Read batches, each with its rows counted by state."""
    batches = [read_batch(row) for row in rows]
    counts: dict[str, dict[OrderState, int]] = {batch.batch_id: {} for batch in batches}
    query = select(ORDERS.c.batch_id, ORDERS.c.state, func.count()).group_by(
        ORDERS.c.batch_id, ORDERS.c.state
    )
    if len(batches) == 1:
        query = query.where(ORDERS.c.batch_id == batches[0].batch_id)
    for batch_id, state, count in connection.execute(query):
        if batch_id in counts:
            counts[batch_id][OrderState(state)] = count
    return [BatchSummary(batch, counts[batch.batch_id]) for batch in batches]
