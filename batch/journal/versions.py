"""Making a new journal, recognising one, and bringing an older one up to date."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, insert, inspect, select, update

from batch.errors import JournalError
from batch.journal.database import Database
from batch.journal.tables import META, METADATA, UPGRADES, VERSION, guard_history


def read_version(connection: Connection, where: str) -> int | None:
    """Give the version of the tables; None where there are none yet.

    Raises:
        JournalError: a database of something else, or made by a newer version.
    """
    tables = inspect(connection).get_table_names()
    if not tables:
        return None
    text = None
    if META.name in tables:
        text = connection.execute(select(META.c.value).where(META.c.name == "version")).scalar()
    if not text or not text.isdecimal():
        raise JournalError(
            f"{where}: expected a journal of orderbatch, found a database of something else. "
            "It was not changed. Name another file with --journal."
        )
    found = int(text)
    if found > VERSION:
        raise JournalError(
            f"{where}: expected version {VERSION} or older, found version {found}, made by a newer "
            "orderbatch. It was not changed. Use that orderbatch."
        )
    return found


def bring_up_to_date(database: Database) -> None:
    """Make the tables, or upgrade them, in one transaction; a copy is kept of what was before."""
    with database.writing() as connection:
        # Looked at again: another process may have done it since.
        found = read_version(connection, database.where)
        if found is None:
            METADATA.create_all(connection)
            guard_history(connection)
            connection.execute(insert(META), {"name": "version", "value": str(VERSION)})
            return
        if found < VERSION and database.path is not None:
            _keep_copy(database.where, database.path, found)
        for version in range(found, VERSION):
            UPGRADES[version](connection)
        # Written even when it is the same: a disk that is full or read-only shows here, before
        # anything is sent.
        connection.execute(update(META).where(META.c.name == "version").values(value=str(VERSION)))


def _keep_copy(where: str, path: Path, version: int) -> None:
    """Copy the journal beside itself; whole, because the caller keeps all others from writing."""
    copy = path.with_name(f"{path.name}.version-{version}")
    part = path.with_name(f"{copy.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        os.replace(part, copy)
    except OSError as error:
        raise JournalError(
            f"{where}: expected to keep a copy as {copy.name} before upgrading it, found: "
            f"{error.strerror}. It was not changed."
        ) from None
