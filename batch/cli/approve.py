"""`orderbatch approve`: the second person's signature on exactly what would be sent."""

from __future__ import annotations

from pathlib import Path

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import GATES, PATH, common, option, reading, run_key
from batch.desk.options import ReadingOptions


@click.command(cls=GroupedCommand)
@click.argument("sheet", type=PATH)
@option(
    GATES,
    "--key",
    type=PATH,
    required=True,
    metavar="PATH",
    help="Your own SSH key: the private one, or the public one where an agent or a hardware key "
    "has it.",
)
@run_key
@reading
@common
def approve(
    sheet: Path, key: Path, run: str | None, reading: ReadingOptions, common: CommonOptions
) -> int:
    """Sign exactly what would be sent of a sheet, as the second person.

    Reads and checks the sheet as submit would, and leaves the signature as SHEET.approval beside
    it. submit accepts it where [approval] allowed_signers names you, for this content, login and
    run key alone. It needs no password.

    \b
    Example:
      orderbatch approve eod.csv --key ~/.ssh/id_ed25519
    """
    desk = open_desk(common)
    outcome = desk.approve(sheet, key, reading, run=run)
    if outcome.words:
        desk.listener.warn(outcome.words)
    return end(outcome)
