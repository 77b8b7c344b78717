"""Running a batch under its lock, with signals, progress, reports and a verdict."""

from __future__ import annotations

import gc
import logging
import signal
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from batch.desk.annotating import write_copy
from batch.desk.background import background
from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.reports import (
    check_batch_targets,
    write_corrections_sheet,
    write_reports,
)
from batch.desk.session import Session
from batch.desk.standing import is_finished, was_sent
from batch.desk.unchanged import differs
from batch.desk.verdict import PARTIAL, Fault, Interrupted, Verdict, verdict_on_states
from batch.errors import (
    Advice,
    GateError,
    HoldLost,
    JournalAway,
    JournalError,
    JournalInDoubt,
    ReportError,
    hint,
)
from batch.journal import Journal
from batch.model import BatchRecord, OrderRecord
from batch.plan.gates import past_cut_off
from batch.plan.since import sent_elsewhere
from batch.report import load
from batch.report.background import NOTHING_ELSE
from batch.report.fills import told_size
from batch.report.mending import ENDS_TO_MEND, rows_to_mend
from batch.report.naming import target_paths
from batch.report.wording import counted
from batch.run.alarms import read_alarms
from batch.run.options import Cancel, RunOptions
from batch.run.options import Outcome as RunEnd
from batch.run.run import Run
from batch.run.work import ThreadWorkers
from batch.states import OrderState

if TYPE_CHECKING:
    from batch.simulator import Simulator
    from batch.venue import Venue

story = logging.getLogger("batch.story")
"""What became of each order, for whoever reads the log alone."""

NAMED_UNKNOWN = 5
"""UNKNOWN rows that the closing words name."""


def count_part_fills(orders: Iterable[OrderRecord]) -> int:
    """Count the orders that are filled in part, and not whole."""
    return sum(
        1
        for order in orders
        if order.order is not None
        and order.filled_size is not None
        and 0 < order.filled_size < order.order.size
    )


def go_on(
    session: Session,
    journal: Journal,
    batch: BatchRecord,
    venue: Venue,
    simulator: Simulator | None,
    options: RunningOptions,
) -> BatchResult:
    """Drive a batch as far as it goes, and conclude it.

    Raises:
        JournalLocked: another process works on it.
        Fault, Interrupted: orders may have left before that; the words say how to go on.
    """
    check_batch_targets(session, journal, options, Path(batch.sheet_path), batch)
    beside = Path(batch.sheet_path).parent
    if not options.reports and not beside.is_dir():
        session.warn(
            f"Batch {batch.batch_id}: the folder of its sheet, {beside}, is not on this machine. "
            "The report goes to the working folder."
        )
    for target in target_paths(options.reports, Path(batch.sheet_path), batch.batch_id):
        load(target)
    if options.cancel != "at-once" and (wishes := journal.cancels.standing(batch.batch_id)):
        session.warn(
            f"Batch {batch.batch_id}: {counted(len(wishes), 'order')} of it "
            f"{'is' if len(wishes) == 1 else 'are'} to be cancelled, as {wishes[0].by} asked for "
            f"at {wishes[0].at:%Y-%m-%d %H:%M:%S} UTC; that is done now."
        )
    # What is loaded by now stays. To look through all of it for garbage again and again would cost
    # the answers, and the report, their time.
    gc.freeze()
    before = journal.batch(batch.batch_id).states.get(OrderState.PLANNED, 0)
    try:
        outcome = run_batch(session, journal, batch.batch_id, venue, simulator, options)
        has_sent = outcome.states.get(OrderState.PLANNED, 0) < before
        return conclude(session, journal, batch, outcome, options, has_sent=has_sent)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted; what was sent is recorded.",
            advice=[hint(Advice.RESUME, batch.batch_id)],
        ) from None


