"""What must not be, whatever the states say, stands until a person has found out about it.

An alarm is a line of the batch's history about one row. It stands, in every later run and every
repeated result, until a person's finding about that row is on record after it. While one stands,
nothing more is sent: whatever doubled one order may double the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from batch.journal import Journal
from batch.run.options import RunOptions
from batch.states import BatchEvent, OrderEvent

ALARM_STANDS = "an alarm of an earlier run stands; nothing more leaves before a person has looked"
"""Why a run sends nothing."""

_FINDINGS = frozenset(
    {OrderEvent.DECLARED_PLACED, OrderEvent.DECLARED_NOT_PLACED, BatchEvent.ALARM_ENDED}
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """What must not be.

    Attributes:
        row: the row that it is about; None where an older version recorded it without one.
    """

    words: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms of a batch.

    Attributes:
        standing: those that nobody has found out about, oldest first.
        ended: those that a person has found out about.
    """

    standing: tuple[Alarm, ...] = ()
    ended: frozenset[Alarm] = frozenset()

    def of(self, row: int) -> tuple[Alarm, ...]:
        """Give the standing ones that a finding about a row ends."""
        return tuple(alarm for alarm in self.standing if alarm.row in (row, None))


def read_alarms(journal: Journal, batch_id: str) -> Alarms:
    """Read them from a batch's history."""
    if next(journal.events(batch_id, kind=BatchEvent.ALARM), None) is None:
        return Alarms()  # as nearly always, and then not all of the history is read
    standing: dict[Alarm, None] = {}
    ended: set[Alarm] = set()
    for event in journal.events(batch_id):
        if event.kind == BatchEvent.ALARM:
            standing[Alarm(event.detail, event.row)] = None
        elif event.kind in _FINDINGS and event.row is not None:
            over = [alarm for alarm in standing if alarm.row in (event.row, None)]
            ended.update(over)
            for alarm in over:
                del standing[alarm]
    return Alarms(tuple(standing), frozenset(ended))


def why_nothing_leaves(options: RunOptions, alarms: Collection[Alarm]) -> str:
    """Say why a run sends no row from its start on; "" where it may."""
    if not options.send:
        return "this run follows orders and sends none"
    return ALARM_STANDS if alarms else ""


def more_than_one(row: int, client_order_id: str, server_order_ids: Iterable[str]) -> str:
    """Say that several orders stand under one ID; "" where they are one."""
    distinct = sorted(set(server_order_ids))
    if len(distinct) < 2:
        return ""
    return (
        f"row {row}: the venue holds {len(distinct)} orders under its client order ID "
        f"{client_order_id}: server order IDs {', '.join(distinct)}. Only one of them was wanted: "
        "it was sent a second time, or another journal has sent this sheet, too"
    )
