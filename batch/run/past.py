"""What earlier processes left on record about requests that may still be on their way."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from math import inf

from batch.journal import Hold, Journal
from batch.model import EventRecord
from batch.states import BatchEvent, OrderEvent, OrderState

TOKEN_LIFE = BatchEvent.TOKEN_LIFE
"""The line of history that tells an auditor of each credential, before its first use."""

RUN_STARTED = BatchEvent.RUN_STARTED

MAYBE_ON_THEIR_WAY = (OrderState.SENDING, OrderState.UNKNOWN, OrderState.PLANNED)
"""States in which a claimed row's request may still arrive, or have arrived."""

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


def read_past(journal: Journal, batch_id: str) -> Past:
    """Read what a batch's holds and its history tell of its rows' last requests."""
    states = journal.batch(batch_id).states
    if not (states.get(OrderState.SENDING) or states.get(OrderState.UNKNOWN)):
        return NOTHING
    holds = journal.holds.of(batch_id)
    claimed = journal.orders(batch_id, MAYBE_ON_THEIR_WAY, claimed_before=True)
    lives = {row.row: _life_under(holds.get(row.claim_epoch or 0)) for row in claimed}
    return Past(lives, find_disputed(journal.events(batch_id)))


def find_disputed(events: Iterable[EventRecord]) -> frozenset[int]:
    """Give the rows whose last placing was answered with a no that may not be the venue's own."""
    disputed: set[int] = set()
    for event in events:
        if event.row is None:
            continue
        if event.kind == OrderEvent.CLAIMED:
            disputed.discard(event.row)
        elif event.kind == OrderEvent.DISPUTED:
            disputed.add(event.row)
    return frozenset(disputed)


def _life_under(hold: Hold | None) -> Lives:
    # A row of an older journal was claimed under no hold: nobody knows how long its request lives.
    if hold is None or hold.token_life_s is None or hold.token_life_s == inf:
        return Lives()
    return Lives(hold.token_life_s, hold.tokens_dead_at)


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
