"""What a report says of a batch that its rows do not know: who approved it, and the desk's zone."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from batch.config import parse_zone
from batch.desk.session import Session
from batch.journal import Journal
from batch.model import BatchRecord
from batch.plan.approval import approvals, approver
from batch.report import Background
from batch.run.alarms import read_alarms


def background(session: Session, journal: Journal, batch: BatchRecord) -> Background:
    """Gather it from the settings and the batch's history.

    Raises:
        JournalError: the history cannot be read.
    """
    recorded = approvals(journal, batch.batch_id)
    approvers = [name for name in map(approver, recorded) if name]
    return Background(
        approved_by=", ".join(dict.fromkeys(approvers)) or None,
        approvals=tuple(recorded),
        alarms=tuple(alarm.words for alarm in read_alarms(journal, batch.batch_id).standing),
        zone=zone(session),
        word=session.listener.word,
    )


def zone(session: Session) -> ZoneInfo | None:
    """Give the desk's time zone; None where the settings name none."""
    name = session.settings.report.zone
    return None if name is None else parse_zone(name)
