"""`orderbatch events`: a batch's history, for an auditor."""

from __future__ import annotations

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, open_desk
from batch.cli.options import common, json_document
from batch.escaping import escaped_line


@click.command(cls=GroupedCommand)
@click.argument("batch")
@click.option("--row", type=click.IntRange(min=1), metavar="N", help="Only this row's history.")
@json_document
@common
def events(batch: str, row: int | None, as_json: bool, common: CommonOptions) -> None:
    """Print a batch's history, event by event, as tab-separated lines.

    \b
    Examples:
      orderbatch events k3vz7q2m
      orderbatch events k3vz7q2m --row 17 --json
    """
    from batch.desk.rows import order_of_row

    with open_desk(common, as_json=as_json).open_journal() as journal:
        record = journal.batch_record(batch)  # a clear message for an unknown one
        if row is not None:
            order_of_row(journal, record, row)  # silence about one that is not there is a claim
        found = journal.events(batch, row=row)
        if as_json:
            from batch.cli.console import print_json
            from batch.cli.documents import of_event

            print_json({"batch": batch, "events": [of_event(one) for one in found]})
            return
        click.echo("at\trow\tevent\tstate\trequest_id\tactor\tdetail")
        for event in found:
            cells = (
                f"{event.at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
                "" if event.row is None else str(event.row),
                event.kind,
                event.state.value if event.state else "",
                event.request_id or "",
                event.actor,
                " ".join(event.detail.split()),
            )
            click.echo("\t".join(escaped_line(cell) for cell in cells))
