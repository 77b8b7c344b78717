"""Cancelling open orders: here where nobody runs their batch, otherwise by the process that does.

Either way it is put down in the journal first, so that whoever runs the batch next goes on with
what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from batch.desk.elsewhere import (
    Target,
    ask,
    count_open,
    is_free,
    latest_hold,
    leave,
    say_left,
    say_who,
    tell,
    wait_for,
)
from batch.desk.listener import Question
from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.reports import check_batch_targets, check_targets
from batch.desk.rows import order_of_row
from batch.desk.running import conclude, go_on
from batch.desk.session import SIMULATED_URL, Session
from batch.desk.verdict import Declined, Interrupted, verdict_on
from batch.errors import BatchError, JournalLocked
from batch.journal import BatchSummary, Journal
from batch.model import BatchRecord, Login
from batch.report.wording import counted
from batch.states import MAYBE_OPEN, OrderState


def cancel(
    session: Session, batch: str, how: RunningOptions, *, rows: Collection[int] = (), asks: bool
) -> BatchResult:
    """Cancel a batch's open orders, and follow them to their end; see `Desk.cancel`.

    Raises:
        Declined: a person did not want it.
        WrongUsage: the batch has no such row.
        BatchError: nothing was cancelled now, or the words say how to go on.
    """
    with session.open_journal() as journal:
        found = journal.batch(batch)
        target = _target(session, journal, found, rows)
        if not target.rows:
            if target.is_all:
                session.say(f"Batch {batch} has no open orders; there is nothing to cancel.")
            return conclude(session, journal, found.batch, None, how)
        _require_login(session, found.batch)
        _confirm(session, [target], asks=asks)
        check_batch_targets(session, journal, how, Path(found.batch.sheet_path), found.batch)
        (result,) = _cancel(session, journal, [target], how)
        if result.error is not None:
            raise result.error
        return result


def cancel_all(session: Session, how: RunningOptions, *, asks: bool) -> list[BatchResult]:
    """Cancel everything that is open of this login, whichever batch it is in.

    Raises:
        Declined: a person did not want it.
        BatchError: nothing was cancelled now, or the words say how to go on.
    """
    with session.open_journal(is_begun=True) as journal:
        targets = mine(session, journal, journal.batches())
        if not targets:
            session.say("No batch of this login has open orders; there is nothing to cancel.")
            return []
        check_targets(session, how, [Path(target.batch.sheet_path) for target in targets])
        _confirm(session, targets, asks=asks)
        return _cancel(session, journal, targets, how)


def cancel_stopped(
    session: Session, journal: Journal, found: Iterable[BatchSummary], how: RunningOptions
) -> list[BatchResult]:
    """Cancel what is open of batches that were stopped, of whatever login where a process runs it.

    Returns:
        What came of each batch that had something open, or that may still have sent something.

    Raises:
        BatchError: nothing was cancelled now, or the words say how to go on.
    """
    targets = []
    for summary in found:
        batch = summary.batch
        if batch.venue_url == SIMULATED_URL:
            continue  # that venue has ended with the process that ran it
        unsent = summary.states.get(OrderState.PLANNED, 0)
        if count_open(summary) or (unsent and latest_hold(journal, batch)):
            target = _target(session, journal, summary, ())
            is_mine = _is_mine(session, batch)
            targets.append(replace(target, is_stopped=unsent > 0, is_mine=is_mine))
    results = _cancel(session, journal, targets, how)
    if len(targets) == 1 and results and results[0].error is not None:
        raise results[0].error
    return results


def mine(session: Session, journal: Journal, found: Iterable[BatchSummary]) -> list[Target]:
    """Give what may be open of this login; name what is open of others."""
    targets = []
    for summary in found:
        if not count_open(summary):
            continue
        batch = summary.batch
        if batch.venue_url == SIMULATED_URL:
            continue  # that venue has ended with the process that ran it
        if not _is_mine(session, batch):
            say_left(session, summary)
            continue
        targets.append(_target(session, journal, summary, ()))
    return targets


def _is_mine(session: Session, batch: BatchRecord) -> bool:
    return Login.of(batch.venue_url, batch.org, batch.user) == session.login()


def _target(
    session: Session, journal: Journal, found: BatchSummary, rows: Collection[int]
) -> Target:
    batch_id = found.batch.batch_id
    if not rows:
        open_rows = (order.row for order in journal.orders(batch_id, MAYBE_OPEN))
        return Target(found.batch, tuple(open_rows), is_all=True)
    chosen = []
    for row in sorted(set(rows)):
        order = order_of_row(journal, found.batch, row, consequence="Nothing was cancelled.")
        if order.state in MAYBE_OPEN:
            chosen.append(row)
        elif order.state is OrderState.PLANNED:
            session.warn(f"Row {row} was not sent yet; there is nothing to cancel.")
        else:
            session.warn(f"Row {row} is {order.final_state} already; there is nothing to cancel.")
    return Target(found.batch, tuple(chosen), is_all=False)


def _require_login(session: Session, batch: BatchRecord) -> None:
    session.require_venue_of(batch.venue_url, batch.org, batch.user)


def _confirm(session: Session, targets: Sequence[Target], *, asks: bool) -> None:
    if not asks:
        return
    first = targets[0].batch
    login = f"{first.user} of {first.org} at {first.venue_url}"
    orders = counted(sum(len(target.rows) for target in targets), "order")
    where = f"batch {first.batch_id}"
    lines: list[str] = []
    if len(targets) > 1:
        where = f"{len(targets)} batches"
        lines = [
            f"Batch {target.batch.batch_id} of {Path(target.batch.sheet_path).name}: "
            f"{counted(len(target.rows), 'order')}"
            for target in targets
        ]
    if not session.listener.ask(Question(f"Cancel {orders} of {where} as {login}?", lines=lines)):
        raise Declined("Nothing was cancelled.")


def _cancel(
    session: Session,
    journal: Journal,
    targets: Sequence[Target],
    how: RunningOptions,
) -> list[BatchResult]:
    """Put down all wishes, run what nobody runs, and then wait for the others.

    Returns:
        What came of each batch; none of one that nobody runs and that has nothing open.
    """
    ends_at = session.clock.monotonic() + how.wait_s
    held = [target for target in targets if not is_free(session, journal, target)]
    for target in held:
        ask(session, journal, target)
        say_who(session, journal, target)
    results: dict[str, BatchResult] = {}
    free = []
    for target in targets:
        if target in held or not target.rows:
            continue
        if target.is_mine:
            free.append(target)
        else:
            results[target.batch.batch_id] = leave(session, journal, target, how)
    if free:
        with session.open_venue(how.max_in_flight) as (venue, simulator):
            for target in free:
                ask(session, journal, target)
            for target in free:
                batch = target.batch
                try:
                    options = replace(how, rows=None if target.is_all else target.rows)
                    result = go_on(session, journal, batch, venue, simulator, options)
                except JournalLocked:
                    held.append(target)  # somebody has just begun to run it
                    say_who(session, journal, target)
                    continue
                except BatchError as error:
                    if isinstance(error, Interrupted):
                        raise
                    if len(targets) > 1:
                        session.listener.fail(error)
                    sheet = Path(batch.sheet_path)
                    result = BatchResult(verdict_on(error), sheet, batch, error=error)
                else:
                    tell(session, journal, target)
                results[batch.batch_id] = result
    for target in held:
        results[target.batch.batch_id] = wait_for(session, journal, target, how, ends_at)
    ids = [target.batch.batch_id for target in targets]
    return [results[batch_id] for batch_id in ids if batch_id in results]
