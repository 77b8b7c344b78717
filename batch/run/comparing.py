"""Is what the venue holds what was sent?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from batch.errors import BatchError
from batch.model import Order, Terms, VenueOrder

COMPARED = ("symbol", "side", "currency", "size", "price", "time_in_force")
"""Terms that make an order this order; each is compared where the venue echoes it."""


ECHOED = ("symbol", "side", "currency", "size", "price")
"""Terms whose difference in any answer stops a run."""

NEVER_ANOTHER = ("symbol", "side", "currency")
"""Terms by which amounts are added up; an order that differs in one never stands for a row."""


class NothingToCompare(BatchError):
    """The venue's answer names none of the order's terms, so nothing is known of it."""


def difference(sent: Terms | Order, found: VenueOrder, names: Sequence[str] = COMPARED) -> str:
    """Say how an order at the venue differs from what was sent; empty when it does not.

    Args:
        sent: an order will do, which has its terms under the same names.
        names: the terms to compare.

    Raises:
        NothingToCompare: the venue echoed none of them, and "the same" would be a guess.
    """
    parts = []
    is_told = False
    for name in names:
        theirs = _echoed(found, name)
        if theirs is None:
            continue
        is_told = True
        ours = getattr(sent, name)
        if ours is not None and theirs != ours:
            parts.append(f"{name}: sent {_words(ours)}, found {_words(theirs)}")
    if not is_told:
        raise NothingToCompare(
            f"the venue's answer about server order ID {found.server_order_id} names none of the "
            "order's terms"
        )
    return "; ".join(parts)


def what_is_wrong(sent: Terms | Order, found: tuple[VenueOrder, ...]) -> str:
    """Say why what was found under a client ID is not the order that was sent; "" if it is."""
    if len(found) > 1:
        return f"the venue holds {len(found)} orders under this client order ID"
    try:
        return difference(sent, found[0])
    except NothingToCompare as nothing:
        return str(nothing)


def is_another(client_order_id: str, answer: VenueOrder) -> bool:
    """Say whether an answer is about an order of another client ID."""
    return answer.client_order_id not in ("", client_order_id)


def difference_if_echoed(sent: Terms | Order, found: VenueOrder) -> str:
    """Say how an answer about a known order differs from what was sent, in what must never differ.

    Who it is about is known from its server ID, so one that names no terms is no contradiction.
    """
    try:
        return difference(sent, found, ECHOED)
    except NothingToCompare:
        return ""


class Sent(Protocol):
    """An order that was sent, however it is kept."""

    @property
    def row(self) -> int: ...
    @property
    def client_order_id(self) -> str | None: ...


def another_than_sent(order: Sent, wrong: str) -> str:
    """Say in an alarm's words that the venue holds another order, and how it differs."""
    return (
        f"row {order.row}, client order ID {order.client_order_id}: expected to find the order "
        f"that was sent, found another ({wrong})"
    )


def stands_for_row(wrong: str) -> str:
    """Say that an order stands for its row though it differs; "" if it does not differ."""
    return f"it is not as it was sent ({wrong}), and stands for the row" if wrong else ""


def says_terms(found: VenueOrder, names: Sequence[str] = COMPARED) -> bool:
    """Say whether the venue echoed any of these terms."""
    return any(_echoed(found, name) is not None for name in names)


def _echoed(found: VenueOrder, name: str) -> object:
    return found.odd_terms[name] if name in found.odd_terms else getattr(found.terms, name)


def _words(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
