"""`orderbatch resume`: goes on with a batch that was interrupted or has open orders."""

from __future__ import annotations

from dataclasses import replace

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end_of_batch, open_desk
from batch.cli.options import cancel_open, common, json_document, running
from batch.desk.options import RunningOptions


@click.command(cls=GroupedCommand)
@click.argument("batch")
@click.option(
    "--take-over",
    is_flag=True,
    help="Take the batch from a process on another host at once (a journal in a server).",
)
@cancel_open
@running
@json_document
@common
def resume(
    batch: str,
    cancel_open: bool,
    as_json: bool,
    running: RunningOptions,
    common: CommonOptions,
) -> int:
    """Go on with a batch that was interrupted or has open orders.

    First asks the venue about every order whose answer is missing, then sends what was never
    sent, and follows all of it. Where the settings' limits, cut-off or approval now stand in the
    way of sending, it only follows.

    \b
    Example:
      orderbatch resume k3vz7q2m
    """
    how = replace(running, cancel="after-wait" if cancel_open else "never", list_orders=as_json)
    outcome = open_desk(common, as_json=as_json, sends=True).resume(batch, how)
    return end_of_batch(outcome, as_json=as_json)
