"""Was this row sent before? What counts as the same order, and what is done about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from batch.errors import GateError
from batch.journal import EarlierOrder
from batch.plan.identity import same_content
from batch.states import AT_VENUE, OrderState, final_state

SENT_WINDOW = timedelta(hours=24)
"""How long an equal order counts as already sent."""

SUFFIX = "-"
"""Between a client ID and its number when it is sent once more: `A`, `A-2`, `A-3`, …"""

LISTED = 20
"""How many duplicates a message lists."""


class Duplicates(StrEnum):
    """What to do with rows that were sent before."""

    REFUSE = "refuse"
    SKIP = "skip"
    SEND = "send"


class Matches:
    """Earlier orders of this login that rows of the new sheet may repeat."""

    def __init__(self, earlier: Iterable[EarlierOrder], now: datetime) -> None:
        self._by_id: dict[str, EarlierOrder] = {}
        self._suffixed: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
        self._sent: dict[str, EarlierOrder] = {}
        self._waiting: defaultdict[str, list[EarlierOrder]] = defaultdict(list)
        for order in earlier:
            self._by_id[order.client_order_id] = order
            stem, _, number = order.client_order_id.rpartition(SUFFIX)
            if number.isdecimal():
                self._suffixed[stem].append(order)
            if order.state is OrderState.PLANNED:
                self._waiting[order.fingerprint].append(order)
            elif is_exposure(order, now):
                self._sent[order.fingerprint] = order

    def of_id(self, client_order_id: str) -> EarlierOrder | None:
        """Give the order that has this client ID."""
        return self._by_id.get(client_order_id)

    def sent(self, fingerprint: str, client_order_id: str) -> EarlierOrder | None:
        """Give the order at the venue that this row would repeat.

        An ID says "this very order", so one that was used for an exposure counts for ever; equal
        content counts for a day.
        """
        uses = self._uses(fingerprint, client_order_id)
        return next(filter(holds_exposure, uses), None) or self._sent.get(fingerprint)

    def waiting(self, fingerprint: str, client_order_id: str) -> list[EarlierOrder]:
        """Give the rows that other batches have planned and not sent: a `resume` would."""
        uses = self._uses(fingerprint, client_order_id)
        planned = [order for order in uses if order.state is OrderState.PLANNED]
        return planned + [o for o in self._waiting.get(fingerprint, []) if o not in planned]

    def _uses(self, fingerprint: str, client_order_id: str) -> list[EarlierOrder]:
        """Give the orders that this ID has stood for: by itself, and later with a suffix."""
        first = self._by_id.get(client_order_id)
        if first is None:
            return []
        later = self._suffixed.get(client_order_id, [])
        return [first, *(o for o in later if same_content(o.fingerprint, fingerprint))]


def holds_exposure(order: EarlierOrder) -> bool:
    """Say whether the venue holds, may hold or has dealt something of this order."""
    return order.state in AT_VENUE or bool(order.filled_size)


def is_exposure(order: EarlierOrder, now: datetime) -> bool:
    """Say whether an equal row would repeat this order: it has an exposure, and is recent."""
    recent = order.submitted_at is None or now - order.submitted_at <= SENT_WINDOW
    return recent and holds_exposure(order)


def refuse_reused_ids(
    wanted: Mapping[int, str],
    prints: Mapping[int, str],
    matches: Matches,
    duplicates: Duplicates,
) -> None:
    """Refuse client IDs that the journal knows with other content.

    Raises:
        GateError: lists them.
    """
    reused = {
        row: found
        for row, id_ in wanted.items()
        if (found := matches.of_id(id_)) is not None
        and not same_content(found.fingerprint, prints[row])
        # What was never sent can be replaced; its ID is free again then.
        and (found.state is not OrderState.PLANNED or duplicates is Duplicates.REFUSE)
    }
    if reused:
        raise GateError(
            f"expected client order IDs that were never used, found {len(reused)} that belong to "
            f"other orders:\n{listing(reused)}\n"
            "Nothing was sent. Give each changed row a client order ID of its own; rows that were "
            "never sent can be replaced with --skip-sent."
        )


def refuse_sent(
    sent: Mapping[int, EarlierOrder],
    waiting: Mapping[int, list[EarlierOrder]],
    duplicates: Duplicates,
) -> None:
    """Refuse rows that were sent, or will be by another batch, unless that is wanted.

    Raises:
        GateError: lists them, and says what can be done.
    """
    if duplicates is not Duplicates.REFUSE or not (sent or waiting):
        return
    planned = {row: earlier[0] for row, earlier in waiting.items() if row not in sent}
    batches = dict.fromkeys(o.batch_id for row in planned for o in waiting[row])
    resume = ", ".join(f"orderbatch resume {name}" for name in batches)
    if sent:
        also = (
            f"and {len(planned)} that an unfinished batch is still to send ({resume}):\n"
            f"{listing(planned)}\n"
            if planned
            else ""
        )
        raise GateError(
            f"expected rows that were not sent before, found {len(sent)} that were:\n"
            f"{listing(sent)}\n{also}"
            "Nothing was sent. To send only the others: --skip-sent. To send the whole sheet once "
            "more: --again."
        )
    raise GateError(
        f"expected rows that no other batch is going to send, found {len(planned)} that an "
        f"unfinished batch holds:\n{listing(planned)}\n"
        f"Nothing was sent. Either finish that batch: {resume}, or let this sheet "
        "replace the rows that it has not sent: --skip-sent"
    )


def listing(found: Mapping[int, EarlierOrder]) -> str:
    """Name rows and the earlier orders that they repeat, a line each."""
    lines = [f"  row {row}: {name_of(earlier)}" for row, earlier in list(found.items())[:LISTED]]
    if len(found) > LISTED:
        lines.append(f"  and {len(found) - LISTED} more")
    return "\n".join(lines)


def name_of(order: EarlierOrder) -> str:
    """Name an order in every way in which a person may look for it."""
    server = f", server order ID {order.server_order_id}" if order.server_order_id else ""
    is_part = order.filled_size and order.state is not OrderState.FILLED
    part = " after a part fill" if is_part else ""
    return (
        f"client order ID {order.client_order_id}{server}, {final_state(order.state)}{part}, "
        f"in batch {order.batch_id} row {order.row}"
    )
