"""A token bucket, which holds what leaves to a rate that may change all the while."""

from __future__ import annotations

BURST_S = 0.02
"""So many seconds' requests may leave at once after a lull, beside the one that always may."""


class Bucket:
    """Fills at the rate of the moment; each request that leaves takes one token."""

    def __init__(self) -> None:
        self._tokens = 1.0
        self._filled_at: float | None = None

    def wait_s(self, now: float, rate: float) -> float:
        """Give the seconds until there is a token; 0 or less when there is one."""
        self._fill(now, rate)
        return (1 - self._tokens) / rate

    def whole(self, now: float, rate: float) -> int:
        """Give how many requests may leave now."""
        self._fill(now, rate)
        return int(self._tokens + 1e-9)

    def take(self) -> None:
        """Take a token for a request that leaves."""
        self._tokens -= 1

    def empty(self, now: float) -> None:
        """Pour away what is there: the rate was too high."""
        self._tokens = 0.0
        self._filled_at = now

    def _fill(self, now: float, rate: float) -> None:
        if self._filled_at is not None:
            self._tokens += (now - self._filled_at) * rate
        self._tokens = min(self._tokens, 1 + rate * BURST_S)
        self._filled_at = now
