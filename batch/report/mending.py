"""Which rows of a batch may be given back for mending, and why the others may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from batch.model import OrderRecord
from batch.states import ENDED_EARLY, FINAL
from batch.states import OrderState as S

ENDS_TO_MEND = (S.INVALID, S.REFUSED, S.REJECTED, S.EXPIRED, S.CANCELLED)
"""Final states in which a row may be one to mend."""

_NEVER_AT_VENUE = frozenset({S.INVALID, S.REFUSED})


def rows_to_mend(orders: Iterable[OrderRecord], *, abandoned: bool) -> Iterator[OrderRecord]:
    """Choose the rows of which it is certain that the venue holds nothing and never will."""
    return (order for order in orders if _may_be_mended(order, abandoned=abandoned))


def _may_be_mended(order: OrderRecord, *, abandoned: bool) -> bool:
    if order.filled_size:
        return False
    if order.state in ENDED_EARLY:
        # This needs the venue's word that nothing was filled; its silence is none.
        return order.filled_size is not None
    if order.state is S.PLANNED:
        return abandoned
    # Not SKIPPED: another batch sent that row.
    return order.state in _NEVER_AT_VENUE or order.state is S.REJECTED


def why_none_in_words(orders: Iterable[OrderRecord]) -> str:
    """Say of rows of which none may be mended how many stand how."""
    counted = Counter(map(_why_not, orders))
    return ", ".join(f"{count:,} {why}" for why, count in counted.items())


def _why_not(order: OrderRecord) -> str:
    if order.state is S.SKIPPED:
        return "left out of this batch"
    if order.state not in FINAL:
        return "that may still be filled"
    if order.state is S.FILLED:
        return "filled"
    if order.filled_size:
        return "filled in part"
    return "of which the venue did not say that nothing was filled"
