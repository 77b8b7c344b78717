"""What a plan asks of the journal: short looks that hinder nobody and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from sqlalchemy import Connection, select

from batch.journal.records import BatchSummary, EarlierOrder, read_earlier
from batch.journal.statements import SELECT_BATCHES, read_summaries
from batch.journal.tables import BATCHES, ORDERS, SENDABLE, VENUES

PORTION = 500
"""Databases limit the variables of one statement."""


class Looking:
    """Questions within one login. Each is a transaction of its own, however long a plan takes."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Connection]],
        url: str,
        org: str,
        user: str,
    ) -> None:
        self._reading = reading
        self._login = (VENUES.c.url == url, VENUES.c.org == org, VENUES.c.user == user)

    def generations(self, content_hash: str) -> list[BatchSummary]:
        """Give the batches of exactly this content, oldest first; empty when it is new."""
        query = SELECT_BATCHES.where(*self._login, BATCHES.c.content_hash == content_hash)
        with self._reading() as connection:
            found = connection.execute(query.order_by(BATCHES.c.generation))
            return read_summaries(connection, found)

    def is_taken(self, batch_id: str) -> bool:
        """Say whether a batch of any content already has this ID."""
        query = select(BATCHES.c.batch_id).where(BATCHES.c.batch_id == batch_id)
        with self._reading() as connection:
            return connection.execute(query).first() is not None

    def earlier_orders(
        self, *, fingerprints: Iterable[str] = (), client_order_ids: Iterable[str] = ()
    ) -> list[EarlierOrder]:
        """Give the sendable rows of this login that have one of these fingerprints or IDs."""
        with self._reading() as connection:
            logins = connection.execute(select(VENUES.c.id).where(*self._login)).scalars().all()
        found: dict[tuple[str, int], EarlierOrder] = {}
        for column, wanted in (
            (ORDERS.c.fingerprint, fingerprints),
            (ORDERS.c.client_order_id, client_order_ids),
        ):
            values = list(wanted) if logins else []
            for start in range(0, len(values), PORTION):
                query = select(ORDERS).where(
                    ORDERS.c.venue_id.in_(logins),
                    column.in_(values[start : start + PORTION]),
                    SENDABLE,
                )
                with self._reading() as connection:
                    for row in connection.execute(query):
                        found[row.batch_id, row.row] = read_earlier(row)
        return sorted(found.values(), key=lambda order: (order.batch_id, order.row))
