"""`orderbatch cancel`: asks the venue to cancel a batch's open orders, and follows them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from batch.cli.exits import Exit
from batch.cli.helping import GroupedCommand
from batch.cli.options import RUNNING, common, option, running


@click.command(cls=GroupedCommand)
@click.argument("batch")
@option(RUNNING, "--yes", "-y", is_flag=True, help="Cancel without asking.")
@running
@common
def cancel(batch: str, yes: bool, **options: Any) -> int:
    """Ask the venue to cancel a batch's open orders, and follow them to their end.

    Sends no rows. Orders that are UNKNOWN are asked about first, and cancelled if the venue holds
    them. An order that was filled before the cancel came is reported as filled.

    \b
    Example:
      orderbatch cancel k3vz7q2m
    """
    from batch.cli.console import has_terminal, print_json
    from batch.cli.running import conclude, go_on, take_running_options
    from batch.cli.sharing import start_session
    from batch.states import OrderState

    if not (yes or has_terminal()):
        raise click.UsageError("there is no terminal to ask for a confirmation; add --yes.")
    how = replace(take_running_options(options), send=False, cancel="at-once")
    session = start_session(options)
    with session.open_journal() as journal:
        found = journal.batch(batch)
        record = found.batch
        maybe_open = (OrderState.OPEN, OrderState.UNKNOWN, OrderState.SENDING)
        count = sum(found.states.get(state, 0) for state in maybe_open)
        if not count:
            session.say(f"Batch {batch} has no open orders; there is nothing to cancel.")
            result = conclude(session, journal, record, None, how)
        else:
            session.require_venue_of(record.venue_url, record.org, record.user)
            login = f"{record.user} of {record.org} at {record.venue_url}"
            question = f"Cancel {count:,} orders of batch {batch} as {login}?"
            if not yes and not click.confirm(question, err=True):
                session.warn("Nothing was cancelled.")
                return Exit.INTERRUPTED
            with session.open_venue(how.max_in_flight) as (venue, simulator):
                result = go_on(session, journal, record, venue, simulator, how)
    if how.as_json:
        print_json(result.document)
    return result.code
