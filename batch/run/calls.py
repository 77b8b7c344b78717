"""What a run asks of the venue, as values: each call, and whom its answer concerns."""

from __future__ import annotations

from dataclasses import dataclass

from batch.journal import Placing
from batch.run.tracking import Tracked


@dataclass(frozen=True, slots=True)
class Find:
    """Does the venue hold an order under this client ID?"""

    order: Tracked


@dataclass(frozen=True, slots=True)
class Query:
    """How does an order stand, by its server ID?"""

    order: Tracked


@dataclass(frozen=True, slots=True)
class ListActive:
    """Which orders are open?

    Attributes:
        orders: whom the answer concerns.
    """

    orders: tuple[Tracked, ...]


@dataclass(frozen=True, slots=True)
class CancelOne:
    """The wish that an open order be cancelled."""

    order: Tracked


@dataclass(frozen=True, slots=True)
class FindControl:
    """Does the query by client ID find an order that is known to be done?"""

    client_order_id: str


@dataclass(frozen=True, slots=True)
class FindAgain:
    """Does one order stand under the ID of a row that was sent twice?

    Attributes:
        server_order_id: the one that is known; None where none is.
    """

    row: int
    client_order_id: str
    server_order_id: str | None


@dataclass(frozen=True, slots=True)
class LogIn:
    """A login or a renewal, for all that is placed."""


Question = Find | Query | ListActive | CancelOne
"""A call about orders that the venue holds, or may hold; asking twice is harmless."""

Subject = Placing | Question | FindControl | FindAgain | LogIn
"""What a call is about."""


def asked_about(question: Question) -> tuple[Tracked, ...]:
    """Give the orders that a question's answer concerns."""
    return question.orders if isinstance(question, ListActive) else (question.order,)
