"""Making the tables in a server, and knowing them again."""

from __future__ import annotations

import hashlib
import uuid

from sqlalchemy import Connection, insert, inspect, select

from batch.errors import Advice, JournalError
from batch.journal.tables import META, METADATA, VERSION

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

_LISTED = """
SELECT 'column', table_name || '.' || column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, collation_name)
  FROM information_schema.columns WHERE table_schema = current_schema()
UNION ALL
SELECT 'index', indexname, replace(indexdef, quote_ident(schemaname) || '.', '')
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


def read_version(connection: Connection, where: str) -> int | None:
    """Give the version of the tables; None where there are none yet.

    Raises:
        JournalError: a schema of something else, or made by a newer version.
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
            "It was not changed. Name a database, or a schema, of its own.",
            is_final=True,
        )
    if int(text) > VERSION:
        raise JournalError(
            f"{where}: expected version {VERSION}, found version {text}, made by a newer "
            "orderbatch. It was not changed. Use that orderbatch.",
            is_final=True,
        )
    return int(text)


def require_current(connection: Connection, where: str) -> None:
    """Make sure that the tables are there, of this version, and as they were made.

    Raises:
        JournalError: they are not; names the command that makes them.
    """
    found = read_version(connection, where)
    if found != VERSION:
        said = "no tables yet" if found is None else f"version {found}"
        raise JournalError(
            f"{where}: expected the tables of version {VERSION}, found {said}. Nothing was sent.",
            is_final=True,
            advice=Advice.UPGRADE_JOURNAL,
        )
    made = connection.execute(select(META.c.value).where(META.c.name == MADE)).scalar()
    if made != _stamp(connection):
        raise JournalError(
            f"{where}: expected its tables, indexes and triggers as they were made, found that "
            "somebody changed them. Nothing that it says can be trusted, and nothing was sent. "
            "Have its owner put them right.",
            is_final=True,
        )


def make(connection: Connection, where: str) -> None:
    """Make the tables where there are none.

    Raises:
        JournalError: what is there is something else, or of a version that this one cannot change.
    """
    found = read_version(connection, where)
    if found is not None:
        if found == VERSION:
            return
        raise JournalError(
            f"{where}: expected version {VERSION}, or none, found version {found}. It was not "
            "changed. Make a new journal in a schema of its own.",
            is_final=True,
        )
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
    values = {"version": str(VERSION), "journal_id": uuid.uuid4().hex, MADE: _stamp(connection)}
    connection.execute(insert(META), [{"name": n, "value": v} for n, v in values.items()])


def _stamp(connection: Connection) -> str:
    listed = sorted(map(str, connection.exec_driver_sql(_LISTED).all()))
    return hashlib.sha256("\n".join(listed).encode()).hexdigest()
