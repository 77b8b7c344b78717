"""One connection to the journal's database: its safety, its transactions, its errors in words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.pool import StaticPool

from batch.errors import JournalError
from batch.journal.groups import Group
from batch.journal.sqlite.faults import explain, in_words
from batch.journal.sqlite.files import identity
from batch.journal.sqlite.locking import hold
from batch.journal.sqlite.witness import Witness

WAL_LIMIT = 16 * 1024 * 1024
"""Bytes to which the write-ahead file shrinks again after a large plan."""


LAST_LINE = "SELECT coalesce(max(id), 0) FROM events"
"""How far a journal has come: nothing is recorded without its line of history."""


class Database:
    """A connection of one thread that begins its transactions explicitly.

    Attributes:
        path: the file; None for one in memory.
        where: the journal's name in messages.
    """

    ttl_s: float | None = None
    is_given_up = False

    def __init__(
        self,
        path: Path | None,
        where: str,
        *,
        busy_timeout_s: float,
        is_shared: bool,
        witness: Witness,
    ) -> None:
        """Connect; nothing is read or changed yet.

        Args:
            busy_timeout_s: how long to wait for another process's short transaction.
            is_shared: other machines may have the file open, too.
            witness: what notes beside the file how far it has come.
        """
        self.path = path
        self.where = where
        self.witness = witness
        self._busy_timeout_s = busy_timeout_s
        self._is_shared = is_shared
        self._is_ours = False
        self._files: dict[Path, tuple[int, int] | None] = {}
        self._engine = create_engine(
            # Not as text, in which a ? or # of the path would have a meaning.
            URL.create("sqlite", database=str(path) if path else None),
            poolclass=StaticPool,
            connect_args={"check_same_thread": True},
            hide_parameters=True,
        )
        event.listen(self._engine, "connect", self._set_up)
        with self._in_words():
            self._connection = self._engine.connect()

    def close(self) -> None:
        """Let go of the file."""
        self.witness.close()
        with self._in_words():
            self._connection.close()
            self._engine.dispose()

    @contextmanager
    def reading(self, *, one_query: bool = False) -> Iterator[Connection]:
        """Look at one state of the journal; hinders no other process and waits for none."""
        with self._in_words(), self._connection.begin():
            self._connection.exec_driver_sql("BEGIN")
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Begin, commit; roll back on everything that can be raised, Ctrl-C included."""
        last = None
        with self._in_words(), self._connection.begin():
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield self._connection
            self._require_same_files()
            if self.witness.is_open:
                (last,) = self._driver_connection().execute(LAST_LINE).fetchone()
        if last is not None:
            self.witness.note(last)

    def take_at_once(self, write: Callable[[], Group]) -> list[Sequence[Any]] | None:
        """Leave it to be taken one by one: nothing is far away here."""
        return None

    def answer_lightly(self, statement: str, values: Mapping[str, Any]) -> Any:
        """Execute one statement on its own and give its one value; the power may undo it."""
        with self._in_words():
            driver = self._driver_connection()
            if not self._is_shared:
                # Only the next commit in full, or the file's being taken over, puts it on the disk.
                driver.execute("PRAGMA synchronous = NORMAL")
            try:
                with self._connection.begin():
                    self._connection.exec_driver_sql("BEGIN IMMEDIATE")
                    return self._connection.execute(text(statement), values).scalar_one()
            finally:
                if not self._is_shared:
                    driver.execute("PRAGMA synchronous = FULL")

    @contextmanager
    def rebuilding(self) -> Iterator[Connection]:
        """Write as `writing` does; tables may be renamed under others that refer to them."""
        # These have an effect outside of a transaction only.
        with self._in_words():
            self._driver_connection().execute("PRAGMA foreign_keys = OFF")
            self._driver_connection().execute("PRAGMA legacy_alter_table = ON")
        try:
            with self.writing() as connection:
                yield connection
        finally:
            with self._in_words():
                self._driver_connection().execute("PRAGMA legacy_alter_table = OFF")
                self._driver_connection().execute("PRAGMA foreign_keys = ON")

    def hold(self, batch_id: str, since: datetime) -> AbstractContextManager[None]:
        """Be the only process on a batch; see `batch.journal.sqlite.locking.hold`."""
        assert self.path is not None, "an empty journal that is only read holds no batch"
        return hold(self.path.parent, self.path.name, batch_id, since)

    def keep_out(self, connection: Connection, key: str) -> None:
        """Do nothing: whoever writes has the whole file for itself."""

    def moment(self, connection: Connection, now: datetime) -> datetime:
        """Give this machine's own time, as all that use the file do."""
        return now

    def make_durable(self) -> None:
        """Set how it is written; only for a file that is known to be a journal."""
        self._is_ours = True
        with self._in_words():
            self._set_durability(self._driver_connection())

    def write_back(self) -> None:
        """Take what is in the write-ahead file over into the journal's own, if nobody minds."""
        with self._in_words():
            self._driver_connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def require_sound(self) -> None:
        """Look through the whole file.

        Raises:
            JournalError: it is damaged.
        """
        with self._in_words():
            found = self._driver_connection().execute("PRAGMA quick_check(1)").fetchone()
        if found != ("ok",):
            raise explain(self.where, sqlite3.SQLITE_CORRUPT)

    def forbid_changes(self) -> None:
        """Make the database itself refuse to change anything through this connection."""
        with self._in_words():
            self._driver_connection().execute("PRAGMA query_only = ON")

    def watch_files(self) -> None:
        """From now on commit only while the files stand where they are now."""
        if self.path is not None:
            ahead = self.path.with_name(f"{self.path.name}-wal")
            self._files = {
                path: found for path in (self.path, ahead) if (found := identity(path)) is not None
            }

    def _require_same_files(self) -> None:
        # The system lets a process go on writing to a deleted file; what is committed there is
        # gone with the process, and with it the claim of an order that was sent.
        for path, known in self._files.items():
            if identity(path) != known:
                raise JournalError(
                    f"{self.where}: expected {path.name} where it was opened, found that it was "
                    "deleted, moved or replaced meanwhile. Nothing of this step was recorded. Put "
                    "it back, and run the same command again."
                )

    def _in_words(self) -> AbstractContextManager[None]:
        return in_words(self.where, self._busy_timeout_s)

    def _driver_connection(self) -> sqlite3.Connection:
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        return driver

    def _set_up(self, connection: sqlite3.Connection, _: object) -> None:
        # The driver's own transactions begin late and commit unasked; ours are explicit.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(self._busy_timeout_s * 1000)}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cell_size_check = ON")
        # What a file's own schema says runs no function that could do harm.
        connection.execute("PRAGMA trusted_schema = OFF")
        if self._is_ours:
            # An interrupt in the middle of a statement makes the engine connect anew.
            self._set_durability(connection)
            self._watch_new_file(connection)

    def _watch_new_file(self, connection: sqlite3.Connection) -> None:
        # The last connection to go takes the write-ahead file with it; a look makes the new one.
        ahead = next((path for path in self._files if path != self.path), None)
        if ahead is not None:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            self._files[ahead] = identity(ahead)

    def _set_durability(self, connection: sqlite3.Connection) -> None:
        # FULL: a commit is on the disk before the order that it claims can leave. Write-ahead, so
        # that a report can be read while a batch runs; it needs memory that all readers share,
        # which machines do not, and without it EXTRA is as durable as FULL is with it.
        if self._is_shared:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA synchronous = EXTRA")
        else:
            self._write_ahead(connection)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT}")
        # On macOS a sync leaves data in the drive's own memory unless asked not to.
        connection.execute("PRAGMA fullfsync = ON")

    def _write_ahead(self, connection: sqlite3.Connection) -> None:
        # For this one statement the database does not wait by itself for another process, which
        # is making the same new journal ready.
        deadline = time.monotonic() + self._busy_timeout_s
        while True:
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() >= deadline:
                    raise
            time.sleep(0.002)
