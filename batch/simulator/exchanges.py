"""What was asked of a simulated venue and what it answered, for tests to read. Side module."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        status: 0 where no answer was sent.
        answer_body: as it would have been sent whole.
    """

    at: datetime
    operation: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int
    answer_headers: tuple[tuple[str, str], ...]
    answer_body: bytes


class RequestLog:
    """Counts of everything, and the last exchanges in full; thread-safe.

    Args:
        kept: how many exchanges stay readable.
    """

    def __init__(self, kept: int) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, int]] = Counter()
        self._exchanges: deque[Exchange] = deque(maxlen=kept)

    def add(self, exchange: Exchange) -> None:
        """Record an exchange."""
        with self._lock:
            self._counts[exchange.operation, exchange.status] += 1
            self._exchanges.append(exchange)

    @property
    def counts(self) -> Counter[tuple[str, int]]:
        """Requests by operation and status; status 0 where no answer was sent."""
        with self._lock:
            return self._counts.copy()

    def count(self, operation: str | None = None, status: int | None = None) -> int:
        """Count the requests of an operation, with a status, or all."""
        return sum(
            number
            for (counted_operation, counted_status), number in self.counts.items()
            if operation in {None, counted_operation} and status in {None, counted_status}
        )

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The last requests and answers, oldest first."""
        with self._lock:
            return tuple(self._exchanges)
