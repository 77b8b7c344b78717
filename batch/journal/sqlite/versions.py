"""Making a new journal, recognising one, and bringing an older one up to date."""

from __future__ import annotations

import os
import sqlite3
import uuid
from contextlib import closing
from dataclasses import replace
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, create_engine, delete, insert, inspect, select, update
from sqlalchemy.pool import StaticPool

from batch.errors import Advice, JournalError
from batch.journal.sqlite.database import LAST_LINE, Database
from batch.journal.sqlite.files import make_file
from batch.journal.sqlite.triggers import guard_history
from batch.journal.sqlite.witness import Extent
from batch.journal.tables import META, METADATA, VERSION
from batch.journal.version import read_version


def read_own_version(connection: Connection, where: str) -> int | None:
    """Give the version of a file's tables; see `batch.journal.version.read_version`."""
    return read_version(connection, where, advice=Advice.NAME_JOURNAL)


def bring_up_to_date(database: Database) -> None:
    """Make the tables, or upgrade them, in one transaction; a copy is kept of what was before."""
    with database.rebuilding() as connection:
        # Looked at again: another process may have done it since.
        found = read_own_version(connection, database.where)
        if found is None:
            METADATA.create_all(connection)
            guard_history(connection)
            connection.execute(insert(META), {"name": "version", "value": str(VERSION)})
            _begin_noting(database, connection)
            return
        if found < VERSION:
            if database.path is not None:
                _keep_copy(database.where, database.path, found)
            _make_anew(connection)
        # Written even when it is the same: a disk that is full or read-only shows here, before
        # anything is sent.
        require_own_schema(connection, database.where)
        connection.execute(update(META).where(META.c.name == "version").values(value=str(VERSION)))
        _begin_noting(database, connection)


def read_extent(connection: Connection) -> Extent:
    """Say which journal it is and how far it has come."""
    rows = connection.execute(select(META.c.name, META.c.value)).all()
    values = {row.name: row.value for row in rows}
    last = connection.exec_driver_sql(LAST_LINE).scalar_one()
    return Extent(values.get(JOURNAL_ID, ""), last, is_copy=COPY in values)


def _begin_noting(database: Database, connection: Connection) -> None:
    # Before the commit, so that no other process finds a named journal alone.
    extent = read_extent(connection)
    if not extent.journal_id:
        extent = replace(extent, journal_id=uuid.uuid4().hex)
        connection.execute(insert(META), {"name": JOURNAL_ID, "value": extent.journal_id})
    if extent.is_copy:
        connection.execute(delete(META).where(META.c.name == COPY))
    if database.path is not None and not database.witness.is_open:
        database.witness.begin(extent)


JOURNAL_ID = "journal_id"
"""Under this name a journal holds what tells it from others."""

COPY = "copy"
"""Under this name a copy holds when it was made, until something is written to it."""

_LISTED = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL"


@cache
def _as_made() -> frozenset[tuple[str, str, str, str]]:
    """List what a new journal has, in the database's own words."""
    engine = create_engine("sqlite://", poolclass=StaticPool)
    try:
        with engine.begin() as connection:
            METADATA.create_all(connection)
            guard_history(connection)
            return _listed(connection)
    finally:
        engine.dispose()


def _listed(connection: Connection) -> frozenset[tuple[str, str, str, str]]:
    return frozenset(
        (row[0], row[1], row[2], row[3]) for row in connection.exec_driver_sql(_LISTED)
    )


def require_own_schema(connection: Connection, where: str) -> None:
    """Make sure that a journal of this version has what this version makes, word for word.

    A trigger, a view in a table's place or an index that is not what it seems can change what is
    sent, or make what was sent look unsent.

    Raises:
        JournalError: names the first thing that is too much, lacks or differs.
    """
    found, expected = _listed(connection), _as_made()
    if found == expected:
        return
    for kind, name, _, _ in sorted(found - expected):
        known = any((kind, name) == one[:2] for one in expected)
        what = f'another {kind} "{name}" than that' if known else f'a {kind} "{name}" beside that'
        raise _not_own(where, what)
    kind, name, _, _ = min(expected - found)
    raise _not_own(where, f'no {kind} "{name}"')


def _not_own(where: str, what: str) -> JournalError:
    return JournalError(
        f"{where}: expected exactly what this version makes, found {what}. Somebody else changed "
        "it, and nothing that it says can be trusted. It was not changed. Put back a copy that is "
        "as new as it is.",
        is_final=True,
    )


NEW_VALUES = {
    "batches": {"run_key": ""},
    "holds": {"seen_at": "1970-01-01T00:00:00.000+00:00", "ttl_s": "0"},
}
"""What a column holds in rows that are older than it is, where it may not be empty."""

CHANGED_VALUES = {
    "orders": {"fingerprint": "substr(fingerprint, 1, instr(fingerprint || '#', '#') - 1)"}
}
"""What a column holds now, from what it held: equal orders of a sheet are no longer numbered."""


def _make_anew(connection: Connection) -> None:
    """Make every table as this version makes it, and move what the older ones hold over.

    Altering them would leave other words in the database's own list of what it has, and that list
    is compared with what this version makes before a journal is trusted.
    """
    older = set(inspect(connection).get_table_names())
    listed = "SELECT type, name FROM sqlite_schema WHERE type IN ('trigger', 'index') AND sql != ''"
    for kind, name in connection.exec_driver_sql(listed).all():
        connection.exec_driver_sql(f'DROP {kind} "{name}"')
    moved = [table for table in METADATA.sorted_tables if table.name in older]
    for table in moved:
        connection.exec_driver_sql(f"ALTER TABLE {table.name} RENAME TO older_{table.name}")
    METADATA.create_all(connection)
    for table in moved:
        had = {c["name"] for c in inspect(connection).get_columns(f"older_{table.name}")}
        kept = [column.name for column in table.c if column.name in had]
        values = NEW_VALUES.get(table.name, {})
        new = {name: value for name, value in values.items() if name not in had}
        quoted = ", ".join(f'"{name}"' for name in (*kept, *new))
        changed = CHANGED_VALUES.get(table.name, {})
        old = (changed.get(name, f'"{name}"') for name in kept)
        wanted = ", ".join([*old, *(f"'{v}'" for v in new.values())])
        connection.exec_driver_sql(
            f"INSERT INTO {table.name} ({quoted}) SELECT {wanted} FROM older_{table.name}"
        )
    for table in reversed(moved):
        connection.exec_driver_sql(f"DROP TABLE older_{table.name}")
    guard_history(connection)


def _keep_copy(where: str, path: Path, version: int) -> None:
    """Copy the journal beside itself; whole, because the caller keeps all others from writing."""
    copy = path.with_name(f"{path.name}.version-{version}")
    part = path.with_name(f"{copy.name}.part")
    try:
        part.unlink(missing_ok=True)
        make_file(where, part)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(part)) as target:
            source.backup(target)
        os.replace(part, copy)
    except OSError as error:
        raise JournalError(
            f"{where}: expected to keep a copy as {copy.name} before upgrading it, found: "
            f"{error.strerror}. It was not changed."
        ) from None
