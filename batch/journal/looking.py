"""What a plan asks of the journal: short looks that hinder nobody and leave nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, select

from batch.journal.days import Spent, spent_since
from batch.journal.records import BatchSummary, EarlierOrder, read_earlier, read_moment
from batch.journal.statements import SELECT_BATCHES, read_summaries
from batch.journal.tables import BATCHES, EVENTS, ORDERS, SENDABLE, VENUES
from batch.model import Login

PORTION = 500
"""Databases limit the variables of one statement."""

_EARLIER = (
    select(
        *(ORDERS.c[name] for name in ("batch_id", "row", "state", "fingerprint", "filled_size")),
        *(ORDERS.c[name] for name in ("client_order_id", "server_order_id", "submitted_at")),
        BATCHES.c.run_key,
        VENUES.c.user,
    )
    .join(BATCHES, BATCHES.c.batch_id == ORDERS.c.batch_id)
    .join(VENUES, VENUES.c.id == ORDERS.c.venue_id)
    .where(SENDABLE)
)


class Looking:
    """Questions of one login, and of its scope: everybody of its org at its venue.

    Each is a transaction of its own, however long a plan takes. Logins are compared by value, as
    older journals have them in other spellings.
    """

    def __init__(
        self, reading: Callable[[], AbstractContextManager[Connection]], login: Login
    ) -> None:
        self._reading = reading
        self._login = login

    def logins(self) -> list[Login]:
        """Give every login that the journal holds."""
        return [Login.of(row.url, row.org, row.user) for row in self._venues()]

    def generations(self, content_hash: str, run_key: str = "") -> list[BatchSummary]:
        """Give the batches of exactly this content and run, oldest first; empty when it is new."""
        query = SELECT_BATCHES.where(
            BATCHES.c.venue_id.in_(self._mine()),
            BATCHES.c.content_hash == content_hash,
            BATCHES.c.run_key == run_key,
        )
        with self._reading() as connection:
            found = connection.execute(query.order_by(BATCHES.c.generation))
            return read_summaries(connection, found)

    def batch_count(self) -> int:
        """Count the batches of this scope; none is ever taken away."""
        query = select(func.count()).where(BATCHES.c.venue_id.in_(self._scope()))
        with self._reading() as connection:
            return int(connection.execute(query).scalar_one())

    def last_event_at(self, batch_id: str) -> datetime | None:
        """Say when something was last recorded of a batch."""
        last = select(func.max(EVENTS.c.id)).where(EVENTS.c.batch_id == batch_id)
        query = select(EVENTS.c.at).where(EVENTS.c.id == last.scalar_subquery())
        with self._reading() as connection:
            return read_moment(connection.execute(query).scalar())

    def is_taken(self, batch_id: str) -> bool:
        """Say whether a batch of any content already has this ID."""
        query = select(BATCHES.c.batch_id).where(BATCHES.c.batch_id == batch_id)
        with self._reading() as connection:
            return connection.execute(query).first() is not None

    def earlier_orders(
        self,
        *,
        fingerprints: Iterable[str] = (),
        client_order_ids: Iterable[str] = (),
        beside: str | None = None,
    ) -> list[EarlierOrder]:
        """Give the sendable rows of this scope that have one of these fingerprints or IDs.

        Args:
            beside: a batch whose own rows are left out.
        """
        scope = self._scope()
        found: dict[tuple[str, int], EarlierOrder] = {}
        for column, wanted in (
            (ORDERS.c.fingerprint, fingerprints),
            (ORDERS.c.client_order_id, client_order_ids),
        ):
            values = list(dict.fromkeys(wanted)) if scope else []
            for start in range(0, len(values), PORTION):
                portion = values[start : start + PORTION]
                for order in self._earlier(scope, column, portion, beside):
                    found[order.batch_id, order.row] = order
        return sorted(found.values(), key=lambda order: (order.batch_id, order.row))

    def of_server_id(self, server_order_id: str) -> list[EarlierOrder]:
        """Give the orders of this scope that the venue knows by this ID of its own."""
        return self._earlier(self._scope(), ORDERS.c.server_order_id, [server_order_id])

    def spent_since(self, moment: datetime) -> list[Spent]:
        """Give what this scope sent since a moment, or is still to send by a batch since then."""
        scope = self._scope()
        with self._reading() as connection:
            return spent_since(connection, scope, moment)

    def _earlier(
        self,
        scope: list[int],
        column: ColumnElement[Any],
        values: list[str],
        beside: str | None = None,
    ) -> list[EarlierOrder]:
        query = _EARLIER.where(ORDERS.c.venue_id.in_(scope), column.in_(values))
        if beside is not None:
            query = query.where(ORDERS.c.batch_id != beside)
        with self._reading() as connection:
            return [read_earlier(row) for row in connection.execute(query)]

    def _mine(self) -> list[int]:
        """Give the numbers of this login, in whatever spelling it was recorded."""
        return [
            row.id for row in self._venues() if Login.of(row.url, row.org, row.user) == self._login
        ]

    def _scope(self) -> list[int]:
        # Whatever its letters: an older journal may have one org in two spellings.
        url, org = self._login.url, self._login.org.casefold()
        logins = [(row.id, Login.of(row.url, row.org, row.user)) for row in self._venues()]
        return [
            number for number, login in logins if login.url == url and login.org.casefold() == org
        ]

    def _venues(self) -> list[Row[Any]]:
        with self._reading() as connection:
            return list(connection.execute(select(VENUES).order_by(VENUES.c.id)))
