"""Recording what a person found out about an order of which nothing is known."""

from __future__ import annotations

from typing import Literal

from batch.desk.session import Session
from batch.errors import VenueError
from batch.journal import Journal
from batch.run.resolving import declare_not_placed, declare_placed
from batch.venue import Venue


def resolve(session: Session, batch: str, row: int, finding: str | Literal[False]) -> str:
    """Record a finding, checked with the venue if it can be reached.

    Args:
        finding: the server ID under which the venue holds the order; False for "never placed".

    Returns:
        What was recorded, in words.

    Raises:
        GateError: the finding cannot be; nothing was recorded.
    """
    with session.open_journal() as journal:
        record = journal.batch(batch).batch
        session.require_venue_of(record.venue_url, record.org, record.user)
        with journal.hold(batch, session.clock.now()):
            try:
                with session.open_venue(1) as (venue, _):
                    return _declare(session, journal, batch, row, finding, venue)
            except VenueError as error:
                session.warn(f"The finding is not checked with the venue: {error}", *error.advice)
                return _declare(session, journal, batch, row, finding, None)


def _declare(
    session: Session,
    journal: Journal,
    batch: str,
    row: int,
    finding: str | Literal[False],
    venue: Venue | None,
) -> str:
    if finding is False:
        return declare_not_placed(journal, batch, row, venue, session.clock)
    return declare_placed(journal, batch, row, finding, venue, session.clock)
