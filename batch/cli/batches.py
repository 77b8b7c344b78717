"""`orderbatch batches`: lists what is in the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from batch.cli.helping import GroupedCommand
from batch.cli.options import common


@click.command(cls=GroupedCommand)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
@common
def batches(as_json: bool, **options: Any) -> None:
    """List the batches in the journal, newest first.

    \b
    Example:
      orderbatch batches
    """
    from rich.table import Table
    from rich.text import Text

    from batch.cli.console import print_json, show
    from batch.cli.sharing import start_session
    from batch.cli.summary import counts, counts_in_words
    from batch.report import batch_facts

    session = start_session(options)
    with session.open_journal(read_only=True) as journal:
        found = journal.batches()
    if as_json:
        print_json({"batches": [batch_facts(item.batch, counts(item.states)) for item in found]})
        return
    if not found:
        session.say("The journal holds no batches yet.")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("Batch", "Made (UTC)", "Rows", "States", "Sheet"):
        table.add_column(header, justify="right" if header == "Rows" else "left", overflow="fold")
    for item in found:
        mark = " (SIMULATED)" if item.batch.simulated else ""
        table.add_row(
            item.batch.batch_id,
            f"{item.batch.created_at:%Y-%m-%d %H:%M}",
            f"{item.batch.row_count:,}",
            counts_in_words(item.states),
            Text(Path(item.batch.sheet_path).name + mark),
        )
    show(table)
