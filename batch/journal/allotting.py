"""One rate for one account: whose turn it is to send the next request under a login.

A generic cell rate: the row of a login says when its next turn is, and whoever reserves turns moves
it on by as many. Nothing of it must outlive the power, so nothing waits until it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from batch.journal.mending import persists
from batch.journal.port import Store

_SERVER = {
    "now": "extract(epoch FROM clock_timestamp())::float8",
    "latest": "greatest",
    # For the one transaction that this statement is: a turn that is lost with the power is no harm.
    "unhurried": " AND set_config('synchronous_commit', 'off', true) IS NOT NULL",
}
_FILE = {"now": ":now", "latest": "max", "unhurried": ""}

_RESERVE = """
INSERT INTO allotments (venue_id, next_at, paused_until)
SELECT venue_id, {now} + :took, 0 FROM batches WHERE batch_id = :batch_id{unhurried}
ON CONFLICT (venue_id) DO UPDATE SET next_at = :took + {latest}(
    {now} - :late,
    CASE WHEN allotments.next_at > {now} + :longest THEN 0 ELSE allotments.next_at END,
    CASE WHEN allotments.paused_until > {now} + :longest THEN 0 ELSE allotments.paused_until END)
RETURNING next_at - {now} - :took
"""

_PAUSE = """
INSERT INTO allotments (venue_id, next_at, paused_until)
SELECT venue_id, 0, {now} + :pause FROM batches WHERE batch_id = :batch_id{unhurried}
ON CONFLICT (venue_id) DO UPDATE SET paused_until = {latest}({now} + :pause,
    CASE WHEN allotments.paused_until > {now} + :longest THEN 0 ELSE allotments.paused_until END)
RETURNING paused_until - {now}
"""

_PAUSED = """
SELECT coalesce(max(paused_until) - {now}, 0) FROM allotments
WHERE venue_id = (SELECT venue_id FROM batches WHERE batch_id = :batch_id)
"""


class Allotments:
    """The turns of a journal's logins, by the clock that all of its processes go by.

    Args:
        longest_s: what would lie farther ahead than this was not meant: a clock was set back.
    """

    def __init__(self, database: Store, *, longest_s: float = 3600.0) -> None:
        self._database = database
        self._longest_s = longest_s
        self._words = _FILE if database.ttl_s is None else _SERVER

    def reserve(
        self, batch_id: str, turns: int, now: datetime, *, every_s: float, late_s: float
    ) -> float:
        """Reserve the next turns of a batch's login for this process alone.

        Args:
            every_s: from one turn to the next.
            late_s: a turn that nobody took may still be had for so long.

        Returns:
            Seconds until the first of them; below 0 where it could have been taken before.
        """
        given = {"took": turns * every_s, "late": late_s, "longest": self._longest_s}
        return self._ask(_RESERVE, batch_id, now, given)

    def pause(self, batch_id: str, seconds: float, now: datetime) -> None:
        """Let no turn of a batch's login be reserved within so many seconds from now."""
        self._ask(_PAUSE, batch_id, now, {"pause": seconds, "longest": self._longest_s})

    def paused_s(self, batch_id: str, now: datetime) -> float:
        """Give the seconds for which a batch's login is paused; 0 or less where it is not."""
        return self._ask(_PAUSED, batch_id, now, {})

    @persists
    def _ask(
        self, statement: str, batch_id: str, now: datetime, given: Mapping[str, float]
    ) -> float:
        values = {"batch_id": batch_id, "now": now.timestamp(), **given}
        return float(self._database.answer_lightly(statement.format(**self._words), values))
