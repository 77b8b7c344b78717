"""`orderbatch check`: reads and validates, sends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import (
    PATH,
    RESULTS,
    common,
    force,
    json_document,
    option,
    reading,
    run_key,
)
from batch.desk.options import ReadingOptions
from batch.report.wording import counted

if TYPE_CHECKING:
    from batch.desk import Listener, Outcome


@click.command(cls=GroupedCommand)
@click.argument("sheet", type=PATH)
@reading
@option(
    RESULTS,
    "--annotate",
    type=PATH,
    metavar="OUT.xlsx",
    help="Write a copy of the sheet with every bad cell marked.",
)
@force
@json_document
@option(
    RESULTS,
    "--again",
    is_flag=True,
    help="Make the approval code for sending once more what was sent before.",
)
@run_key
@common
def check(
    sheet: Path,
    annotate: Path | None,
    force: bool,
    as_json: bool,
    again: bool,
    run: str | None,
    reading: ReadingOptions,
    common: CommonOptions,
) -> int:
    """Read and validate an order sheet; send nothing.

    Needs no login. Holds the sheet against [limits] of the settings, but for the collar, which
    needs the venue; those of a day with what the journal knows to be sent today. Prints every
    problem, or the totals by symbol and side, and the approval code for exactly these orders where
    the settings name the venue, the org and the user that they would be sent as: `submit --approved
    CODE` sends nothing else.

    \b
    Examples:
      orderbatch check orders.xlsx
      orderbatch check orders.xlsx --annotate marked.xlsx
    """
    from batch.cli.console import print_json

    desk = open_desk(common, inputs=[sheet], as_json=as_json)
    outcome = desk.check(sheet, reading, annotate=annotate, again=again, run=run, force=force)
    if outcome.validation is not None:
        if as_json:
            from batch.cli.documents import of_validation

            document = of_validation(outcome.validation)
            document["gates"] = list(outcome.gates)
            document["approval_code"] = outcome.approval_code
            print_json({**document, "exit_code": outcome.verdict})
        else:
            _show(outcome, desk.listener)
        # What became of the copy comes last: the problems are told whatever it was.
        if outcome.marked is not None:
            if outcome.marked.remark:
                desk.listener.warn(outcome.marked.remark)
            desk.listener.say(f"The marked sheet: {outcome.marked.path}")
    return end(outcome, as_json=as_json and outcome.validation is None)


def _show(outcome: Outcome, listener: Listener) -> None:
    from batch.cli.console import echo, show
    from batch.cli.problems import (
        expectations,
        notes,
        show_failed_gates,
        show_problems,
        totals_table,
    )
    from batch.desk.problems import where

    validation, login = outcome.validation, outcome.login
    assert validation is not None
    for line in notes(validation):
        listener.say(line)
    if validation.problems:
        show_problems(validation)
        listener.say(
            "\nMend these cells. Until then submit refuses the sheet, or sends only the good rows "
            "with --on-invalid skip."
        )
        show_failed_gates(validation.sheet, outcome.gates)
        return
    echo(f"{where(validation.sheet)}: {counted(len(validation.orders), 'order')}, no problems\n")
    show(totals_table(validation.orders))
    echo(f"\nTo expect exactly this of submit: {expectations(validation.orders)}")
    if outcome.gates:
        show_failed_gates(validation.sheet, outcome.gates)
        return
    if login is not None:
        # Without a code something stands in the way that is told at the end.
        if outcome.approval_code is not None:
            words = f"{login.user} of {login.org} at {login.url}: {outcome.approval_code}"
            echo(f"\nApproval code for {words}")
    else:
        listener.say(
            "\nNo approval code: it needs to know ORDERBATCH_URL, ORDERBATCH_USER and "
            "ORDERBATCH_ORG (no password)."
        )
