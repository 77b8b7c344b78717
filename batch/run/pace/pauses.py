"""When nothing may leave: because the venue asked for it, or because it does not answer."""

from __future__ import annotations

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

BREATH_S = 0.1
"""The first pause after a 429 that names no time, because the lower rate is the true answer."""


class Pauses:
    """The pauses of one run, shared by all that it sends.

    Attributes:
        until: monotonic time until which nothing may leave.
    """

    def __init__(self, *, retry_after_cap_s: float) -> None:
        self._cap_s = retry_after_cap_s
        self._setbacks = 0
        self.until = 0.0

    def left_s(self, now: float) -> float:
        """Give the seconds for which nothing may leave."""
        return max(self.until - now, 0.0)

    def obey(self, seconds: float, now: float) -> None:
        """Pause as the venue asked, up to the cap."""
        self._pause(min(max(seconds, 0.0), self._cap_s), now)

    def set_back(self, now: float, first_s: float = FIRST_PAUSE_S) -> int:
        """Pause, twice as long each time in a row; give the number of times in a row."""
        # One trouble that many requests in flight meet at once is one setback.
        if now >= self.until:
            self._pause(min(first_s * 2**self._setbacks, LONGEST_PAUSE_S), now)
            self._setbacks += 1
        return self._setbacks

    def forget_setbacks(self) -> None:
        """Begin anew: a request was processed."""
        self._setbacks = 0

    def _pause(self, seconds: float, now: float) -> None:
        self.until = max(self.until, now + seconds)
