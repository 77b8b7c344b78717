"""From a URL to an open journal in a server, and what is asked of the server before that."""

from __future__ import annotations

from sqlalchemy import Connection, text

from batch.errors import JournalError
from batch.journal.examining import Examination, count, find_contradictions
from batch.journal.postgres.database import Database
from batch.journal.postgres.naming import find_server
from batch.journal.postgres.schema import (
    make,
    read_journal_id,
    read_own_version,
    require_current,
)


def open_server(
    location: str,
    *,
    read_only: bool,
    may_lose_commits: bool,
    password: str | None,
    busy_timeout_s: float,
) -> Database:
    """Open a journal in a server; see `batch.journal.store.Journal.open`."""
    database = Database(find_server(location, password), busy_timeout_s=busy_timeout_s)
    try:
        database.require(
            _Demands(database.where, read_only=read_only, may_lose_commits=may_lose_commits)
        )
    except BaseException:
        database.close()
        raise
    if read_only:
        database.forbid_changes()
    return database


class _Demands:
    """What every session with a journal's server is held to, the first and those that follow."""

    def __init__(self, where: str, *, read_only: bool, may_lose_commits: bool) -> None:
        self._where = where
        self._read_only = read_only
        self._may_lose_commits = may_lose_commits
        self._journal_id: str | None = None

    def __call__(self, connection: Connection) -> None:
        require_current(connection, self._where)
        if not self._read_only:
            _require_durable(connection, self._where, may_lose_commits=self._may_lose_commits)
        found = read_journal_id(connection)
        if self._journal_id not in (None, found):
            raise JournalError(
                f"{self._where}: expected the journal that was opened, found another one in its "
                "place after the connection broke. Nothing more was recorded or sent. Name the "
                "server that has the one that was opened.",
                is_final=True,
            )
        self._journal_id = found


def upgrade(location: str, *, password: str | None, busy_timeout_s: float) -> None:
    """Make a journal's tables in a server."""
    database = Database(find_server(location, password), busy_timeout_s=busy_timeout_s)
    try:
        with database.writing() as connection:
            database.keep_out(connection, "orderbatch upgrade")
            make(connection, database.where)
    finally:
        database.close()


def examine(location: str, *, password: str | None, busy_timeout_s: float) -> Examination:
    """Look a journal in a server through."""
    database = Database(find_server(location, password), busy_timeout_s=busy_timeout_s)
    try:
        with database.reading() as connection:
            version = read_own_version(connection, database.where)
            require_current(connection, database.where)
            return Examination(version, count(connection), tuple(find_contradictions(connection)))
    finally:
        database.close()


def _require_durable(connection: Connection, where: str, *, may_lose_commits: bool) -> None:
    """Make sure that what is committed outlives the server's power, and its fail-over."""
    for name, wanted in (("fsync", ("on",)), ("synchronous_commit", ("on", "remote_apply"))):
        found = connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar()
        if found not in wanted:
            raise JournalError(
                f"{where}: expected {name} = {wanted[0]}, found {found}: a claim could be lost "
                "after its order was sent. Nothing was sent. Have it set.",
                is_final=True,
            )
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar():
        raise JournalError(
            f"{where}: expected a server that writes, found a stand-by. Nothing was sent. Name the "
            "primary server, or wait until this one is promoted."
        )
    copies = connection.execute(text("SELECT count(*) FROM pg_stat_replication")).scalar_one()
    names = connection.execute(text("SELECT current_setting('synchronous_standby_names')")).scalar()
    if copies and not names and not may_lose_commits:
        raise JournalError(
            f"{where}: expected a stand-by that confirms each commit, found {copies} that may lag: "
            "after a fail-over claims of orders that were sent would be missing. Nothing was sent. "
            "Have synchronous_standby_names set; or journal_may_lose_commits = true in the "
            "settings says that somebody answers for it.",
            is_final=True,
        )
