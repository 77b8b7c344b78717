"""`orderbatch submit`: check, send, follow to the end, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batch.cli.exits import most_serious
from batch.cli.helping import GroupedCommand
from batch.cli.options import (
    PATH,
    RESULTS,
    RUNNING,
    cancel_open,
    common,
    gates,
    option,
    reading,
    running,
)

if TYPE_CHECKING:
    from batch.cli.gating import GateOptions


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
@cancel_open
@option(RESULTS, "--keep", is_flag=True, help="With a folder: leave the sheets where they are.")
@reading
@gates
@running
@common
def submit(
    sheets: tuple[Path, ...],
    simulate: bool,
    yes: bool,
    dry_run: bool,
    on_invalid: str,
    skip_sent: bool,
    again: bool,
    keep: bool,
    **options: Any,
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
      orderbatch submit inbox/ --yes --quiet
    """
    from batch.cli.console import has_terminal, print_json
    from batch.cli.gating import take_gate_options
    from batch.cli.inbox import order_sheets, run_folder
    from batch.cli.reports import check_targets
    from batch.cli.running import take_running_options
    from batch.cli.sharing import split_options
    from batch.cli.submitting import Submission, submit_sheets

    if not (yes or dry_run or has_terminal()):
        raise click.UsageError("there is no terminal to ask for a confirmation; add --yes.")
    if skip_sent and again:
        raise click.UsageError("--skip-sent and --again contradict each other; say one of them.")
    how = Submission(
        gates=take_gate_options(options, simulated=simulate),
        running=take_running_options(options),
        duplicates="skip" if skip_sent else "send" if again else "refuse",
        on_invalid=on_invalid,
        dry_run=dry_run,
        asks=not (yes or dry_run),
    )
    folder = _folder_of(sheets, how.gates)
    session, how_to_read = split_options(options, simulated=simulate)
    if folder is not None:
        sheets = tuple(order_sheets(folder, session))
        if not sheets:
            session.say(f"{folder} holds no order sheets; nothing to do.")
    check_targets(how.running.reports, sheets)
    if folder is not None:
        results = run_folder(
            session, sheets, lambda one: submit_sheets(session, [one], how_to_read, how), keep=keep
        )
    else:
        results = submit_sheets(session, sheets, how_to_read, how)
    code = most_serious([result.code for result in results])
    if how.running.as_json:
        documents = [result.document for result in results]
        print_json(
            documents[0]
            if len(sheets) == 1 and folder is None
            else {"batches": documents, "exit_code": code}
        )
    return code


def _folder_of(sheets: tuple[Path, ...], gates: GateOptions) -> Path | None:
    """Give the folder of a folder run; None where sheets are named."""
    folders = [path for path in sheets if path.is_dir()]
    if not folders:
        return None
    if len(sheets) > 1:
        raise click.UsageError("expected sheets, or one folder and nothing else.")
    if gates.expect_something:
        raise click.UsageError(
            "--expect-rows and --expect-total speak of sheets that you name, not of a folder."
        )
    return folders[0]
