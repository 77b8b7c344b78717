"""Going on with a batch."""

from __future__ import annotations

from dataclasses import replace

from batch.desk.conditions import standing_stops
from batch.desk.gating import held_back_by
from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.running import conclude, go_on
from batch.desk.session import Session
from batch.desk.standing import is_finished
from batch.errors import GateError
from batch.journal import BatchSummary, Journal
from batch.plan.since import refuse_sent_since
from batch.states import OrderState

_FOLLOWED = (OrderState.SENDING, OrderState.UNKNOWN, OrderState.OPEN)


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
        sent_since = _sent_since(session, journal, found)
        if sent_since is not None and not any(found.states.get(state) for state in _FOLLOWED):
            raise sent_since
        with session.open_venue(how.max_in_flight) as (venue, simulator):
            refusal = sent_since or held_back_by(session, journal, record, venue)
            if refusal is not None:
                session.warn(
                    f"{refusal}\nNothing more is sent; what was sent is followed.", *refusal.advice
                )
            # One that turns out not to be at the venue is not sent again under a stop either.
            if refusal is not None or standing_stops(journal, [batch]):
                how = replace(how, send=False)
            return go_on(session, journal, record, venue, simulator, how)


def _sent_since(session: Session, journal: Journal, found: BatchSummary) -> GateError | None:
    try:
        refuse_sent_since(journal, found, session.clock)
    except GateError as refusal:
        return refusal
    return None
