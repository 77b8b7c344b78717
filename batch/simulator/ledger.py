"""What a simulated venue has really taken: the truth that tests count against. Side module."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from batch.simulator.wire import encode


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One order that was taken.

    Attributes:
        body: the request's exact text.
        received_at: by this machine's clock, whatever the server's says.
        request_id: the placing's `X-Request-ID`; None where it carried none.
        status: as it stood when the ledger was asked.
    """

    order_id: str
    client_order_id: str
    body: str
    received_at: datetime
    request_id: str | None
    status: str
    filled_size: Decimal


class _Source(Protocol):
    @property
    def posts(self) -> int: ...

    def entries(self) -> Iterator[LedgerEntry]: ...

    def entry(self, order_id: str) -> LedgerEntry | None: ...


class Ledger:
    """A view of everything that the venue took; safe to ask from any thread."""

    def __init__(self, source: _Source) -> None:
        self._source = source

    @property
    def orders(self) -> tuple[LedgerEntry, ...]:
        """Every order, in the order of their coming, as it stands now."""
        return tuple(self._source.entries())

    @property
    def posts(self) -> int:
        """How many `POST /v2/orders` arrived, whatever became of them."""
        return self._source.posts

    def by_client_id(self) -> Mapping[str, tuple[LedgerEntry, ...]]:
        """Group the orders by client ID."""
        groups: defaultdict[str, list[LedgerEntry]] = defaultdict(list)
        for entry in self._source.entries():
            groups[entry.client_order_id].append(entry)
        return {client_order_id: tuple(entries) for client_order_id, entries in groups.items()}

    def duplicates(self) -> tuple[str, ...]:
        """List the client IDs that were taken more than once."""
        counts = Counter(entry.client_order_id for entry in self._source.entries())
        return tuple(client_order_id for client_order_id, count in counts.items() if count > 1)

    def status_of(self, order_id: str) -> str:
        """Give an order's status now.

        Raises:
            KeyError: no such order was taken.
        """
        entry = self._source.entry(order_id)
        if entry is None:
            raise KeyError(order_id)
        return entry.status

    def to_json(self) -> bytes:
        """Write the whole ledger as JSON, for another process; sizes are numbers."""
        return encode(
            {
                "posts": self.posts,
                "duplicates": list(self.duplicates()),
                "orders": [
                    {
                        "orderId": entry.order_id,
                        "coId": entry.client_order_id,
                        "status": entry.status,
                        "cumQty": entry.filled_size,
                        "requestId": entry.request_id,
                        "receivedAt": entry.received_at.isoformat(),
                        "body": entry.body,
                    }
                    for entry in self.orders
                ],
            }
        )
