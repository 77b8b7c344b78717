"""Sessions of a journal for two live processes, emptied between two histories.

To open them anew for each history would take most of its time. Whichever database it is, what a
process reads from it is noted, and nothing that a dead one does has an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, cast

from psycopg.rows import tuple_row
from sqlalchemy import Connection

from batch.journal import Journal
from batch.journal.groups import Group
from batch.journal.holding import Holds
from batch.journal.looking import Looking
from batch.journal.planning import Planning
from batch.journal.port import Store
from batch.journal.records import PLACING_COLUMNS, Placing
from batch.journal.stepping import Steps
from batch.model import Login
from tests.campaign.stage import Player
from tests.run.doubles import FakeClock

_TABLES = ("events", "holds", "cancels", "stops", "orders", "batches")
_TABLES_OF_LOGINS = ("allotments", "venues")


def open_store(location: str) -> Store:
    """Open a session in the thread that is to use it."""
    return Journal.open(location, allow_memory=True)._database


def empty(store: Store, kept: str | None = None) -> None:
    """Take everything out of a journal but one batch, if any, whatever its triggers say."""
    with store.writing() as connection:
        if connection.dialect.name == "sqlite":
            found = connection.exec_driver_sql(
                "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
            ).all()
            for (name,) in found:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table in _TABLES:
            which = "" if kept is None else f" WHERE batch_id <> '{kept}'"
            connection.exec_driver_sql(f"DELETE FROM {table}{which}")
        if kept is None:
            for table in _TABLES_OF_LOGINS:
                connection.exec_driver_sql(f"DELETE FROM {table}")


class _StagedStore:
    """A session whose server goes by the clock of the stage, and which a dead process cannot use.

    Everything else is the session's own.
    """

    def __init__(self, store: Store, clock: FakeClock, player: Player | None) -> None:
        self._store = store
        self._clock = clock
        self._player = player

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def reading(self, *, one_query: bool = False) -> Iterator[Connection]:
        self._require_alive()
        with self._store.reading(one_query=one_query) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        self._require_alive()
        with self._store.writing() as connection:
            yield connection

    def take_at_once(self, write: Callable[[], Group]) -> list[Sequence[Any]] | None:
        self._require_alive()
        rows = self._store.take_at_once(write)
        if self._player is not None:
            for row in rows or ():
                self._player.see_row((*PLACING_COLUMNS, "request_id"), row)
        return rows

    def moment(self, connection: Connection, now: datetime) -> datetime:
        return self._clock.now()

    def _require_alive(self) -> None:
        if self._player is not None:
            self._player.require_alive()


def stage_store(store: Store, clock: FakeClock, player: Player | None = None) -> Store:
    """Put a session on the stage.

    Args:
        player: who uses it; None for whoever looks on.
    """
    return cast(Store, _StagedStore(store, clock, player))


def note_what_is_read(store: Store, player: Player) -> None:
    """Let a player take note of every row that its session reads."""
    with store.reading() as connection:
        driver: Any = connection.connection.driver_connection
        is_sqlite = connection.dialect.name == "sqlite"

    def of_sqlite(cursor: Any, row: Any) -> Any:
        player.see_row([column[0] for column in cursor.description], row)
        return row

    def of_postgres(cursor: Any) -> Any:
        make = tuple_row(cursor)
        names = [column.name for column in cursor.description or ()]

        def noted(values: Any) -> Any:
            row = make(values)
            player.see_row(names, row)
            return row

        return noted

    driver.row_factory = of_sqlite if is_sqlite else of_postgres


class StagedLooking(Looking):
    """Looks whose process can be stopped between two of them."""

    player: Player

    def batch_count(self) -> int:
        self.player.pass_by("choose")
        return super().batch_count()


class StagedHolds(Holds):
    """Holds whose process can be stopped before each of them changes."""

    player: Player

    def beat(self, batch_id: str, now: datetime) -> None:
        if self._database.ttl_s is not None:
            self.player.pass_by("beat")
        super().beat(batch_id, now)

    def record_token(self, batch_id: str, life_s: float | None, now: datetime) -> None:
        self.player.pass_by("lease")
        super().record_token(batch_id, life_s, now)

    def end(self, batch_id: str, now: datetime) -> None:
        if not self.player.is_dead:
            self.player.pass_by("end")
            super().end(batch_id, now)


class StagedJournal(Journal):
    """A journal whose process can be stopped before each of its steps."""

    def __init__(self, store: Store, player: Player) -> None:
        super().__init__(store)
        self._player = player
        self.holds = StagedHolds(store)
        self.holds.player = player
        self._steps = Steps(store, self.holds)

    @contextmanager
    def hold(self, batch_id: str, since: datetime, *, take_over: bool = False) -> Iterator[None]:
        self._player.pass_by("hold")
        with super().hold(batch_id, since, take_over=take_over):
            yield

    @contextmanager
    def planning(self, login: Login, now: datetime) -> Iterator[Planning]:
        self._player.pass_by("commit")
        with super().planning(login, now) as planning:
            yield planning

    def looking(self, login: Login) -> Looking:
        looking = StagedLooking(self._database.reading, login)
        looking.player = self._player
        return looking

    def apply(self, batch_id: str, changes: Any, now: datetime) -> None:
        if changes:
            self._player.pass_by("record")
        super().apply(batch_id, changes, now)

    def claim(self, batch_id: str, most: int, now: datetime, changes: Any = ()) -> list[Placing]:
        self._player.pass_by("claim")
        return super().claim(batch_id, most, now, changes)
