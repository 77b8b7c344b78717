"""Asking the venue again about a whole batch."""

from __future__ import annotations

from pathlib import Path

from batch.desk.outcome import BatchResult, Outcome
from batch.desk.session import Session
from batch.desk.turns import in_turn
from batch.desk.verdict import Verdict, verdict_on_states
from batch.run.own_thread import OwnThread
from batch.run.reconciling import reconcile as ask_again
from batch.states import OrderState


def reconcile(session: Session, batch: str) -> Outcome:
    """Tell what the venue says otherwise than the journal; see `Desk.reconcile`.

    Raises:
        BatchError: there is no such batch, or the venue cannot be asked.
    """
    # Where a login shares one rate, each question takes a turn from the journal.
    with session.open_journal(read_only=session.account_rate_per_s is None) as journal:
        found = journal.batch(batch)
        record = found.batch
        session.require_venue_of(record.venue_url, record.org, record.user)
        with session.open_venue(threads=8) as (venue, _):
            thread = OwnThread()
            asked = in_turn(session, journal, batch, venue, thread)
            came_to = ask_again(journal.listing(batch), asked, session.clock, thread=thread)
    result = BatchResult(
        verdict_on_states(found.states, ()), Path(record.sheet_path), record, found.states
    )
    verdict = Verdict.DONE
    if came_to.differences or found.states.get(OrderState.UNKNOWN):
        verdict = Verdict.UNKNOWN
    elif came_to.unanswered:
        verdict = Verdict.NOT_NOW
    return Outcome(verdict, (result,), reconciliation=came_to)
