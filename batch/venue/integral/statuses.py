"""What the venue's words for an order's status mean.

Source: seed-place-an-order-limit ("Order status transition"); for cancelled orders the venue's
WebSocket reference.
"""

from __future__ import annotations

from batch.states import OrderEvent

EVENTS = {
    "RECEIVED": OrderEvent.WORKING,
    "NEW": OrderEvent.WORKING,
    "FILLED": OrderEvent.FILLED,
    "EXPIRED": OrderEvent.EXPIRED,
    "REJECTED": OrderEvent.REJECTED,
    # Both spellings: the vendor's WebSocket reference is not consistent.
    "CANCELED": OrderEvent.CANCELLED,
    "CANCELLED": OrderEvent.CANCELLED,
}
"""Statuses whose meaning is published; any other is kept as it came and is not final."""


def is_published(status: str) -> bool:
    """Say whether the meaning of a status is published."""
    return status.strip().upper() in EVENTS


def event_of_status(status: str) -> OrderEvent:
    """Read a venue status as an event; one that is not published counts as still working.

    Source: venue-api, "Follow an order".
    """
    return EVENTS.get(status.strip().upper(), OrderEvent.WORKING)
