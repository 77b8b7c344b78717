"""Cancelling open orders: here where nobody runs their batch, otherwise by the process that does.

Either way it is put down in the journal first, so that whoever runs the batch next goes on with
what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from batch.desk.listener import Question
from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.reports import check_batch_targets, check_targets
from batch.desk.rows import order_of_row
from batch.desk.running import conclude, go_on
from batch.desk.session import SIMULATED_URL, Session
from batch.desk.verdict import Declined, Interrupted, verdict_on
from batch.errors import Advice, BatchError, JournalLocked, hint
from batch.journal import BatchSummary, Journal
from batch.model import BatchRecord, Login, OrderRecord
from batch.report.wording import counted
from batch.states import FINAL, OrderState

MAYBE_OPEN = (OrderState.OPEN, OrderState.UNKNOWN, OrderState.SENDING)
"""States in which the venue holds, or may hold, an order that works."""

_UNKNOWN = (OrderState.UNKNOWN,)

LOOKS_APART_S = 0.5
"""How often a wish is looked at that another process sees to."""

TRIES_APART_S = 2.0
"""How often it is tried whether that process has ended."""

TOLD_ROW_BY_ROW = 10
"""Of so many rows it is said one by one what came of them."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Orders of one batch that are to be cancelled.

    Attributes:
        is_all: every order of it that may be open.
    """

    batch: BatchRecord
    rows: tuple[int, ...]
    is_all: bool


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
    """Cancel what is open of batches that were stopped; nobody waits for those that run elsewhere.

    Returns:
        What came of the batches that no other process runs.
    """
    return _cancel(session, journal, mine(session, journal, found), how, waits=False)


def mine(session: Session, journal: Journal, found: Iterable[BatchSummary]) -> list[_Target]:
    """Give what may be open of this login; name what is open of others."""
    targets = []
    for summary in found:
        if not any(summary.states.get(state) for state in MAYBE_OPEN):
            continue
        batch = summary.batch
        if batch.venue_url == SIMULATED_URL:
            continue  # that venue has ended with the process that ran it
        if Login.of(batch.venue_url, batch.org, batch.user) != session.login():
            count = sum(summary.states.get(state, 0) for state in MAYBE_OPEN)
            session.warn(
                f"Batch {batch.batch_id} has {counted(count, 'open order')} of another login, "
                f"{batch.user} of {batch.org} at {batch.venue_url}; they are left as they are. "
                "Cancel them with the settings of that login."
            )
            continue
        targets.append(_target(session, journal, summary, ()))
    return targets


def _target(
    session: Session, journal: Journal, found: BatchSummary, rows: Collection[int]
) -> _Target:
    batch_id = found.batch.batch_id
    if not rows:
        open_rows = (order.row for order in journal.orders(batch_id, MAYBE_OPEN))
        return _Target(found.batch, tuple(open_rows), is_all=True)
    chosen = []
    for row in sorted(set(rows)):
        order = order_of_row(journal, found.batch, row, consequence="Nothing was cancelled.")
        if order.state in MAYBE_OPEN:
            chosen.append(row)
        elif order.state is OrderState.PLANNED:
            session.warn(f"Row {row} was not sent yet; there is nothing to cancel.")
        else:
            session.warn(f"Row {row} is {order.final_state} already; there is nothing to cancel.")
    return _Target(found.batch, tuple(chosen), is_all=False)


def _require_login(session: Session, batch: BatchRecord) -> None:
    session.require_venue_of(batch.venue_url, batch.org, batch.user)


def _confirm(session: Session, targets: Sequence[_Target], *, asks: bool) -> None:
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
    targets: Sequence[_Target],
    how: RunningOptions,
    *,
    waits: bool = True,
) -> list[BatchResult]:
    """Put down all wishes, run what nobody runs, and then wait for the others, if that is wanted.

    Returns:
        What came of each batch; of those that run elsewhere only where they were waited for.
    """
    ends_at = session.clock.monotonic() + how.wait_s
    held = [target for target in targets if not _is_free(session, journal, target)]
    for target in held:
        _ask(session, journal, target)
        _say_who(session, journal, target)
    results: dict[str, BatchResult] = {}
    free = [target for target in targets if target not in held]
    if free:
        with session.open_venue(how.max_in_flight) as (venue, simulator):
            for target in free:
                _ask(session, journal, target)
            for target in free:
                batch = target.batch
                try:
                    options = replace(how, rows=None if target.is_all else target.rows)
                    result = go_on(session, journal, batch, venue, simulator, options)
                except JournalLocked:
                    held.append(target)  # somebody has just begun to run it
                    _say_who(session, journal, target)
                    continue
                except BatchError as error:
                    if isinstance(error, Interrupted):
                        raise
                    if len(targets) > 1:
                        session.listener.fail(error)
                    sheet = Path(batch.sheet_path)
                    result = BatchResult(verdict_on(error), sheet, batch, error=error)
                else:
                    _tell(session, journal, target)
                results[batch.batch_id] = result
    for target in held if waits else ():
        results[target.batch.batch_id] = _await(session, journal, target, how, ends_at)
    ids = [target.batch.batch_id for target in targets]
    return [results[batch_id] for batch_id in ids if batch_id in results]


def _ask(session: Session, journal: Journal, target: _Target) -> None:
    journal.cancels.ask(target.batch.batch_id, target.rows, session.clock.now())


def _say_who(session: Session, journal: Journal, target: _Target) -> None:
    batch_id = target.batch.batch_id
    session.warn(
        f"Batch {batch_id} is run by {_holder(journal, batch_id)}: that process has been told, and "
        f"cancels {counted(len(target.rows), 'order')}."
    )
    unknown = sum(order.row in target.rows for order in journal.orders(batch_id, _UNKNOWN))
    if unknown:
        session.warn(
            f"{counted(unknown, 'order')} of these {'is' if unknown == 1 else 'are'} UNKNOWN. "
            "That process cancels one of them only where it still asks the venue about it and "
            "finds it; otherwise the next run of the batch does."
        )
    unsent = journal.batch(batch_id).states.get(OrderState.PLANNED, 0)
    if unsent and target.is_all:
        session.warn(
            f"{counted(unsent, 'row')} of it {'was' if unsent == 1 else 'were'} not sent yet, and "
            "may still be sent by that process.",
            hint(Advice.STOP_AND_CANCEL, batch_id),
        )


def _holder(journal: Journal, batch_id: str) -> str:
    holds = journal.holds.of(batch_id)
    latest = holds[max(holds)] if holds else None
    if latest is None or latest.ended_at is not None:
        return "another process"
    return f"{latest.holder} (since {latest.taken_at:%Y-%m-%d %H:%M:%S} UTC)"


def _await(
    session: Session, journal: Journal, target: _Target, how: RunningOptions, ends_at: float
) -> BatchResult:
    """Wait until another process has done it, or take over from one that has ended."""
    clock = session.clock
    tries_at = clock.monotonic() + TRIES_APART_S
    try:
        while _left(journal, target) and clock.monotonic() < ends_at:
            if clock.monotonic() >= tries_at:
                tries_at = clock.monotonic() + TRIES_APART_S
                if _is_free(session, journal, target):
                    return _take_over(session, journal, target, how, ends_at)
            clock.sleep(LOOKS_APART_S)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted while waiting: the process that runs the batch has been told, and cancels "
            "these orders all the same."
        ) from None
    _tell(session, journal, target)
    holder = "" if _is_free(session, journal, target) else _holder(journal, target.batch.batch_id)
    return conclude(session, journal, target.batch, None, how, run_by=holder)


def _take_over(
    session: Session, journal: Journal, target: _Target, how: RunningOptions, ends_at: float
) -> BatchResult:
    batch = target.batch
    session.say(f"The process that ran batch {batch.batch_id} has ended; it is done here now.")
    rows = _left(journal, target)
    if not rows:
        _tell(session, journal, target)
        return conclude(session, journal, batch, None, how)
    options = replace(how, rows=None if target.is_all else tuple(rows))
    try:
        with session.open_venue(how.max_in_flight) as (venue, simulator):
            result = go_on(session, journal, batch, venue, simulator, options)
    except JournalLocked:
        return _await(session, journal, target, how, ends_at)
    _tell(session, journal, target)
    return result


def _left(journal: Journal, target: _Target) -> list[int]:
    """Give the rows that are wanted cancelled yet, and of which something may be open."""
    batch_id = target.batch.batch_id
    wanted = {wish.row for wish in journal.cancels.standing(batch_id)}
    rows = sorted(wanted & set(target.rows))
    if len(rows) > TOLD_ROW_BY_ROW:
        return rows
    orders = ((row, journal.order(batch_id, row)) for row in rows)
    return [row for row, order in orders if order is not None and order.state in MAYBE_OPEN]


def _tell(session: Session, journal: Journal, target: _Target) -> None:
    """Say what came of the orders that were to be cancelled."""
    batch_id, rows = target.batch.batch_id, set(target.rows)
    wanted = {wish.row for wish in journal.cancels.standing(batch_id)}
    left = [order for order in journal.orders(batch_id, MAYBE_OPEN) if order.row in rows & wanted]
    if len(rows) <= TOLD_ROW_BY_ROW:
        for row in sorted(rows):
            order = journal.order(batch_id, row)
            assert order is not None
            session.say(f"Row {row}: {_fate(order)}.")
    else:
        states = Counter(
            order.final_state.value for order in journal.orders(batch_id) if order.row in rows
        )
        counts = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
        session.say(
            f"Batch {batch_id}, of {len(rows):,} orders that were to be cancelled: {counts}."
        )
    unknown = sum(order.state is OrderState.UNKNOWN for order in left)
    if count := len(left) - unknown:
        session.warn(
            f"Batch {batch_id}: {counted(count, 'order')} may be open yet, and "
            f"{'stays' if count == 1 else 'stay'} marked to be cancelled by whoever runs the "
            "batch, now or later."
        )
    if unknown:
        session.warn(
            f"Batch {batch_id}: {counted(unknown, 'order')} {'is' if unknown == 1 else 'are'} "
            f"UNKNOWN, and {'stays' if unknown == 1 else 'stay'} marked: the run of the batch that "
            "finds such an order at the venue cancels it. A run that no longer asks about it does "
            "not, so that it may need the next one.",
            hint(Advice.RESUME, batch_id),
        )


def _fate(order: OrderRecord) -> str:
    if order.state is OrderState.PLANNED:
        return "NOT_SENT, as the venue did not hold it; whoever goes on with the batch sends it"
    if order.state in FINAL or not order.message:
        return order.final_state.value
    return f"{order.final_state}, {order.message}"


def _is_free(session: Session, journal: Journal, target: _Target) -> bool:
    try:
        with journal.hold(target.batch.batch_id, session.clock.now()):
            return True
    except JournalLocked:
        return False
