"""Stops outlive whoever asked for them, concern the right batches, and are seen at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from batch.journal import Journal
from tests.journal.planned import NOW

BY = "ana@desk-1 process 7"


def stand(journal: Journal, batch_id: str | None = None) -> list[tuple[str | None, bool]]:
    return [(stop.batch_id, stop.cancel) for stop in journal.stops.standing(batch_id)]


def test_at_first_nothing_stands(journal: Journal) -> None:
    assert stand(journal) == stand(journal, "abc") == []


def test_a_stop_of_one_batch_concerns_that_alone(journal: Journal) -> None:
    journal.stops.ask(["abc"], cancel=False, by=BY, now=NOW)

    (stop,) = journal.stops.standing("abc")
    assert (stop.batch_id, stop.cancel, stop.at, stop.by) == ("abc", False, NOW, BY)
    assert stand(journal, "other") == []


def test_a_stop_of_all_concerns_every_batch_and_new_ones(journal: Journal) -> None:
    journal.stops.ask(None, cancel=True, by=BY, now=NOW)

    assert stand(journal, "abc") == stand(journal, "not yet there") == [(None, True)]


@pytest.mark.parametrize("cancels", [(False, False), (True, True), (True, False)])
def test_one_that_stands_is_not_raised_twice(journal: Journal, cancels: tuple[bool, bool]) -> None:
    for cancel in cancels:
        journal.stops.ask(["abc"], cancel=cancel, by=BY, now=NOW)

    assert stand(journal) == [("abc", cancels[0])]


def test_one_that_stands_learns_that_it_is_to_cancel_too(journal: Journal) -> None:
    journal.stops.ask(["abc"], cancel=False, by=BY, now=NOW)
    journal.stops.ask(["abc"], cancel=True, by=BY, now=NOW)

    assert any(cancel for _, cancel in stand(journal, "abc"))


def test_a_release_lifts_what_it_names_and_may_be_followed_by_another_stop(
    journal: Journal,
) -> None:
    journal.stops.ask(["abc", "def"], cancel=False, by=BY, now=NOW)
    journal.stops.ask(None, cancel=False, by=BY, now=NOW)

    assert journal.stops.release(["abc"], by=BY, now=NOW + timedelta(minutes=1)) == 1
    assert stand(journal) == [("def", False), (None, False)]
    assert journal.stops.release(None, by=BY, now=NOW) == 1
    assert journal.stops.release(None, by=BY, now=NOW) == 0
    assert stand(journal) == [("def", False)]
    journal.stops.ask(["abc"], cancel=True, by=BY, now=NOW)
    assert stand(journal, "abc") == [("abc", True)]


def test_another_process_sees_it_and_it_outlives_whoever_asked(path: Path) -> None:
    with Journal.open(str(path)) as running:
        with Journal.open(str(path)) as person:
            person.stops.ask(None, cancel=False, by=BY, now=NOW)
        seen = stand(running, "abc")

    with Journal.open(str(path), read_only=True) as later:
        assert stand(later) == seen == [(None, False)]
