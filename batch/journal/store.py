"""Reading and writing the journal: every statement of the program, one connection a process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, update

from batch.errors import JournalError
from batch.journal.holding import hold
from batch.journal.opening import in_words, make_engine, prepare_file, without_password
from batch.journal.planning import Planning
from batch.journal.records import BatchSummary, Change, read_event, read_order
from batch.journal.statements import (
    SELECT_BATCHES,
    append_events,
    apply_changes,
    find_venue,
    read_summaries,
)
from batch.journal.tables import BATCHES, EVENTS, META, METADATA, ORDERS, UPGRADES, VERSION
from batch.model import EventRecord, OrderRecord
from batch.states import OrderState


class Journal:
    """An open journal. Not thread-safe on purpose: one thread decides and records."""

    def __init__(self, engine: Engine, where: str, path: Path | None) -> None:
        self._engine = engine
        self._connection = engine.connect()
        self._path = path
        self.where = where

    @classmethod
    def open(cls, location: str) -> Journal:
        """Open a journal, making or upgrading it where needed.

        Args:
            location: a file's path, or a SQLAlchemy URL.

        Raises:
            JournalError: it cannot be opened or written, is damaged, is not a journal, or was made
                by a newer version.
            JournalLocked: another process holds the whole file.
        """
        path = None if "://" in location else Path(location).expanduser().absolute()
        if path is not None:
            prepare_file(path)
        where = f"journal {path or without_password(location)}"
        with in_words(where):
            engine = make_engine(f"sqlite:///{path}" if path is not None else location)
            journal = cls(engine, where, path)
            try:
                journal._bring_up_to_date()
            except BaseException:
                journal.close()
                raise
        return journal

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()
        self._engine.dispose()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def hold(self, batch_id: str, since: datetime) -> AbstractContextManager[None]:
        """Be the only process on a batch until the block ends; see `batch.journal.holding.hold`."""
        if self._path is None:
            raise JournalError(
                f"{self.where}: expected a file, found a URL; only SQLite files can be held so far."
            )
        return hold(self._path.parent, self._path.name, batch_id, since)

    @contextmanager
    def planning(self, *, url: str, org: str, user: str, now: datetime) -> Iterator[Planning]:
        """Look and add exclusively; committed when the block ends, undone when it raises."""
        with self._transaction() as connection:
            venue_id = find_venue(connection, url, org, user)
            yield Planning(connection, self.where, venue_id, now)

    def batches(self) -> list[BatchSummary]:
        """Give all batches, newest first; empty for a new journal."""
        with self._transaction() as connection:
            query = SELECT_BATCHES.order_by(BATCHES.c.created_at.desc(), BATCHES.c.batch_id)
            return read_summaries(connection, connection.execute(query))

    def batch(self, batch_id: str) -> BatchSummary:
        """Give one batch.

        Raises:
            JournalError: there is none of this ID; names the command that lists them.
        """
        with self._transaction() as connection:
            query = SELECT_BATCHES.where(BATCHES.c.batch_id == batch_id)
            found = read_summaries(connection, connection.execute(query))
        if not found:
            raise JournalError(
                f'{self.where}: expected the ID of a batch, found "{batch_id}", which it does not '
                "hold. List them with: orderbatch batches"
            )
        return found[0]

    def orders(
        self, batch_id: str, states: Iterable[OrderState] | None = None
    ) -> Iterator[OrderRecord]:
        """Give a batch's rows in the sheet's order, all or those in these states.

        They are read in portions, each in a short transaction of its own.
        """
        wanted = None if states is None else list(states)
        last = 0
        while True:
            query = select(ORDERS).where(ORDERS.c.batch_id == batch_id, ORDERS.c.row > last)
            if wanted is not None:
                query = query.where(ORDERS.c.state.in_(wanted))
            with self._transaction() as connection:
                portion = connection.execute(query.order_by(ORDERS.c.row).limit(1000)).all()
            if not portion:
                return
            for row in portion:
                yield read_order(row)
            last = portion[-1].row

    def events(self, batch_id: str) -> Iterator[EventRecord]:
        """Give a batch's history, oldest first."""
        last = 0
        while True:
            query = (
                select(EVENTS)
                .where(EVENTS.c.batch_id == batch_id, EVENTS.c.id > last)
                .order_by(EVENTS.c.id)
                .limit(1000)
            )
            with self._transaction() as connection:
                portion = connection.execute(query).all()
            if not portion:
                return
            for row in portion:
                yield read_event(row)
            last = portion[-1].id

    def apply(self, batch_id: str, changes: Sequence[Change], now: datetime) -> None:
        """Commit steps in the lives of rows, all or none; durable when this returns.

        Raises:
            IllegalTransition: a step that the table of states does not know.
            JournalError: the journal cannot be written, or a row was not in the state that its
                change expects; nothing of `changes` is recorded then.
        """
        if not changes:
            return
        with self._transaction() as connection:
            apply_changes(connection, self.where, batch_id, changes, now)

    def note(self, batch_id: str, kind: str, detail: str, now: datetime) -> None:
        """Commit a line of history that concerns the whole batch."""
        line = {"row": None, "kind": kind, "state": None, "detail": detail, "request_id": None}
        with self._transaction() as connection:
            append_events(connection, batch_id, now, [line])

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        """Begin, commit; roll back on everything that can be raised, Ctrl-C included."""
        with in_words(self.where), self._connection.begin():
            yield self._connection

    def _bring_up_to_date(self) -> None:
        with self._transaction() as connection:
            if not inspect(connection).has_table(META.name):
                if inspect(connection).get_table_names():
                    raise JournalError(
                        f"{self.where}: expected a journal of orderbatch, found a database of "
                        "something else. Name another file with --journal."
                    )
                METADATA.create_all(connection)
                connection.execute(insert(META), {"name": "version", "value": str(VERSION)})
                return
            found = int(
                connection.execute(
                    select(META.c.value).where(META.c.name == "version")
                ).scalar_one()
            )
            if found > VERSION:
                raise JournalError(
                    f"{self.where}: expected version {VERSION} or older, found version {found}, "
                    "made by a newer orderbatch. Use that one; nothing was sent."
                )
            for version in range(found, VERSION):
                UPGRADES[version](connection)
            connection.execute(
                update(META).where(META.c.name == "version").values(value=str(VERSION))
            )
