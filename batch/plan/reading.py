"""Is a sheet read today as it was when its batch was planned? What is checked is what is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from batch.errors import Advice, GateError, hint
from batch.model import TERMS, BatchRecord, Order, OrderRecord, Validation
from batch.states import OrderState

LISTED = 5
"""How many rows that are read differently a message names."""


def refuse_other_reading(
    batch: BatchRecord,
    records: Iterable[OrderRecord],
    validation: Validation,
    encode: Callable[[Order, str], str],
) -> None:
    """Compare what a sheet says now with the payloads that its batch has sent or will send.

    A mapping, a default or a decimal sign that has changed since makes other orders of the same
    cells; the batch would send the old ones while everything else spoke of the new ones.

    Raises:
        GateError: names the first rows that differ, with both readings.
    """
    now = {order.row: order for order in validation.orders}
    not_sent = 0

    def differing() -> Iterable[str]:
        nonlocal not_sent
        for record in records:
            not_sent += record.state is OrderState.PLANNED
            words = _difference(record, now.get(record.row), encode)
            if words:
                yield f"  row {record.row}: {words}"

    found = differing()
    lines = list(islice(found, LISTED))
    if not lines:
        return
    more = sum(1 for _ in found)
    lines += [f"  and {more:,} more"] if more else []
    name = batch.batch_id
    left = (
        f"{not_sent:,} rows of it are not sent yet."
        if not_sent
        else "All of its rows have left as they were read then."
    )
    advice = [hint(Advice.REPLACE_READING, name)] if not_sent else [hint(Advice.CHANGE_CELL)]
    raise GateError(
        f"batch {name}: expected its sheet to be read as it was when the batch was planned, found "
        f"{len(lines) - bool(more) + more:,} rows that are read differently now:\n"
        + "\n".join(lines)
        + f"\nNothing was sent by this run. {left} To go on with it, put the settings and options "
        "back that say how the sheet is read.",
        advice=advice,
    )


def _difference(
    record: OrderRecord, order: Order | None, encode: Callable[[Order, str], str]
) -> str:
    if record.order is None or order is None:
        if record.order is order:
            return ""
        return f"planned as {_shown(record.order)}, read now as {_shown(order)}"
    is_same = (
        record.client_order_id is not None
        and encode(order, record.client_order_id) == record.payload
        and order.client_order_id == record.order.client_order_id
    )
    if is_same:
        return ""
    before, after = record.order.terms(), order.terms()
    named = [name for name in TERMS if getattr(before, name) != getattr(after, name)]
    parts = [f"{name} {_word(getattr(before, name))}" for name in named]
    others = [f"{name} {_word(getattr(after, name))}" for name in named]
    if order.client_order_id != record.order.client_order_id:
        parts.append(f"client_order_id {_word(record.order.client_order_id)}")
        others.append(f"client_order_id {_word(order.client_order_id)}")
    if not parts:
        # The same order in other words: only a person can say whether the venue sees it so.
        again = encode(order, record.client_order_id or "")
        return f"planned as {record.payload}, read now as {again}"
    return f"planned with {', '.join(parts)}, read now with {', '.join(others)}"


def _shown(order: Order | None) -> str:
    if order is None:
        return "no valid order"
    return (
        f"{order.side} {order.size:f} {order.currency} of {order.symbol} at {order.price:f} "
        f"{order.time_in_force}"
    )


def _word(value: object) -> str:
    return "none" if value is None else str(value)
