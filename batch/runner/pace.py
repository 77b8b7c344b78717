"""When the next request may leave: after a 429 nobody sends until the venue wants it."""

from __future__ import annotations

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0


class Pace:
    """The pauses of one run, shared by all that it sends.

    Args:
        retry_after_cap_s: the longest that a venue's `Retry-After` is obeyed.
    """

    def __init__(self, *, retry_after_cap_s: float) -> None:
        self._cap_s = retry_after_cap_s
        self._paused_until = 0.0
        self._setbacks = 0

    def wait_s(self, now: float) -> float:
        """Give the seconds until a request may leave; 0 when it may at once."""
        return max(self._paused_until - now, 0.0)

    def throttled(self, retry_after_s: float | None, now: float) -> None:
        """Pause as the venue asked, or by our own backoff where it named no time."""
        if retry_after_s is None:
            self.set_back(now)
        else:
            self._pause(min(max(retry_after_s, 0.0), self._cap_s), now)

    def set_back(self, now: float) -> int:
        """Pause, twice as long each time in a row; give the number of times in a row."""
        # One trouble that many requests in flight meet at once is one setback.
        if now >= self._paused_until:
            self._pause(min(FIRST_PAUSE_S * 2**self._setbacks, LONGEST_PAUSE_S), now)
            self._setbacks += 1
        return self._setbacks

    def went_well(self) -> None:
        """Forget earlier setbacks: a request was processed."""
        self._setbacks = 0

    def _pause(self, seconds: float, now: float) -> None:
        self._paused_until = max(self._paused_until, now + seconds)
