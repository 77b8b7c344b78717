"""Who held a batch, one after the other, and how long the tokens live that each of them used.

A request that was lost may still be somewhere, with the token that it was made with. So whoever
takes a batch over must know of each claimed row under which hold it was claimed, and when the last
token of that hold is dead.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from batch.errors import JournalError
from batch.journal.actor import actor
from batch.journal.records import finds_nonsense, read_moment, write_moment
from batch.journal.tables import HOLDS

_FOR_EVER = -1.0
"""What stands in the table for a token without a known end; databases have no infinity."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One process's time with a batch.

    Attributes:
        epoch: 1 for the first that held it, and one more for each that followed.
        ended_at: None while it lasts, and where its process died.
        token_life_s: the longest life, in seconds, of a token that was used under it; None where
            none was, infinite where one has no known end.
    """

    epoch: int
    holder: str
    taken_at: datetime
    ended_at: datetime | None
    token_life_s: float | None


class Holds:
    """The holds of a journal's batches. What keeps two processes apart is `Journal.hold`.

    Args:
        where: the journal's name in messages.
        reading, writing: a short transaction each.
    """

    def __init__(
        self,
        where: str,
        reading: Callable[[], AbstractContextManager[Connection]],
        writing: Callable[[], AbstractContextManager[Connection]],
    ) -> None:
        self._where = where
        self._reading = reading
        self._writing = writing
        self._mine: dict[str, int] = {}

    def take(self, batch_id: str, now: datetime) -> int:
        """Begin a hold of a batch and give its epoch; claims from now on are made under it.

        Call it once inside of `Journal.hold`, before anything of the batch is claimed.
        """
        with self._writing() as connection:
            epoch = _latest(connection, batch_id) + 1
            connection.execute(
                insert(HOLDS),
                {
                    "batch_id": batch_id,
                    "epoch": epoch,
                    "holder": actor(),
                    "taken_at": write_moment(now),
                },
            )
        self._mine[batch_id] = epoch
        return epoch

    def record_token(self, batch_id: str, life_s: float | None) -> None:
        """Put on record how long a token lives; only when this has returned may it be used.

        Args:
            life_s: from the moment at which it was given; None where nobody knows its end.

        Raises:
            JournalError: another process has taken the batch over, or nobody here took it; the
                token must not be used.
        """
        life = _FOR_EVER if life_s is None or not math.isfinite(life_s) else max(life_s, 0.0)
        with self._writing() as connection:
            epoch = self.require_mine(connection, batch_id)
            which = (HOLDS.c.batch_id == batch_id, HOLDS.c.epoch == epoch)
            before = connection.execute(select(HOLDS.c.token_life_s).where(*which)).scalar_one()
            if before is not None and (before < 0 or before >= life >= 0):
                return
            connection.execute(update(HOLDS).where(*which).values(token_life_s=life))

    def end(self, batch_id: str, now: datetime) -> None:
        """End this process's hold of a batch; what it used stays on record."""
        epoch = self._mine.pop(batch_id, None)
        if epoch is None:
            return
        which = (HOLDS.c.batch_id == batch_id, HOLDS.c.epoch == epoch)
        with self._writing() as connection:
            connection.execute(update(HOLDS).where(*which).values(ended_at=write_moment(now)))

    def of(self, batch_id: str) -> dict[int, Hold]:
        """Give a batch's holds by their epochs, the first one first."""
        query = select(HOLDS).where(HOLDS.c.batch_id == batch_id).order_by(HOLDS.c.epoch)
        with self._reading() as connection:
            return {row.epoch: _read(row) for row in connection.execute(query)}

    def epoch(self, batch_id: str) -> int | None:
        """Give the epoch of this process's hold; None where it has none."""
        return self._mine.get(batch_id)

    def require_mine(self, connection: Connection, batch_id: str) -> int:
        """Give the epoch of this process's hold, if it is the latest.

        Raises:
            JournalError: another process has taken the batch over, or nobody here took it.
        """
        mine, latest = self._mine.get(batch_id), _latest(connection, batch_id)
        if mine is None or mine != latest:
            raise JournalError(
                f"{self._where}, batch {batch_id}: expected to be the process that holds it, found "
                "that another one has taken it over. Nothing of this step was recorded. See what "
                "that one does, and then go on with the batch."
            )
        return mine


def _latest(connection: Connection, batch_id: str) -> int:
    query = select(func.max(HOLDS.c.epoch)).where(HOLDS.c.batch_id == batch_id)
    return connection.execute(query).scalar() or 0


@finds_nonsense
def _read(row: Row[Any]) -> Hold:
    taken_at = read_moment(row.taken_at)
    assert taken_at is not None
    life = row.token_life_s
    return Hold(
        epoch=row.epoch,
        holder=row.holder,
        taken_at=taken_at,
        ended_at=read_moment(row.ended_at),
        token_life_s=math.inf if life is not None and life < 0 else life,
    )
