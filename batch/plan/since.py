"""Did another batch send what a batch is still to send? Asked whenever a batch goes on."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

from batch.clock import Clock
from batch.errors import Advice, GateError
from batch.journal import BatchSummary, EarlierOrder, Journal
from batch.model import Login, OrderRecord
from batch.plan.duplicates import listing
from batch.plan.exposures import is_exposure
from batch.plan.identity import fingerprint
from batch.states import OrderEvent, OrderState


def refuse_sent_since(journal: Journal, summary: BatchSummary, clock: Clock) -> None:
    """Make sure that no other batch sent what this one is still to send.

    Raises:
        GateError: rows of another batch equal rows that this one has not sent yet.
    """
    sent = sent_elsewhere(journal, summary, [OrderState.PLANNED], clock)
    if sent:
        raise GateError(
            f"batch {summary.batch.batch_id}: expected rows that no other batch has sent, found "
            f"{len(sent)} that one has sent since:\n{listing(sent, summary.batch.user)}\n"
            "Nothing more was sent.",
            advice=Advice.CHANGE_AND_SKIP_SENT,
        )


def sent_elsewhere(
    journal: Journal, summary: BatchSummary, states: Collection[OrderState], clock: Clock
) -> dict[int, EarlierOrder]:
    """Give the rows of a batch in these states that another batch has sent since it was planned.

    The k-th such row of some content against the k-th exposure of it; where another batch took
    rows of this one over, that many of its orders stand for those.

    Returns:
        Row number -> the order of the other batch.
    """
    if not any(summary.states.get(state) for state in states):
        return {}
    batch = summary.batch
    mine = {
        order.row: print_
        for order in journal.orders(batch.batch_id, states)
        if (print_ := _fingerprint(order)) is not None
    }
    now = clock.now()
    look = journal.looking(Login.of(batch.venue_url, batch.org, batch.user))
    others: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
    for earlier in look.earlier_orders(fingerprints=mine.values(), beside=batch.batch_id):
        if (
            earlier.state is not OrderState.PLANNED
            and is_exposure(earlier, batch.run_key, now)
            # What was sent before this batch was planned was known then, and repeated on purpose.
            and (earlier.submitted_at is None or earlier.submitted_at >= batch.created_at)
        ):
            others[earlier.fingerprint].append(earlier)
    if not others:
        return {}
    for print_, count in _handed_over(journal, batch.batch_id).items():
        del others[print_][:count]
    found = {}
    for row, print_ in mine.items():
        if others.get(print_):
            found[row] = others[print_].pop(0)
    return found


def _handed_over(journal: Journal, batch_id: str) -> Counter[str]:
    """Count the rows that other batches send in this one's place, by their content."""
    left = {
        event.row for event in journal.events(batch_id) if event.kind == OrderEvent.WITHDRAWN.value
    }
    if not left:
        return Counter()
    records = journal.orders(batch_id, [OrderState.SKIPPED])
    return Counter(
        print_
        for record in records
        if record.row in left and (print_ := _fingerprint(record)) is not None
    )


def _fingerprint(record: OrderRecord) -> str | None:
    return None if record.order is None else fingerprint(record.order)
