"""Did another batch send what a batch is still to send? Asked whenever a batch goes on."""

from __future__ import annotations

from collections.abc import Collection

from batch.clock import Clock
from batch.errors import GateError
from batch.journal import BatchSummary, EarlierOrder, Journal
from batch.plan.duplicates import is_exposure, listing
from batch.states import OrderState


def refuse_sent_since(journal: Journal, summary: BatchSummary, clock: Clock) -> None:
    """Make sure that no other batch sent what this one is still to send.

    Raises:
        GateError: rows of another batch equal rows that this one has not sent yet.
    """
    sent = sent_elsewhere(journal, summary, [OrderState.PLANNED], clock)
    if sent:
        raise GateError(
            f"batch {summary.batch.batch_id}: expected rows that no other batch has sent, found "
            f"{len(sent)} that one has sent since:\n{listing(sent)}\n"
            "Nothing more was sent. To send only the others: change any cell of the sheet that is "
            "not sent (a note), and submit it with --skip-sent."
        )


def sent_elsewhere(
    journal: Journal, summary: BatchSummary, states: Collection[OrderState], clock: Clock
) -> dict[int, EarlierOrder]:
    """Give the rows of a batch in these states that another batch has sent since it was planned.

    Returns:
        Row number -> the order of the other batch.
    """
    if not any(summary.states.get(state) for state in states):
        return {}
    batch = summary.batch
    waiting = {order.client_order_id or "" for order in journal.orders(batch.batch_id, states)}
    now = clock.now()
    look = journal.looking(url=batch.venue_url, org=batch.org, user=batch.user)
    mine = [
        earlier
        for earlier in look.earlier_orders(client_order_ids=waiting)
        if earlier.batch_id == batch.batch_id
    ]
    others = {
        earlier.fingerprint: earlier
        for earlier in look.earlier_orders(fingerprints=[m.fingerprint for m in mine])
        if earlier.batch_id != batch.batch_id
        and earlier.state is not OrderState.PLANNED
        and is_exposure(earlier, now)
        # What was sent before this batch was planned was known then, and repeated on purpose.
        and (earlier.submitted_at is None or earlier.submitted_at >= batch.created_at)
    }
    return {m.row: others[m.fingerprint] for m in mine if m.fingerprint in others}
