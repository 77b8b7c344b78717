"""`orderbatch events`: a batch's history, for an auditor."""

from __future__ import annotations

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, open_desk
from batch.cli.options import common


@click.command(cls=GroupedCommand)
@click.argument("batch")
@common
def events(batch: str, common: CommonOptions) -> None:
    """Print a batch's history, event by event, as tab-separated lines.

    \b
    Example:
      orderbatch events k3vz7q2m
    """
    with open_desk(common).open_journal() as journal:
        journal.batch(batch)  # a clear message for an unknown one
        click.echo("at\trow\tevent\tstate\trequest_id\tactor\tdetail")
        for event in journal.events(batch):
            cells = (
                f"{event.at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
                "" if event.row is None else str(event.row),
                event.kind,
                event.state.value if event.state else "",
                event.request_id or "",
                event.actor,
                " ".join(event.detail.split()),
            )
            click.echo("\t".join(cells))
