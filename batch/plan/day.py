"""Limits over a whole trading day: what all batches of a venue and org may send together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from batch.config import DayLimits
from batch.journal.days import Spent
from batch.model import Order
from batch.states import OrderState

NEVER_SENT = frozenset({OrderState.INVALID, OrderState.SKIPPED})

ENDED_UNFILLED = frozenset({OrderState.REFUSED, OrderState.REJECTED})
"""The venue holds nothing of them."""

MAY_END_UNFILLED = frozenset({OrderState.FILLED, OrderState.EXPIRED, OrderState.CANCELLED})
"""Of these only what was filled counts, where the venue said how much that is."""


def exposure(spent: Spent) -> Decimal:
    """Give the size that counts of each of some orders: what was not filled is given back.

    What is not known counts whole, and so does what may still be filled.
    """
    if spent.state in NEVER_SENT:
        return Decimal(0)
    if spent.state in ENDED_UNFILLED:
        return spent.filled_size or Decimal(0)
    if spent.state in MAY_END_UNFILLED and spent.filled_size is not None:
        return spent.filled_size
    return spent.size


def exceeded_day(
    orders: Sequence[Order], earlier: Iterable[Spent], limits: DayLimits, *, counted: bool = False
) -> list[str]:
    """Hold what is to be sent, and what the day's batches come to already, against the limits.

    Args:
        counted: the orders are among the earlier ones, because their batch is of today.

    Returns:
        A sentence with figures for each limit that would be exceeded.
    """
    spent: defaultdict[str, Decimal] = defaultdict(Decimal)
    count = 0
    for group in earlier:
        spent[group.currency] += exposure(group) * group.count
        count += group.count if group.state not in NEVER_SENT else 0
    failed = []
    more = 0 if counted else len(orders)
    if limits.max_orders is not None and count + more > limits.max_orders:
        failed.append(
            f"orders a day: expected at most {limits.max_orders:,}, found {count:,} of today and "
            f"{more:,} more"
        )
    wanted: defaultdict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        wanted[order.currency] += 0 if counted else order.size
    for currency, size in sorted(wanted.items()) if limits.sizes else ():
        most = limits.sizes.get(currency)
        if most is None:
            failed.append(
                f"size a day: expected one of {', '.join(limits.sizes)}, found {currency}"
            )
        elif spent[currency] + size > most:
            failed.append(
                f"size a day: expected at most {most:,f} {currency}, found "
                f"{spent[currency]:,f} of today and {size:,f} more"
            )
    return failed
