"""Turns of a login: all processes of a journal together keep to one rate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from batch.journal import Journal
from tests.journal.planned import NOW, add

EVERY_S = 0.02


@pytest.fixture
def other(journal: Journal, location: str) -> Iterator[Journal]:
    """The same journal in another process's hands."""
    add(journal)
    with Journal.open(location) as opened:
        yield opened


def reserve(journal: Journal, turns: int, at: datetime = NOW, batch_id: str = "abc") -> float:
    return journal.allotments.reserve(batch_id, turns, at, every_s=EVERY_S, late_s=0.0)


def test_turns_follow_each_other_whoever_reserves_them(journal: Journal, other: Journal) -> None:
    # In a server some time passes from one to the next, of which the turns know.
    waits = [reserve(one, 100) for one in (journal, other, journal)]

    assert waits == pytest.approx([0.0, 2.0, 4.0], abs=0.5)


def test_batches_of_one_login_share_its_turns(journal: Journal, other: Journal) -> None:
    add(journal, "def")

    first, second = reserve(journal, 100), reserve(other, 1, batch_id="def")

    assert (first, second) == pytest.approx((0.0, 2.0), abs=0.5)


def test_a_pause_holds_for_everybody_and_a_shorter_one_does_not_end_it(
    journal: Journal, other: Journal
) -> None:
    journal.allotments.pause("abc", 30.0, NOW)
    other.allotments.pause("abc", 10.0, NOW)

    assert other.allotments.paused_s("abc", NOW) == pytest.approx(30.0, abs=0.5)
    assert reserve(other, 1) == pytest.approx(30.0, abs=0.5)


def test_nothing_is_paused_that_nobody_paused(journal: Journal, other: Journal) -> None:
    assert other.allotments.paused_s("abc", NOW) <= 0
    reserve(journal, 3)
    assert other.allotments.paused_s("abc", NOW) <= 0


def test_turns_that_nobody_wanted_are_not_saved_up(journal: Journal, path: str) -> None:
    add(journal)
    reserve(journal, 10)
    later = NOW + timedelta(seconds=60)

    first = journal.allotments.reserve("abc", 1, later, every_s=EVERY_S, late_s=0.05)
    second = journal.allotments.reserve("abc", 1, later, every_s=EVERY_S, late_s=0.05)

    assert (first, second) == pytest.approx((-0.05, -0.03))


def test_a_clock_that_was_set_back_does_not_stop_everybody(journal: Journal, path: str) -> None:
    add(journal)
    journal.allotments.pause("abc", 30.0, NOW + timedelta(days=1))
    reserve(journal, 10, NOW + timedelta(days=1))

    assert reserve(journal, 1) == pytest.approx(0.0, abs=0.001)


def test_reserving_leaves_commits_as_durable_as_they_were(journal: Journal, path: str) -> None:
    add(journal)

    reserve(journal, 1)

    with journal._database.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2  # FULL