def run_batch(
    session: Session,
    journal: Journal,
    batch_id: str,
    venue: Venue,
    simulator: Simulator | None,
    options: RunningOptions,
) -> RunEnd:
    """Drive a batch to its end, or to the end of the wait.

    Raises:
        JournalLocked: another process works on it.
        Fault: something went wrong after orders may have left.
    """
    settings = session.settings.venue
    workers = ThreadWorkers(options.max_in_flight)
    with (
        journal.hold(batch_id, session.clock.now(), take_over=options.take_over),
        session.listener.watch(options.wait_s, options.cancel) as watch,
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
                account_rate_per_s=session.account_rate_per_s,
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
                rows=None if options.rows is None else frozenset(options.rows),
                held_back=partial(_after_cut_off, session),
                differs=differs,
                nothing_will_change=simulator.is_quiet if simulator else None,
            ),
            watch,
        )
        with _stopped_by_signals(run):
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
    outcome: RunEnd | None,
    options: RunningOptions,
    *,
    has_sent: bool = False,
    run_by: str = "",
) -> BatchResult:
    """Write the reports of a batch, say how it ended, and judge it.

    Args:
        outcome: None for a batch that was finished before this command.
        has_sent: this command has sent something of it.
        run_by: another process, which runs it now and writes what nobody names.
    """
    written: list[Path] = []
    failed = False
    try:
        if options.corrections is not None:
            write_corrections_sheet(
                session, journal, batch, options.corrections, force=options.force
            )
        targets = target_paths(options.reports, Path(batch.sheet_path), batch.batch_id)
        if run_by and not options.reports:
            targets = []
        written = write_reports(session, journal, batch, targets, force=options.force)
    except ReportError as error:
        session.listener.fail(error)
        failed = True
    try:
        if options.annotate is not None:
            written.append(
                write_copy(session, journal, batch, options.annotate, force=options.force)
            )
    except ReportError as error:
        session.listener.fail(error)
        failed = True
    states = journal.batch(batch.batch_id).states
    # All rows are read once more only for whoever wants to see them.
    is_told = options.list_orders or story.isEnabledFor(logging.INFO)
    orders = journal.listing(batch.batch_id) if is_told else ()
    _log_orders(batch, orders)
    verdict = verdict_on_run(states, outcome, options.accept)
    if (
        verdict is Verdict.DONE
        and PARTIAL not in options.accept
        and count_part_fills(journal.orders_filled_otherwise(batch.batch_id))
    ):
        verdict = Verdict.NOT_ALL_FILLED
    alarms = read_alarms(journal, batch.batch_id).standing
    if alarms:
        verdict = Verdict.UNKNOWN  # until a person has looked, whatever this command did
    if failed and verdict in (Verdict.DONE, Verdict.NOT_ALL_FILLED):
        verdict = Verdict.FAULT  # a worse one than "the report is missing" stays
    open_questions = journal.orders(batch.batch_id, [OrderState.UNKNOWN, OrderState.SENDING])
    result = BatchResult(
        verdict,
        Path(batch.sheet_path),
        batch,
        states,
        outcome,
        sends=options.send,
        unknown=tuple(islice(open_questions, NAMED_UNKNOWN)),
        alarms=alarms,
        can_be_mended=is_finished(states) and _can_be_mended(journal, batch.batch_id),
        reports=tuple(written),
        background=background(session, journal, batch) if options.list_orders else NOTHING_ELSE,
        # A listing of many rows is read when it is gone through; the journal is closed then.
        orders=list(orders) if options.list_orders else (),
        has_sent=has_sent,
        stopped=next(iter(journal.stops.standing(batch.batch_id)), None),
        run_by=run_by,
    )
    session.listener.conclude(result)
    return result


def _can_be_mended(journal: Journal, batch_id: str) -> bool:
    return any(rows_to_mend(journal.orders(batch_id, ENDS_TO_MEND), abandoned=False))


def _log_orders(batch: BatchRecord, orders: Iterable[OrderRecord]) -> None:
    if not story.isEnabledFor(logging.INFO):
        return
    run = f", run {batch.run_key}" if batch.run_key else ""
    story.info(
        "batch %s of %s, as %s of %s at %s%s",
        *(batch.batch_id, batch.sheet_path, batch.user, batch.org, batch.venue_url, run),
    )
    for record in orders:
        order = record.order
        terms = "no order"
        if order is not None:
            size = f"{order.size:f} {order.currency}"
            terms = f"{order.side} {size} of {order.symbol} at {order.price:f}"
        told = told_size(record)
        filled = "not known" if told is None else f"{told:f}"
        price = "" if record.average_price is None else f" at {record.average_price:f}"
        story.info(
            "row %d: %s: %s, filled: %s%s",
            *(record.row, terms, record.final_state, filled, price),
            extra={
                "batch": record.batch_id,
                "row": record.row,
                "client_order_id": record.client_order_id,
                "server_order_id": record.server_order_id,
                "request_id": record.request_id,
            },
        )


def verdict_on_run(
    states: Mapping[OrderState, int], outcome: RunEnd | None, accepted: Collection[str]
) -> Verdict:
    """Judge a batch after a run, or without one."""
    if outcome is not None and outcome.interrupted:
        return Verdict.INTERRUPTED
    if outcome is not None and outcome.stopped and not was_sent(states):
        return Verdict.CANNOT_START if outcome.login_failed else Verdict.NOT_NOW
    return verdict_on_states(states, accepted)


def _after_cut_off(session: Session) -> str:
    """Say that no row may be claimed any more because the cut-off has passed; "" while it may."""
    passed = past_cut_off(session.settings.limits.cut_off, session.clock.now())
    return "; ".join(passed)


def _fault(journal: Journal, batch_id: str, error: Exception) -> Exception:
    advice = [hint(Advice.RESUME, batch_id)]
    if isinstance(error, GateError):
        return error  # it looked before anything left
    if isinstance(error, HoldLost):
        return Interrupted(
            f"{error} What this one still learnt stands in its history.", advice=advice
        )
    if not isinstance(error, JournalError):
        return Fault(
            f"a fault of orderbatch itself ({type(error).__name__}). The journal is intact.",
            advice=advice,
        )
    advice = [*error.advice, *advice]
    if isinstance(error, JournalAway | JournalInDoubt):
        return Interrupted(
            f"{error} It was waited for; then nothing more was sent. Orders may have been sent "
            "before that. What is on its way, and was not recorded, counts as unknown until this "
            "batch is gone on with.",
            advice=advice,
        )
    try:
        states = journal.batch(batch_id).states
    except JournalError:
        return Fault(f"{error} Orders may have been sent before that.", advice=advice)
    if not was_sent(states):
        return error
    return Fault(f"{error} Orders were sent before that; nothing was sent after it.", advice=advice)


@contextmanager
def _stopped_by_signals(run: Run) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM stop the run in order instead of wherever it is."""

    def stop(_: int, __: FrameType | None) -> None:
        run.stop()

    if threading.current_thread() is not threading.main_thread():
        # Signals come to the main thread alone, and whoever owns that has handlers for them.
        yield
        return
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
