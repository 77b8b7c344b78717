"""From a file's name to an open journal in it."""

from __future__ import annotations

from batch.journal.sqlite.database import Database
from batch.journal.sqlite.drives import network_system, refuse_drive
from batch.journal.sqlite.files import find_file, is_new, make_file, make_folder
from batch.journal.sqlite.versions import (
    bring_up_to_date,
    read_extent,
    read_own_version,
    require_own_schema,
)
from batch.journal.sqlite.witness import Witness
from batch.journal.tables import VERSION


def open_file(
    location: str,
    *,
    read_only: bool,
    allow_network: bool,
    allow_memory: bool,
    busy_timeout_s: float,
) -> Database:
    """Open a journal's file; see `batch.journal.store.Journal.open`."""
    path = find_file(location)
    where = f"journal {path}"
    refuse_drive(where, path, allow_network=allow_network, allow_memory=allow_memory)
    witness = Witness(where, path)
    is_empty = is_new(where, path)
    if is_empty:
        witness.require_whole(None, read_only=read_only)
    if not read_only:
        make_folder(where, path)
        if is_empty:
            make_file(where, path)
    database = Database(
        None if read_only and is_empty else path,
        where,
        busy_timeout_s=busy_timeout_s,
        is_shared=allow_network and network_system(path) is not None,
        witness=witness,
    )
    try:
        _make_ready(database, read_only)
    except BaseException:
        database.close()
        raise
    return database


def _make_ready(database: Database, read_only: bool) -> None:
    with database.reading() as connection:
        found = read_own_version(connection, database.where)
        if found == VERSION:
            require_own_schema(connection, database.where)
        # A file of next to nothing has no tables, either, and is then no new journal.
        extent = None if found is None else read_extent(connection)
        database.witness.require_whole(extent, read_only=read_only)
    database.make_durable()
    if not read_only:
        database.require_sound()
    if not read_only or found != VERSION:
        bring_up_to_date(database)
    if found != VERSION:
        # What is only in the write-ahead file is not there for whoever moves the journal alone.
        database.write_back()
    if read_only:
        database.forbid_changes()
    database.watch_files()
