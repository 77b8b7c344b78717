"""A stop from elsewhere: seen within two seconds; nothing leaves after it, and all is recorded."""

from __future__ import annotations

import pytest

from batch.journal import Placing
from batch.run.calls import Subject
from batch.states import OrderState as S
from tests.run.conftest import Desk
from tests.run.doubles import START, make_order, make_validation

BY = "ana@desk-1 process 7"
FOREVER_S = 1e9


def plan(desk: Desk, count: int) -> str:
    rows = make_validation(*(make_order(row) for row in range(2, count + 2)))
    return desk.plan(rows).batch.batch_id


def stop_at_placing(desk: Desk, number: int, batch_id: str | None, *, cancel: bool) -> None:
    """Have a person stop it while the so manieth order is on its way."""

    def look(subject: Subject) -> None:
        if isinstance(subject, Placing) and desk.venue.calls.count("place") == number - 1:
            desk.journal.stops.ask(
                None if batch_id is None else [batch_id],
                cancel=cancel,
                by=BY,
                now=desk.clock.now(),
            )

    desk.workers.before_call = look


@pytest.mark.parametrize("for_all", [False, True])
def test_a_stop_in_mid_run_sends_nothing_more_and_records_what_is_on_its_way(
    desk: Desk, for_all: bool
) -> None:
    batch_id = plan(desk, 400)
    stop_at_placing(desk, 5, None if for_all else batch_id, cancel=False)
    desk.workers.threads = 2
    started = desk.clock.monotonic()

    outcome = desk.make_run(batch_id, max_in_flight=2).execute()

    sent = desk.venue.calls.count("place")
    assert 5 <= sent < 400
    assert outcome.interrupted
    assert outcome.stopped_by.startswith(f"stopped by {BY} at 2026-10-30 16:")
    assert desk.clock.monotonic() - started < 5.0
    states = [order.state for order in desk.orders(batch_id)]
    assert states.count(S.PLANNED) == 400 - sent
    assert S.SENDING not in states


def test_nothing_leaves_later_than_two_seconds_after_a_stop(desk: Desk) -> None:
    batch_id = plan(desk, 2000)
    stop_at_placing(desk, 3, None, cancel=False)
    desk.workers.threads = 1

    desk.make_run(batch_id, max_in_flight=1).execute()

    (stop,) = desk.journal.stops.standing()
    asked_s = 1000.0 + (stop.at - START).total_seconds()
    assert max(held.taken_at for held in desk.venue.books) <= asked_s + 2.0


def test_a_stop_that_cancels_follows_what_was_open_to_its_end(desk: Desk) -> None:
    batch_id = plan(desk, 6)
    desk.venue.life_s = FOREVER_S
    stop_at_placing(desk, 6, batch_id, cancel=True)

    outcome = desk.make_run(batch_id).execute()

    assert outcome.interrupted
    assert dict(outcome.states) == {S.CANCELLED: 6}
    assert desk.venue.calls.count("cancel") == 6


def test_a_stop_without_a_cancel_leaves_what_is_open(desk: Desk) -> None:
    batch_id = plan(desk, 3)
    desk.venue.life_s = FOREVER_S
    stop_at_placing(desk, 3, batch_id, cancel=False)

    outcome = desk.make_run(batch_id).execute()

    assert dict(outcome.states) == {S.OPEN: 3}
    assert "cancel" not in desk.venue.calls


def test_a_stop_of_another_batch_is_none_of_ours(desk: Desk) -> None:
    batch_id = plan(desk, 3)
    stop_at_placing(desk, 1, "another", cancel=True)

    outcome = desk.make_run(batch_id).execute()

    assert not outcome.interrupted
    assert dict(outcome.states) == {S.FILLED: 3}


def test_a_run_that_begins_while_a_stop_stands_sends_nothing(desk: Desk) -> None:
    batch_id = plan(desk, 3)
    desk.journal.stops.ask([batch_id], cancel=False, by=BY, now=desk.clock.now())

    outcome = desk.make_run(batch_id).execute()

    assert desk.venue.books == []
    assert outcome.interrupted
    assert dict(outcome.states) == {S.PLANNED: 3}


def test_after_a_release_the_batch_goes_on(desk: Desk) -> None:
    batch_id = plan(desk, 30)
    stop_at_placing(desk, 2, batch_id, cancel=False)
    desk.make_run(batch_id, max_in_flight=1).execute()
    desk.workers.before_call = lambda _: None
    desk.journal.stops.release([batch_id], by=BY, now=desk.clock.now())

    outcome = desk.make_run(batch_id).execute()

    assert dict(outcome.states) == {S.FILLED: 30}
    assert len(desk.venue.books) == 30
