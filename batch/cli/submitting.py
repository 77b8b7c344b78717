"""From the files of order sheets to results, whoever asks for it: one batch for each sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batch.cli.advice import words_of
from batch.cli.exits import Exit, code_of, tell
from batch.cli.gating import GateOptions, Waiting, pass_gates
from batch.cli.running import Result, RunningOptions, conclude, go_on
from batch.cli.summary import is_finished
from batch.errors import BatchError
from batch.states import OrderState

if TYPE_CHECKING:
    from batch.cli.reading import ReadingOptions
    from batch.cli.session import Session
    from batch.journal import BatchSummary, Journal
    from batch.model import Validation
    from batch.plan.commit import Planned
    from batch.simulator import Simulator
    from batch.venue import Venue


@dataclass(frozen=True, slots=True)
class Submission:
    """What the operator said about sending sheets.

    Attributes:
        asks: a person confirms the totals first.
    """

    gates: GateOptions
    running: RunningOptions
    duplicates: str
    on_invalid: str
    dry_run: bool
    asks: bool


def submit_sheets(
    session: Session, sheets: Sequence[Path], how_to_read: ReadingOptions, how: Submission
) -> list[Result]:
    """Take sheets from their files to their results: all are checked before any is sent.

    Raises:
        BatchError: nothing was sent.
    """
    from batch.cli.reading import read_and_validate

    session.login()
    checked = [read_and_validate(path, how_to_read, session) for path in sheets]
    if not _are_good(session, checked, how.on_invalid):
        return _refused(checked)
    with session.open_journal() as journal, ExitStack() as stack:

        @cache
        def open_venue() -> tuple[Venue, Simulator | None]:
            return stack.enter_context(session.open_venue(how.running.max_in_flight))

        return _Submitting(session, journal, how, open_venue).submit(checked)


class _Submitting:
    """Sends checked sheets, one batch each.

    Args:
        open_venue: logs in when it is first called; after that, so that a wrong password leaves
            no plan behind, batches are planned.
    """

    def __init__(
        self,
        session: Session,
        journal: Journal,
        how: Submission,
        open_venue: Callable[[], tuple[Venue, Simulator | None]],
    ) -> None:
        self._session = session
        self._journal = journal
        self._how = how
        self._open_venue = open_venue

    def submit(self, checked: Sequence[Validation]) -> list[Result]:
        again = self._how.duplicates == "send"
        found = [self._find(validation) for validation in checked]
        waiting = [
            Waiting(validation, earlier)
            for validation, earlier in zip(checked, found, strict=True)
            if again or _has_rows_to_send(earlier)
        ]
        pass_gates(
            self._session,
            self._journal,
            checked,
            waiting,
            self._how.gates,
            lambda: self._open_venue()[0],
            again=again,
        )
        if len(waiting) > 1 or self._how.asks:
            # So that no sheet is sent when a later one will be refused, and nobody is asked about
            # orders that would not leave.
            tried = [self._plan(one.validation, dry_run=True) for one in waiting]
            if self._how.asks and waiting:
                self._confirm([one.validation for one in waiting], tried)
        if self._how.dry_run:
            return [self._try(validation) for validation in checked]
        return self._send_all(checked, found)

    def _find(self, validation: Validation) -> BatchSummary | None:
        from batch.plan.draft import find_batch

        return find_batch(
            self._journal, validation, login=self._session.login(), clock=self._session.clock
        )

    def _confirm(self, waiting: Sequence[Validation], tried: Sequence[Planned]) -> None:
        from batch.cli.console import show
        from batch.cli.problems import totals_table

        login = self._session.login()
        orders = [
            order
            for validation, plan in zip(waiting, tried, strict=True)
            for order in validation.orders
            if plan.to_send is None or order.row in plan.to_send
        ]
        show(totals_table(orders), err=True)
        for plan in tried:
            self._tell_of_duplicates(plan)
        mark = "SIMULATED  " if self._session.simulated else ""
        question = (
            f"\n{mark}Send {len(orders):,} orders as {login.user} of {login.org} at {login.url}?"
        )
        if not click.confirm(question, err=True):
            self._session.warn("Nothing was sent.")
            raise click.exceptions.Exit(Exit.INTERRUPTED)

    def _try(self, validation: Validation) -> Result:
        from batch.cli.summary import counts_in_words

        planned = self._plan(validation, dry_run=True)
        name = planned.batch.batch_id
        self._session.say(
            f"Dry run of {validation.sheet.path.name}: batch {name}, "
            f"{planned.states.get(OrderState.PLANNED, 0):,} of {planned.batch.row_count:,} rows "
            f"would be sent ({counts_in_words(planned.states)} now). Nothing was sent."
        )
        return Result(Exit.DONE, {"batch": {"id": name}, "exit_code": Exit.DONE})

    def _send_all(
        self, checked: Sequence[Validation], found: Sequence[BatchSummary | None]
    ) -> list[Result]:
        results: list[Result] = []
        for validation, earlier in zip(checked, found, strict=True):
            try:
                results.append(self._send(validation, earlier))
            except BatchError as error:
                if not results:
                    raise
                # What earlier sheets came to stands, and must be told.
                tell(words_of(error))
                results.append(Result(code_of(error), {"exit_code": code_of(error)}))
            if results[-1].code is Exit.INTERRUPTED:
                break
        return results

    def _send(self, validation: Validation, found: BatchSummary | None) -> Result:
        from batch.plan.approval import approval_code, record_approval
        from batch.plan.identity import identify
        from batch.plan.since import refuse_sent_since

        session, journal, how = self._session, self._journal, self._how
        if found is not None and is_finished(found.states) and how.duplicates != "send":
            return conclude(session, journal, found.batch, None, how.running)
        venue, simulator = self._open_venue()
        planned = self._plan(validation, dry_run=False)
        batch = planned.batch
        session.say(
            f"Batch {batch.batch_id} of {validation.sheet.path.name}: "
            f"{planned.states.get(OrderState.PLANNED, 0):,} orders to send."
        )
        self._tell_of_duplicates(planned)
        if not planned.is_new:
            refuse_sent_since(journal, journal.batch(batch.batch_id), session.clock)
        if how.gates.approved:
            identity = identify(validation.sheet, session.login())
            code = approval_code(validation, identity, again=how.duplicates == "send")
            record_approval(journal, batch.batch_id, code, how.gates.approved_by, session.clock)
        return go_on(session, journal, batch, venue, simulator, how.running)

    def _plan(self, validation: Validation, *, dry_run: bool) -> Planned:
        from batch.plan.draft import PlanOptions, plan
        from batch.plan.duplicates import Duplicates
        from batch.venue import encode_order

        return plan(
            self._journal,
            validation,
            login=self._session.login(),
            options=PlanOptions(
                duplicates=Duplicates(self._how.duplicates),
                prefix_client_order_id=self._session.settings.sheet.prefix_client_order_id,
                simulated=self._session.simulated,
            ),
            encode=encode_order,
            clock=self._session.clock,
            dry_run=dry_run,
        )

    def _tell_of_duplicates(self, planned: Planned) -> None:
        session = self._session
        if planned.skipped:
            session.say(
                f"{planned.skipped:,} rows were filled before, or may still be, and are left out."
            )
        if planned.withdrawn:
            session.say(
                f"{planned.withdrawn:,} rows that an unfinished batch had not sent are sent by "
                "this one in its place."
            )
        for other in planned.left_behind:
            if left := self._journal.batch(other).states.get(OrderState.PLANNED, 0):
                session.warn(
                    f"Batch {other} still has {left:,} rows that are not sent; they leave only "
                    f"with: orderbatch resume {other}"
                )


def _has_rows_to_send(found: BatchSummary | None) -> bool:
    if found is None:
        return True
    # What was claimed by a process that died may prove to be unsent.
    return any(found.states.get(state) for state in (OrderState.PLANNED, OrderState.SENDING))


def _are_good(session: Session, checked: Sequence[Validation], on_invalid: str) -> bool:
    """Say whether the sheets may be sent; explain it if they may not."""
    from batch.cli.problems import notes, show_problems

    for validation in checked:
        for line in notes(validation):
            session.say(line)
    bad = [validation for validation in checked if validation.problems]
    for validation in bad:
        show_problems(validation, err=True)
    may_skip = on_invalid == "skip" and all(validation.orders for validation in checked)
    if bad and not may_skip:
        session.warn(
            "\nNothing was sent. Mend these cells, or send only the good rows: --on-invalid skip"
        )
        return False
    return True


def _refused(checked: Sequence[Validation]) -> list[Result]:
    from batch.cli.problems import as_data

    return [
        Result(Exit.REFUSED, {**as_data(validation), "exit_code": Exit.REFUSED})
        for validation in checked
    ]
