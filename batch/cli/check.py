"""`orderbatch check`: reads and validates, sends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batch.cli.advice import words_of
from batch.cli.exits import Exit, tell
from batch.cli.helping import GroupedCommand
from batch.cli.options import PATH, RESULTS, common, option, reading

if TYPE_CHECKING:
    from batch.cli.session import Session
    from batch.model import Validation


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
@option(RESULTS, "--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
@option(
    RESULTS,
    "--again",
    is_flag=True,
    help="Make the approval code for sending once more what was sent before.",
)
@common
def check(sheet: Path, annotate: Path | None, as_json: bool, again: bool, **options: Any) -> int:
    """Read and validate an order sheet; send nothing.

    Needs no login. Holds the sheet against [limits] of the settings, but for the collar, which
    needs the venue. Prints every problem, or the totals by symbol and side, and the approval code
    for exactly these orders where the settings name the venue, the org and the user that they
    would be sent as: `submit --approved CODE` sends nothing else.

    \b
    Examples:
      orderbatch check orders.xlsx
      orderbatch check orders.xlsx --annotate marked.xlsx
    """
    from batch.cli.console import print_json, show
    from batch.cli.problems import (
        as_data,
        expectations,
        notes,
        show_failed_gates,
        show_problems,
        totals_table,
        where,
    )
    from batch.cli.reading import read_and_validate
    from batch.cli.sharing import split_options
    from batch.plan.gates import exceeded_limits

    session, how = split_options(options)
    validation = read_and_validate(sheet, how, session)
    failed = exceeded_limits(validation.orders, session.settings.limits, session.clock.now())
    code = Exit.REFUSED if validation.problems or failed else Exit.DONE
    login = session.known_login()
    approval = None
    if login is not None and code is Exit.DONE:
        from batch.plan.approval import approval_code
        from batch.plan.identity import identify

        approval = approval_code(validation, identify(validation.sheet, login), again=again)
    if as_json:
        document = {**as_data(validation), "gates": failed, "approval_code": approval}
        print_json({**document, "exit_code": code})
        return _write_marked(session, validation, annotate, code)
    for line in notes(validation):
        session.say(line)
    if validation.problems:
        show_problems(validation)
        session.say(
            "\nMend these cells. Until then submit refuses the sheet, or sends only the good rows "
            "with --on-invalid skip."
        )
        show_failed_gates(validation.sheet, failed)
        return _write_marked(session, validation, annotate, code)
    click.echo(f"{where(validation.sheet)}: {len(validation.orders):,} orders, no problems\n")
    show(totals_table(validation.orders))
    click.echo(f"\nTo expect exactly this of submit: {expectations(validation.orders)}")
    if failed:
        show_failed_gates(validation.sheet, failed)
        return _write_marked(session, validation, annotate, code)
    if approval is not None and login is not None:
        click.echo(f"\nApproval code for {login.user} of {login.org} at {login.url}: {approval}")
    else:
        session.say(
            "\nNo approval code: it needs to know ORDERBATCH_URL, ORDERBATCH_USER and "
            "ORDERBATCH_ORG (no password)."
        )
    return _write_marked(session, validation, annotate, code)


def _write_marked(session: Session, validation: Validation, target: Path | None, code: Exit) -> int:
    """Write the marked copy, last: whatever becomes of it, the problems were told.

    Raises:
        ReportError: it could not be written, and the sheet is good.
    """
    from batch.errors import ReportError
    from batch.report import annotate

    if target is None:
        return code
    try:
        copy = annotate(validation.sheet.path, validation.sheet, validation.problems, target)
    except ReportError as error:
        if code is Exit.DONE:
            raise
        tell(words_of(error))
        return code
    if copy.remark:
        session.warn(copy.remark)
    session.say(f"The marked sheet: {copy.path}")
    return code
