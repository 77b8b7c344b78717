"""What earlier processes left on record about requests that may still be on their way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from batch.clock import Clock
from batch.journal import Journal
from batch.model import EventRecord
from batch.states import BatchEvent, OrderEvent, OrderState

TOKEN_LIFE = BatchEvent.TOKEN_LIFE
"""The line of history without which no credential is used for placing."""

RUN_STARTED = BatchEvent.RUN_STARTED

UNKNOWN_LIFE = "unknown"

DONE = (OrderState.FILLED, OrderState.EXPIRED, OrderState.CANCELLED)
"""States of orders that a query for open ones does not find."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An order of this login that the journal knows to be done."""

    client_order_id: str
    server_order_id: str


@dataclass(frozen=True, slots=True)
class Lives:
    """The credentials of one process.

    Attributes:
        longest_s: None where one had no known end, or none is on record.
        dead_by: wall-clock time at which the last of them had ended; None likewise.
    """

    longest_s: float | None = None
    dead_by: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """The batch's history, as far as it tells which requests can still arrive.

    Attributes:
        lives: of a row, the credentials of the process that sent it last.
        disputed: rows whose last placing was answered with a no that may not be the venue's own.
    """

    lives: Mapping[int, Lives]
    disputed: Collection[int]

    def of(self, row: int) -> Lives:
        """Give the credentials that a row's last request can have carried."""
        return self.lives.get(row, Lives())


NOTHING = Past({}, frozenset())


def record_life(journal: Journal, batch_id: str, life_s: float | None, clock: Clock) -> None:
    """Put on record how long a credential lives; durable when this returns."""
    text = UNKNOWN_LIFE if life_s is None else f"{life_s:.3f}"
    journal.note(batch_id, TOKEN_LIFE, text, clock.now())


def read_past(events: Iterable[EventRecord]) -> Past:
    """Read a batch's history, oldest first."""
    runs: list[list[EventRecord]] = [[]]
    sent_in: dict[int, int] = {}
    disputed: set[int] = set()
    for event in events:
        if event.kind == RUN_STARTED:
            runs.append([])
        elif event.kind == TOKEN_LIFE:
            runs[-1].append(event)
        elif event.row is None:
            continue
        elif event.kind == OrderEvent.CLAIMED:
            sent_in[event.row] = len(runs) - 1
            disputed.discard(event.row)
        elif event.kind == OrderEvent.DISPUTED:
            disputed.add(event.row)
    lives = [_read_lives(run) for run in runs]
    return Past({row: lives[run] for row, run in sent_in.items()}, disputed)


def _read_lives(recorded: Sequence[EventRecord]) -> Lives:
    lives = [_read_life(event.detail) for event in recorded]
    known = [life_s for life_s in lives if life_s is not None]
    if not lives or len(known) < len(lives):
        return Lives()
    ends = [event.at + timedelta(seconds=s) for event, s in zip(recorded, known, strict=True)]
    return Lives(max(known), max(ends))


def find_done(journal: Journal, batch_id: str) -> Candidate | None:
    """Give an order of a batch's login that is known to be done, of this batch if it has one."""
    batch = journal.batch(batch_id).batch
    others = (
        summary.batch
        for summary in journal.batches()
        if any(summary.states.get(state) for state in DONE)
    )
    for other in chain([batch], others):
        if (other.venue_url, other.org, other.user) == (batch.venue_url, batch.org, batch.user):
            for order in journal.orders(other.batch_id, DONE, portion=1):
                if order.client_order_id and order.server_order_id:
                    return Candidate(order.client_order_id, order.server_order_id)
    return None


def _read_life(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
