"""From the files of order sheets to results, whoever asks for it: one batch for each sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from batch.desk.annotating import check_copy
from batch.desk.gating import Waiting, pass_gates, refuse_contradictions
from batch.desk.inbox import run_folder
from batch.desk.listener import Question
from batch.desk.options import Submission
from batch.desk.outcome import BatchResult
from batch.desk.reading import read_and_validate
from batch.desk.reports import check_targets
from batch.desk.running import conclude, go_on
from batch.desk.session import Session
from batch.desk.standing import counts_in_words, is_finished
from batch.desk.verdict import Declined, Verdict, WrongUsage, verdict_on
from batch.errors import Advice, BatchError, Hint, hint
from batch.journal import BatchSummary, Journal
from batch.model import Validation
from batch.plan.approval import approval_code, record_approval
from batch.plan.commit import Planned
from batch.plan.draft import PlanOptions, find_batch, plan
from batch.plan.duplicates import Duplicates
from batch.plan.identity import identify
from batch.plan.since import refuse_sent_since
from batch.states import OrderState
from batch.venue import encode_order

if TYPE_CHECKING:
    from batch.simulator import Simulator
    from batch.venue import Venue


def submit(session: Session, sheets: Sequence[Path], how: Submission) -> list[BatchResult]:
    """Take sheets, or those of one folder, from their files to their results.

    Raises:
        WrongUsage: what was asked for contradicts itself.
        Declined: a person did not want it; nothing was sent.
        BatchError: nothing was sent.
    """
    refuse_contradictions(how.gates, simulated=session.simulated)
    folder = _folder_of(sheets, how)
    if folder is None:
        _check_targets(how, sheets)
        return submit_sheets(session, sheets, how)
    _check_targets(how, [folder / "one", folder / "another"])

    def submit_one(sheet: Path) -> list[BatchResult]:
        _check_targets(how, [sheet])
        return submit_sheets(session, [sheet], how)

    return run_folder(session, folder, submit_one, keep=how.keep)


def _check_targets(how: Submission, sheets: Sequence[Path]) -> None:
    check_targets(how.running.reports, sheets)
    if how.running.annotate is not None:
        check_copy(how.running.annotate, sheets)


def _folder_of(sheets: Sequence[Path], how: Submission) -> Path | None:
    """Give the folder of a folder run; None where sheets are named."""
    folders = [path for path in sheets if path.is_dir()]
    if not folders:
        return None
    if len(sheets) > 1:
        raise WrongUsage("expected sheets, or one folder and nothing else.")
    if how.gates.expect_something:
        raise WrongUsage(
            "expected rows and totals speak of sheets that are named, not of a folder."
        )
    return folders[0]


def submit_sheets(session: Session, sheets: Sequence[Path], how: Submission) -> list[BatchResult]:
    """Take sheets from their files to their results: all are checked before any is sent.

    Raises:
        Declined: a person did not want it; nothing was sent.
        BatchError: nothing was sent.
    """
    session.login()
    checked = [read_and_validate(path, how.reading, session) for path in sheets]
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

    def submit(self, checked: Sequence[Validation]) -> list[BatchResult]:
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
        return find_batch(
            self._journal, validation, login=self._session.login(), clock=self._session.clock
        )

    def _confirm(self, waiting: Sequence[Validation], tried: Sequence[Planned]) -> None:
        login = self._session.login()
        orders = [
            order
            for validation, plan in zip(waiting, tried, strict=True)
            for order in validation.orders
            if plan.to_send is None or order.row in plan.to_send
        ]
        for plan_ in tried:
            self._tell_of_duplicates(plan_)
        words = f"Send {len(orders):,} orders as {login.user} of {login.org} at {login.url}?"
        if not self._session.listener.ask(Question(words, orders)):
            raise Declined("Nothing was sent.")

    def _try(self, validation: Validation) -> BatchResult:
        planned = self._plan(validation, dry_run=True)
        name = planned.batch.batch_id
        self._session.say(
            f"Dry run of {validation.sheet.path.name}: batch {name}, "
            f"{planned.states.get(OrderState.PLANNED, 0):,} of {planned.batch.row_count:,} rows "
            f"would be sent ({counts_in_words(planned.states)} now). Nothing was sent."
        )
        return BatchResult(
            Verdict.DONE, validation.sheet.path, planned.batch, planned.states, sends=False
        )

    def _send_all(
        self, checked: Sequence[Validation], found: Sequence[BatchSummary | None]
    ) -> list[BatchResult]:
        results: list[BatchResult] = []
        for validation, earlier in zip(checked, found, strict=True):
            try:
                results.append(self._send(validation, earlier))
            except BatchError as error:
                if not results:
                    raise
                # What earlier sheets came to stands, and must be told.
                self._session.listener.fail(error)
                sheet = validation.sheet.path
                results.append(BatchResult(verdict_on(error), sheet, error=error))
            if results[-1].verdict is Verdict.INTERRUPTED:
                break
        return results

    def _send(self, validation: Validation, found: BatchSummary | None) -> BatchResult:
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
                    "when it is gone on with.",
                    hint(Advice.RESUME, other),
                )


def _has_rows_to_send(found: BatchSummary | None) -> bool:
    if found is None:
        return True
    # What was claimed by a process that died may prove to be unsent.
    return any(found.states.get(state) for state in (OrderState.PLANNED, OrderState.SENDING))


def _are_good(session: Session, checked: Sequence[Validation], on_invalid: str) -> bool:
    """Say whether the sheets may be sent; explain it if they may not."""
    for validation in checked:
        session.listener.check(validation)
    bad = any(validation.problems for validation in checked)
    may_skip = on_invalid == "skip" and all(validation.orders for validation in checked)
    if bad and not may_skip:
        session.warn("\nNothing was sent. Mend these cells.", Hint(Advice.SKIP_INVALID))
        return False
    return True


def _refused(checked: Sequence[Validation]) -> list[BatchResult]:
    return [
        BatchResult(Verdict.REFUSED, validation.sheet.path, validation=validation)
        for validation in checked
    ]
