"""`orderbatch batches`: lists what is in the journal."""

from __future__ import annotations

from pathlib import Path

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import common


@click.command(cls=GroupedCommand)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
@common
def batches(as_json: bool, common: CommonOptions) -> int:
    """List the batches in the journal, newest first.

    \b
    Example:
      orderbatch batches
    """
    from batch.cli.console import print_json, show
    from batch.desk.standing import counts, counts_in_words
    from batch.report import batch_facts

    desk = open_desk(common, as_json=as_json)
    outcome = desk.batches()
    if outcome.error is not None:
        return end(outcome, as_json=as_json)
    if as_json:
        listed = [batch_facts(o.batch, counts(o.states)) for o in outcome.batches if o.batch]
        print_json({"batches": listed})
        return end(outcome)
    if not outcome.batches:
        desk.listener.say("The journal holds no batches yet.")
        return end(outcome)
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("Batch", "Made (UTC)", "Rows", "States", "Sheet"):
        table.add_column(header, justify="right" if header == "Rows" else "left", overflow="fold")
    for item in outcome.batches:
        assert item.batch is not None
        mark = " (SIMULATED)" if item.batch.simulated else ""
        table.add_row(
            item.batch.batch_id,
            f"{item.batch.created_at:%Y-%m-%d %H:%M}",
            f"{item.batch.row_count:,}",
            counts_in_words(item.states),
            Text(Path(item.batch.sheet_path).name + mark),
        )
    show(table)
    return end(outcome)
