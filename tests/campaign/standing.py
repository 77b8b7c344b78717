"""What of a journal and a venue decides all that can still happen: equal ones have one future.

Histories that come to the same standing need to be gone on with once only. Left out is what tells
how it was come to, and decides nothing: request IDs, numbers of lines, who recorded what when.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from batch.journal.port import Store
from batch.states import BatchEvent

_ORDERS = (
    'SELECT batch_id, "row", state, client_order_id, server_order_id, venue_status, filled_size,'
    ' submitted_at, claim_epoch FROM orders ORDER BY batch_id, "row"'
)
_HOLDS = (
    "SELECT batch_id, epoch, token_life_s, ended_at, seen_at, tokens_dead_at FROM holds"
    " ORDER BY batch_id, epoch"
)
_EVENTS = 'SELECT batch_id, "row", kind, detail FROM events ORDER BY id'

Standing = tuple[Any, ...]


def of_journal(database: Store, now: datetime) -> Standing:
    """Say how a journal stands, its times counted from now."""

    def since(moment: str | None) -> float | None:
        return None if moment is None else (datetime.fromisoformat(moment) - now).total_seconds()

    with database.reading() as connection:
        orders = [
            (*rest, since(submitted_at), epoch)
            for *rest, submitted_at, epoch in connection.exec_driver_sql(_ORDERS)
        ]
        holds = [
            (*rest, *map(since, moments))
            for *rest, ended_at, seen_at, dead_at in connection.exec_driver_sql(_HOLDS)
            if (moments := (ended_at, seen_at, dead_at))
        ]
        lines: defaultdict[tuple[str, int | None], list[str]] = defaultdict(list)
        for batch_id, row, kind, detail in connection.exec_driver_sql(_EVENTS):
            # Rows do not read each other's lines, so that only the order of a row's own counts.
            told = f"{kind}: {detail}" if kind == BatchEvent.ALARM else kind
            lines[batch_id, row].append(told)
    return (tuple(orders), tuple(holds), tuple(sorted(map(repr, lines.items()))))
