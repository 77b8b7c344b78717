"""`orderbatch resolve`: records a person's finding about an UNKNOWN order."""

from __future__ import annotations

from typing import Any

import click

from batch.cli.exits import Exit
from batch.cli.helping import GroupedCommand
from batch.cli.options import common


@click.command(cls=GroupedCommand)
@click.argument("batch")
@click.argument("row", type=int)
@click.option("--placed", metavar="SERVER_ID", help="The venue holds it under this server ID.")
@click.option("--not-placed", is_flag=True, help="The venue never took it: the row may be sent.")
@common
def resolve(batch: str, row: int, placed: str | None, not_placed: bool, **options: Any) -> int:
    """Record what a person found out about an UNKNOWN order.

    ROW is the row number in the sheet. The finding is checked with the venue if it can be
    reached, and stands in the batch's history with who recorded it and when. After --not-placed
    the next resume sends the row.

    \b
    Examples:
      orderbatch resolve k3vz7q2m 17 --placed 4820276016
      orderbatch resolve k3vz7q2m 17 --not-placed
    """
    from batch.cli.advice import words_of
    from batch.cli.sharing import start_session
    from batch.errors import VenueError
    from batch.run.resolving import declare_not_placed, declare_placed

    if (placed is None) is not not_placed:
        raise click.UsageError("say exactly one of --placed SERVER_ID and --not-placed.")
    session = start_session(options)
    with session.open_journal() as journal:
        record = journal.batch(batch).batch
        session.require_venue_of(record.venue_url, record.org, record.user)
        with journal.hold(batch, session.clock.now()):
            try:
                with session.open_venue(1) as (venue, _):
                    if placed is not None:
                        words = declare_placed(journal, batch, row, placed, venue, session.clock)
                    else:
                        words = declare_not_placed(journal, batch, row, venue, session.clock)
            except VenueError as error:
                session.warn(f"The finding is not checked with the venue: {words_of(error)}")
                if placed is not None:
                    words = declare_placed(journal, batch, row, placed, None, session.clock)
                else:
                    words = declare_not_placed(journal, batch, row, None, session.clock)
    session.say(f"Batch {batch}, row {row}: {words}. Go on with: orderbatch resume {batch}")
    return Exit.DONE
