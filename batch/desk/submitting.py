"""From the files of order sheets to results, whoever asks for it: one batch for each sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch.desk.annotating import check_copy
from batch.desk.approving import proven_approver, why_unapproved
from batch.desk.asking import question, sender
from batch.desk.folder import DONE, WORKING
from batch.desk.gating import pass_gates, refuse_contradictions
from batch.desk.inbox import run_folder
from batch.desk.options import Submission
from batch.desk.outcome import BatchResult
from batch.desk.reading import read_and_validate
from batch.desk.reports import check_batch_targets, check_ids, check_targets
from batch.desk.running import conclude, go_on
from batch.desk.session import Session
from batch.desk.standing import counts_in_words, is_finished, was_sent
from batch.desk.verdict import Declined, Verdict, WrongUsage, verdict_on
from batch.errors import Advice, BatchError, Hint, hint
from batch.journal import Journal
from batch.model import Validation
from batch.plan.approval import approval_code, record_approval
from batch.plan.commit import commit, refuse_shared_rows
from batch.plan.draft import Draft, PlanOptions, draft
from batch.plan.duplicates import Duplicates, listing
from batch.plan.identity import identify
from batch.plan.since import refuse_sent_since
from batch.plan.witness import refuse_unknown_report
from batch.report.naming import target_paths
from batch.report.wording import counted
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
        _check_targets(session, how, sheets)
        return submit_sheets(session, sheets, how)
    _check_targets(session, how, [folder / "one", folder / "another"])

    def submit_one(sheet: Path) -> list[BatchResult]:
        _check_targets(session, how, [sheet])
        return submit_sheets(session, [sheet], how)

    return run_folder(
        session,
        folder,
        submit_one,
        keep=how.keep,
        why_waiting=lambda sheet: (
            "" if how.gates.approved else why_unapproved(session, sheet, how.reading, how.run)
        ),
        expected=how.expect_sheets,
    )


def _check_targets(session: Session, how: Submission, sheets: Sequence[Path]) -> None:
    if how.running.annotate is not None:
        check_copy(how.running.annotate, sheets)
    check_targets(session, how.running, sheets)


def _folder_of(sheets: Sequence[Path], how: Submission) -> Path | None:
    """Give the folder of a folder run; None where sheets are named."""
    folders = [path for path in sheets if path.is_dir()]
    if not folders:
        if how.expect_sheets:
            raise WrongUsage("expected sheets are those of a folder; name the folder.")
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
    with session.open_journal(read_only=how.dry_run) as journal, ExitStack() as stack:

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
        self._sheets: dict[str, Path] = {}

    def submit(self, checked: list[Validation]) -> list[BatchResult]:
        """Hold sheets against everything, and send them.

        Args:
            checked: emptied, because a sheet is let go of as soon as its plan is recorded; a run
                takes its orders from the journal.
        """
        drafts = self._draw_up(checked)
        if self._how.dry_run:
            return [self._repeat(one) or self._try(one) for one in drafts]
        return self._send_all(drafts)

    def _draw_up(self, checked: list[Validation]) -> list[Draft]:
        """Draw up what passes all gates, and has a person's yes where one is asked."""
        drafts = [self._draft(validation) for validation in checked]
        checked.clear()
        try:
            waiting = self._check(drafts)
        except BatchError:
            # Another process may have planned such a sheet since, or sent it and written its
            # report: what is refused of a new batch is then no fault of one that stands.
            again = [self._draft(one.validation) for one in drafts]
            if [one.is_new for one in again] == [one.is_new for one in drafts]:
                raise
            drafts, waiting = again, self._check(again)
        if self._how.asks and waiting:
            self._confirm(waiting)
        return drafts

    def _check(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Hold drafts against all that refuses them; give those with rows to send."""
        refuse_shared_rows(drafts)
        for one in drafts:
            refuse_unknown_report(one, self._report_folders(one), self._journal.where)
            if one.found is not None and one.to_send:
                refuse_sent_since(self._journal, one.found, self._session.clock)
            if not self._how.dry_run:
                self._check_targets(one)
        # Of sheets with one content, one is sent.
        firsts: dict[str, Draft] = {}
        for one in drafts:
            firsts.setdefault(one.batch.batch_id, one)
        alone = list(firsts.values())
        waiting = [one for one in alone if one.is_new or one.to_send]
        pass_gates(
            self._session,
            self._journal,
            alone,
            waiting,
            self._how.gates,
            lambda: self._open_venue()[0],
        )
        return waiting

    def _check_targets(self, one: Draft) -> None:
        """Refuse targets that may not be written, of any of the sheets, before one is sent."""
        options, sheet = self._how.running, one.validation.sheet
        check_ids(options, sheet)
        check_batch_targets(
            self._session, self._journal, options, sheet.path, one.batch, is_new=one.is_new
        )

    def _draft(self, validation: Validation) -> Draft:
        session, how = self._session, self._how
        run_key = session.run_key(how.run, validation.sheet.path)
        return draft(
            self._journal,
            identify(validation.sheet, session.login(), run_key),
            validation,
            PlanOptions(
                duplicates=Duplicates(how.duplicates),
                prefix_client_order_id=session.settings.sheet.prefix_client_order_id,
                simulated=session.simulated,
                once=how.run is not None,
                per_day=session.settings.limits.per_day,
                day_began=session.day_with_limits(),
            ),
            encode=encode_order,
            now=session.clock.now(),
        )

    def _report_folders(self, one: Draft) -> list[Path]:
        """Give where results of a sheet lie; those of a folder run are put away."""
        sheet = one.validation.sheet.path.absolute()
        home = sheet.parent
        targets = target_paths(self._how.running.reports, sheet, one.batch.batch_id)
        put_away = [home.parent / DONE] if home.name == WORKING else []
        return [home, *put_away, *(target.parent for target in targets)]

    def _confirm(self, waiting: Sequence[Draft]) -> None:
        for one in waiting:
            self._tell_of_duplicates(one)
        if not self._session.listener.ask(question(waiting, self._session.login())):
            raise Declined("Nothing was sent.")

    def _repeat(self, one: Draft) -> BatchResult | None:
        """Say of a sheet that one before it has the same content; None where none has."""
        batch, sheet = one.batch, one.validation.sheet.path
        first = self._sheets.get(batch.batch_id)
        if first is None:
            return None
        self._session.warn(
            f"{sheet.name} has the same content as {first.name}, as batch {batch.batch_id}: "
            "nothing is sent of it."
        )
        return BatchResult(Verdict.DONE, sheet, batch, one.states, sends=False)

    def _try(self, one: Draft) -> BatchResult:
        sheet = self._sheets[one.batch.batch_id] = one.validation.sheet.path
        login = self._session.login()
        self._session.listener.preview(question([one], login))
        self._session.say(
            f"Dry run of {sheet.name}: batch {one.batch.batch_id}, "
            f"{one.states.get(OrderState.PLANNED, 0):,} of {one.batch.row_count:,} rows "
            f"would be sent {sender(login)} ({counts_in_words(one.states)} now). "
            "Nothing was sent."
        )
        return BatchResult(Verdict.DONE, sheet, one.batch, one.states, sends=False)

    def _send_all(self, drafts: list[Draft]) -> list[BatchResult]:
        results: list[BatchResult] = []
        while drafts:
            sheet = drafts[0].validation.sheet.path
            try:
                send = self._record(drafts.pop(0))
                results.append(send())
            except BatchError as error:
                if not results:
                    raise
                # What earlier sheets came to stands, and must be told.
                self._session.listener.fail(error)
                results.append(BatchResult(verdict_on(error), sheet, error=error))
            if results[-1].verdict is Verdict.INTERRUPTED:
                break
        return results

    def _record(self, one: Draft) -> Callable[[], BatchResult]:
        """Record the plan of a sheet; give what sends it, and needs the sheet no more."""
        session, journal, how = self._session, self._journal, self._how
        name = one.validation.sheet.path.name
        if one.found is not None and is_finished(one.found.states):
            session.warn(f"{_repeated(one, name)}: nothing is sent now, its result is repeated.")
            return partial(conclude, session, journal, one.batch, None, how.running)
        if self._repeat(one) is not None:
            batch = journal.batch_record(one.batch.batch_id)
            return partial(conclude, session, journal, batch, None, how.running)
        venue, simulator = self._open_venue()
        planned = commit(journal, one, session.clock.now())
        batch = planned.batch
        self._sheets[batch.batch_id] = one.validation.sheet.path
        session.say(
            f"Batch {batch.batch_id} of {name}: "
            f"{counted(planned.states.get(OrderState.PLANNED, 0), 'order')} to send."
        )
        self._tell_of_duplicates(one)
        self._tell_of_left_rows(one)
        if not planned.is_new:
            refuse_sent_since(journal, journal.batch(batch.batch_id), session.clock)
        self._record_approval(one, batch.batch_id)
        return partial(go_on, session, journal, batch, venue, simulator, how.running)

    def _record_approval(self, one: Draft, batch_id: str) -> None:
        """Put on record on whose word a batch is sent, and how that is known."""
        again = self._how.duplicates == "send"
        gates = self._how.gates
        approver = gates.approved_by
        if not gates.approved:
            if self._session.simulated:
                return
            signer = proven_approver(self._session, one.validation, one.identity, again=again)
            if signer is None:
                return
            approver = f"{signer} (by a verified signature)"
        code = approval_code(one.validation, one.identity, again=again)
        record_approval(self._journal, batch_id, code, approver, self._session.clock)

    def _tell_of_duplicates(self, one: Draft) -> None:
        session = self._session
        if one.skipped:
            session.say(
                f"{len(one.skipped):,} rows were filled before, or may still be, and are left out."
            )
        if one.keyless:
            session.warn(
                f"{len(one.keyless):,} rows equal orders that were sent without a run key in the "
                f"last 24 hours; as run {one.identity.run_key} they are sent once more:\n"
                f"{listing(one.keyless, one.identity.login.user)}"
            )
        if one.withdrawn:
            session.say(
                f"{one.withdrawn:,} rows that an unfinished batch had not sent are sent by "
                "this one in its place."
            )

    def _tell_of_left_rows(self, one: Draft) -> None:
        for other in one.withdrawals:
            if left := self._journal.batch(other).states.get(OrderState.PLANNED, 0):
                self._session.warn(
                    f"Batch {other} still has {left:,} rows that are not sent; they leave only "
                    "when it is gone on with.",
                    hint(Advice.RESUME, other),
                )


def _repeated(one: Draft, name: str) -> str:
    """Say what a finished batch's result is that of; nothing need have left of it."""
    run = f" in run {one.batch.run_key}" if one.batch.run_key else ""
    if was_sent(one.states):
        return f"{name} was sent before{run}, as batch {one.batch.batch_id}"
    return (
        f"{name} was submitted before{run}, as batch {one.batch.batch_id}, and no row of it was "
        f"sent ({counts_in_words(one.states)})"
    )


def _are_good(session: Session, checked: Sequence[Validation], on_invalid: str) -> bool:
    """Say whether the sheets may be sent; explain it if they may not."""
    for validation in checked:
        session.listener.check(validation)
    bad = any(validation.problems for validation in checked)
    may_skip = on_invalid == "skip" and all(validation.orders for validation in checked)
    if bad and not may_skip:
        session.warn("\nNothing was sent by this run. Mend these cells.", Hint(Advice.SKIP_INVALID))
        return False
    return True


def _refused(checked: Sequence[Validation]) -> list[BatchResult]:
    return [
        BatchResult(Verdict.REFUSED, validation.sheet.path, validation=validation)
        for validation in checked
    ]
