"""What a report says of a batch that none of its rows knows. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from batch.errors import Wording


@dataclass(frozen=True, slots=True)
class Background:
    """What the caller tells of a batch beside its rows.

    Attributes:
        approved_by: who approved it, as was recorded; None where nobody did, or nobody was named.
        approvals: the approvals on record, each in a sentence; empty where nobody approved it,
            None where the caller does not know.
        alarms: what must not be and a person must look at, each in a sentence.
        zone: the desk's time zone, shown beside UTC; None for UTC alone.
        word: puts advice into words.
    """

    approved_by: str | None = None
    approvals: Sequence[str] | None = None
    alarms: Sequence[str] = ()
    zone: ZoneInfo | None = None
    word: Wording = str

    @property
    def approval_in_words(self) -> str:
        """Say who approved the batch and how that is proven, or that nobody did."""
        if self.approvals is None:
            return "(not known)"
        return "; ".join(self.approvals) or "nobody: no approval is on record"

    @property
    def alarms_in_words(self) -> tuple[str, ...]:
        """Say each alarm as a line of its own."""
        return tuple(f"ALARM: {alarm}. A person must look." for alarm in self.alarms)

    def local(self, moment: datetime) -> str:
        """Give a moment in the desk's zone, with its date where that is another one than in UTC.

        Returns:
            "" where the desk has no zone.
        """
        if self.zone is None:
            return ""
        there = moment.astimezone(self.zone)
        date = "" if there.date() == moment.astimezone(UTC).date() else f"{there:%Y-%m-%d} "
        return f"{date}{there:%H:%M:%S} {self.zone.key}"

    def moment_in_words(self, moment: datetime) -> str:
        """Give a moment in UTC and, where there is one, in the desk's zone."""
        local = self.local(moment)
        return f"{in_utc(moment)}, {local}" if local else in_utc(moment)


NOTHING_ELSE = Background()


def in_utc(moment: datetime) -> str:
    """Give a moment for a person, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
