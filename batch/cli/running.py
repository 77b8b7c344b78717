"""Running a batch under its lock, with signals, progress, reports and an exit code."""

from __future__ import annotations

import gc
import signal
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal

import click

from batch.cli.advice import words_of
from batch.cli.exits import Exit, Fault, Interrupted, code_of_states, tell
from batch.cli.reports import target_paths, write_corrections_sheet, write_reports
from batch.cli.summary import closing_words
from batch.errors import JournalError, ReportError
from batch.states import OrderState

if TYPE_CHECKING:
    from batch.cli.session import Session
    from batch.journal import Journal
    from batch.model import BatchRecord
    from batch.run.options import Outcome
    from batch.run.run import Run
    from batch.simulator import Simulator
    from batch.venue import Venue


NAMED_UNKNOWN = 5
"""UNKNOWN rows that the closing words name."""


@dataclass(frozen=True, slots=True)
class RunningOptions:
    """What the operator said about a run and its results.

    Attributes:
        cancel: when open orders are cancelled.
        send: rows that were not sent yet may be sent.
    """

    reports: tuple[Path, ...]
    corrections: Path | None
    accept: tuple[str, ...]
    wait_s: float
    cancel: Literal["never", "at-once", "after-wait"]
    send: bool
    max_in_flight: int
    rate_per_s: float | None
    as_json: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What one batch came to.

    Attributes:
        document: what `--json` prints of it.
        reports: the files that were written.
    """

    code: Exit
    document: dict[str, Any] = field(default_factory=dict)
    reports: tuple[Path, ...] = ()


def take_running_options(options: dict[str, Any]) -> RunningOptions:
    """Take the options about a run out of a command's options; the common ones stay."""
    names = ("reports", "corrections", "accept", "wait_s", "max_in_flight", "rate_per_s", "as_json")
    return RunningOptions(
        **{name: options.pop(name) for name in names},
        cancel="after-wait" if options.pop("cancel_open", False) else "never",
        send=True,
        quiet=options["quiet"],
    )


def go_on(
    session: Session,
    journal: Journal,
    batch: BatchRecord,
    venue: Venue,
    simulator: Simulator | None,
    options: RunningOptions,
) -> Result:
    """Drive a batch as far as it goes, and conclude it.

    Raises:
        JournalLocked: another process works on it.
        Fault, Interrupted: orders may have left before that; the words say how to go on.
    """
    from batch.report import load

    for target in target_paths(options.reports, Path(batch.sheet_path), batch.batch_id):
        load(target)
    # What is loaded by now stays. To look through all of it for garbage again and again would cost
    # the answers, and the report, their time.
    gc.freeze()
    try:
        outcome = run_batch(session, journal, batch.batch_id, venue, simulator, options)
        return conclude(session, journal, batch, outcome, options)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; what was sent is recorded. "
            f"Go on with: orderbatch resume {batch.batch_id}"
        ) from None


def run_batch(
    session: Session,
    journal: Journal,
    batch_id: str,
    venue: Venue,
    simulator: Simulator | None,
    options: RunningOptions,
) -> Outcome:
    """Drive a batch to its end, or to the end of the wait.

    Raises:
        JournalLocked: another process works on it.
        Fault: something went wrong after orders may have left.
    """
    from batch.cli.progress import Gauge, watching
    from batch.plan.since import sent_elsewhere
    from batch.run.options import Cancel, RunOptions
    from batch.run.run import Run
    from batch.run.work import ThreadWorkers

    settings = session.settings.venue
    workers = ThreadWorkers(options.max_in_flight)
    gauge = Gauge(options.wait_s, options.cancel)
    with (
        journal.hold(batch_id, session.clock.now()),
        watching(session, gauge, quiet=options.quiet) as watch,
    ):
        run = Run(
            journal,
            batch_id,
            venue,
            workers,
            session.clock,
            RunOptions(
                max_in_flight=options.max_in_flight,
                wait_s=options.wait_s,
                rate_per_s=options.rate_per_s,
                find_out_s=settings.settle_s,
                retry_after_cap_s=settings.retry_after_cap_s,
                # The embedded venue is known to answer for done orders, too.
                covers_done_orders=simulator is not None
                or settings.client_id_query_covers_done_orders,
                bulk_query=settings.bulk_query,
                send=options.send,
                sent_elsewhere=frozenset(
                    sent_elsewhere(
                        journal,
                        journal.batch(batch_id),
                        [OrderState.SENDING, OrderState.UNKNOWN],
                        session.clock,
                    )
                ),
                cancel=Cancel(options.cancel),
                nothing_will_change=simulator.is_quiet if simulator else None,
            ),
            watch,
        )
        with _stopped_by_signals(run, session):
            try:
                return run.execute()
            except Exception as error:
                raise _fault(journal, batch_id, error) from error
            finally:
                workers.close()


