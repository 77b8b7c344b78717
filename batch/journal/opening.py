"""Opening the database safely, and its errors in words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from batch.errors import JournalError, JournalLocked

BUSY_TIMEOUT_S = 10.0
"""How long a write waits for another process's short transaction."""


def make_engine(url: str) -> Engine:
    """Give an engine of one connection that begins its transactions explicitly."""
    engine = create_engine(url, poolclass=StaticPool)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    # The driver's own transactions begin late and commit unasked; ours are explicit.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {int(BUSY_TIMEOUT_S * 1000)}")
    # Write-ahead, so that a report can be read while a batch runs; FULL, so that a commit is on
    # the disk before the order that it claims can leave.
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def prepare_file(path: Path) -> None:
    """Make the journal's folder where there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"journal {path}: expected a folder that can be made, found: {error.strerror}. "
            "Name another place with --journal."
        ) from None
    if path.is_dir():
        raise JournalError(f"journal {path}: expected a file, found a folder.")


def without_password(location: str) -> str:
    """Name a database without what a log must not hold."""
    head, _, tail = location.rpartition("@")
    return f"{head.split('://')[0]}://…@{tail}" if head else location


@contextmanager
def in_words(where: str) -> Iterator[None]:
    """Turn the database's errors into ours; its own texts carry statements and values."""
    try:
        yield
    except IntegrityError as error:
        raise JournalError(
            f"{where}: expected each client order ID once, found one that it already holds "
            f"({error.orig}). Nothing of this step was recorded."
        ) from None
    except DBAPIError as error:
        reason = str(error.orig)
        if "locked" in reason:
            raise JournalLocked(
                f"{where}: expected to write, found it locked by another program for "
                f"{BUSY_TIMEOUT_S:g} s. Close that program and run the same command again."
            ) from None
        raise JournalError(
            f"{where}: expected to read and write it, found: {reason}. What it already holds is "
            "not changed by this step. Mend that and run the same command again."
        ) from None
    except SQLAlchemyError as error:
        raise JournalError(f"{where}: expected a usable journal, found: {error}.") from None
