"""Orders that a person asked to have cancelled: the wish outlives whoever had it.

Only the process that holds a batch speaks to the venue about it. Whoever else wants an order
cancelled puts it down here, and the holder, or whoever takes the batch over, does it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, select, update

from batch.journal.actor import actor
from batch.journal.mending import persists
from batch.journal.port import Store
from batch.journal.records import finds_nonsense, read_moment, write_moment
from batch.journal.statements import append_events
from batch.journal.tables import CANCELS
from batch.states import OrderEvent

ROWS_AT_ONCE = 500
"""Rows that one statement names; databases bound how many values it may have."""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """A wish to have one order cancelled, not ended yet.

    Attributes:
        by: operating-system user, host and process of whoever asked.
    """

    row: int
    at: datetime
    by: str


class Cancels:
    """The wishes of a journal."""

    def __init__(self, database: Store) -> None:
        self._database = database

    @persists
    def ask(self, batch_id: str, rows: Iterable[int], now: datetime) -> None:
        """Have these rows cancelled; it goes into the history, by this process's name.

        One that is wanted already is not wanted twice.
        """
        with self._database.writing() as connection:
            standing = {row.row for row in connection.execute(_standing(batch_id))}
            new = sorted(set(rows) - standing)
            if not new:
                return
            stamp = {"batch_id": batch_id, "asked_at": write_moment(now), "asked_by": actor()}
            connection.execute(insert(CANCELS), [{**stamp, "row": row} for row in new])
            line = {"kind": OrderEvent.CANCEL_WANTED.value, "state": None, "request_id": None}
            detail = "asked for from the command line or a program"
            append_events(
                connection, batch_id, now, [{**line, "row": row, "detail": detail} for row in new]
            )

    @persists
    def standing(self, batch_id: str) -> list[CancelRequest]:
        """Give the wishes that are not ended, in the sheet's order."""
        with self._database.reading(one_query=True) as connection:
            return [_read(row) for row in connection.execute(_standing(batch_id))]

    @persists
    def end(self, batch_id: str, rows: Collection[int], now: datetime) -> None:
        """Take note that nothing is left to do for these rows, whatever came of it."""
        left = sorted(rows)
        while left:
            some, left = left[:ROWS_AT_ONCE], left[ROWS_AT_ONCE:]
            with self._database.writing() as connection:
                connection.execute(
                    update(CANCELS)
                    .where(
                        CANCELS.c.batch_id == batch_id,
                        CANCELS.c.ended_at.is_(None),
                        CANCELS.c.row.in_(some),
                    )
                    .values(ended_at=write_moment(now))
                )


def _standing(batch_id: str) -> Any:
    return (
        select(CANCELS)
        .where(CANCELS.c.batch_id == batch_id, CANCELS.c.ended_at.is_(None))
        .order_by(CANCELS.c.row)
    )


@finds_nonsense
def _read(row: Row[Any]) -> CancelRequest:
    at = read_moment(row.asked_at)
    assert at is not None
    return CancelRequest(row.row, at, row.asked_by)
