"""A wish to cancel stands until it is ended, whoever had it and wherever they are now."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from batch.journal import Journal, actor
from tests.journal.planned import NOW, add

LATER = NOW + timedelta(minutes=1)


def rows(journal: Journal, batch_id: str = "abc") -> list[int]:
    return [wish.row for wish in journal.cancels.standing(batch_id)]


def test_at_first_nothing_is_wanted(journal: Journal) -> None:
    assert rows(journal) == []


def test_a_wish_says_who_had_it_and_stands_in_the_history_of_its_row(journal: Journal) -> None:
    add(journal)

    journal.cancels.ask("abc", [3, 2], NOW)

    assert rows(journal) == [2, 3]
    (first, _) = journal.cancels.standing("abc")
    assert (first.at, first.by) == (NOW, actor())
    told = [(e.row, e.actor) for e in journal.events("abc") if e.kind == "cancel-wanted"]
    assert told == [(2, actor()), (3, actor())]


def test_it_concerns_its_own_batch_alone(journal: Journal) -> None:
    journal.cancels.ask("abc", [2], NOW)

    assert rows(journal, "other") == []


def test_what_is_wanted_already_is_not_wanted_twice(journal: Journal) -> None:
    journal.cancels.ask("abc", [2], NOW)
    journal.cancels.ask("abc", [2, 3], LATER)

    assert rows(journal) == [2, 3]
    assert [e.row for e in journal.events("abc")] == [2, 3]


def test_what_has_ended_may_be_wanted_again(journal: Journal) -> None:
    journal.cancels.ask("abc", [2, 3], NOW)
    journal.cancels.end("abc", [2], LATER)

    assert rows(journal) == [3]
    journal.cancels.ask("abc", [2], LATER)
    assert rows(journal) == [2, 3]


def test_thousands_of_wishes_end(journal: Journal) -> None:
    many = range(2, 3000)
    journal.cancels.ask("abc", many, NOW)

    journal.cancels.end("abc", set(many), LATER)

    assert rows(journal) == []


def test_another_process_sees_it_and_it_outlives_whoever_asked(path: Path) -> None:
    with Journal.open(str(path)) as running:
        with Journal.open(str(path)) as person:
            person.cancels.ask("abc", [7], NOW)
        seen = rows(running)

    with Journal.open(str(path), read_only=True) as later:
        assert rows(later) == seen == [7]
