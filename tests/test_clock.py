"""Trading days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.clock import bounds_of_day, trading_day

NEW_YORK = ZoneInfo("America/New_York")
STARTS = [
    (time(17), NEW_YORK),
    (time(0), ZoneInfo("Europe/London")),
    (time(6, 30), ZoneInfo("Asia/Tokyo")),
    (time(12), ZoneInfo("UTC")),
]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 10, 30, 16, 59, tzinfo=NEW_YORK), date(2026, 10, 30)),
        (datetime(2026, 10, 30, 17, 0, tzinfo=NEW_YORK), date(2026, 10, 31)),
        # Clocks go back in New York on 1 November: 17:00 is then 22:00 UTC.
        (datetime(2026, 11, 1, 21, 59, tzinfo=UTC), date(2026, 11, 1)),
        (datetime(2026, 11, 1, 22, 0, tzinfo=UTC), date(2026, 11, 2)),
    ],
)
def test_day_that_starts_in_the_afternoon_has_the_date_of_the_next_morning(
    moment: datetime, day: date
) -> None:
    assert trading_day(moment, (time(17), NEW_YORK)) == day


def test_day_that_starts_in_the_morning_has_the_date_on_which_it_starts() -> None:
    starts = (time(6), ZoneInfo("Europe/London"))

    assert trading_day(datetime(2026, 1, 5, 5, 59, tzinfo=UTC), starts) == date(2026, 1, 4)
    assert trading_day(datetime(2026, 1, 5, 6, 0, tzinfo=UTC), starts) == date(2026, 1, 5)


def test_without_a_setting_the_day_is_that_of_the_machine() -> None:
    moment = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)

    assert trading_day(moment) == moment.astimezone().date()
    begin, end = bounds_of_day(date(2026, 1, 5))
    assert begin.astimezone().time() == end.astimezone().time() == time(0)


@given(
    moment=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1)),
    starts=st.sampled_from(STARTS),
)
def test_every_moment_lies_within_the_bounds_of_its_day(
    moment: datetime, starts: tuple[time, ZoneInfo]
) -> None:
    moment = moment.replace(tzinfo=UTC)

    begin, end = bounds_of_day(trading_day(moment, starts), starts)

    assert begin <= moment < end
    assert timedelta(hours=22) < end - begin < timedelta(hours=26)
