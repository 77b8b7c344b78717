"""Adding a batch: an exclusive look at what there is, then all rows at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from batch.journal.records import (
    BatchSummary,
    Change,
    EarlierOrder,
    PlannedRow,
    read_earlier,
    write_moment,
    write_order,
    write_text,
)
from batch.journal.statements import (
    SELECT_BATCHES,
    append_events,
    apply_changes,
    read_summaries,
)
from batch.journal.tables import BATCHES, ORDERS, SENDABLE
from batch.model import BatchRecord
from batch.states import OrderEvent, OrderState


class Planning:
    """An exclusive look at the journal during which a batch can be added.

    Nobody else plans meanwhile, so what the checks found still holds when the plan is committed.
    """

    def __init__(self, connection: Connection, where: str, venue_id: int, now: datetime) -> None:
        self._connection = connection
        self._where = where
        self._venue_id = venue_id
        self._now = now

    def generations(self, content_hash: str) -> list[BatchSummary]:
        """Give the batches of exactly this content, oldest first; empty when it is new."""
        found = self._connection.execute(
            SELECT_BATCHES.where(
                BATCHES.c.venue_id == self._venue_id, BATCHES.c.content_hash == content_hash
            ).order_by(BATCHES.c.generation)
        )
        return read_summaries(self._connection, found)

    def is_taken(self, batch_id: str) -> bool:
        """Say whether a batch of any content already has this ID."""
        query = select(BATCHES.c.batch_id).where(BATCHES.c.batch_id == batch_id)
        return self._connection.execute(query).first() is not None

    def earlier_orders(
        self, *, fingerprints: Iterable[str] = (), client_order_ids: Iterable[str] = ()
    ) -> list[EarlierOrder]:
        """Give the sendable rows of this login that have one of these fingerprints or IDs."""
        found: dict[tuple[str, int], EarlierOrder] = {}
        for column, wanted in (
            (ORDERS.c.fingerprint, fingerprints),
            (ORDERS.c.client_order_id, client_order_ids),
        ):
            values = list(wanted)
            # In portions: databases limit the variables of one statement.
            for start in range(0, len(values), 500):
                query = select(ORDERS).where(
                    ORDERS.c.venue_id == self._venue_id,
                    column.in_(values[start : start + 500]),
                    SENDABLE,
                )
                for row in self._connection.execute(query):
                    found[row.batch_id, row.row] = read_earlier(row)
        return sorted(found.values(), key=lambda order: (order.batch_id, order.row))

    def add(
        self,
        batch: BatchRecord,
        *,
        content_hash: str,
        generation: int,
        rows: Sequence[PlannedRow],
        detail: str,
    ) -> None:
        """Record a batch with all its rows; durable when the planning ends without an error."""
        self._connection.execute(
            insert(BATCHES),
            {
                "batch_id": batch.batch_id,
                "venue_id": self._venue_id,
                "content_hash": content_hash,
                "generation": generation,
                "sheet_path": write_text(batch.sheet_path),
                "worksheet": write_text(batch.worksheet),
                "columns": json.dumps([[c.header, c.field, c.letter] for c in batch.columns]),
                "row_count": batch.row_count,
                "simulated": batch.simulated,
                "created_at": write_moment(batch.created_at),
            },
        )
        for start in range(0, len(rows), 1000):
            portion = rows[start : start + 1000]
            self._connection.execute(
                insert(ORDERS), [write_order(batch.batch_id, self._venue_id, r) for r in portion]
            )
        append_events(
            self._connection,
            batch.batch_id,
            self._now,
            [{"row": None, "kind": "planned", "state": None, "detail": detail, "request_id": None}],
        )

    def withdraw(self, batch_id: str, rows: Sequence[int], detail: str, message: str) -> None:
        """Leave out rows of another batch that it has not sent yet; it never sends them then.

        Args:
            detail: for the rows' history.
            message: for the rows themselves, as its report shows them.

        Raises:
            JournalError: a row is not PLANNED any more; nothing of the planning is recorded.
        """
        if not rows:
            return
        changes = [
            Change(row, OrderState.PLANNED, OrderEvent.WITHDRAWN, detail=detail, message=message)
            for row in rows
        ]
        apply_changes(self._connection, self._where, batch_id, changes, self._now)
