"""What a run asks of a venue, and what any implementation must promise.

Where an order stands is told as an `OrderEvent` and its terms by the names of `Order`'s fields; no
word of a vendor's goes further up than its own room. For a placing the *type* of what is raised
is the certainty of delivery (`batch.errors`); questions may be asked again at will.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from batch.model import VenueOrder


@dataclass(frozen=True, slots=True)
class Lease:
    """How long a request can live that carries a credential: what is fenced off by its end.

    Attributes:
        life_s: seconds from the moment at which the venue gave it; None where it may live for
            ever, or the venue does not say.
        number: tells the credentials of a process apart.
    """

    life_s: float | None
    number: int


class Questions(Protocol):
    """What may be asked at any time, by any number of threads."""

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        """Give the orders under a client ID; empty where the venue finds none."""

    def query(self, server_order_id: str) -> VenueOrder | None:
        """Give one order; None when the venue does not know it."""

    def active(self) -> Mapping[str, VenueOrder]:
        """Give all open orders by server ID."""


class VenueCalls(Questions, Protocol):
    """The calls of a run; safe from any number of threads, but for those about the lease.

    Placing never logs in by itself. A credential is used for it only after the run has put its
    life on record (`offered`, `use`), because only its end proves that a request is no longer on
    its way somewhere.
    """

    def login(self) -> None:
        """Have a credential at hand that lives, by logging in or renewing where that is due."""

    def wants_login(self) -> bool:
        """Say whether there is none to place with, or it ends soon, and none is offered either."""

    def can_place(self) -> bool:
        """Say whether a credential is in use for placing, and lives."""

    def offered(self) -> Lease | None:
        """Give the newest credential's lease if it is not in use yet."""

    def use(self, lease: Lease) -> None:
        """Place with the credential of this lease from now on; its life is on record."""

    def lay_down(self) -> None:
        """Place with nothing until a credential is put to use anew: another batch begins."""

    def dead_at(self) -> float:
        """Give the monotonic time from which nothing that was sent so far can be processed.

        Returns:
            Infinity where there is no such time.
        """

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        """Place an order: at the most one request that the venue may process.

        Raises:
            NotDelivered: proven not processed (LoginNeeded: log in and use that first).
            VenueRefused: the venue's own final no.
            OutcomeUnknown: everything else (Disputed: "not found" would prove nothing).
        """

    def cancel(self, server_order_id: str) -> None:
        """Ask to cancel an order; what became of it, only a query tells."""
