"""The verb `claim`: which rows it takes, in one commit with what else was learnt."""

from __future__ import annotations

from uuid import UUID

import pytest

from batch.errors import JournalError
from batch.journal import Change, Journal
from batch.states import OrderEvent, OrderState
from tests.journal.planned import NOW, a_row, add, claim, states


def test_the_next_rows_are_taken_in_the_sheets_order_and_only_once(journal: Journal) -> None:
    add(journal, rows=[a_row(row) for row in (4, 2, 3)])

    first, second = journal.claim("abc", 2, NOW), journal.claim("abc", 2, NOW)

    assert [[placing.row for placing in group] for group in (first, second)] == [[2, 3], [4]]
    assert journal.claim("abc", 2, NOW) == []
    assert set(states(journal).values()) == {OrderState.SENDING}


def test_what_may_leave_is_what_was_planned_and_bears_its_request(journal: Journal) -> None:
    add(journal)

    placings = journal.claim("abc", 5, NOW)

    for placing, record in zip(placings, journal.orders("abc"), strict=True):
        assert (placing.client_order_id, placing.payload) == (
            record.client_order_id,
            record.payload,
        )
        assert (placing.order, placing.request_id) == (record.order, record.request_id)
        assert record.submitted_at == NOW
    assert len({placing.request_id for placing in placings}) == len(placings)
    assert [event.kind for event in journal.events("abc", row=2)] == ["claimed"]


def test_request_ids_are_of_chance_and_one_is_made_for_each_row_that_is_claimed(
    journal: Journal,
) -> None:
    add(journal, rows=[a_row(row) for row in range(2, 40)])

    claims = [journal.claim("abc", most, NOW) for most in (1, 30, 30)]

    assert [len(claimed) for claimed in claims] == [1, 30, 7]
    ids = [placing.request_id for claimed in claims for placing in claimed]
    assert len(set(ids)) == 38
    assert {(UUID(text).version, UUID(text).hex == text) for text in ids} == {(4, True)}


def test_a_row_that_the_same_commit_releases_is_taken_and_one_that_it_finds_is_not(
    journal: Journal,
) -> None:
    add(journal)
    journal.apply("abc", [claim(2), claim(3)], NOW)
    journal.apply("abc", [Change(3, OrderState.SENDING, OrderEvent.RELEASED)], NOW)

    placings = journal.claim(
        "abc",
        5,
        NOW,
        [
            Change(2, OrderState.SENDING, OrderEvent.RELEASED),
            Change(3, OrderState.PLANNED, OrderEvent.FOUND, server_order_id="S-3"),
        ],
    )

    assert [placing.row for placing in placings] == [2]
    assert states(journal) == {2: OrderState.SENDING, 3: OrderState.OPEN}


def test_a_step_that_does_not_fit_takes_no_row(journal: Journal) -> None:
    add(journal)

    with pytest.raises(JournalError, match="expected state"):
        journal.claim("abc", 5, NOW, [Change(2, OrderState.SENDING, OrderEvent.LOST)])

    assert set(states(journal).values()) == {OrderState.PLANNED}


def test_a_row_that_a_plan_withdrew_is_not_taken(journal: Journal) -> None:
    add(journal)
    journal.apply("abc", [Change(2, OrderState.PLANNED, OrderEvent.WITHDRAWN)], NOW)

    assert [placing.row for placing in journal.claim("abc", 5, NOW)] == [3]


def test_whoever_lost_the_batch_takes_nothing(journal: Journal) -> None:
    add(journal)
    journal.holds.take("abc", NOW)
    other = journal.holds._mine["abc"]
    journal.holds.take("abc", NOW)
    journal.holds._mine["abc"] = other

    with pytest.raises(JournalError, match="taken it over"):
        journal.claim("abc", 5, NOW)

    assert set(states(journal).values()) == {OrderState.PLANNED}


def test_what_somebody_wants_cancelled_is_not_taken_meanwhile(journal: Journal) -> None:
    add(journal, rows=[a_row(row) for row in (2, 3, 4)])
    journal.cancels.ask("abc", [3], NOW)

    first = [placing.row for placing in journal.claim("abc", 5, NOW)]
    journal.cancels.end("abc", [3], NOW)
    second = [placing.row for placing in journal.claim("abc", 5, NOW)]

    assert (first, second) == ([2, 4], [3])
