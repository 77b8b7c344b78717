"""Who held a batch, one after the other, and how long the tokens live that each of them used.

A request that was lost may still be somewhere, with the token that it was made with. So whoever
takes a batch over must know of each claimed row under which hold it was claimed, and when the last
token of that hold is dead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, func, insert, select, update

from batch.errors import HoldLost, JournalLocked
from batch.journal.actor import actor
from batch.journal.mending import persists
from batch.journal.port import Store
from batch.journal.records import finds_nonsense, read_moment, write_moment
from batch.journal.statements import append_events, line_of_batch
from batch.journal.tables import HOLDS
from batch.states import BatchEvent

_FOR_EVER = -1.0
"""What stands in the table for a token without a known end; databases have no infinity."""


@dataclass(frozen=True, slots=True)
class Hold:
    """One process's time with a batch.

    Attributes:
        epoch: 1 for the first that held it, and one more for each that followed.
        ended_at: None while it lasts, and where its process died and nobody followed.
        token_life_s: the longest life, in seconds, of a token that was used under it; None where
            none was, infinite where one has no known end.
        tokens_dead_at: when the last of them had ended; None where that is not known.
    """

    epoch: int
    holder: str
    taken_at: datetime
    ended_at: datetime | None
    token_life_s: float | None
    tokens_dead_at: datetime | None


class Holds:
    """The holds of a journal's batches.

    In a file `Journal.hold` keeps two processes apart by a lock of the operating system. In a
    server the row of the hold does: its process is heard of again and again, and whoever was not
    for long has lost it to the next one who asks.
    """

    def __init__(self, database: Store) -> None:
        self._database = database
        self._where = database.where
        self._reading = database.reading
        self._writing = database.writing
        self._mine: dict[str, int] = {}
        self._begun_anew: dict[str, tuple[int, str | None]] = {}

    def take(self, batch_id: str, now: datetime, *, take_over: bool = False) -> int:
        """Begin a hold of a batch and give its epoch; claims from now on are made under it.

        Args:
            take_over: even if the one before was heard of just now.

        Raises:
            JournalLocked: another process holds it.
        """
        with self._writing() as connection:
            self._database.keep_out(connection, f"hold {batch_id}")
            at = self._database.moment(connection, now)
            ends = update(HOLDS).where(HOLDS.c.batch_id == batch_id, HOLDS.c.ended_at.is_(None))
            if not take_over:
                self._require_free(connection, batch_id, at)
            epoch = _latest(connection, batch_id) + 1
            # Waits for each step that is being recorded under it; none is after that.
            connection.execute(ends.values(ended_at=write_moment(at)))
            connection.execute(
                insert(HOLDS),
                {
                    "batch_id": batch_id,
                    "epoch": epoch,
                    "holder": actor(),
                    "taken_at": write_moment(at),
                    "seen_at": write_moment(at),
                    "ttl_s": self._database.ttl_s or 0.0,
                },
            )
        self._mine[batch_id] = epoch
        return epoch

    def _require_free(self, connection: Connection, batch_id: str, at: datetime) -> None:
        query = select(HOLDS).where(HOLDS.c.batch_id == batch_id, HOLDS.c.ended_at.is_(None))
        if self._database.ttl_s is None:
            return
        for row in connection.execute(query.with_for_update()):
            seen_at = read_moment(row.seen_at)
            assert seen_at is not None
            is_dead = seen_at + timedelta(seconds=row.ttl_s) < at
            if row.epoch != self._mine.get(batch_id) and not is_dead:
                since = row.taken_at[:19].replace("T", " ")
                raise JournalLocked(
                    f"batch {batch_id}: expected to be the only process on it, found that "
                    f"{row.holder} (since {since} UTC) works on it. Wait for it to end; of one "
                    f"that died or lost the journal it is free after {row.ttl_s:g} s."
                )

    @persists
    def beat(self, batch_id: str, now: datetime) -> None:
        """Let others know that this process is alive; does nothing where a lock says so.

        Raises:
            HoldLost: another process has taken the batch over.
        """
        epoch = self._mine.get(batch_id)
        if epoch is None or self._database.ttl_s is None:
            return
        with self._writing() as connection:
            at = self._database.moment(connection, now)
            seen = update(HOLDS).where(*_live(batch_id, epoch)).values(seen_at=write_moment(at))
            if connection.execute(seen).rowcount != 1:
                raise self._lost(batch_id)

    @persists
    def record_token(self, batch_id: str, life_s: float | None, now: datetime) -> None:
        """Put on record how long a token lives; only when this has returned may it be used.

        Args:
            life_s: from the moment at which it was given; None where nobody knows its end.

        Raises:
            HoldLost: another process has taken the batch over, or nobody here took it; the
                token must not be used.
        """
        life = _FOR_EVER if life_s is None or not math.isfinite(life_s) else max(life_s, 0.0)
        with self._writing() as connection:
            epoch = self.require_mine(connection, batch_id)
            which = (HOLDS.c.batch_id == batch_id, HOLDS.c.epoch == epoch)
            row = connection.execute(select(HOLDS).where(*which)).one()
            before, dead_at = row.token_life_s, read_moment(row.tokens_dead_at)
            line = line_of_batch(BatchEvent.TOKEN_LIFE, "unknown" if life < 0 else f"{life:.3f}")
            append_events(connection, batch_id, now, [line])
            if before is not None and before < 0:
                return
            if life < 0:
                values: dict[str, object] = {"token_life_s": life, "tokens_dead_at": None}
            else:
                ends = self._database.moment(connection, now) + timedelta(seconds=life)
                ends = max(ends, dead_at or ends)
                longest = max(life, before or 0.0)
                values = {"token_life_s": longest, "tokens_dead_at": write_moment(ends)}
            connection.execute(update(HOLDS).where(*which).values(values))

    @persists
    def end(self, batch_id: str, now: datetime) -> None:
        """End this process's hold of a batch; what it used stays on record."""
        epoch = self._mine.get(batch_id)
        if epoch is None:
            return
        with self._writing() as connection:
            at = self._database.moment(connection, now)
            ended = update(HOLDS).where(*_live(batch_id, epoch)).values(ended_at=write_moment(at))
            connection.execute(ended)
        del self._mine[batch_id]

    @persists
    def of(self, batch_id: str) -> dict[int, Hold]:
        """Give a batch's holds by their epochs, the first one first."""
        query = select(HOLDS).where(HOLDS.c.batch_id == batch_id).order_by(HOLDS.c.epoch)
        with self._reading() as connection:
            return {row.epoch: _read(row) for row in connection.execute(query)}

    def epoch(self, batch_id: str) -> int | None:
        """Give the epoch of this process's hold; None where it has none."""
        return self._mine.get(batch_id)

    def renew(self, batch_id: str, now: datetime) -> None:
        """Begin this process's hold anew, under the next epoch, with the tokens that it used.

        When this returns no step of the epoch before is under way any more, whatever became of it:
        each of them has its hold's row for as long as it lasts.

        Raises:
            HoldLost: another process has taken the batch over.
        """
        mine = self._mine[batch_id]
        with self._writing() as connection:
            self._database.keep_out(connection, f"hold {batch_id}")
            live = select(HOLDS).where(HOLDS.c.batch_id == batch_id, HOLDS.c.ended_at.is_(None))
            row = connection.execute(live.with_for_update()).first()
            # If beginning anew was itself in doubt, the next epoch may be this process's already.
            if row is None or (
                row.epoch != mine and (row.epoch, row.taken_at) != self._begun_anew.get(batch_id)
            ):
                raise self._lost(batch_id)
            at = write_moment(self._database.moment(connection, now))
            connection.execute(update(HOLDS).where(*_live(batch_id, row.epoch)).values(ended_at=at))
            begun = {"epoch": row.epoch + 1, "ended_at": None, "taken_at": at, "seen_at": at}
            self._begun_anew[batch_id] = (row.epoch + 1, at)
            connection.execute(insert(HOLDS), {**row._mapping, **begun})
        self._mine[batch_id] = row.epoch + 1

    def require_mine(self, connection: Connection, batch_id: str) -> int:
        """Give the epoch of this process's hold, and let nobody take it until the block ends.

        Raises:
            HoldLost: another process has taken the batch over, or nobody here took it.
        """
        mine = self._mine.get(batch_id)
        if mine is not None:
            which = {"in_batch": batch_id, "mine": mine}
            if connection.execute(SELECT_MINE, which).first() is not None:
                return mine
        raise self._lost(batch_id)

    def _lost(self, batch_id: str) -> HoldLost:
        return HoldLost(
            f"{self._where}, batch {batch_id}: expected to be the process that holds it, found "
            "that another one has taken it over. Nothing of this step was recorded. See what "
            "that one does, and then go on with the batch."
        )


def _live(batch_id: str, epoch: int) -> tuple[ColumnElement[bool], ...]:
    return (HOLDS.c.batch_id == batch_id, HOLDS.c.epoch == epoch, HOLDS.c.ended_at.is_(None))


# Made once: each commit of a run asks.
SELECT_MINE = (
    select(HOLDS.c.epoch)
    .where(
        HOLDS.c.batch_id == bindparam("in_batch"),
        HOLDS.c.epoch == bindparam("mine"),
        HOLDS.c.ended_at.is_(None),
    )
    .with_for_update(read=True)
)


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
        tokens_dead_at=read_moment(row.tokens_dead_at),
    )
