"""Steps of a group in one statement.

Each statement is a journey to a server and back; and in a file each row of one gives the
interpreter away, which a run then waits for among all the threads that talk to the venue.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
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
STEP_COLUMNS = (*_TEXTS, *_NUMBERS)
_ARRAYS = ", ".join(
    [*(f"%({name})s::text[]" for name in _TEXTS), *(f"%({name})s::int[]" for name in _NUMBERS)]
)
_OF_THE_END = frozenset({"filled_size", "average_price"})
"""Of an order that ended early these are the venue's last word, or nobody knows them."""

_ENDS = ", ".join(f"'{state}'" for state in sorted(ENDED_EARLY))


def _kept(name: str) -> str:
    kept = f"coalesce(step.new_{name}, orders.{name})"
    if name in _OF_THE_END:
        # "Nothing is filled yet" says nothing of the end.
        kept = f"CASE WHEN step.to_state IN ({_ENDS}) THEN step.new_{name} ELSE {kept} END"
    return kept


_FIELDS = (
    *("venue_status", "server_order_id", "filled_size", "average_price", "execution_id"),
    *("message", "submitted_at", "finished_at", "request_id", "claim_epoch"),
)
_KEPT = [_kept(name) for name in _FIELDS]
_SET = ", ".join(f"{name} = {kept}" for name, kept in zip(_FIELDS, _KEPT, strict=True))
TAKEN = f"""
changed AS (
    UPDATE orders SET state = step.to_state, {_SET} FROM step
    WHERE orders.batch_id = %(batch_id)s AND orders."row" = step.in_row
      AND orders."row" = ANY (ARRAY(SELECT in_row FROM step))
      AND orders.state = step.from_state
    RETURNING 1
), told AS (
    INSERT INTO events (batch_id, "row", at, kind, state, detail, request_id, actor)
    SELECT %(batch_id)s, in_row, %(at)s, kind, to_state, detail, line_request_id, %(actor)s
    FROM step ORDER BY place
)
"""
"""How a server takes the rows of `step`, each with its line of history. That it is to look at these
rows alone it is told twice: of a journal that was filled just now it knows nothing, and would read
all of the batch to join them."""

GIVEN = f"""
WITH step AS MATERIALIZED (
    SELECT * FROM unnest({_ARRAYS}) WITH ORDINALITY AS s ({", ".join(STEP_COLUMNS)}, place)
), {TAKEN}
"""
"""How a server takes steps that it is given as arrays."""


_AT_ONCE = 60
"""So many steps need fewer parameters than every SQLite takes, which is 999 in older ones."""

_STEP = ("in_row", "from_state", "to_state", *(f"new_{name}" for name in _FIELDS))
_LINE = ("in_row", "kind", "to_state", "detail", "line_request_id")


@dataclass(frozen=True, slots=True)
class Group:
    """Steps that are taken under a hold, and a claim that follows them; all of it or nothing.

    Attributes:
        epoch: of the hold.
        steps: what `write_change` gives of each, with `kind`, `detail` and `line_request_id`.
        claim: the step of each row that is claimed, in which its row, its request ID and the end
            of its `detail`, which is its client order ID, are wanting; None to claim nothing.
        stamp: the batch, the time and who records.
        request_ids: as many as rows are claimed at most.
    """

    epoch: int
    steps: Sequence[dict[str, Any]]
    stamp: dict[str, Any]
    claim: dict[str, Any] | None = None
    request_ids: Sequence[str] = ()


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
    apply = _apply_in_server if connection.dialect.name == "postgresql" else _apply_in_file
    parts = without_repetition(steps)
    return sum(apply(connection, part, stamp) for part in parts)


def _apply_in_server(
    connection: Connection, some: Sequence[dict[str, Any]], stamp: dict[str, Any]
) -> int:
    count = f"{GIVEN} SELECT count(*) FROM changed"
    return int(connection.exec_driver_sql(count, {**as_arrays(some), **stamp}).scalar_one())


def as_arrays(steps: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """Give steps as a server takes them."""
    arrays = {name: [step[name] for step in steps] for name in STEP_COLUMNS}
    arrays["detail"] = [write_text(text) for text in arrays["detail"]]
    return arrays


def _apply_in_file(
    connection: Connection, some: Sequence[dict[str, Any]], stamp: dict[str, Any]
) -> int:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    before, changed = driver.total_changes, 0
    for start in range(0, len(some), _AT_ONCE):
        part = some[start : start + _AT_ONCE]
        change, tell = _file_statements(len(part))
        values = [value for step in part for value in _step_of(step)]
        connection.exec_driver_sql(change, (stamp["batch_id"], *values))
        # The driver itself counts the rows only of a statement that begins with UPDATE.
        changed += driver.total_changes - before
        told = (stamp["batch_id"], stamp["at"], stamp["actor"])
        lines = [value for step in part for value in _line_of(step)]
        connection.exec_driver_sql(tell, (*told, *lines))
        before = driver.total_changes
    return changed


_step_of = itemgetter(*_STEP)
_line_values = itemgetter(*_LINE)


def _line_of(step: dict[str, Any]) -> tuple[Any, ...]:
    row, kind, state, detail, request_id = _line_values(step)
    return row, kind, state, write_text(detail), request_id


@cache
def _file_statements(count: int) -> tuple[str, str]:
    """Give what changes so many rows, and what adds their lines of history."""
    width = len(_STEP)
    steps = ", ".join(
        f"({', '.join(f'?{2 + place * width + number}' for number in range(width))})"
        for place in range(count)
    )
    # UPDATE ... FROM would be shorter, and is newer than some systems' SQLite. CROSS JOIN, because
    # without it all rows of the batch are looked through for those of the steps.
    change = f"""
        WITH step ({", ".join(_STEP)}) AS (VALUES {steps})
        UPDATE orders SET (state, {", ".join(_FIELDS)}) = (
            SELECT step.to_state, {", ".join(_KEPT)} FROM step WHERE step.in_row = orders."row"
        )
        WHERE rowid IN (
            SELECT found.rowid FROM step CROSS JOIN orders AS found
            ON found.batch_id = ?1 AND found."row" = step.in_row AND found.state = step.from_state
        )
    """
    lines = ", ".join(["(?1, ?2, ?3, ?, ?, ?, ?, ?)"] * count)
    tell = f"""
        INSERT INTO events (batch_id, at, actor, "row", kind, state, detail, request_id)
        VALUES {lines}
    """
    return change, tell


def without_repetition(steps: Sequence[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
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
