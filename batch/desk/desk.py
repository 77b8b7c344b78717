"""The desk: one method a command. Whatever a command comes to, its `Outcome` says it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from batch.clock import Clock, SystemClock
from batch.config import Settings, application_folder, load
from batch.desk.listener import Listener, Silence
from batch.desk.options import ReadingOptions, RunningOptions, Submission
from batch.desk.outcome import BatchResult, Outcome
from batch.desk.session import Session
from batch.desk.verdict import Declined, Verdict, most_serious, verdict_on
from batch.errors import BatchError
from batch.report.protection import Kept, Protection

if TYPE_CHECKING:
    from batch.journal import Journal


def usual_settings() -> Settings:
    """Read the settings from where the command line has them, too."""
    return load(config_path=None, default_dir=application_folder(), environment=os.environ)


class Desk:
    """Everything that can be asked for, whoever asks.

    Settings are read, and the journal and the venue opened, when a command first needs them. What
    a command cannot do, or refuses to do, is in its outcome; only faults of our own are raised.

    Args:
        settings: the settings, or what reads them.
        journal: the place of the journal; None for that of the settings.
        simulated: send to a practice venue inside this process.
        listener: is told how it goes, and asked where a person is to confirm.
        kept: files that nothing may be written to, beside those that the settings name.
    """

    def __init__(
        self,
        settings: Settings | Callable[[], Settings] = usual_settings,
        *,
        journal: str | None = None,
        simulated: bool = False,
        clock: Clock | None = None,
        listener: Listener | None = None,
        kept: Sequence[Kept] = (),
    ) -> None:
        self.listener = listener or Silence()
        self._session = Session(
            (lambda: settings) if isinstance(settings, Settings) else settings,
            clock or SystemClock(),
            self.listener,
            journal=journal,
            simulated=simulated,
            kept=kept,
        )

    # Each job stands in a module of its own, which is loaded when it is asked for: whoever wants
    # to look at a batch does not wait for what reads sheets.

    def check(
        self,
        sheet: Path | str,
        reading: ReadingOptions | None = None,
        *,
        annotate: Path | None = None,
        again: bool = False,
        run: str | None = None,
        force: bool = False,
    ) -> Outcome:
        """Read and validate a sheet; send nothing.

        Args:
            annotate: where a copy of the sheet goes with its problems marked.
            force: it may replace whatever file stands there.
            again: the approval code is for sending once more what was sent before.
            run: the approval code is for this run key.
        """
        from batch.desk.checking import check

        return self._try(
            lambda: check(
                self._session,
                Path(sheet),
                reading or ReadingOptions(),
                annotate=annotate,
                again=again,
                run=run,
                force=force,
            )
        )

    def approve(
        self,
        sheet: Path | str,
        key: Path,
        reading: ReadingOptions | None = None,
        *,
        run: str | None = None,
    ) -> Outcome:
        """Sign exactly what would be sent of a sheet, as the second person.

        Args:
            key: the approver's own SSH key.
            run: the run key under which it is to be sent.
        """
        from batch.desk.approving import approve

        return self._try(
            lambda: Outcome(
                Verdict.DONE,
                words=approve(
                    self._session, Path(sheet), reading or ReadingOptions(), key, run=run
                ),
            )
        )

    def submit(self, sheets: Sequence[Path | str], how: Submission | None = None) -> Outcome:
        """Check sheets, send their rows, follow them and report.

        Args:
            sheets: order sheets; or one folder and nothing else, which stands for those in it.
        """
        from batch.desk.submitting import submit

        paths = [Path(sheet) for sheet in sheets]
        return self._told(
            self._try(lambda: _of_batches(submit(self._session, paths, how or Submission())))
        )

    def resume(self, batch: str, how: RunningOptions | None = None) -> Outcome:
        """Go on with a batch that was interrupted or has open orders."""
        from batch.desk.resuming import resume

        return self._told(
            self._try(lambda: _of_batches([resume(self._session, batch, how or RunningOptions())]))
        )

    def cancel(
        self,
        batch: str | None,
        how: RunningOptions | None = None,
        *,
        rows: Collection[int] = (),
        asks: bool = False,
    ) -> Outcome:
        """Ask the venue to cancel a batch's open orders, and follow them to their end.

        Where another process runs the batch, that one does it, and this one waits for it.

        Args:
            batch: None for every batch of this login.
            rows: only these, by their numbers in the sheet; all that may be open where none is
                named.
            asks: a person confirms it first.
        """
        from batch.desk.cancelling import cancel, cancel_all

        how = replace(how or RunningOptions(), send=False, cancel="at-once")
        if batch is None:
            return self._try(lambda: _of_batches(cancel_all(self._session, how, asks=asks)))
        return self._try(
            lambda: _of_batches([cancel(self._session, batch, how, rows=rows, asks=asks)])
        )

    def stop(
        self,
        batches: Sequence[str] | None,
        how: RunningOptions | None = None,
        *,
        cancel: bool = False,
    ) -> Outcome:
        """Have running processes send nothing more of these batches, or (None) nothing at all.

        Args:
            how: how orders are cancelled that no process follows.
            cancel: cancel what is open, too.
        """
        from batch.desk.stopping import stop

        how = replace(how or RunningOptions(), send=False, cancel="at-once")
        return self._try(
            lambda: _of_batches(stop(self._session, batches, cancel_open=cancel, how=how))
        )

    def release(self, batches: Sequence[str] | None) -> Outcome:
        """Lift the stops of these batches, or (None) the one for all."""
        from batch.desk.stopping import release

        def job() -> Outcome:
            release(self._session, batches)
            return Outcome(Verdict.DONE)

        return self._try(job)

    def resolve(self, batch: str, row: int, finding: str | Literal[False]) -> Outcome:
        """Record what a person found out about an UNKNOWN order.

        Args:
            row: its row number in the sheet.
            finding: the server ID under which the venue holds it; False where it never took it.
        """
        from batch.desk.resolving import resolve

        return self._try(
            lambda: Outcome(Verdict.DONE, words=resolve(self._session, batch, row, finding))
        )

    def resolve_by_trades(self, batch: str, trades: Path) -> Outcome:
        """Record of each UNKNOWN order that was traded that the venue holds it.

        Args:
            trades: the back office's extract: the venue's JSON array, or CSV with coId and orderId.
        """
        from batch.desk.resolving import resolve_by_trades

        return self._try(lambda: resolve_by_trades(self._session, batch, trades))

    def reconcile(self, batch: str) -> Outcome:
        """Ask the venue again about every order of a batch; tell what differs, change nothing."""
        from batch.desk.reconciling import reconcile

        return self._try(lambda: reconcile(self._session, batch))

    def report(
        self,
        batch: str,
        reports: Sequence[Path] = (),
        *,
        corrections: Path | None = None,
        annotate: Path | None = None,
        force: bool = False,
    ) -> Outcome:
        """Write a batch's report again, from the journal.

        Args:
            corrections: where the rows go that can be mended and sent again, as an order sheet.
            annotate: where a copy of the sheet goes, a workbook, with the results in it.
            force: they may replace whatever files stand there.
        """
        from batch.desk.reporting import report

        return self._try(
            lambda: _of_batches(
                [
                    report(
                        self._session,
                        batch,
                        RunningOptions(tuple(reports), corrections, annotate=annotate, force=force),
                    )
                ]
            )
        )

    def correct(self, batch: str, target: Path) -> Outcome:
        """Write the rows of a batch that can be mended and sent again, as an order sheet.

        Rows that were not sent yet leave only with that sheet from now on.
        """
        from batch.desk.reporting import correct

        return self._try(lambda: _of_batches([correct(self._session, batch, target)]))

    def day(
        self,
        day: date | None = None,
        reports: Sequence[Path] = (),
        *,
        ask_venue: bool = True,
        force: bool = False,
    ) -> Outcome:
        """Report a trading day over all its batches.

        Args:
            day: None for the one of now.
            reports: files or folders; with none, nothing is written.
            ask_venue: hold the journal against the venue's list of active orders.
            force: reports may replace whatever files stand there.
        """
        from batch.desk.day import report_day

        return self._try(
            lambda: report_day(self._session, day, reports, ask_venue=ask_venue, force=force)
        )

    def show(self, batch: str, row: int | None = None) -> Outcome:
        """Give a batch with all its rows, or one row with its history."""
        from batch.desk.showing import show

        return self._try(lambda: show(self._session, batch, row))

    def batches(
        self,
        *,
        since: datetime | None = None,
        states: Collection[str] = (),
        limit: int | None = None,
    ) -> Outcome:
        """Give the batches in the journal, newest first.

        Args:
            since: only those that were made then or later.
            states: only those with a row in one of these final states, in any case.
            limit: at most so many, the newest.
        """
        from batch.desk.reporting import batches

        return self._try(
            lambda: Outcome(Verdict.DONE, batches(self._session, since, states, limit))
        )

    def _told(self, outcome: Outcome) -> Outcome:
        from batch.desk.telling import tell_of

        tell_of(outcome, self._session)
        return outcome

    def protect(self, target: Path, what: str) -> None:
        """Make sure that a file is none of those that nothing may be written to.

        Args:
            what: what is to be written there, with its article.

        Raises:
            BatchError: it is the journal, a file of the settings, or another such file.
        """
        Protection(self._session.kept()).claim(target, what)

    def _try(self, job: Callable[[], Outcome]) -> Outcome:
        try:
            return job()
        except Declined as error:
            self._session.warn(str(error))
            return Outcome(Verdict.INTERRUPTED)
        except BatchError as error:
            return Outcome(verdict_on(error), error=error)

    def upgrade_journal(self) -> Outcome:
        """Make the journal's tables, or bring those of an older version up to date."""
        from batch.desk.journals import upgrade

        return self._try(lambda: upgrade(self._session))

    def check_journal(self) -> Outcome:
        """Look the journal through from end to end."""
        from batch.desk.journals import check

        return self._try(lambda: check(self._session))

    def back_up_journal(self, target: Path) -> Outcome:
        """Copy the journal as it is at this moment, and look the copy through."""
        from batch.desk.journals import backup

        return self._try(lambda: backup(self._session, target))

    def open_journal(self) -> AbstractContextManager[Journal]:
        """Open the journal to look at it; a running batch does not keep anybody out.

        Raises:
            BatchError: it cannot be opened.
        """
        return self._session.open_journal(read_only=True)


def _of_batches(results: Sequence[BatchResult]) -> Outcome:
    return Outcome(most_serious([result.verdict for result in results]), tuple(results))