def conclude(
    session: Session,
    journal: Journal,
    batch: BatchRecord,
    outcome: Outcome | None,
    options: RunningOptions,
) -> Result:
    """Write the reports of a batch, say how it ended, and choose its exit code.

    Args:
        outcome: None for a batch that was finished before this command.
    """
    written: list[Path] = []
    failed = False
    try:
        if options.corrections is not None:
            write_corrections_sheet(session, journal, batch, options.corrections)
        targets = target_paths(options.reports, Path(batch.sheet_path), batch.batch_id)
        written = write_reports(session, journal, batch, targets)
    except ReportError as error:
        tell(words_of(error))
        failed = True
    states = journal.batch(batch.batch_id).states
    code = exit_code(states, outcome, options.accept)
    if failed and code in (Exit.DONE, Exit.NOT_ALL_FILLED):
        code = Exit.FAULT  # a worse one than "the report is missing" stays
    unknown = list(
        islice(
            journal.orders(batch.batch_id, [OrderState.UNKNOWN, OrderState.SENDING]), NAMED_UNKNOWN
        )
    )
    session.say(closing_words(batch, states, outcome, written, unknown=unknown, sends=options.send))
    document: dict[str, Any] = {}
    if options.as_json:
        from batch.report import as_document

        document = {
            **as_document(batch, journal.listing(batch.batch_id)),
            "reports": [str(path) for path in written],
            "stopped": outcome.stopped if outcome else "",
            "exit_code": code,
        }
    else:
        for path in written:
            click.echo(path)
    return Result(code, document, tuple(written))


def exit_code(
    states: Mapping[OrderState, int], outcome: Outcome | None, accepted: Collection[str]
) -> Exit:
    """Choose the exit code of a batch."""
    if outcome is not None and outcome.interrupted:
        return Exit.INTERRUPTED
    sent = [s for s, count in states.items() if count and s not in _NEVER_SENT]
    if outcome is not None and outcome.stopped and not sent:
        return Exit.COULD_NOT_START
    return code_of_states(states, accepted)


_NEVER_SENT = frozenset({OrderState.PLANNED, OrderState.INVALID, OrderState.SKIPPED})


def _fault(journal: Journal, batch_id: str, error: Exception) -> Exception:
    words = f"Go on with: orderbatch resume {batch_id}"
    if not isinstance(error, JournalError):
        return Fault(
            f"a fault of orderbatch itself ({type(error).__name__}). The journal is intact. {words}"
        )
    try:
        states = journal.batch(batch_id).states
    except JournalError:
        return Fault(f"{words_of(error)} Orders may have been sent before that. {words}")
    if all(state in _NEVER_SENT for state, count in states.items() if count):
        return error
    return Fault(
        f"{words_of(error)} Orders were sent before that; nothing was sent after it. {words}"
    )


@contextmanager
def _stopped_by_signals(run: Run, session: Session) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop the run in order instead of wherever it is."""

    def stop(_: int, __: FrameType | None) -> None:
        run.stop()

    names: list[signal.Signals] = [signal.SIGINT, signal.SIGTERM]
    # A terminal that is closed; what was started with nohup shall not notice.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        names.append(signal.SIGHUP)
    before: dict[signal.Signals, Callable[..., Any] | int | None] = {
        name: signal.signal(name, stop) for name in names
    }
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
