"""`orderbatch submit`: check, send, follow to the end, report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import (
    GATES,
    PATH,
    RESULTS,
    RUNNING,
    cancel_open,
    common,
    gates,
    json_document,
    option,
    reading,
    run_key,
    running,
)
from batch.desk.options import GateOptions, ReadingOptions, RunningOptions, Submission


@click.command(cls=GroupedCommand)
@click.argument("sheets", metavar="SHEET...|FOLDER", type=PATH, nargs=-1, required=True)
@option(RUNNING, "--simulate", is_flag=True, help="Use a practice venue inside this process.")
@option(RUNNING, "--yes", "-y", is_flag=True, help="Send without asking.")
@option(RUNNING, "--dry-run", is_flag=True, help="Make all checks, send nothing.")
@option(
    RUNNING,
    "--on-invalid",
    type=click.Choice(["refuse", "skip"]),
    default="refuse",
    show_default=True,
    help="With bad rows in a sheet: send nothing, or send only the good ones.",
)
@option(
    RUNNING,
    "--skip-sent",
    is_flag=True,
    help="Leave out rows that were sent before; send the others.",
)
@option(RUNNING, "--again", is_flag=True, help="Send all rows once more, sent before or not.")
@run_key
@cancel_open
@option(RESULTS, "--keep", is_flag=True, help="With a folder: leave the sheets where they are.")
@option(
    RESULTS,
    "--annotate",
    type=PATH,
    metavar="COPY.xlsx",
    help="Also write a copy of the sheet itself, a workbook, with the results in it; {sheet} and "
    "{batch} may stand in it.",
)
@option(
    GATES,
    "--expect-sheet",
    "expect_sheets",
    multiple=True,
    metavar="PATTERN",
    help="With a folder: exit 3 if no sheet of such a name came in this trading day, in this run "
    "or an earlier one; {date} stands for the day; repeatable.",
)
@reading
@gates
@running
@json_document
@common
def submit(
    sheets: tuple[Path, ...],
    simulate: bool,
    yes: bool,
    dry_run: bool,
    on_invalid: Literal["refuse", "skip"],
    skip_sent: bool,
    again: bool,
    run: str | None,
    cancel_open: bool,
    keep: bool,
    expect_sheets: tuple[str, ...],
    as_json: bool,
    reading: ReadingOptions,
    gates: GateOptions,
    running: RunningOptions,
    common: CommonOptions,
) -> int:
    """Check order sheets, send their rows as limit orders, follow them, report.

    Each row is sent at most once, however often this is run on the same sheet. A FOLDER stands
    for the order sheets in it: one batch each, in the order of their names; a sheet that is
    finished moves to done/, one that is refused to failed/, with its report or the reasons.

    \b
    Examples:
      orderbatch submit orders.xlsx --simulate --yes
      orderbatch submit orders.xlsx
      orderbatch submit orders.csv --yes --accept expired --report results.json
      orderbatch submit eod.csv --yes --expect-rows 48 --expect-total EUR=2470000
      orderbatch submit eod.csv --yes --collar 1.5% --wait 30m --cancel-open
      orderbatch submit standing.xlsx --yes --run '{date}'
      orderbatch submit inbox/ --yes --quiet
    """
    from batch.cli.console import has_terminal, print_json

    if not (yes or dry_run or has_terminal()):
        raise click.UsageError("there is no terminal to ask for a confirmation; add --yes.")
    if skip_sent and again:
        raise click.UsageError("--skip-sent and --again contradict each other; say one of them.")
    if again and run is None and not has_terminal():
        raise click.UsageError(
            "--again without a terminal needs --run KEY: a retry of the same line would send "
            "everything once more; with a key it is the same run, and repeats its result."
        )
    how = Submission(
        reading,
        gates,
        replace(running, cancel="after-wait" if cancel_open else "never", list_orders=as_json),
        run=run,
        duplicates="skip" if skip_sent else "send" if again else "refuse",
        on_invalid=on_invalid,
        dry_run=dry_run,
        asks=not (yes or dry_run),
        keep=keep,
        expect_sheets=expect_sheets,
    )
    desk = open_desk(common, inputs=sheets, simulated=simulate, as_json=as_json, sends=True)
    outcome = desk.submit(sheets, how)
    if as_json and outcome.error is None:
        from batch.cli.documents import of_result

        documents = [of_result(result) for result in outcome.batches]
        is_one = len(sheets) == 1 and not sheets[0].is_dir() and documents
        print_json(documents[0] if is_one else {"batches": documents, "exit_code": outcome.verdict})
    return end(outcome, as_json=as_json)
