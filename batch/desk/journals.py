"""Looking after the journal: bringing it up to date, looking it through, copying it."""

from __future__ import annotations

from pathlib import Path

from batch.desk.outcome import Outcome
from batch.desk.session import Session
from batch.desk.verdict import Verdict
from batch.journal.keeping import back_up, examine
from batch.journal.keeping import upgrade as bring_up_to_date


def upgrade(session: Session) -> Outcome:
    """Make the journal's tables, or bring those of an older version up to date.

    Raises:
        JournalError: it cannot be.
    """
    place = session.journal_place()
    bring_up_to_date(
        place.location,
        allow_network=place.allow_network,
        allow_memory=place.allow_memory,
        password=place.password,
    )
    return check(session)


def check(session: Session) -> Outcome:
    """Look the journal through from end to end.

    Raises:
        JournalError: there is none, or so little of one that it cannot be looked at.
    """
    place = session.journal_place()
    found = examine(
        place.location,
        allow_network=place.allow_network,
        allow_memory=place.allow_memory,
        password=place.password,
    )
    verdict = Verdict.CANNOT_START if found.faults else Verdict.DONE
    return Outcome(verdict, examination=found, words=place.location)


def backup(session: Session, target: Path) -> Outcome:
    """Copy the journal as it is at this moment, and look the copy through.

    Raises:
        JournalError: there is no copy.
    """
    place = session.journal_place()
    found = back_up(place.location, target, session.clock.now(), allow_network=place.allow_network)
    return Outcome(Verdict.DONE, examination=found, words=str(target))
