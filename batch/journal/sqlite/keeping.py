"""Looking a journal's file through, and copying it while a batch may be running."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import StaticPool

from batch.errors import Advice, JournalError
from batch.journal.examining import Counts, Examination, count, find_contradictions
from batch.journal.records import write_moment
from batch.journal.sqlite.drives import refuse_drive
from batch.journal.sqlite.faults import in_words
from batch.journal.sqlite.files import find_file, is_new, make_file
from batch.journal.sqlite.versions import COPY, read_extent, read_own_version, require_own_schema
from batch.journal.sqlite.witness import Witness
from batch.journal.tables import VERSION

LISTED = 20
"""How many faults of one kind are listed."""


def examine(
    location: str, *, allow_network: bool, allow_memory: bool, busy_timeout_s: float
) -> Examination:
    """Look a journal through from end to end; nothing is changed, nor upgraded."""
    path = find_file(location)
    where = f"journal {path}"
    refuse_drive(where, path, allow_network=allow_network, allow_memory=allow_memory)
    witness = Witness(where, path)
    _require_file(where, path)
    with _looking(where, path, busy_timeout_s) as connection:
        return _examine(connection, where, witness)


def back_up(
    location: str, target: Path, now: datetime, *, allow_network: bool, busy_timeout_s: float
) -> Examination:
    """Copy a journal as it is just now, and look the copy through before it has its name."""
    path = find_file(location)
    where, there = f"journal {path}", f"copy {target}"
    refuse_drive(where, path, allow_network=allow_network, allow_memory=True)
    _require_file(where, path)
    if os.path.lexists(target):
        raise _standing(there)
    part = target.with_name(f"{target.name}.part")
    with suppress(OSError):
        part.unlink(missing_ok=True)
    make_file(there, part)
    try:
        with _looking(where, path, busy_timeout_s) as source:
            before = count(source)
            _copy(source, there, part, now, busy_timeout_s)
        with _looking(there, part, busy_timeout_s) as copied:
            found = _examine(copied, there, None)
        if found.faults or found.counts != before:
            raise JournalError(
                f"{there}: expected all of the journal ({before}), found {found.counts}"
                f"{''.join(f'; {fault}' for fault in found.faults)}. Nothing was copied.",
                is_final=True,
            )
        _give_name(there, part, target)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return found


def _examine(connection: Connection, where: str, witness: Witness | None) -> Examination:
    version = read_own_version(connection, where)
    if version is None:
        return Examination(None, Counts(0, 0, 0), ("it holds no tables yet",))
    faults: list[str] = []
    for (fault,) in connection.exec_driver_sql(f"PRAGMA integrity_check({LISTED})"):
        if fault != "ok":
            faults.append(fault)
    faults += [
        f"table {row[0]}, row {row[1]}: refers to nothing in {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(LISTED)
    ]
    try:
        if version == VERSION:
            require_own_schema(connection, where)
        if witness is not None:
            witness.require_whole(read_extent(connection), read_only=True)
    except JournalError as error:
        faults.append(str(error))
    faults += find_contradictions(connection)
    return Examination(version, count(connection), tuple(faults))


@contextmanager
def _looking(where: str, path: Path, busy_timeout_s: float) -> Iterator[Connection]:
    engine = create_engine(
        "sqlite://",
        creator=lambda: _connect(path, busy_timeout_s),
        poolclass=StaticPool,
        hide_parameters=True,
    )
    try:
        with (
            in_words(where, busy_timeout_s),
            engine.connect() as connection,
            connection.begin(),
        ):
            connection.exec_driver_sql("BEGIN")
            yield connection
    finally:
        engine.dispose()


def _connect(path: Path, busy_timeout_s: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=busy_timeout_s, isolation_level=None)
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _copy(source: Connection, there: str, part: Path, now: datetime, busy_timeout_s: float) -> None:
    driver = source.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    with in_words(there, busy_timeout_s), closing(sqlite3.connect(part)) as copy:
        # Within the look in which the rows were counted, so both speak of one moment.
        driver.backup(copy)
        # One file, which needs nothing beside it, and says that it is a copy.
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("PRAGMA synchronous = EXTRA")
        copy.execute(
            "INSERT OR REPLACE INTO journal_meta (name, value) VALUES (?, ?)",
            (COPY, write_moment(now)),
        )
        copy.commit()


def _give_name(there: str, part: Path, target: Path) -> None:
    try:
        # A link is never made over a file that stands there; a rename would be.
        os.link(part, target)
    except FileExistsError:
        raise _standing(there) from None
    except OSError:
        if os.path.lexists(target):
            raise _standing(there) from None
        os.replace(part, target)


def _standing(there: str) -> JournalError:
    return JournalError(
        f"{there}: expected a name that is free, found a file. Nothing was copied, and it was not "
        "changed. Name another.",
        is_final=True,
    )


def _require_file(where: str, path: Path) -> None:
    if is_new(where, path):
        raise JournalError(
            f"{where}: expected a journal, found none.", is_final=True, advice=Advice.NAME_JOURNAL
        )
