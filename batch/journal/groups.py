"""Steps of a group in one statement, where each statement is a journey to a server and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection

from batch.journal.records import write_text
from batch.states import ENDED_EARLY

_TEXTS = (
    *("from_state", "to_state", "new_venue_status", "new_server_order_id", "new_filled_size"),
    *("new_average_price", "new_execution_id", "new_message", "new_submitted_at"),
    *("new_finished_at", "new_request_id", "kind", "detail", "line_request_id"),
)
_NUMBERS = ("in_row", "new_claim_epoch")
_COLUMNS = (*_TEXTS, *_NUMBERS)
_ARRAYS = ", ".join(
    [*(f"%({name})s::text[]" for name in _TEXTS), *(f"%({name})s::int[]" for name in _NUMBERS)]
)
OF_THE_END = frozenset({"filled_size", "average_price"})
"""Of an order that ended early these are the venue's last word, or nobody knows them."""

_ENDS = ", ".join(f"'{state}'" for state in sorted(ENDED_EARLY))


def _kept(name: str) -> str:
    kept = f"coalesce(step.new_{name}, orders.{name})"
    if name in OF_THE_END:
        kept = f"CASE WHEN step.to_state IN ({_ENDS}) THEN step.new_{name} ELSE {kept} END"
    return f"{name} = {kept}"


_KEPT = ", ".join(
    _kept(name)
    for name in (
        *("venue_status", "server_order_id", "filled_size", "average_price", "execution_id"),
        *("message", "submitted_at", "finished_at", "request_id", "claim_epoch"),
    )
)
_GROUP = f"""
WITH step AS MATERIALIZED (
    SELECT * FROM unnest({_ARRAYS}) WITH ORDINALITY AS s ({", ".join(_COLUMNS)}, place)
), changed AS (
    UPDATE orders SET state = step.to_state, {_KEPT} FROM step
    WHERE orders.batch_id = %(batch_id)s AND orders."row" = step.in_row
      AND orders.state = step.from_state
    RETURNING 1
), told AS (
    INSERT INTO events (batch_id, "row", at, kind, state, detail, request_id, actor)
    SELECT %(batch_id)s, in_row, %(at)s, kind, to_state, detail, line_request_id, %(actor)s
    FROM step ORDER BY place
)
SELECT count(*) FROM changed
"""


def apply_group(
    connection: Connection, steps: Sequence[dict[str, Any]], stamp: dict[str, Any]
) -> int:
    """Take steps in the lives of a batch's rows, each with its line of history.

    Args:
        steps: as `write_change` gives them, with `kind`, `detail` and `line_request_id`.
        stamp: the batch, the time and who records.

    Returns:
        How many rows were in the state that their step expects. If not all were, the transaction
        must be rolled back.
    """
    changed = 0
    for some in _without_repetition(steps):
        arrays = {name: [step[name] for step in some] for name in _COLUMNS}
        arrays["detail"] = [write_text(text) for text in arrays["detail"]]
        changed += connection.exec_driver_sql(_GROUP, {**arrays, **stamp}).scalar_one()
    return changed


def _without_repetition(steps: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Part steps so that no part has two of one row: a statement changes a row once."""
    part: list[dict[str, Any]] = []
    rows: set[int] = set()
    for step in steps:
        if step["in_row"] in rows:
            yield part
            part, rows = [], set()
        part.append(step)
        rows.add(step["in_row"])
    if part:
        yield part
