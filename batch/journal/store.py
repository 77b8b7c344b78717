"""Reading and writing the journal: every statement of the program, one connection a process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, select

from batch.clock import Clock, ShiftedClock
from batch.errors import Advice, JournalError
from batch.journal.allotting import Allotments
from batch.journal.cancelling import Cancels
from batch.journal.holding import Holds
from batch.journal.listing import Listing
from batch.journal.looking import Looking
from batch.journal.mending import persists
from batch.journal.places import in_server, servers
from batch.journal.planning import Planning
from batch.journal.port import Store
from batch.journal.records import (
    BatchSummary,
    Change,
    Placing,
    read_batch,
    read_event,
    read_order,
)
from batch.journal.sqlite.opening import open_file
from batch.journal.statements import (
    SELECT_BATCHES,
    SELECT_ORDERS,
    append_events,
    line_of_batch,
    read_summaries,
)
from batch.journal.stepping import Steps
from batch.journal.stopping import Stopping
from batch.journal.tables import BATCHES, EVENTS, ORDERS
from batch.model import BatchRecord, EventRecord, Login, OrderRecord
from batch.states import BatchEvent, OrderState

R = TypeVar("R")

BUSY_TIMEOUT_S = 10.0
"""How long a write waits for another process's short transaction."""

PORTION = 1000
"""How many records are read at once."""

KEPT_IN_MEMORY = 5000
"""A listing of so many rows is read once; of more, each time that somebody goes through it."""


