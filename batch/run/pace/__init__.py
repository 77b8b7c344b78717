"""When the next request may leave: the rate that was asked for, and the one that the venue bears.

A token bucket holds all requests of a run to a rate (`bucket`), which is found where nobody named
one (`rate`). A 429 also pauses everybody for as long as the venue asks (`pauses`). Where all that
use a login share one rate, each request has a turn of its own among theirs (`allotment`).
"""

from __future__ import annotations

from batch.run.pace.allotment import Allotment
from batch.run.pace.bucket import Bucket
from batch.run.pace.pauses import BREATH_S, Pauses
from batch.run.pace.rate import Rate


class Pace:
    """The rate and the pauses of one run, shared by all that it sends.

    Args:
        retry_after_cap_s: the longest that a venue's `Retry-After` is obeyed.
        rate_per_s: the most requests a second; None for as many as the venue takes.
        allotment: the turns of this run, where it shares one rate with others.
    """

    def __init__(
        self,
        *,
        retry_after_cap_s: float,
        rate_per_s: float | None = None,
        allotment: Allotment | None = None,
    ) -> None:
        self._allotment = allotment
        self._pauses = Pauses(retry_after_cap_s=retry_after_cap_s)
        self._bucket = Bucket()
        self._rate = Rate(self._pauses, rate_per_s)

    def paused_s(self, now: float) -> float:
        """Give the seconds for which nothing may leave because of a setback or the venue's wish."""
        return self._pauses.left_s(now)

    def wait_s(self, now: float) -> float:
        """Give the seconds until a request may leave; 0 when it may at once."""
        paused_s = self.paused_s(now)
        rate = self._rate.at(now)
        turn_s = 0.0 if self._allotment is None else self._allotment.wait_s(now)
        own_s = 0.0 if rate is None else self._bucket.wait_s(now, rate)
        return max(paused_s, turn_s, own_s)

    def allowed(self, now: float, most: int) -> int:
        """Give how many requests may leave now, if somebody wants to send so many."""
        if self.paused_s(now) > 0:
            return 0
        rate = self._rate.at(now)
        own = most if rate is None else min(most, self._bucket.whole(now, rate))
        return own if self._allotment is None else self._allotment.allowed(now, own)

    def spend(self, now: float) -> None:
        """Take note of a request that leaves."""
        self._rate.began(now)
        self._bucket.take()
        if self._allotment is not None:
            self._allotment.take()

    def rate(self, now: float) -> float | None:
        """Give the requests a second that are held to at the moment; None without a bound."""
        rate = self._rate.at(now)
        if self._allotment is None:
            return rate
        shared = self._allotment.rate_per_s
        return shared if rate is None else min(rate, shared)

    def throttled(self, retry_after_s: float | None, now: float) -> None:
        """Send less from now on, and pause as the venue asked, or by our own backoff."""
        is_new = self._rate.refused(now)
        if is_new and self._rate.cut(now, max(retry_after_s or 0.0, 0.0)):
            self._bucket.empty(now)
        if retry_after_s is None:
            self._pauses.set_back(now, BREATH_S)
        else:
            self._pauses.obey(retry_after_s, now)
        if is_new:
            self._rate.rise_from(max(now, self._pauses.until))
        if self._allotment is not None:
            self._allotment.pause(self._pauses.left_s(now))

    def set_back(self, now: float) -> int:
        """Pause, twice as long each time in a row; give the number of times in a row."""
        return self._pauses.set_back(now)

    def went_well(self, now: float) -> None:
        """Forget earlier setbacks: a request was processed."""
        self._pauses.forget_setbacks()
        self._rate.answered(now)

    def answered(self, now: float) -> None:
        """Take note of a request that the venue took."""
        self._rate.answered(now)
