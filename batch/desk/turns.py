"""Asking the venue outside a run, under the rate that a login's processes share."""

from __future__ import annotations

from batch.desk.session import Session
from batch.journal import Journal
from batch.run.account import InTurn, make_pace
from batch.run.options import RunOptions
from batch.run.own_thread import OwnThread
from batch.venue.port import Questions


def in_turn(
    session: Session,
    journal: Journal,
    batch_id: str,
    venue: Questions,
    thread: OwnThread | None = None,
) -> Questions:
    """Give a batch's venue, of which is asked in turn where its login shares one rate.

    Args:
        thread: the one that has the journal, where others ask.
    """
    rate_per_s = session.account_rate_per_s
    if rate_per_s is None:
        return venue
    options = RunOptions(
        account_rate_per_s=rate_per_s,
        retry_after_cap_s=session.settings.venue.retry_after_cap_s,
    )
    pace = make_pace(journal, batch_id, session.clock, options)
    return InTurn(venue, pace, session.clock, thread)
