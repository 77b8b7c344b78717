"""`orderbatch resolve`: records a person's finding about an UNKNOWN order."""

from __future__ import annotations

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import common
from batch.errors import Advice, hint


@click.command(cls=GroupedCommand)
@click.argument("batch")
@click.argument("row", type=int)
@click.option("--placed", metavar="SERVER_ID", help="The venue holds it under this server ID.")
@click.option("--not-placed", is_flag=True, help="The venue never took it: the row may be sent.")
@common
def resolve(
    batch: str, row: int, placed: str | None, not_placed: bool, common: CommonOptions
) -> int:
    """Record what a person found out about an UNKNOWN order.

    ROW is the row number in the sheet. The finding is checked with the venue if it can be
    reached, and stands in the batch's history with who recorded it and when. After --not-placed
    the next resume sends the row.

    \b
    Examples:
      orderbatch resolve k3vz7q2m 17 --placed 4820276016
      orderbatch resolve k3vz7q2m 17 --not-placed
    """
    if (placed is None) is not not_placed:
        raise click.UsageError("say exactly one of --placed SERVER_ID and --not-placed.")
    desk = open_desk(common)
    outcome = desk.resolve(batch, row, placed if placed is not None else False)
    if outcome.words:
        words = f"Batch {batch}, row {row}: {outcome.words}."
        desk.listener.say(words, hint(Advice.RESUME, batch))
    return end(outcome)
