"""Who held a batch one after the other, and which tokens each of them may have used."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path

import pytest

from batch.errors import HoldLost, JournalError
from batch.journal import Change, Journal
from batch.journal.actor import actor
from batch.states import BatchEvent, OrderEvent, OrderState
from tests.journal.planned import NOW, add, claim, states

LATER = NOW + timedelta(minutes=5)


def test_each_hold_has_an_epoch_of_its_own(journal: Journal, path: Path) -> None:
    add(journal)

    first = journal.holds.take("abc", NOW)
    journal.holds.end("abc", LATER)
    second = journal.holds.take("abc", LATER)

    found = journal.holds.of("abc")
    assert (first, second, list(found)) == (1, 2, [1, 2])
    assert (found[1].holder, found[1].taken_at, found[1].ended_at) == (actor(), NOW, LATER)
    assert (found[2].ended_at, found[2].token_life_s) == (None, None)
    assert journal.holds.of("other") == {}


def test_a_row_says_under_which_hold_it_was_last_claimed(journal: Journal) -> None:
    add(journal)
    journal.apply("abc", [claim(3)], NOW)
    journal.holds.take("abc", NOW)
    journal.apply("abc", [claim(2)], NOW)
    journal.apply("abc", [Change(2, OrderState.SENDING, OrderEvent.LOST)], NOW)
    journal.holds.take("abc", NOW)
    journal.apply("abc", [Change(2, OrderState.UNKNOWN, OrderEvent.ABSENT)], NOW)

    assert [order.claim_epoch for order in journal.orders("abc")] == [1, None]

    journal.apply("abc", [Change(2, OrderState.UNKNOWN, OrderEvent.RELEASED), claim(2)], NOW)

    assert [order.claim_epoch for order in journal.orders("abc")] == [2, None]


@pytest.mark.parametrize(
    ("lives", "longest"),
    [
        ([20.0], 20.0),
        ([20.0, 30.0, 10.0], 30.0),
        ([20.0, None], math.inf),
        ([None, 20.0], math.inf),
        ([math.inf], math.inf),
        ([-5.0], 0.0),
        ([], None),
    ],
)
def test_the_longest_life_of_a_token_is_kept(
    journal: Journal, path: Path, lives: list[float | None], longest: float | None
) -> None:
    add(journal)
    journal.holds.take("abc", NOW)

    for life in lives:
        journal.holds.record_token("abc", life, NOW)

    with Journal.open(str(path), read_only=True) as later:
        assert later.holds.of("abc")[1].token_life_s == longest


def test_whoever_lost_a_batch_records_no_token_and_no_step(location: str) -> None:
    with Journal.open(location) as first, Journal.open(location) as second:
        add(first)
        first.holds.take("abc", NOW)
        first.apply("abc", [claim(2)], NOW)
        second.holds.take("abc", LATER, take_over=True)

        with pytest.raises(HoldLost, match="batch abc: expected to be the process that holds"):
            first.holds.record_token("abc", 20.0, NOW)
        accepted = Change(2, OrderState.SENDING, OrderEvent.ACCEPTED, server_order_id="S1")
        for change in (claim(3), accepted):
            with pytest.raises(HoldLost, match="another one has taken it over"):
                first.apply("abc", [change], LATER)
        (found,) = second.events("abc", kind=BatchEvent.LATE_FINDING)
        assert (found.row, found.detail) == (2, "accepted: server order ID S1")
        # Nor does its end end the hold of the one that followed.
        first.holds.end("abc", LATER)

        assert states(second) == {2: OrderState.SENDING, 3: OrderState.PLANNED}
        assert second.holds.of("abc")[2].ended_at is None
        assert second.holds.of("abc")[1].token_life_s is None


def test_a_token_that_nobody_holds_a_batch_for_is_not_recorded(journal: Journal) -> None:
    add(journal)

    with pytest.raises(JournalError, match="expected to be the process that holds it"):
        journal.holds.record_token("abc", 20.0, NOW)
    journal.holds.end("abc", NOW)

    assert journal.holds.of("abc") == {}
