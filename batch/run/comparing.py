"""Is what the venue holds what was sent?"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from batch.errors import BatchError
from batch.model import Terms, VenueOrder

COMPARED = ("symbol", "side", "currency", "size", "price", "time_in_force")
"""Terms that make an order this order; each is compared where the venue echoes it."""


ECHOED = ("symbol", "side", "currency", "size", "price")
"""Terms whose difference in any answer stops a run."""


class NothingToCompare(BatchError):
    """The venue's answer names none of the order's terms, so nothing is known of it."""


def difference(sent: Terms, found: VenueOrder, names: Sequence[str] = COMPARED) -> str:
    """Say how an order at the venue differs from what was sent; empty when it does not.

    Args:
        names: the terms to compare.

    Raises:
        NothingToCompare: the venue echoed none of them, and "the same" would be a guess.
    """
    if not says_terms(found, names):
        raise NothingToCompare(
            f"the venue's answer about server order ID {found.server_order_id} names none of the "
            "order's terms"
        )
    parts = []
    for name in names:
        ours, theirs = getattr(sent, name), _echoed(found, name)
        if ours is not None and theirs is not None and ours != theirs:
            parts.append(f"{name}: sent {_words(ours)}, found {_words(theirs)}")
    return "; ".join(parts)


def what_is_wrong(sent: Terms, found: tuple[VenueOrder, ...]) -> str:
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


def difference_if_echoed(sent: Terms, found: VenueOrder) -> str:
    """Say how an answer about a known order differs from what was sent, in what must never differ.

    Who it is about is known from its server ID, so one that names no terms is no contradiction.
    """
    return difference(sent, found, ECHOED) if says_terms(found, ECHOED) else ""


def says_terms(found: VenueOrder, names: Sequence[str] = COMPARED) -> bool:
    """Say whether the venue echoed any of these terms."""
    return any(_echoed(found, name) is not None for name in names)


def _echoed(found: VenueOrder, name: str) -> object:
    return found.odd_terms.get(name, getattr(found.terms, name))


def _words(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
