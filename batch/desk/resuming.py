"""Going on with a batch, and cancelling what is open of one."""

from __future__ import annotations

from dataclasses import replace

from batch.desk.gating import held_back_by
from batch.desk.listener import Question
from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.running import conclude, go_on
from batch.desk.session import Session
from batch.desk.standing import is_finished
from batch.desk.verdict import Declined
from batch.plan.since import refuse_sent_since
from batch.report.wording import counted
from batch.states import OrderState

_MAYBE_OPEN = (OrderState.OPEN, OrderState.UNKNOWN, OrderState.SENDING)


def resume(session: Session, batch: str, how: RunningOptions) -> BatchResult:
    """Go on with a batch; where a gate stands in the way of sending, only follow it.

    Raises:
        BatchError: nothing was sent now, or the words say how to go on.
    """
    with session.open_journal() as journal:
        found = journal.batch(batch)
        record = found.batch
        if is_finished(found.states):
            return conclude(session, journal, record, None, how)
        session.require_venue_of(record.venue_url, record.org, record.user)
        refuse_sent_since(journal, found, session.clock)
        with session.open_venue(how.max_in_flight) as (venue, simulator):
            refusal = held_back_by(session, journal, record, venue)
            if refusal is not None:
                session.warn(
                    f"{refusal}\nNothing more is sent; what was sent is followed.", *refusal.advice
                )
                how = replace(how, send=False)
            return go_on(session, journal, record, venue, simulator, how)


def cancel(session: Session, batch: str, how: RunningOptions, *, asks: bool) -> BatchResult:
    """Cancel a batch's open orders, and follow them to their end.

    Raises:
        Declined: a person did not want it.
        BatchError: nothing was cancelled now, or the words say how to go on.
    """
    with session.open_journal() as journal:
        found = journal.batch(batch)
        record = found.batch
        count = sum(found.states.get(state, 0) for state in _MAYBE_OPEN)
        if not count:
            session.say(f"Batch {batch} has no open orders; there is nothing to cancel.")
            return conclude(session, journal, record, None, how)
        session.require_venue_of(record.venue_url, record.org, record.user)
        login = f"{record.user} of {record.org} at {record.venue_url}"
        question = Question(f"Cancel {counted(count, 'order')} of batch {batch} as {login}?")
        if asks and not session.listener.ask(question):
            raise Declined("Nothing was cancelled.")
        with session.open_venue(how.max_in_flight) as (venue, simulator):
            return go_on(session, journal, record, venue, simulator, how)
