"""`orderbatch resume`: goes on with a batch that was interrupted or has open orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from batch.cli.helping import GroupedCommand
from batch.cli.options import cancel_open, common, running


@click.command(cls=GroupedCommand)
@click.argument("batch")
@cancel_open
@running
@common
def resume(batch: str, **options: Any) -> int:
    """Go on with a batch that was interrupted or has open orders.

    First asks the venue about every order whose answer is missing, then sends what was never
    sent, and follows all of it. Where the settings' limits, cut-off or approval now stand in the
    way of sending, it only follows.

    \b
    Example:
      orderbatch resume k3vz7q2m
    """
    from batch.cli.advice import words_of
    from batch.cli.console import print_json
    from batch.cli.gating import held_back_by
    from batch.cli.running import conclude, go_on, take_running_options
    from batch.cli.sharing import start_session
    from batch.cli.summary import is_finished
    from batch.plan.since import refuse_sent_since

    how = take_running_options(options)
    session = start_session(options)
    with session.open_journal() as journal:
        found = journal.batch(batch)
        record = found.batch
        if is_finished(found.states):
            result = conclude(session, journal, record, None, how)
        else:
            session.require_venue_of(record.venue_url, record.org, record.user)
            refuse_sent_since(journal, found, session.clock)
            with session.open_venue(how.max_in_flight) as (venue, simulator):
                refusal = held_back_by(session, journal, record, venue)
                if refusal is not None:
                    session.warn(
                        f"{words_of(refusal)}\nNothing more is sent; what was sent is followed."
                    )
                    how = replace(how, send=False)
                result = go_on(session, journal, record, venue, simulator, how)
    if how.as_json:
        print_json(result.document)
    return result.code
