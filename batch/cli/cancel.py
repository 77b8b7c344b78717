"""`orderbatch cancel`: asks the venue to cancel a batch's open orders, and follows them."""

from __future__ import annotations

from dataclasses import replace

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end_of_batch, open_desk
from batch.cli.options import RUNNING, common, json_document, option, running
from batch.desk.options import RunningOptions


@click.command(cls=GroupedCommand)
@click.argument("batch")
@option(RUNNING, "--yes", "-y", is_flag=True, help="Cancel without asking.")
@running
@json_document
@common
def cancel(
    batch: str, yes: bool, as_json: bool, running: RunningOptions, common: CommonOptions
) -> int:
    """Ask the venue to cancel a batch's open orders, and follow them to their end.

    Sends no rows. Orders that are UNKNOWN are asked about first, and cancelled if the venue holds
    them. An order that was filled before the cancel came is reported as filled.

    \b
    Example:
      orderbatch cancel k3vz7q2m
    """
    from batch.cli.console import has_terminal

    if not (yes or has_terminal()):
        raise click.UsageError("there is no terminal to ask for a confirmation; add --yes.")
    desk = open_desk(common, as_json=as_json)
    outcome = desk.cancel(batch, replace(running, list_orders=as_json), asks=not yes)
    return end_of_batch(outcome, as_json=as_json)
