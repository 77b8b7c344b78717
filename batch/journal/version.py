"""Which version of the journal a database holds, if it is one."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, inspect, select

from batch.errors import Advice, Hint, JournalError
from batch.journal.tables import META, VERSION


def read_version(
    connection: Connection,
    where: str,
    way_out: str = "",
    advice: Iterable[Hint] | Advice = (),
) -> int | None:
    """Give the version of the tables; None where there are none yet.

    Args:
        way_out, advice: what a person may do who named a database of something else.

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
            f"It was not changed.{way_out and f' {way_out}'}",
            is_final=True,
            advice=advice,
        )
    if int(text) > VERSION:
        raise JournalError(
            f"{where}: expected version {VERSION} or older, found version {text}, made by a newer "
            "orderbatch. It was not changed. Use that orderbatch.",
            is_final=True,
        )
    return int(text)
