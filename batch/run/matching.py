"""Is what the venue holds under a client ID what was sent under it?"""

from __future__ import annotations

import json
from decimal import Decimal

from batch.model import VenueOrder

COMPARED = ("symbol", "side", "currency", "size", "price", "timeInForce")
"""Fields on the wire that make an order this order; each is compared where the venue echoes it."""


def difference(payload: str, found: VenueOrder) -> str:
    """Say how a found order differs from what was sent; empty when it does not.

    Args:
        payload: the exact JSON text of the placing.
    """
    sent = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    parts = [
        f"{name}: sent {_words(sent[name])}, found {_words(found.fields[name])}"
        for name in COMPARED
        if name in sent and name in found.fields and not _equal(sent[name], found.fields[name])
    ]
    return "; ".join(parts)


def _equal(sent: object, found: object) -> bool:
    if isinstance(sent, Decimal):
        return isinstance(found, (Decimal, int)) and sent == found
    return str(sent).casefold() == str(found).casefold()


def _words(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)
