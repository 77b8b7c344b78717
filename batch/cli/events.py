"""`orderbatch events`: a batch's history, for an auditor."""

from __future__ import annotations

from typing import Any

import click

from batch.cli.helping import GroupedCommand
from batch.cli.options import common


@click.command(cls=GroupedCommand)
@click.argument("batch")
@common
def events(batch: str, **options: Any) -> None:
    """Print a batch's history, event by event, as tab-separated lines.

    \b
    Example:
      orderbatch events k3vz7q2m
    """
    from batch.cli.sharing import start_session

    session = start_session(options)
    with session.open_journal(read_only=True) as journal:
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
