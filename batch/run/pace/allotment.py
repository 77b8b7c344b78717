"""This run's turns, where all that use a login share one rate."""

from __future__ import annotations

from collections import deque
from typing import Protocol

PORTION_S = 0.04
"""At once, turns of so many seconds are reserved: more would make others wait, and each one is a
statement."""

LATE_S = 0.03
"""A turn is good for so long. What comes later would come together with others' turns."""

CATCH_UP_S = 0.02
"""A turn of so long ago may be reserved, so that whoever is alone loses no time between two."""

HEARD_S = 0.2
"""What was heard of the account before that may be out of date: somebody may have met a 429."""


class Account(Protocol):
    """Whoever gives out the turns of a login."""

    def reserve(self, turns: int, *, every_s: float, late_s: float) -> float:
        """Reserve the next turns, and give the monotonic time of the first."""

    def pause(self, seconds: float) -> None:
        """Let nobody have a turn for so long."""

    def is_paused(self) -> bool:
        """Say whether somebody has paused it."""

    def monotonic(self) -> float:
        """Give the monotonic time."""


class Allotment:
    """Reserves turns when they are wanted, a few at once, and lets each be used at its time alone.

    Args:
        rate_per_s: of all together.
    """

    def __init__(self, account: Account, rate_per_s: float) -> None:
        self._account = account
        self.rate_per_s = rate_per_s
        self._every_s = 1 / rate_per_s
        self._late_s = max(LATE_S, self._every_s / 2)
        self._most = max(int(rate_per_s * PORTION_S), 1)
        self._portion = 1
        self._turns: deque[float] = deque()
        self._heard_at = float("-inf")

    def allowed(self, now: float, most: int) -> int:
        """Give how many requests may leave now, of so many that somebody wants to send."""
        if most <= 0:
            return 0
        self._forget_late_ones(now)
        if self._is_due(now) and now - self._heard_at > HEARD_S:
            self._heard_at = now
            if self._account.is_paused():
                self._turns.clear()
        if not self._turns:
            now = self._reserve(min(most, self._portion))
        return min(most, sum(turn <= now for turn in self._turns))

    def wait_s(self, now: float) -> float:
        """Give the seconds until the next turn; 0 where none is reserved."""
        if not self._turns:
            return 0.0
        # Whoever looked when it was not there yet comes again, and does not wait for an answer.
        return max(self._turns[0] - now, 0.001)

    def take(self) -> None:
        """Use a turn; what leaves without one, as a login can, takes the next from all."""
        if not self._turns:
            self._reserve(1)
        self._turns.popleft()
        if not self._turns:
            self._portion = min(2 * self._portion, self._most)

    def pause(self, seconds: float) -> None:
        """Tell all others, too, that the venue wants a pause."""
        self._turns.clear()
        self._account.pause(seconds)

    def _is_due(self, now: float) -> bool:
        return bool(self._turns) and self._turns[0] <= now

    def _reserve(self, turns: int) -> float:
        first = self._account.reserve(turns, every_s=self._every_s, late_s=CATCH_UP_S)
        self._turns.extend(first + number * self._every_s for number in range(turns))
        self._heard_at = self._account.monotonic()
        return self._heard_at

    def _forget_late_ones(self, now: float) -> None:
        while self._turns and now - self._turns[0] > self._late_s:
            self._turns.popleft()
            # More was reserved than was wanted, or than could be used in time.
            self._portion = 1
