"""Making the tables in a server, and knowing them again."""

from __future__ import annotations

import hashlib
import uuid
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select

from batch.errors import Advice, JournalError, JournalLocked
from batch.journal.records import read_moment
from batch.journal.tables import HOLDS, META, METADATA, VERSION
from batch.journal.version import read_version

OLDEST_CHANGED = 4
"""The oldest version in a server that this one brings up to date; it was the first."""

JOURNAL_ID = "journal_id"

MADE = "made"
"""Under this name a journal holds what stands for its tables as they were made."""

_KEPT = {
    "events": ("UPDATE OR DELETE",),
    "batches": ("UPDATE OR DELETE",),
    "orders": (
        "DELETE",
        'UPDATE OF batch_id, "row", sheet_values, client_order_id, fingerprint, payload, size, '
        "price",
    ),
    "holds": ("DELETE",),
    "stops": ("DELETE",),
}

_KEEP = """
CREATE FUNCTION orderbatch_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what %% holds is never changed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
"""

_LISTING = """
SELECT 'column', table_name || '.' || column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, collation_name)
  FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL
SELECT 'index', indexname, {index}
  FROM pg_indexes WHERE schemaname = current_schema()
UNION ALL
SELECT 'trigger', tgname,
       tgenabled::text || ' ' || replace(pg_get_triggerdef(t.oid), quote_ident(nspname) || '.', '')
  FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace
 WHERE nspname = current_schema() AND NOT tgisinternal
UNION ALL
SELECT 'function', proname, prosrc
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE nspname = current_schema()
"""
_INDEX = "replace(indexdef, quote_ident(schemaname) || '.', '')"

_LISTED_IN_4 = _LISTING.format(index=_INDEX)

# Without casts and parentheses, which the server words otherwise once a dump was restored.
_LISTED = _LISTING.format(
    index=rf"regexp_replace({_INDEX}, '::(character varying|text)(\[\])?|[()]', '', 'g')"
)
"""Everything that a schema has."""


def read_own_version(connection: Connection, where: str) -> int | None:
    """Give the version of a schema's tables; see `batch.journal.version.read_version`."""
    return read_version(connection, where, "Name a database, or a schema, of its own.")


def read_journal_id(connection: Connection) -> str:
    """Give what tells a journal from others."""
    query = select(META.c.value).where(META.c.name == JOURNAL_ID)
    return str(connection.execute(query).scalar_one())


def require_current(connection: Connection, where: str) -> None:
    """Make sure that the tables are there, of this version, and as they were made.

    Raises:
        JournalError: they are not; names the command that makes them.
    """
    found = read_own_version(connection, where)
    if found != VERSION:
        said = "no tables yet" if found is None else f"version {found}"
        raise JournalError(
            f"{where}: expected the tables of version {VERSION}, found {said}. Nothing was sent.",
            is_final=True,
            advice=Advice.UPGRADE_JOURNAL,
        )
    _require_as_made(connection, where)


def make(connection: Connection, where: str) -> None:
    """Make the tables where there are none, and bring those of an older version up to date.

    Raises:
        JournalLocked: some process has a batch of an older one just now.
        JournalError: what is there is something else, or of a version that this one cannot change.
    """
    found = read_own_version(connection, where)
    if found == VERSION:
        return
    if found is None:
        METADATA.create_all(connection)
        connection.exec_driver_sql(_KEEP)
        for table, actions in _KEPT.items():
            for action in (*actions, "TRUNCATE"):
                name = f"{table}_kept_from_{action.split()[0].lower()}"
                each = "STATEMENT" if action == "TRUNCATE" else "ROW"
                connection.exec_driver_sql(
                    f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH {each} "
                    "EXECUTE FUNCTION orderbatch_keep()"
                )
        values = {JOURNAL_ID: uuid.uuid4().hex}
    elif found == OLDEST_CHANGED:
        _require_as_made(connection, where, _LISTED_IN_4)
        _require_nobody(connection, where)
        METADATA.create_all(connection)  # those that this one lacks
        connection.execute(delete(META).where(META.c.name.in_(["version", MADE])))
        values = {}
    else:
        raise JournalError(
            f"{where}: expected version {OLDEST_CHANGED} to {VERSION}, or none, found version "
            f"{found}. It was not changed. Make a new journal in a schema of its own.",
            is_final=True,
        )
    values |= {"version": str(VERSION), MADE: _stamp(connection)}
    connection.execute(insert(META), [{"name": n, "value": v} for n, v in values.items()])


def _require_as_made(connection: Connection, where: str, listing: str = _LISTED) -> None:
    made = connection.execute(select(META.c.value).where(META.c.name == MADE)).scalar()
    if made != _stamp(connection, listing):
        raise JournalError(
            f"{where}: expected its tables, indexes and triggers as they were made, found that "
            "somebody changed them. Nothing that it says can be trusted, and nothing was sent. "
            "Have its owner put them right.",
            is_final=True,
        )


def _require_nobody(connection: Connection, where: str) -> None:
    """Make sure that no process is at work: an older program would go on by what it knows."""
    query = select(HOLDS).where(HOLDS.c.ended_at.is_(None))
    at = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    for row in connection.execute(query):
        seen_at = read_moment(row.seen_at)
        assert seen_at is not None
        if seen_at + timedelta(seconds=row.ttl_s) >= at:
            raise JournalLocked(
                f"{where}: expected that no process is at work, found that {row.holder} has batch "
                f"{row.batch_id}. It was not changed. Wait for that one to end, and run the same "
                "command again."
            )


def _stamp(connection: Connection, listing: str = _LISTED) -> str:
    listed = sorted(map(str, connection.exec_driver_sql(listing).all()))
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()
