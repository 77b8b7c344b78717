"""Going on with a batch of which another one has sent rows since."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.desk import Desk, RunningOptions, Submission, Verdict
from batch.simulator import Simulator, parse_fault
from batch.states import OrderState
from tests.desk.test_desk import venue
from tests.desk.test_once import (
    FILLED,
    ONE_BY_ONE,
    OPEN,
    LaterClock,
    Office,
    Told,
    refusal,
    run,
)

__all__ = ["venue"]


@pytest.fixture
def office(tmp_path: Path, venue: Simulator) -> Office:
    return Office(tmp_path, venue, LaterClock(), Told())


def sizes(count: int) -> list[str]:
    return [FILLED.replace("100000", f"20000{number}") for number in range(count)]


def test_what_was_sent_is_followed_and_what_another_batch_has_sent_stays_here(
    office: Office,
) -> None:
    office.venue.add_fault(parse_fault("status=503:place:after=1"))
    impatient = office.settings(venue={"settle_s": 0.2})
    begun = office.submit(office.sheet(OPEN, *sizes(9)), Submission(running=ONE_BY_ONE), impatient)
    office.venue.clear_faults()
    (result,) = begun.batches
    assert result.batch is not None
    assert result.states[OrderState.OPEN] == 1 and result.states[OrderState.PLANNED] > 1
    office.submit(office.sheet(sizes(9)[-1], name="other.csv"), run("tuesday"))
    posts = office.posts
    desk = Desk(impatient, clock=office.clock, listener=office.told)

    followed = desk.resume(
        result.batch.batch_id, RunningOptions(wait_s=1.0, cancel="at-once", max_in_flight=1)
    )

    assert office.posts == posts
    assert followed.batches[0].states[OrderState.CANCELLED] == 1
    assert followed.batches[0].states[OrderState.PLANNED] == result.states[OrderState.PLANNED]
    assert any("that one has sent since" in words for words in office.told.warned)


def test_where_nothing_is_to_be_followed_it_is_refused(office: Office) -> None:
    office.venue.add_fault(parse_fault("status=401:place"))
    begun = office.submit(office.sheet(*sizes(2)), Submission(running=ONE_BY_ONE))
    office.venue.clear_faults()
    (result,) = begun.batches
    assert result.batch is not None and result.states == {OrderState.PLANNED: 2}
    assert office.submit(office.sheet(*sizes(2), name="b.csv"), run("k")).verdict is Verdict.DONE
    desk = Desk(office.settings(), clock=office.clock, listener=office.told)

    error = refusal(desk.resume(result.batch.batch_id))

    assert "that one has sent since" in str(error)
    assert len(office.venue.ledger.orders) == 2
