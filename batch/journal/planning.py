"""Adding a batch: an exclusive look at what there is, then all rows at once."""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from datetime import datetime
from itertools import islice
from typing import Any
from zlib import compress, decompress

from sqlalchemy import Connection, insert

from batch.journal.looking import Looking
from batch.journal.records import Change, PlannedRow, write_moment, write_order, write_text
from batch.journal.statements import (
    INSERT_ORDER,
    append_events,
    apply_changes,
    execute_many,
    find_venue,
    line_of_batch,
)
from batch.journal.tables import BATCHES
from batch.model import BatchRecord, Login
from batch.states import BatchEvent, OrderEvent, OrderState

PORTION = 1000
"""So many rows are packed, and inserted, together."""


class WrittenRows:
    """Rows of a batch as the journal will hold them, made ready before anybody is kept waiting.

    While they are inserted no other process can record anything, so nothing else is done then but
    to unpack them: as they are, the rows of a large sheet take more memory than the sheet.
    """

    def __init__(self, batch_id: str, rows: Iterable[PlannedRow]) -> None:
        values = (write_order(batch_id, 0, row) for row in rows)
        self._packed: list[bytes] = []
        self._last: list[dict[str, Any]] = []
        while portion := list(islice(values, PORTION)):
            if self._last:
                self._packed.append(compress(marshal.dumps(self._last), level=1))
            self._last = portion

    def insert(self, connection: Connection, venue_id: int) -> None:
        """Insert them all, for a login."""
        for packed in self._packed:
            self._insert(connection, venue_id, marshal.loads(decompress(packed)))
        self._insert(connection, venue_id, self._last)

    def _insert(
        self, connection: Connection, venue_id: int, rows: Sequence[dict[str, Any]]
    ) -> None:
        for values in rows:
            values["venue_id"] = venue_id
        if rows:
            execute_many(connection, INSERT_ORDER, rows)


class Planning(Looking):
    """An exclusive look at the journal during which a batch can be added.

    Nobody else plans meanwhile, so what the checks found still holds when the plan is committed.
    """

    def __init__(
        self,
        connection: Connection,
        where: str,
        login: Login,
        now: datetime,
    ) -> None:
        super().__init__(lambda: nullcontext(connection), login)
        self._connection = connection
        self._where = where
        self._now = now

    def add(
        self,
        batch: BatchRecord,
        *,
        content_hash: str,
        generation: int,
        rows: Sequence[PlannedRow] | WrittenRows,
        detail: str,
    ) -> None:
        """Record a batch with all its rows; durable when the planning ends without an error.

        Args:
            rows: made ready before the planning where they may be many.
        """
        login = self._login
        # A login that an older journal spells in another way stays the one that it is.
        mine = self._mine()
        venue_id = (
            mine[0] if mine else find_venue(self._connection, login.url, login.org, login.user)
        )
        self._connection.execute(
            insert(BATCHES),
            {
                "batch_id": batch.batch_id,
                "venue_id": venue_id,
                "content_hash": content_hash,
                "run_key": batch.run_key,
                "generation": generation,
                "sheet_path": write_text(batch.sheet_path),
                "worksheet": write_text(batch.worksheet),
                "columns": json.dumps([[c.header, c.field, c.letter] for c in batch.columns]),
                "row_count": batch.row_count,
                "simulated": batch.simulated,
                "created_at": write_moment(batch.created_at),
            },
        )
        written = rows if isinstance(rows, WrittenRows) else WrittenRows(batch.batch_id, rows)
        written.insert(self._connection, venue_id)
        append_events(
            self._connection,
            batch.batch_id,
            self._now,
            [line_of_batch(BatchEvent.PLANNED, detail)],
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
