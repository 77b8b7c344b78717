"""`orderbatch submit`: check, send, follow to the end, report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batch.cli.exits import Exit, most_serious
from batch.cli.options import PATH, common, reading, running
from batch.states import OrderState

if TYPE_CHECKING:
    from batch.cli.running import Result, RunningOptions
    from batch.cli.session import Session
    from batch.journal import Journal
    from batch.model import Validation
    from batch.runner import Plan


@click.command()
@click.argument("sheets", metavar="SHEET...", type=PATH, nargs=-1, required=True)
@click.option("--simulate", is_flag=True, help="Use a practice venue inside this process.")
@click.option("--yes", "-y", is_flag=True, help="Send without asking.")
@click.option("--dry-run", is_flag=True, help="Make all checks, send nothing.")
@click.option(
    "--on-invalid",
    type=click.Choice(["refuse", "skip"]),
    default="refuse",
    show_default=True,
    help="With bad rows in a sheet: send nothing, or send only the good ones.",
)
@click.option(
    "--skip-sent", is_flag=True, help="Leave out rows that were sent before; send the others."
)
@click.option("--again", is_flag=True, help="Send all rows once more, sent before or not.")
@reading
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
    **options: Any,
) -> int:
    """Check order sheets, send their rows as limit orders, follow them, report.

    Each row is sent at most once, however often this is run on the same sheet.

    \b
    Examples:
      orderbatch submit orders.xlsx --simulate --yes
      orderbatch submit orders.xlsx
      orderbatch submit orders.csv --yes --wait 30m --accept expired --report results.json
    """
    from batch.cli.console import print_json
    from batch.cli.reading import read_and_validate
    from batch.cli.reports import check_targets
    from batch.cli.running import take_running_options
    from batch.cli.sharing import split_options

    if not (yes or dry_run or sys.stdin.isatty()):
        raise click.UsageError("there is no terminal to ask for a confirmation; add --yes.")
    if skip_sent and again:
        raise click.UsageError("--skip-sent and --again contradict each other; say one of them.")
    how_to_run = take_running_options(options)
    session, how_to_read = split_options(options, simulated=simulate)
    check_targets(how_to_run.reports, sheets)
    login = session.login()
    checked = [read_and_validate(path, how_to_read, session) for path in sheets]
    if not _are_good(session, checked, on_invalid, how_to_run.as_json):
        return Exit.REFUSED
    if not (yes or dry_run):
        _confirm(session, checked, f"{login.user} of {login.org} at {login.url}")
    duplicates = "skip" if skip_sent else "send" if again else "refuse"
    results = _send_all(session, checked, how_to_run, duplicates, dry_run=dry_run)
    code = most_serious([result.code for result in results])
    if how_to_run.as_json:
        documents = [result.document for result in results]
        print_json(
            documents[0] if len(documents) == 1 else {"batches": documents, "exit_code": code}
        )
    return code


def _are_good(session: Session, checked: list[Validation], on_invalid: str, as_json: bool) -> bool:
    """Say whether the sheets may be sent; explain it if they may not."""
    from batch.cli.console import print_json
    from batch.cli.problems import as_data, sentence, show_problems

    for validation in checked:
        for warning in validation.warnings:
            session.say(f"note: {sentence(validation.sheet, warning)}")
    bad = [validation for validation in checked if validation.problems]
    for validation in bad:
        show_problems(validation, err=True)
    may_skip = on_invalid == "skip" and all(validation.orders for validation in checked)
    if bad and not may_skip:
        session.warn(
            "\nNothing was sent. Mend these cells, or send only the good rows: --on-invalid skip"
        )
        if as_json:
            documents = [{**as_data(one), "exit_code": Exit.REFUSED} for one in checked]
            print_json(
                documents[0]
                if len(documents) == 1
                else {"sheets": documents, "exit_code": Exit.REFUSED}
            )
        return False
    return True


def _confirm(session: Session, checked: list[Validation], login: str) -> None:
    from batch.cli.console import show
    from batch.cli.problems import totals_table

    orders = [order for validation in checked for order in validation.orders]
    show(totals_table(orders), err=True)
    mark = "SIMULATED  " if session.simulated else ""
    question = f"\n{mark}Send {len(orders):,} orders as {login}?"
    if not click.confirm(question, err=True):
        session.warn("Nothing was sent.")
        raise click.exceptions.Exit(Exit.INTERRUPTED)


def _send_all(
    session: Session,
    checked: list[Validation],
    options: RunningOptions,
    duplicates: str,
    *,
    dry_run: bool,
) -> list[Result]:
    results: list[Result] = []
    with session.open_journal() as journal:
        for validation in checked:
            if dry_run:
                results.append(_try(session, journal, validation, duplicates))
                continue
            results.append(_send(session, journal, validation, options, duplicates))
            if results[-1].code is Exit.INTERRUPTED:
                break
    return results


def _try(session: Session, journal: Journal, validation: Validation, duplicates: str) -> Result:
    from batch.cli.running import Result
    from batch.cli.summary import counts_in_words

    planned = _plan(session, journal, validation, duplicates, dry_run=True)
    name = planned.batch.batch_id
    session.say(
        f"Dry run of {validation.sheet.path.name}: batch {name}, "
        f"{counts_in_words(planned.states)}. Nothing was sent."
    )
    return Result(Exit.DONE, {"batch": {"id": name}, "exit_code": Exit.DONE})


def _send(
    session: Session,
    journal: Journal,
    validation: Validation,
    options: RunningOptions,
    duplicates: str,
) -> Result:
    from batch.cli.running import conclude, is_finished, run_batch
    from batch.runner import find_batch, refuse_sent_since

    found = find_batch(journal, validation, login=session.login(), clock=session.clock)
    if found is not None and is_finished(found.states) and duplicates != "send":
        return conclude(session, journal, found.batch, None, options)
    with session.open_venue(options.max_in_flight) as (venue, simulator):
        # After the login, so that a wrong password leaves no plan behind.
        planned = _plan(session, journal, validation, duplicates, dry_run=False)
        name = planned.batch.batch_id
        session.say(
            f"Batch {name} of {validation.sheet.path.name}: "
            f"{planned.states.get(OrderState.PLANNED, 0):,} orders to send."
        )
        _tell_of_duplicates(session, journal, planned)
        if not planned.is_new:
            refuse_sent_since(journal, journal.batch(name), session.clock)
        outcome = run_batch(session, journal, name, venue, simulator, options)
    return conclude(session, journal, planned.batch, outcome, options)


def _tell_of_duplicates(session: Session, journal: Journal, planned: Plan) -> None:
    if planned.skipped:
        session.say(f"{planned.skipped:,} rows were sent before and are left out.")
    if planned.withdrawn:
        session.say(
            f"{planned.withdrawn:,} rows that an unfinished batch had not sent are sent by this "
            "one in its place."
        )
    for other in planned.left_behind:
        if left := journal.batch(other).states.get(OrderState.PLANNED, 0):
            session.warn(
                f"Batch {other} still has {left:,} rows that are not sent; they leave only with: "
                f"orderbatch resume {other}"
            )


def _plan(
    session: Session, journal: Journal, validation: Validation, duplicates: str, *, dry_run: bool
) -> Plan:
    from batch.runner import Duplicates, PlanOptions, plan
    from batch.venue import encode_order

    return plan(
        journal,
        validation,
        login=session.login(),
        options=PlanOptions(
            duplicates=Duplicates(duplicates),
            prefix_client_order_id=session.settings.sheet.prefix_client_order_id,
            simulated=session.simulated,
            dry_run=dry_run,
        ),
        encode=encode_order,
        clock=session.clock,
    )
