"""Finding the rate that the venue bears, where nobody named one.

The first 429 shows that there is one, and it is found as TCP finds a line's: cut by a share at each
429, raised little by little in between.
"""

from __future__ import annotations

from collections import deque
from math import exp, log1p, sqrt

from batch.run.pace.pauses import BREATH_S, Pauses

CUT = 0.96
"""What a 429 leaves of the rate."""

RISE_A_S = 0.004
"""By this share the rate rises each second: back to where the last 429 found it in ten, so that
about one request in ten seconds meets a 429. Where each costs a pause, much less often."""

SEARCH_A_S = 0.5
"""The rise while the rate is only guessed, from less than a second's answers."""

GUESSED = 0.5
"""Of what so few answers seem to tell, this share: a guess that is too low costs less time than one
that meets the next 429 at once, and with it nothing that could be learnt."""

HIGHEST_RISE = 20.0
"""As a power of e: more than any venue bears, and few enough for a float after hours of waiting."""

PRESSING = 0.6
"""From this share of the rate on, the rate bounded what was sent, and not our own demand."""

DEEP_CUT, SLOW_SEARCH_A_S = 0.8, 0.05
"""The cut and the rise instead, where the pauses are long and the venue's rate is still unclear."""

REACTION_S = 0.5
"""So long after a cut, more 429s are still answers to what left before it."""

MEASURED_S = 1.0
"""The venue's rate is what it took in so many seconds."""

MARGIN = 0.99
"""Where a 429 costs a pause, this share of the rate that the venue seems to bear."""

LOWEST = 0.2
"""No rate is lower, so that a run goes on."""


class Rate:
    """The requests a second of one run, by what was asked for and what the venue's answers teach.

    Args:
        pauses: when nothing could leave, so that it proves nothing.
        highest_per_s: the most requests a second; None for as many as the venue takes.
    """

    def __init__(self, pauses: Pauses, highest_per_s: float | None) -> None:
        self._pauses = pauses
        self._highest = highest_per_s
        self._found: float | None = None
        self._rise_a_s = SEARCH_A_S
        self._cut_at = float("-inf")
        self._rises_from = float("-inf")
        self._asked_s = 0.0
        self._cuts = 0
        self._first_taken = 0
        self._first_lasted_s = 0.0
        self._began_at: float | None = None
        self._answers: deque[tuple[float, bool]] = deque()

    def began(self, now: float) -> None:
        """Take note of a request that leaves."""
        if self._began_at is None:
            self._began_at = now

    def refused(self, now: float) -> bool:
        """Take note of a 429; say whether it is news, and no answer to what left before a cut."""
        self._answers.append((now, False))
        return now - self._cut_at >= REACTION_S

    def rise_from(self, moment: float) -> None:
        """Let the rate rise from then on."""
        self._rises_from = moment

    def at(self, now: float) -> float | None:
        """Give the requests a second that are held to at the moment; None without a bound."""
        if self._found is None:
            return self._highest
        # A rate that nothing was sent at proves nothing, so it does not rise in a pause.
        rising_s = max(now - self._rises_from, 0.0)
        raised = self._found * exp(min(rising_s * log1p(self._rise_a_s), HIGHEST_RISE))
        return raised if self._highest is None else min(raised, self._highest)

    def answered(self, now: float) -> None:
        """Take note of a request that the venue took."""
        self._answers.append((now, True))
        self._forget(now)
        if self._cuts == 0:
            self._first_taken += 1
        elif self._cuts == 1 and now < self._rises_from:
            # It left with those that met the first 429, and tells what that one did not.
            self._first_taken += 1
            if self._highest is None and self._found is not None:
                self._found = max(self._found, self._guess(self._found))

    def cut(self, now: float, asked_s: float) -> bool:
        """Lower the rate after a 429 that asked for a pause; say whether there was one to learn."""
        current, lately_per_s = self.at(now), self._lately_per_s(now)
        if current is None and lately_per_s == 0:
            return False  # it took nothing yet, so there is nothing to learn but to wait
        if self._cuts == 0:
            self._first_lasted_s = now - (now if self._began_at is None else self._began_at)
        rise_a_s = RISE_A_S / (1 + 5 * asked_s)
        if current is None:
            found, rise_a_s = self._guess(lately_per_s), SEARCH_A_S
        elif len(self._answers) < PRESSING * current * self._lately_s(now):
            # What was sent was less than this rate, which therefore is not what was too much.
            known = current if self._found is None else max(self._found, lately_per_s)
            found = CUT * min(current, known)
        else:
            found = min(CUT * current, lately_per_s or current)
            if asked_s > BREATH_S and now - self._rises_from < MEASURED_S:
                # Too short to tell the rate; the next stretch shall be longer.
                found, rise_a_s = min(found, DEEP_CUT * current), SLOW_SEARCH_A_S
            elif asked_s > BREATH_S:
                found = min(found, self._overrun_from(now, current))
        self._cuts += 1
        self._rise_a_s = rise_a_s
        self._asked_s = asked_s
        self._found = max(found, LOWEST)
        self._cut_at = now
        return True

    def _guess(self, lately_per_s: float) -> float:
        """Give the first rate, from what the venue took before the first 429 and along with it."""
        if self._first_lasted_s >= MEASURED_S:
            return lately_per_s
        return GUESSED * self._first_taken / max(self._first_lasted_s, BREATH_S)

    def _overrun_from(self, now: float, current: float) -> float:
        """Give the venue's rate, from how much more than it was sent until it said so.

        What a venue takes at once, it took on top of its rate: before the very first 429 in next to
        no time, and since the last pause by and by, while our own rate rose.
        """
        start = current if self._found is None else min(self._found, current)
        lasted_s = max(now - self._rises_from, BREATH_S)
        burst = max(self._first_taken - start * self._first_lasted_s, 0.0)
        burst = min(burst, start * self._asked_s)  # what has come again in the last pause
        rate = (start + current) / 2 - burst / lasted_s
        if rate > start:
            # At first it was sent less than its rate.
            rate = current - sqrt(2 * burst * current * log1p(self._rise_a_s))
        return MARGIN * max(rate, current / 2)

    def _lately_s(self, now: float) -> float:
        """Give the seconds for which requests could leave, of those that are looked back at."""
        began_at = now if self._began_at is None else self._began_at
        return max(now - max(began_at, self._pauses.until, now - MEASURED_S), BREATH_S)

    def _lately_per_s(self, now: float) -> float:
        """Give how many requests a second the venue took lately."""
        self._forget(now)
        return sum(is_taken for _, is_taken in self._answers) / self._lately_s(now)

    def _forget(self, now: float) -> None:
        while self._answers and self._answers[0][0] < now - MEASURED_S:
            self._answers.popleft()
