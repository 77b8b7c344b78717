"""`orderbatch report`: writes the report again, from the journal."""

from __future__ import annotations

from pathlib import Path

import click

from batch.cli.console import echo
from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import PATH, common, force


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
@click.option(
    "--annotate",
    type=PATH,
    metavar="COPY.xlsx",
    help="Also write a copy of the sheet itself, a workbook, with the results in it.",
)
@force
@common
def report(
    batch: str,
    reports: tuple[Path, ...],
    corrections: Path | None,
    annotate: Path | None,
    force: bool,
    common: CommonOptions,
) -> int:
    """Write a batch's report again, from the journal.

    \b
    Example:
      orderbatch report k3vz7q2m --report results.xlsx
    """
    outcome = open_desk(common).report(
        batch, reports, corrections=corrections, annotate=annotate, force=force
    )
    for path in outcome.reports:
        echo(path)
    return end(outcome)
