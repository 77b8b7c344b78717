"""When the market is open: weeks, time zones, holidays, and lists that contradict each other."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from batch.config import CalendarSettings
from batch.errors import ConfigError
from batch.plan.calendar import why_closed

NEW_YORK = ZoneInfo("America/New_York")


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(22, 16, 59), False),  # Sunday
        (at(22, 17), True),
        (at(25, 3), True),
        (at(27, 16, 59), True),  # Friday
        (at(27, 17), False),
        (at(28, 12), False),
        (datetime(2026, 11, 27, 21, 59, tzinfo=UTC), True),  # winter: five hours behind
        (datetime(2026, 7, 3, 20, 59, tzinfo=UTC), True),  # summer: four
        (datetime(2026, 7, 3, 21, 0, tzinfo=UTC), False),
    ],
)
def test_the_default_week_is_open_from_sunday_to_friday(moment: datetime, is_open: bool) -> None:
    assert (why_closed(CalendarSettings(), moment) is None) == is_open


def test_a_week_that_ends_after_it_began_in_the_calendar_is_read_as_it_stands() -> None:
    calendar = CalendarSettings(week="Mon 8:00 - Fri 18:00 Europe/Berlin")

    assert why_closed(calendar, datetime(2026, 11, 23, 6, 59, tzinfo=UTC)) is not None
    assert why_closed(calendar, datetime(2026, 11, 23, 7, 0, tzinfo=UTC)) is None


def test_the_words_name_the_local_time_and_the_week() -> None:
    words = why_closed(CalendarSettings(), at(28, 12))

    assert words is not None
    assert "Sat 28 Nov 2026, 12:00 America/New_York" in words
    assert "Sun 17:00 - Fri 17:00" in words


def test_a_holiday_of_the_desk_and_of_a_country_closes() -> None:
    calendar = CalendarSettings(holidays=(date(2026, 11, 25),), holidays_of=("US",))

    assert "desk's own list" in (why_closed(calendar, at(25, 12)) or "")
    assert "Thanksgiving" in (why_closed(calendar, at(26, 12)) or "")
    assert why_closed(calendar, at(24, 12)) is None


def test_the_desks_own_list_wins_over_a_countrys() -> None:
    calendar = CalendarSettings(holidays_of=("US",), open_days=(date(2026, 11, 26),))

    assert why_closed(calendar, at(26, 12)) is None


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "holidays", None)

    with pytest.raises(ConfigError, match=r"pip install 'orderbatch\[calendar\]'"):
        why_closed(CalendarSettings(holidays_of=("US",)), at(24, 12))


def test_a_country_that_is_none_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match='"XX"'):
        why_closed(CalendarSettings(holidays_of=("XX",)), at(24, 12))


@pytest.mark.parametrize(
    "week", ["", "Sun 17:00", "Sun 17:00 - Fri 25:00 UTC", "Sun 17:00 - Sun 17:00 UTC", "a - b UTC"]
)
def test_a_week_that_cannot_be_read_is_refused(week: str) -> None:
    with pytest.raises(ValidationError):
        CalendarSettings(week=week)
