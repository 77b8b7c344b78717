"""The simulated venue's time, and a wall clock that may be wrong. Side module."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class Timeline:
    """Derive every time of the venue from one monotonic clock, so that tests can step it.

    Args:
        clock: seconds since an arbitrary start; never goes back.
        offset_s: how far the server's wall clock is ahead of this machine's.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, offset_s: float = 0.0) -> None:
        self.now = clock
        self._offset_s = offset_s
        self._epoch_at_zero = time.time() - clock()

    def server_epoch(self, at: float) -> float:
        """Give the server's wall clock at a monotonic time, in epoch seconds."""
        return self._epoch_at_zero + at + self._offset_s

    def server_ms(self, at: float) -> int:
        """Give the server's wall clock at a monotonic time, in epoch milliseconds."""
        return round(self.server_epoch(at) * 1000)

    def true_time(self, at: float) -> datetime:
        """Give this machine's wall clock at a monotonic time."""
        return datetime.fromtimestamp(self._epoch_at_zero + at, UTC)
