"""What is done about rows that were sent before, and the words for it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from batch.errors import Advice, GateError, hint
from batch.journal import EarlierOrder
from batch.plan.exposures import Earlier, Repeats
from batch.states import OrderState, final_state

LISTED = 20
"""How many duplicates a message lists."""


class Duplicates(StrEnum):
    """What to do with rows that were sent before."""

    REFUSE = "refuse"
    SKIP = "skip"
    SEND = "send"


def refuse_reused_ids(
    wanted: Mapping[int, str],
    prints: Mapping[int, str],
    earlier: Earlier,
    duplicates: Duplicates,
    user: str,
) -> None:
    """Refuse client IDs that the journal knows with other content.

    Raises:
        GateError: lists them.
    """
    reused = {
        row: found
        for row, id_ in wanted.items()
        if (found := earlier.of_id(id_)) is not None
        and found.fingerprint != prints[row]
        # What was never sent can be replaced; its ID is free again then.
        and (found.state is not OrderState.PLANNED or duplicates is Duplicates.REFUSE)
    }
    if reused:
        raise GateError(
            f"expected client order IDs that were never used, found {len(reused)} that belong to "
            f"other orders:\n{listing(reused, user)}\n"
            "Nothing was sent. Give each changed row a client order ID of its own.",
            advice=Advice.REPLACE_UNSENT,
        )


def refuse_sent(repeats: Repeats, duplicates: Duplicates, user: str) -> None:
    """Refuse rows that were sent, or will be by another batch, unless that is wanted.

    Raises:
        GateError: lists them, and says what can be done.
    """
    sent, waiting = repeats.sent, repeats.waiting
    if duplicates is not Duplicates.REFUSE or not (sent or waiting):
        return
    planned = {row: orders[0] for row, orders in waiting.items() if row not in sent}
    batches = dict.fromkeys(o.batch_id for row in planned for o in waiting[row])
    if sent:
        also = (
            f"and {len(planned)} that an unfinished batch is still to send "
            f"({', '.join(batches)}):\n{listing(planned, user)}\n"
            if planned
            else ""
        )
        go_on = [hint(Advice.RESUME, *batches)] if batches else []
        raise GateError(
            f"expected rows that were not sent before, found {len(sent)} that were:\n"
            f"{listing(sent, user)}\n{also}"
            "Nothing was sent.",
            advice=[*go_on, hint(Advice.SKIP_SENT), hint(Advice.AGAIN)],
        )
    raise GateError(
        f"expected rows that no other batch is going to send, found {len(planned)} that an "
        f"unfinished batch holds:\n{listing(planned, user)}\n"
        "Nothing was sent.",
        advice=[hint(Advice.FINISH_OR_REPLACE, *batches)],
    )


def listing(found: Mapping[int, EarlierOrder], user: str) -> str:
    """Name rows and the earlier orders that they repeat, a line each.

    Args:
        user: who asks; an order of somebody else is named as theirs.
    """
    shown = list(found.items())[:LISTED]
    lines = [f"  row {row}: {name_of(earlier, user)}" for row, earlier in shown]
    if len(found) > LISTED:
        lines.append(f"  and {len(found) - LISTED} more")
    return "\n".join(lines)


def name_of(order: EarlierOrder, user: str) -> str:
    """Name an order in every way in which a person may look for it."""
    server = f", server order ID {order.server_order_id}" if order.server_order_id else ""
    is_part = order.filled_size and order.state is not OrderState.FILLED
    part = " after a part fill" if is_part else ""
    whose = f" of {order.user}" if order.user != user else ""
    run = f" (run {order.run_key})" if order.run_key else ""
    return (
        f"client order ID {order.client_order_id}{server}, {final_state(order.state)}{part}, "
        f"in batch {order.batch_id}{whose}{run} row {order.row}"
    )
