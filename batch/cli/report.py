"""`orderbatch report`: writes the report again, from the journal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from batch.cli.helping import GroupedCommand
from batch.cli.options import PATH, common


@click.command(cls=GroupedCommand)
@click.argument("batch")
@click.option(
    "--report",
    "reports",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Where it goes: .xlsx, .csv, .json or .html; repeatable. Default: beside the sheet.",
)
@click.option(
    "--corrections",
    type=PATH,
    metavar="PATH",
    help="Also write the rows that can be mended and sent again, as an order sheet.",
)
@common
def report(batch: str, reports: tuple[Path, ...], corrections: Path | None, **options: Any) -> None:
    """Write a batch's report again, from the journal.

    \b
    Example:
      orderbatch report k3vz7q2m --report results.xlsx
    """
    from batch.cli.reports import target_paths, write_corrections_sheet, write_reports
    from batch.cli.sharing import start_session

    session = start_session(options)
    with session.open_journal(read_only=corrections is None) as journal:
        record = journal.batch(batch).batch
        if corrections is not None:
            write_corrections_sheet(session, journal, record, corrections)
        targets = target_paths(reports, Path(record.sheet_path), batch)
        for path in write_reports(session, journal, record, targets):
            click.echo(path)
