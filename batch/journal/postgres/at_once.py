"""A group of steps as statements of which nobody looks at the answers before they are committed.

So each of them ends with an error where not all is as it expects, and the server then commits
nothing of them. Division by zero is an error that every server has, and that no other cause gives.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import URL
from sqlalchemy.sql.elements import ClauseElement

from batch.journal.groups import GIVEN, STEP_COLUMNS, TAKEN, Group, as_arrays, without_repetition
from batch.journal.holding import SELECT_MINE
from batch.journal.statements import SELECT_NEXT_PLANNED

NOT_AS_EXPECTED = "22012"
"""What a statement ends with whose hold is lost, or whose rows are not in the expected states."""

FORGOTTEN = "26000"
"""What the server says where it does not have a statement any more that was prepared."""

_DIALECT = URL.create("postgresql+psycopg").get_dialect()()


def _in_words_of_server(statement: ClauseElement) -> tuple[str, dict[str, Any]]:
    """Give a statement, and the values that it has by itself."""
    compiled = statement.compile(dialect=_DIALECT)
    own = {name: value for name, value in compiled.params.items() if value is not None}
    return str(compiled), own


_MINE, _OF_MINE = _in_words_of_server(SELECT_MINE)
_NEXT, _OF_NEXT = _in_words_of_server(SELECT_NEXT_PLANNED)

HELD = f"""
WITH held AS ({_MINE})
SELECT 1 / (SELECT count(*) FROM held)
"""
"""Nobody takes the batch until the transaction ends."""

STEPS = f"""
{GIVEN}
SELECT 1 / (count(*) = cardinality(%(in_row)s::int[]))::int FROM changed
"""

_OWN = {
    "in_row": 'nth."row"',
    "new_request_id": "given.request_id",
    "line_request_id": "given.request_id",
    "detail": "%(detail)s::text || nth.client_order_id",
    "new_claim_epoch": "%(new_claim_epoch)s::int",
}
CLAIM = f"""
WITH next AS MATERIALIZED (
    {_NEXT}
), step AS MATERIALIZED (
    SELECT {", ".join(f"{_OWN.get(name, f'%({name})s::text')} AS {name}" for name in STEP_COLUMNS)},
           place
    FROM (SELECT *, row_number() OVER (ORDER BY "row") AS place FROM next) AS nth
    JOIN unnest(%(request_ids)s::text[]) WITH ORDINALITY AS given (request_id, place) USING (place)
), {TAKEN}, counted AS (
    SELECT (SELECT count(*) FROM next) AS found, (SELECT count(*) FROM changed) AS claimed
)
SELECT next.*, step.new_request_id
FROM next JOIN step ON step.in_row = next."row" CROSS JOIN counted
WHERE 1 = 1 / (counted.found = counted.claimed)::int
ORDER BY next."row"
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """What the server is told, with its values by their numbers."""

    words: bytes
    values: Sequence[Any]


def write_statements(group: Group) -> list[Statement]:
    """Give what takes a group; where it claims, the last one gives the rows and request IDs."""
    batch_id = group.stamp["batch_id"]
    told = [_tell(HELD, {**_OF_MINE, "in_batch": batch_id, "mine": group.epoch})]
    for part in without_repetition(group.steps):
        told += [_tell(STEPS, {**as_arrays(part), **group.stamp})]
    if group.claim is not None:
        ids = list(group.request_ids)
        next_ones = {**_OF_NEXT, "in_batch": batch_id, "most": len(ids), "request_ids": ids}
        told += [_tell(CLAIM, {**group.claim, **group.stamp, **next_ones})]
    return told


def _tell(words: str, values: dict[str, Any]) -> Statement:
    numbered, names = _numbered(words)
    return Statement(numbered, [values[name] for name in names])


@cache
def _numbered(words: str) -> tuple[bytes, tuple[str, ...]]:
    """Give a statement with its values as the server numbers them, and their names."""
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", words)))
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", words)
    return numbered.encode(), tuple(names)
