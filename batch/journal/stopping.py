"""What a person asked all running processes to stop: a flag that outlives whoever raised it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, insert, or_, select, update

from batch.journal.mending import persists
from batch.journal.port import Store
from batch.journal.records import read_moment, write_moment, write_text
from batch.journal.tables import STOPS


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop that stands.

    Attributes:
        batch_id: the batch that is to stop; None for all, and for every new one.
        cancel: what is open is to be cancelled, too.
        by: operating-system user, host and process of whoever asked.
    """

    number: int
    batch_id: str | None
    cancel: bool
    at: datetime
    by: str


class Stopping:
    """The stops of a journal."""

    def __init__(self, database: Store) -> None:
        self._database = database

    @persists
    def standing(self, batch_id: str | None = None) -> list[Stop]:
        """Give the stops that stand, oldest first.

        Args:
            batch_id: only those that concern this batch; the ones for all do.
        """
        query = select(STOPS).where(STOPS.c.released_at.is_(None)).order_by(STOPS.c.id)
        if batch_id is not None:
            query = query.where(or_(STOPS.c.batch_id.is_(None), STOPS.c.batch_id == batch_id))
        with self._database.reading(one_query=True) as connection:
            return [_read(row) for row in connection.execute(query)]

    @persists
    def ask(self, batch_ids: Sequence[str] | None, *, cancel: bool, by: str, now: datetime) -> None:
        """Have these batches stop, or all of them (None) and every new one, until it is released.

        One that stands already is not raised twice, but learns that it is to cancel, too.
        """
        with self._database.writing() as connection:
            for batch_id in [None] if batch_ids is None else batch_ids:
                same = (
                    STOPS.c.batch_id.is_(None)
                    if batch_id is None
                    else (STOPS.c.batch_id == batch_id)
                )
                stands = select(STOPS.c.cancel).where(STOPS.c.released_at.is_(None), same)
                found = connection.execute(stands).scalars().all()
                if found and (any(found) or not cancel):
                    continue
                connection.execute(
                    insert(STOPS),
                    {
                        "batch_id": batch_id,
                        "cancel": cancel,
                        "asked_at": write_moment(now),
                        "asked_by": write_text(by),
                    },
                )

    @persists
    def release(self, batch_ids: Sequence[str] | None, *, by: str, now: datetime) -> int:
        """Lift the stops of these batches, or (None) the one for all.

        Returns:
            How many stood.
        """
        which = STOPS.c.batch_id.is_(None) if batch_ids is None else STOPS.c.batch_id.in_(batch_ids)
        with self._database.writing() as connection:
            return connection.execute(
                update(STOPS)
                .where(STOPS.c.released_at.is_(None), which)
                .values(released_at=write_moment(now), released_by=write_text(by))
            ).rowcount


def _read(row: Row[Any]) -> Stop:
    at = read_moment(row.asked_at)
    assert at is not None
    return Stop(row.id, row.batch_id, bool(row.cancel), at, row.asked_by)
