"""Is the market open now? A day's sheet that is sent while it is closed ends unfilled, or worse.

The venue publishes no hours for REST; the default week is that of its FIX order sessions.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from batch.config import CalendarSettings, parse_week
from batch.errors import ConfigError

WEEK = timedelta(days=7)


def why_closed(calendar: CalendarSettings, now: datetime) -> str | None:
    """Say why the market is closed at a moment; None where it is open.

    Args:
        now: with a time zone.

    Raises:
        ConfigError: `holidays_of` needs the extra `calendar`, or names a country that it does not
            know.
    """
    opens, closes, zone = parse_week(calendar.week)
    local = now.astimezone(zone)
    # The wall clock's time since Monday, so that a week keeps its hours when clocks change.
    since_monday = timedelta(
        days=local.weekday(), hours=local.hour, minutes=local.minute, seconds=local.second
    )
    if (since_monday - opens) % WEEK >= (closes - opens) % WEEK:
        return f"{local:%a %d %b %Y, %H:%M} {zone.key} is outside of its week, {calendar.week}"
    return _holiday(calendar, local.date())


def _holiday(calendar: CalendarSettings, day: date) -> str | None:
    if day in calendar.holidays:
        return f"{day} is a holiday by the desk's own list"
    if day in calendar.open_days:
        return None
    for country in calendar.holidays_of:
        if name := _holidays_of(country, day.year).get(day):
            return f"{day} is a holiday in {country} ({name})"
    return None


def _holidays_of(country: str, year: int) -> Any:
    where = f'settings, [calendar] holidays_of: expected the holidays of "{country}"'
    try:
        import holidays
    except ImportError:
        raise ConfigError(
            f"{where}, found no list of holidays. Run: pip install 'orderbatch[calendar]'"
        ) from None
    try:
        return holidays.country_holidays(country, years=year)
    except NotImplementedError:
        raise ConfigError(
            f"{where}, found a country that the list does not know. Use two letters, such as US"
        ) from None
