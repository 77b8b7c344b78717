"""What the journals of a history report, held against the venue's books."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING

from batch.desk.reports import HANDED_BACK
from batch.errors import GateError
from batch.journal import Journal
from batch.model import OrderRecord
from batch.plan.since import refuse_sent_since
from batch.run.alarms import read_alarms
from batch.run.past import DONE, find_disputed
from batch.states import OrderState
from tests.campaign.books import Place
from tests.campaign.invariants import NOTHING_AT_VENUE, Reported, contradicted, lost

if TYPE_CHECKING:
    from tests.campaign.world import World

Records = Mapping[Place, list[OrderRecord]]


def contradictions(world: World, *, at_end: bool) -> list[str]:
    """Name what a journal lacks, and what it reports that is not so.

    Args:
        at_end: nothing moves any more, and everything that can be gone on with was.
    """
    wrong: list[str] = []
    for folder in sorted({place[0] for place in world.places}):
        journal = world.journals.look(folder)
        records = {
            place: list(journal.orders(place[1])) for place in world.places if place[0] == folder
        }
        gated = {place for place in records if at_end and _is_gated(world, journal, place)}
        for place, orders in records.items():
            lines = [_as_reported(order) for order in orders]
            wrong += lost(lines, world.ledger.batches[place].sizes())
        wrong += _claimed_too_much(world, folder, records, gated, at_end=at_end)
        if at_end:
            wrong += _unfinished(world, journal, records, gated)
            wrong += _left_to_nobody(world, records)
            _count(world, records)
    if at_end:
        world.figures["histories"] += 1
        world.figures["orders at the venue"] += len(world.books.taken())
        for word, times in world.books.struck.items():
            world.figures[f"fault {word}"] += times
    return wrong


def _claimed_too_much(
    world: World, folder: str, records: Records, gated: set[Place], *, at_end: bool
) -> list[str]:
    ledger, books = world.ledger, world.books
    # Under these two journals have sent, or a person has said what is not so.
    shared = {held.client_order_id for held in books.held if held.sender[0] != folder}
    odd = shared | {name for of, name in ledger.misled if of == folder}
    doubtful = {name for of, name in ledger.doubtful if of == folder}
    taken = [books.as_taken(held) for held in books.taken() if held.sender[0] == folder]
    wrong = []
    for ends in (False, True):
        lines = []
        for place, orders in records.items():
            if (at_end and place not in gated) is not ends:
                continue
            for order in orders:
                name = order.client_order_id or ""
                # It is held against the venue in time, and nothing is claimed of it after that.
                is_doubtful = name in doubtful and (
                    order.state is OrderState.UNKNOWN
                    or (order.state is OrderState.OPEN and not ends)
                )
                if order.state is not OrderState.SKIPPED and not (name in odd or is_doubtful):
                    lines.append(_as_reported(order))
        names = {line.client_order_id for line in lines}
        mine = [order for order in taken if order.client_order_id in names]
        wrong += contradicted(lines, mine, at_end=ends)
    reported = {
        order.client_order_id: order
        for orders in records.values()
        for order in orders
        if order.state is not OrderState.SKIPPED
    }
    for one in taken:
        name = one.client_order_id
        line = reported.get(name)
        if line is None and name not in odd:
            wrong.append(f"order {one} is in no line of a report")
        elif (
            line is not None
            and name in shared
            and line.final_state.value in NOTHING_AT_VENUE
            and (folder, name) not in ledger.misled
        ):
            wrong.append(f"the venue holds {one}, and the report says {line.final_state}")
    return wrong


def _unfinished(world: World, journal: Journal, records: Records, gated: set[Place]) -> list[str]:
    """Name rows that are left though somebody could have found out, or sent them."""
    ledger, market = world.ledger, world.market
    # Without an order that is done, nothing shows that the query finds such orders.
    controlled = {
        ledger.batches[place].user
        for place, orders in records.items()
        if any(order.state in DONE for order in orders)
    }
    strangers = {held.client_order_id for held in world.books.held if held.is_foreign}
    odd = strangers | {name for _, name in (*ledger.misled, *ledger.doubtful)}
    wrong = []
    for place, orders in records.items():
        if place in gated:
            continue
        folder, batch_id = place
        # What another journal has sent is not this one's to send.
        odd_here = odd | {h.client_order_id for h in world.books.held if h.sender[0] != folder}
        is_disturbed = any(order.client_order_id in odd_here for order in orders)
        left = [
            order
            for order in orders
            if order.state is OrderState.SENDING
            # One that somebody wanted cancelled leaves with the run after the wish's, if at all.
            or (
                order.state is OrderState.PLANNED
                and (folder, order.client_order_id or "") not in ledger.wished
            )
        ]
        unknown = [o for o in orders if o.state is OrderState.UNKNOWN]
        if left and not (is_disturbed or read_alarms(journal, batch_id).standing):
            wrong += [f"left in {order.state} at the end: {order}" for order in left]
        asked = ledger.batches[place]
        if not (unknown and market.covers_done and asked.user in controlled):
            continue
        # A no that may have meant "I have it already": not found is no proof then.
        disputed = find_disputed(journal.events(batch_id))
        others = _asked_elsewhere(world, place)
        wrong += [
            f"left UNKNOWN: {order}"
            for order in unknown
            if order.row not in disputed
            and order.client_order_id not in odd_here
            and asked.rows[order.row] not in others
        ]
    return wrong


def _asked_elsewhere(world: World, place: Place) -> set[object]:
    return {
        content
        for other, asked in world.ledger.batches.items()
        if other != place and other[0] == place[0]
        for content in asked.rows.values()
    }


def _left_to_nobody(world: World, records: Records) -> list[str]:
    """Name rows that were left out, and that no other batch and no sheet of corrections has."""
    wrong = []
    for place, orders in records.items():
        others: set[object] | None = None
        for order in orders:
            if order.state is not OrderState.SKIPPED:
                continue
            if order.message.startswith(HANDED_BACK):
                if (place, order.row) not in world.ledger.handed:
                    wrong.append(f"handed back, and in no sheet of corrections: {order}")
                continue
            others = _asked_elsewhere(world, place) if others is None else others
            # An ID says "this very order": one that was never sent is replaced by it.
            is_replaced = any(
                order.client_order_id == other.client_order_id
                for elsewhere in records
                if elsewhere != place
                for other in records[elsewhere]
            )
            if not is_replaced and world.ledger.batches[place].rows[order.row] not in others:
                wrong.append(f"left out, and nobody else sends it: {order}")
    return wrong


def _is_gated(world: World, journal: Journal, place: Place) -> bool:
    try:
        refuse_sent_since(journal, journal.batch(place[1]), world.clock)
    except GateError:
        return True
    return False


def _count(world: World, records: Records) -> None:
    states: defaultdict[OrderState, int] = defaultdict(int)
    for orders in records.values():
        world.figures["rows"] += len(orders)
        for order in orders:
            states[order.state] += 1
    world.figures["UNKNOWN left"] += states[OrderState.UNKNOWN]
    world.figures["rows left out"] += states[OrderState.SKIPPED]


def _as_reported(order: OrderRecord) -> Reported:
    assert order.order is not None
    return Reported(
        row=order.row,
        client_order_id=order.client_order_id or "",
        size=order.order.size,
        final_state=order.final_state.value,
        server_order_id=order.server_order_id,
        filled_size=order.filled_size,
    )
