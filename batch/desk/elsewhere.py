"""Orders that are to be cancelled of batches that another process may run: that one is told.

Only the process that holds a batch speaks to the venue about it. Whoever else wants something
cancelled waits until it is done, or takes over from a process that has ended.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.running import conclude, go_on
from batch.desk.session import Session
from batch.desk.verdict import Interrupted, verdict_on_states
from batch.errors import Advice, JournalLocked, hint
from batch.journal import BatchSummary, Hold, Journal
from batch.model import BatchRecord, OrderRecord
from batch.report.wording import counted
from batch.states import FINAL, MAYBE_OPEN, OrderState

_UNKNOWN = (OrderState.UNKNOWN,)

LOOKS_APART_S = 0.5
"""How often a wish is looked at that another process sees to."""

TRIES_APART_S = 2.0
"""How often it is tried whether that process has ended."""

SEES_A_STOP_S = 2.0
"""Within so long a running process has seen a stop (`run.stops`)."""

TOLD_ROW_BY_ROW = 10
"""Of so many rows it is said one by one what came of them."""


@dataclass(frozen=True, slots=True)
class Target:
    """Orders of one batch that are to be cancelled.

    Attributes:
        is_all: every order of it that may be open.
        is_stopped: whoever runs it has just been told to send nothing more; what still leaves
            until that is seen is to be cancelled, too.
        is_mine: it is of this login; otherwise only a process that runs it can cancel.
    """

    batch: BatchRecord
    rows: tuple[int, ...]
    is_all: bool
    is_stopped: bool = False
    is_mine: bool = True


def count_open(found: BatchSummary) -> int:
    """Count the orders of a batch that may be open."""
    return sum(found.states.get(state, 0) for state in MAYBE_OPEN)


def say_left(session: Session, found: BatchSummary) -> None:
    """Name what may be open of another login, and who can cancel it."""
    batch, count = found.batch, count_open(found)
    session.warn(
        f"Batch {batch.batch_id} has {counted(count, 'open order')} of another login, "
        f"{batch.user} of {batch.org} at {batch.venue_url}; they are left as they are. "
        "Cancel them with the settings of that login."
    )


def ask(session: Session, journal: Journal, target: Target) -> None:
    """Put down which orders are wanted cancelled, for whoever runs their batch."""
    journal.cancels.ask(target.batch.batch_id, target.rows, session.clock.now())


def say_who(session: Session, journal: Journal, target: Target) -> None:
    """Say which process cancels the orders, and what it may leave or send yet."""
    batch_id = target.batch.batch_id
    cancels = f", and cancels {counted(len(target.rows), 'order')}" if target.rows else ""
    session.warn(
        f"Batch {batch_id} is run by {_holder(journal, target.batch)}: that process has been "
        f"told{cancels}."
    )
    unknown = sum(order.row in target.rows for order in journal.orders(batch_id, _UNKNOWN))
    if unknown:
        session.warn(
            f"{counted(unknown, 'order')} of these {'is' if unknown == 1 else 'are'} UNKNOWN. "
            "That process cancels one of them only where it still asks the venue about it and "
            "finds it; otherwise the next run of the batch does."
        )
    unsent = journal.batch(batch_id).states.get(OrderState.PLANNED, 0)
    if not (unsent and target.is_all):
        return
    words = f"{counted(unsent, 'row')} of it {'was' if unsent == 1 else 'were'} not sent yet"
    stops = journal.stops.standing(batch_id)
    if not stops:
        session.warn(
            f"{words}, and may still be sent by that process.",
            hint(Advice.STOP_AND_CANCEL, batch_id),
        )
        return
    # Only the one who stops it now waits for what leaves until that is seen.
    is_all = any(stop.batch_id is None for stop in stops)
    also = "; what leaves until then is cancelled, too" if target.is_stopped else ""
    session.warn(
        f"{words}. {'Everything' if is_all else 'The batch'} is stopped: that process sends "
        f"nothing more once it has seen that, within two seconds{also}."
    )


def latest_hold(journal: Journal, batch: BatchRecord) -> Hold | None:
    """Give the hold of the process that runs a batch, or has died of it; None where none does."""
    holds = journal.holds.of(batch.batch_id)
    latest = holds[max(holds)] if holds else None
    return None if latest is None or latest.ended_at is not None else latest


def _holder(journal: Journal, batch: BatchRecord) -> str:
    latest = latest_hold(journal, batch)
    if latest is None:
        return "another process"
    return f"{latest.holder} (since {latest.taken_at:%Y-%m-%d %H:%M:%S} UTC)"


def leave(session: Session, journal: Journal, target: Target, how: RunningOptions) -> BatchResult:
    """Say that only its own login can cancel what is open of a batch that nobody runs."""
    found = journal.batch(target.batch.batch_id)
    if count_open(found):
        say_left(session, found)
    verdict = verdict_on_states(found.states, how.accept)
    return BatchResult(verdict, Path(found.batch.sheet_path), found.batch, found.states)


def wait_for(
    session: Session, journal: Journal, target: Target, how: RunningOptions, ends_at: float
) -> BatchResult:
    """Wait until another process has done it, or take over from one that has ended."""
    clock = session.clock
    tries_at = clock.monotonic() + TRIES_APART_S
    sees_at = clock.monotonic() + SEES_A_STOP_S
    try:
        while clock.monotonic() < ends_at:
            if target.is_stopped:
                is_seen = clock.monotonic() >= sees_at
                target = _with_what_left_since(session, journal, target)
                target = replace(target, is_stopped=not is_seen)
            if not (target.is_stopped or _left(journal, target)):
                break
            if clock.monotonic() >= tries_at:
                tries_at = clock.monotonic() + TRIES_APART_S
                if is_free(session, journal, target):
                    return _take_over(session, journal, target, how, ends_at)
            clock.sleep(LOOKS_APART_S)
    except KeyboardInterrupt:
        raise Interrupted(
            "interrupted while waiting: the process that runs the batch has been told, and cancels "
            "these orders all the same."
        ) from None
    tell(session, journal, target)
    holder = "" if is_free(session, journal, target) else _holder(journal, target.batch)
    return conclude(session, journal, target.batch, None, how, run_by=holder)


def _take_over(
    session: Session, journal: Journal, target: Target, how: RunningOptions, ends_at: float
) -> BatchResult:
    batch = target.batch
    if not target.is_mine:
        tell(session, journal, target)
        return leave(session, journal, target, how)
    rows = _left(journal, target)
    if not rows:
        tell(session, journal, target)
        return conclude(session, journal, batch, None, how)
    session.say(f"The process that ran batch {batch.batch_id} has ended; it is done here now.")
    options = replace(how, rows=None if target.is_all else tuple(rows))
    try:
        with session.open_venue(how.max_in_flight) as (venue, simulator):
            result = go_on(session, journal, batch, venue, simulator, options)
    except JournalLocked:
        return wait_for(session, journal, target, how, ends_at)
    tell(session, journal, target)
    return result


def _with_what_left_since(session: Session, journal: Journal, target: Target) -> Target:
    """Have cancelled, too, what left after its batch was stopped and before that was seen."""
    rows = {order.row for order in journal.orders(target.batch.batch_id, MAYBE_OPEN)}
    more = replace(target, rows=tuple(sorted(rows.union(target.rows))))
    ask(session, journal, replace(target, rows=tuple(rows.difference(target.rows))))
    return more


def _left(journal: Journal, target: Target) -> list[int]:
    """Give the rows that are wanted cancelled yet, and of which something may be open."""
    batch_id = target.batch.batch_id
    wanted = {wish.row for wish in journal.cancels.standing(batch_id)}
    rows = sorted(wanted & set(target.rows))
    if len(rows) > TOLD_ROW_BY_ROW:
        return rows
    orders = ((row, journal.order(batch_id, row)) for row in rows)
    return [row for row, order in orders if order is not None and order.state in MAYBE_OPEN]


def tell(session: Session, journal: Journal, target: Target) -> None:
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


def is_free(session: Session, journal: Journal, target: Target) -> bool:
    """Say whether no process runs the batch."""
    try:
        with journal.hold(target.batch.batch_id, session.clock.now()):
            return True
    except JournalLocked:
        return False
