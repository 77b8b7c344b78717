"""`orderbatch cancel`: asks the venue to cancel open orders, and follows them."""

from __future__ import annotations

from dataclasses import replace

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, end_of_batch, open_desk
from batch.cli.options import RUNNING, common, json_document, option, running
from batch.desk.options import RunningOptions


@click.command(cls=GroupedCommand)
@click.argument("batch", metavar="[BATCH]", required=False)
@option(
    RUNNING,
    "--row",
    "only",
    type=click.IntRange(min=1),
    multiple=True,
    metavar="N",
    help="Only the order of this row of the sheet; repeatable.",
)
@option(RUNNING, "--all", "everything", is_flag=True, help="Every batch of this login.")
@option(RUNNING, "--yes", "-y", is_flag=True, help="Cancel without asking.")
@running
@json_document
@common
def cancel(
    batch: str | None,
    only: tuple[int, ...],
    everything: bool,
    yes: bool,
    as_json: bool,
    running: RunningOptions,
    common: CommonOptions,
) -> int:
    """Ask the venue to cancel a batch's open orders, and follow them to their end.

    Sends no rows. Orders that are UNKNOWN are asked about first, and cancelled if the venue holds
    them. An order that was filled before the cancel came is reported as filled. Where another
    process runs the batch, that one does it; this one waits for it, and says what came of it.

    \b
    Examples:
      orderbatch cancel k3vz7q2m
      orderbatch cancel k3vz7q2m --row 17 --row 18
      orderbatch cancel --all
    """
    from batch.cli.console import has_terminal, print_json

    if everything is (batch is not None):
        raise click.UsageError("say which batch, or --all.")
    if only and everything:
        raise click.UsageError("--row is about one batch, and --all about every one; say which.")
    if not (yes or has_terminal()):
        raise click.UsageError("there is no terminal to ask for a confirmation; add --yes.")
    desk = open_desk(common, as_json=as_json)
    how = replace(running, list_orders=as_json)
    outcome = desk.cancel(batch, how, rows=only, asks=not yes)
    if batch is not None:
        return end_of_batch(outcome, as_json=as_json)
    if as_json and outcome.error is None:
        from batch.cli.documents import of_result

        documents = [of_result(result) for result in outcome.batches]
        print_json({"batches": documents, "exit_code": outcome.verdict})
    return end(outcome, as_json=as_json)