class Journal:
    """An open journal. Not thread-safe on purpose: one thread decides and records.

    Attributes:
        where: its name in messages.
        stops: what a person asked running processes to stop.
        cancels: orders that a person asked to have cancelled.
        holds: who held which batch, and how long the tokens live that were used.
        allotments: whose turn it is to send the next request under a login.
    """

    def __init__(self, database: Store) -> None:
        self._database = database
        self.where = database.where
        self.stops = Stopping(database)
        self.cancels = Cancels(database)
        self.holds = Holds(database)
        self.allotments = Allotments(database)
        self._steps = Steps(database, self.holds)

    @classmethod
    def open(
        cls,
        location: str,
        *,
        read_only: bool = False,
        allow_network: bool = False,
        allow_memory: bool = False,
        may_lose_commits: bool = False,
        password: str | None = None,
        busy_timeout_s: float = BUSY_TIMEOUT_S,
    ) -> Journal:
        """Open a journal; one in a file is made or upgraded where needed.

        Args:
            location: a file's path, `sqlite:///` and a path, or `postgresql://HOST/NAME`.
            read_only: for looking only. Where there is no file none is made, and the journal is
                empty; one that a running batch writes to can be read all the while.
            allow_network: open it on a network drive, too, where nobody answers for its locks.
            allow_memory: open it on a drive in memory, too, which does not outlive the power.
            password: for a server; None for PGPASSWORD or ~/.pgpass.
            may_lose_commits: use a server, too, whose stand-by may lag behind.
            busy_timeout_s: how long a write waits for another process's short transaction.

        Raises:
            JournalError: it cannot be opened or written, is damaged, is not a journal, was made by
                a newer version, or lies where it is not safe.
            JournalLocked: another process holds the whole file.
        """
        if in_server(location):
            return cls(
                servers(location).open_server(
                    location,
                    read_only=read_only,
                    may_lose_commits=may_lose_commits,
                    password=password,
                    busy_timeout_s=busy_timeout_s,
                )
            )
        return cls(
            open_file(
                location,
                read_only=read_only,
                allow_network=allow_network,
                allow_memory=allow_memory,
                busy_timeout_s=busy_timeout_s,
            )
        )

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def clock(self, clock: Clock) -> Clock:
        """Give a clock for all that is compared or recorded: the server's, where there is one."""
        if self._database.ttl_s is None:
            return clock
        with self._database.reading() as connection:
            before = clock.now()
            return ShiftedClock(clock, self._database.moment(connection, before) - before)

    @contextmanager
    def hold(self, batch_id: str, since: datetime, *, take_over: bool = False) -> Iterator[None]:
        """Be the only process on a batch until the block ends; claims are made under this hold.

        Args:
            take_over: take it from a process on another machine, dead or not; what that one still
                wants to record is refused.

        Raises:
            JournalLocked: another process holds it; says which and since when.
        """
        with self._database.hold(batch_id, since):
            self.holds.take(batch_id, since, take_over=take_over)
            try:
                yield
            finally:
                # It ends by itself where nothing can be recorded any more.
                with suppress(JournalError):
                    self.holds.end(batch_id, since)

    @contextmanager
    def planning(self, login: Login, now: datetime) -> Iterator[Planning]:
        """Look and add exclusively; committed when the block ends, undone when it raises."""
        with self._database.writing() as connection:
            self._database.keep_out(connection, f"{login.url} {login.org.casefold()}")
            yield Planning(connection, self.where, login, now)

    def looking(self, login: Login) -> Looking:
        """Look at what a plan must know; nothing is locked, nothing is written."""
        return Looking(self._database.reading, login)

    @persists
    def batches(self) -> list[BatchSummary]:
        """Give all batches, newest first; empty for a new journal."""
        with self._database.reading() as connection:
            query = SELECT_BATCHES.order_by(BATCHES.c.created_at.desc(), BATCHES.c.batch_id)
            return read_summaries(connection, connection.execute(query))

    @persists
    def batch(self, batch_id: str) -> BatchSummary:
        """Give one batch with its rows counted.

        Raises:
            JournalError: there is none of this ID; names the command that lists them.
        """
        with self._database.reading() as connection:
            query = SELECT_BATCHES.where(BATCHES.c.batch_id == batch_id)
            found = read_summaries(connection, connection.execute(query))
        if not found:
            raise self._no_batch(batch_id)
        return found[0]

    @persists
    def batch_record(self, batch_id: str) -> BatchRecord:
        """Give one batch without looking at its rows.

        Raises:
            JournalError: there is none of this ID; names the command that lists them.
        """
        with self._database.reading() as connection:
            query = SELECT_BATCHES.where(BATCHES.c.batch_id == batch_id)
            found = connection.execute(query).first()
            if found is not None:
                return read_batch(found)
        raise self._no_batch(batch_id)

    @persists
    def order(self, batch_id: str, row: int) -> OrderRecord | None:
        """Give one row of a batch; None where there is none of this number."""
        query = SELECT_ORDERS.where(ORDERS.c.batch_id == batch_id, ORDERS.c.row == row)
        with self._database.reading() as connection:
            found = connection.execute(query).first()
            return None if found is None else read_order(found)

    def orders(
        self,
        batch_id: str,
        states: Iterable[OrderState] | None = None,
        *,
        claimed_before: bool = False,
        portion: int = PORTION,
    ) -> Iterator[OrderRecord]:
        """Give a batch's rows in the sheet's order, all or those in these states.

        They are read in portions, each in a short transaction of its own.

        Args:
            claimed_before: only rows that a request may once have left for.
            portion: how many are read at once.
        """
        wanted = []
        if states is not None:
            wanted.append(ORDERS.c.state.in_(list(states)))
        if claimed_before:
            wanted.append(ORDERS.c.submitted_at.is_not(None))
        return self._in_portions(batch_id, *wanted, portion=portion)

    def _in_portions(
        self, batch_id: str, *wanted: ColumnElement[bool], portion: int
    ) -> Iterator[OrderRecord]:
        last = 0
        while True:
            query = SELECT_ORDERS.where(ORDERS.c.batch_id == batch_id, ORDERS.c.row > last, *wanted)
            records = self._read(query.order_by(ORDERS.c.row), portion, read_order)
            if not records:
                return
            yield from records
            last = records[-1].row

    def orders_filled_otherwise(self, batch_id: str) -> Iterator[OrderRecord]:
        """Give a batch's rows whose filled size is not written as their size is.

        All that are filled in part are among them, and few that are not, as a venue may write the
        same number in another way.
        """
        return self._in_portions(batch_id, ORDERS.c.filled_size != ORDERS.c.size, portion=PORTION)

    def listing(self, batch_id: str) -> Sequence[OrderRecord]:
        """Give all rows of a batch, as often as they are wanted; a large one is not kept in memory.

        Raises:
            JournalError: there is no batch of this ID.
        """
        count = self.batch(batch_id).batch.row_count
        if count <= KEPT_IN_MEMORY:
            return list(self.orders(batch_id))
        return Listing(count, lambda: self.orders(batch_id))

    def events(
        self, batch_id: str, *, kind: BatchEvent | None = None, row: int | None = None
    ) -> Iterator[EventRecord]:
        """Give a batch's history, oldest first; all of it, or that of one kind or one row.

        All that was committed when this began is in it. A line that another process had begun by
        then, and committed later, may stand before the last one that is given, and lack: so nobody
        goes on by the last line that was read, but reads anew. The steps of a batch's rows are
        always in the order in which they were taken, because each holder of the batch waits for
        those of the one before.
        """
        last = 0
        wanted = (
            *(() if kind is None else (EVENTS.c.kind == kind.value,)),
            *(() if row is None else (EVENTS.c.row == row,)),
        )
        while True:
            query = (
                select(EVENTS)
                .where(EVENTS.c.batch_id == batch_id, EVENTS.c.id > last, *wanted)
                .order_by(EVENTS.c.id)
            )
            found = self._read(query, PORTION, lambda row: (row.id, read_event(row)))
            if not found:
                return
            yield from (event for _, event in found)
            last = found[-1][0]

    @persists
    def _read(self, query: Select[Any], most: int, read: Callable[[Row[Any]], R]) -> list[R]:
        """Read the first rows that a query finds."""
        with self._database.reading() as connection:
            return [read(row) for row in connection.execute(query.limit(most))]

    def apply(self, batch_id: str, changes: Sequence[Change], now: datetime) -> None:
        """Commit steps in the lives of rows, all or none; durable when this returns.

        Raises:
            IllegalTransition: a step that the table of states does not know.
            JournalError: the journal cannot be written, a row was not in the state that its change
                expects, or another process has taken the batch over (`HoldLost`); nothing of
                `changes` is recorded then.
        """
        self._steps.apply(batch_id, changes, now)

    def claim(
        self, batch_id: str, most: int, now: datetime, changes: Sequence[Change] = ()
    ) -> list[Placing]:
        """Take the next rows that are to be sent, in the sheet's order; each is then on its way.

        Durable when this returns; only then may a request for one of them leave, and only one.

        Args:
            most: how many at most; fewer are given only where no more are to be sent. One that
                somebody wants cancelled is not.
            changes: steps that share the commit. A row that they release can be taken at once.

        Raises:
            IllegalTransition, JournalError: as by `apply`; no row was taken then, and nothing of
                `changes` is recorded.
        """
        return self._steps.claim(batch_id, most, now, changes)

    @persists
    def note(
        self,
        batch_id: str,
        kind: BatchEvent,
        detail: str,
        now: datetime,
        *,
        row: int | None = None,
    ) -> None:
        """Commit a line of history that is no step in the life of a row.

        Args:
            row: the row that it is about; None for the whole batch.
        """
        with self._database.writing() as connection:
            append_events(connection, batch_id, now, [line_of_batch(kind, detail, row)])

    def _no_batch(self, batch_id: str) -> JournalError:
        return JournalError(
            f'{self.where}: expected the ID of a batch, found "{batch_id}", which it does not '
            "hold.",
            is_final=True,
            advice=Advice.LIST_BATCHES,
        )
