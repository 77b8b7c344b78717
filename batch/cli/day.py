"""`orderbatch day`: one report over all batches of a trading day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import PATH, common, force, json_document


@click.command(cls=GroupedCommand)
@click.argument("day", metavar="[DATE]", type=click.DateTime(["%Y-%m-%d"]), required=False)
@click.option(
    "--report",
    "reports",
    type=PATH,
    multiple=True,
    metavar="PATH",
    help="Where it goes: .xlsx, .html or .json, or a folder; repeatable. Default: "
    "day-<date>.xlsx here.",
)
@click.option("--no-venue", is_flag=True, help="Do not ask the venue what is active there.")
@force
@json_document
@common
def day(
    day: datetime | None,
    reports: tuple[Path, ...],
    no_venue: bool,
    force: bool,
    as_json: bool,
    common: CommonOptions,
) -> int:
    """Report a trading day over all its batches.

    DATE as 2026-10-30; default today.

    What works at the venue and is not in the journal, and what is open in the journal and not at
    the venue, is named first. Exits 5 where something is UNKNOWN, an alarm stands, or something
    works at the venue otherwise than the journal says; 6 where the venue cannot be asked for now,
    78 where the settings or the login stand in the way of that, and 4 where orders are OPEN in the
    journal. The report is written all the same.

    \b
    Examples:
      orderbatch day
      orderbatch day 2026-10-30 --report day.html
    """
    from batch.cli.console import echo, print_json

    targets = reports or (() if as_json else (Path.cwd(),))
    desk = open_desk(common, as_json=as_json)
    outcome = desk.day(day.date() if day else None, targets, ask_venue=not no_venue, force=force)
    if outcome.day is not None:
        for line in outcome.day.words:
            desk.listener.say(line)
        if as_json:
            print_json({**outcome.day.document, "exit_code": outcome.verdict})
        else:
            for path in outcome.reports:
                echo(path)
    return end(outcome, as_json=as_json)
