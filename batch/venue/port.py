"""What a run asks of a venue, and what any implementation must promise.

Where an order stands is told as an `OrderEvent` and its terms by the names of `Order`'s fields; no
word of a vendor's goes further up than its own room. For a placing the *type* of what is raised
is the certainty of delivery (`batch.errors`); questions may be asked again at will.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from batch.model import VenueOrder


class VenueCalls(Protocol):
    """The calls of a run; safe from any number of threads."""

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        """Place an order: at the most one request that the venue may process.

        Raises:
            NotDelivered: proven not processed.
            VenueRefused: the venue's own final no.
            OutcomeUnknown: everything else.
        """

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        """Give the orders under a client ID; empty where the venue finds none."""

    def query(self, server_order_id: str) -> VenueOrder | None:
        """Give one order; None when the venue does not know it."""

    def active(self) -> Mapping[str, VenueOrder]:
        """Give all open orders by server ID."""

    def cancel(self, server_order_id: str) -> None:
        """Ask to cancel an order; what became of it, only a query tells."""
