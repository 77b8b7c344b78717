"""Time as a value that can be passed in, so that no test sleeps for real. Layer 1."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What orderbatch asks of time."""

    def now(self) -> datetime:
        """Give the wall-clock time, in UTC; for records only, never for lifetimes."""

    def monotonic(self) -> float:
        """Give seconds since an arbitrary start; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait so many seconds."""


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
