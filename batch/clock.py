"""Time as a value that can be passed in, so that no test sleeps for real. Layer 1."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from datetime import time as wall_time
from typing import Protocol
from zoneinfo import ZoneInfo


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


class ShiftedClock:
    """A clock whose wall-clock time is that of another machine, which several hosts go by."""

    def __init__(self, clock: Clock, shift: timedelta) -> None:
        self._clock = clock
        self._shift = shift

    def now(self) -> datetime:
        return self._clock.now() + self._shift

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self._clock.sleep(seconds)


MIDNIGHT, NOON = wall_time(0), wall_time(12)


def trading_day(moment: datetime, starts: tuple[wall_time, ZoneInfo] | None = None) -> date:
    """Give the trading day that a moment belongs to.

    A day that starts in the afternoon, as at 17:00 in New York, has the date of the next morning;
    one that starts before noon has the date on which it starts.

    Args:
        moment: with a time zone.
        starts: the time and the zone of its start; None for this machine's own midnight.
    """
    at, zone = starts or (MIDNIGHT, None)
    local = moment.astimezone(zone)
    if at >= NOON:
        return local.date() + timedelta(days=local.time() >= at)
    return local.date() - timedelta(days=local.time() < at)


def bounds_of_day(
    day: date, starts: tuple[wall_time, ZoneInfo] | None = None
) -> tuple[datetime, datetime]:
    """Give the first moment of a trading day and that of the next one, in UTC."""
    at, zone = starts or (MIDNIGHT, None)
    first = day - timedelta(days=at >= NOON)
    begin, end = (
        datetime.combine(first + timedelta(days=days), at, zone).astimezone(UTC) for days in (0, 1)
    )
    return begin, end
