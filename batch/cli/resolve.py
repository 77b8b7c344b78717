"""`orderbatch resolve`: records a person's finding about an UNKNOWN order."""

from __future__ import annotations

from pathlib import Path

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import PATH, common
from batch.errors import Advice, hint


@click.command(cls=GroupedCommand)
@click.argument("batch")
@click.argument("row", type=int, required=False)
@click.option("--placed", metavar="SERVER_ID", help="The venue holds it under this server ID.")
@click.option("--not-placed", is_flag=True, help="The venue never took it: the row may be sent.")
@click.option(
    "--trades",
    type=PATH,
    metavar="FILE",
    help="Take what the back office's extract of trades proves, for all rows: the venue's JSON "
    "array of trades, or CSV with the columns coId and orderId.",
)
@common
def resolve(
    batch: str,
    row: int | None,
    placed: str | None,
    not_placed: bool,
    trades: Path | None,
    common: CommonOptions,
) -> int:
    """Record what a person found out about an UNKNOWN order.

    ROW is the row number in the sheet. The finding is checked with the venue if it can be
    reached, and stands in the batch's history with who recorded it and when. After --not-placed
    the next resume sends the row. With --trades, a trade under a row's client order ID proves
    that the venue took it; that there is none proves nothing, and the row stays UNKNOWN.

    \b
    Examples:
      orderbatch resolve k3vz7q2m 17 --placed 4820276016
      orderbatch resolve k3vz7q2m 17 --not-placed
      orderbatch resolve k3vz7q2m --trades trades.json
    """
    said = [placed is not None, not_placed, trades is not None].count(True)
    if said != 1:
        raise click.UsageError(
            "say exactly one of --placed SERVER_ID, --not-placed and --trades FILE."
        )
    if (row is None) is (trades is None):
        raise click.UsageError("a ROW goes with --placed and --not-placed, and none with --trades.")
    desk = open_desk(common)
    if trades is not None:
        outcome = desk.resolve_by_trades(batch, trades)
        if outcome.words:
            desk.listener.say(f"Batch {batch}: {outcome.words}.", hint(Advice.RESUME, batch))
        return end(outcome)
    assert row is not None
    outcome = desk.resolve(batch, row, placed if placed is not None else False)
    if outcome.words:
        words = f"Batch {batch}, row {row}: {outcome.words}."
        desk.listener.say(words, hint(Advice.RESUME, batch))
    return end(outcome)
