"""A wish to cancel from elsewhere: whoever runs the batch sees it soon, and does just that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from batch.journal import Placing
from batch.run.calls import Subject
from batch.run.options import Cancel
from batch.states import OrderState as S
from tests.run.conftest import Desk
from tests.run.doubles import make_order, make_validation

FOREVER_S = 1e9


def plan(desk: Desk, count: int) -> str:
    rows = make_validation(*(make_order(row) for row in range(2, count + 2)))
    return desk.plan(rows).batch.batch_id


def leave_open(desk: Desk, count: int = 3) -> str:
    """Send orders that stay open, and end the run."""
    desk.venue.life_s = FOREVER_S
    batch_id = plan(desk, count)
    desk.make_run(batch_id, wait_s=0).execute()
    desk.venue.calls.clear()
    return batch_id


def want(desk: Desk, batch_id: str, *rows: int) -> None:
    desk.journal.cancels.ask(batch_id, rows, desk.clock.now())


def want_at(desk: Desk, when: Callable[[Subject], bool], batch_id: str, *rows: int) -> None:
    """Have a person want it as soon as such a call leaves."""

    def look(subject: Subject) -> None:
        if when(subject):
            desk.workers.before_call = lambda _: None
            want(desk, batch_id, *rows)

    desk.workers.before_call = look


def wanted(desk: Desk, batch_id: str) -> list[int]:
    return [wish.row for wish in desk.journal.cancels.standing(batch_id)]


def states(desk: Desk, batch_id: str) -> list[S]:
    return [order.state for order in desk.orders(batch_id)]


def cancelled_at_venue(desk: Desk) -> list[str]:
    return [held.client_order_id for held in desk.venue.books if held.end == "CANCELED"]


@pytest.mark.parametrize("send", [True, False])
def test_exactly_the_rows_that_are_wanted_are_cancelled_by_the_run_that_follows(
    desk: Desk, send: bool
) -> None:
    batch_id = leave_open(desk, 4)
    started = desk.clock.monotonic()
    asked_at: list[float] = []

    def look(subject: Subject) -> None:
        if not asked_at and desk.clock.monotonic() > started + 10:
            asked_at.append(desk.clock.monotonic())
            want(desk, batch_id, 3, 5)

    desk.workers.before_call = look
    desk.make_run(batch_id, send=send, wait_s=60.0).execute()

    assert states(desk, batch_id) == [S.OPEN, S.CANCELLED, S.OPEN, S.CANCELLED]
    assert desk.venue.calls.count("cancel") == 2
    assert wanted(desk, batch_id) == []
    ended = [desk.orders(batch_id)[at].finished_at for at in (1, 3)]
    latest = max(moment for moment in ended if moment is not None)
    assert (latest - desk.clock.now()).total_seconds() < -40


def test_a_run_without_a_wait_takes_up_again_what_it_had_let_go_of(desk: Desk) -> None:
    desk.venue.life_s = FOREVER_S
    desk.venue.script = ["ok", "throttled"]
    batch_id = plan(desk, 2)
    want_at(desk, lambda s: isinstance(s, Placing) and s.row == 3, batch_id, 2)

    desk.make_run(batch_id, wait_s=0, max_in_flight=1).execute()

    assert states(desk, batch_id) == [S.CANCELLED, S.OPEN]
    assert wanted(desk, batch_id) == []


def test_one_that_is_on_its_way_is_cancelled_when_the_venue_has_it(desk: Desk) -> None:
    desk.venue.life_s = FOREVER_S
    batch_id = plan(desk, 3)
    want_at(desk, lambda s: isinstance(s, Placing) and s.row == 3, batch_id, 3)

    desk.make_run(batch_id, wait_s=30.0).execute()

    assert states(desk, batch_id) == [S.OPEN, S.CANCELLED, S.OPEN]
    assert len(desk.venue.books) == 3


def test_what_did_not_get_there_is_not_brought_there_in_this_run(desk: Desk) -> None:
    desk.venue.script = ["throttled"]
    batch_id = plan(desk, 3)
    want_at(desk, lambda s: isinstance(s, Placing), batch_id, 2)

    outcome = desk.make_run(batch_id, max_in_flight=1).execute()

    assert states(desk, batch_id) == [S.PLANNED, S.FILLED, S.FILLED]
    assert desk.venue.posts_of(desk.orders(batch_id)[0].client_order_id or "") == 0
    assert outcome.states[S.PLANNED] == 1
    assert wanted(desk, batch_id) == []


def test_a_later_run_sends_it_for_whoever_wants_that(desk: Desk) -> None:
    desk.venue.script = ["throttled"]
    batch_id = plan(desk, 1)
    want_at(desk, lambda s: isinstance(s, Placing), batch_id, 2)
    desk.make_run(batch_id).execute()

    desk.make_run(batch_id).execute()

    assert states(desk, batch_id) == [S.FILLED]
    assert len(desk.venue.books) == 1


def test_an_unknown_one_is_cancelled_as_soon_as_it_is_found(desk: Desk) -> None:
    desk.venue.life_s = FOREVER_S
    desk.venue.script = ["lost"]
    batch_id = plan(desk, 1)
    desk.make_dying_run(batch_id).execute()
    desk.workers.collect(0)  # the placing left all the same
    want(desk, batch_id, 2)
    desk.venue.calls.clear()

    desk.make_run(batch_id, wait_s=0).execute()

    assert desk.venue.calls[:2] == ["find", "cancel"]
    assert states(desk, batch_id) == [S.CANCELLED]


def test_one_that_nobody_finds_stays_wanted(desk: Desk) -> None:
    desk.venue.script = ["lost"]
    desk.venue.finds = "none"
    batch_id = plan(desk, 1)
    want_at(desk, lambda s: isinstance(s, Placing), batch_id, 2)

    desk.make_run(batch_id, wait_s=60.0).execute()

    assert states(desk, batch_id) == [S.UNKNOWN]
    assert wanted(desk, batch_id) == [2]


def test_a_refused_cancel_ends_the_wish_and_the_order_says_why(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.cancels = "refused"
    want(desk, batch_id, 2)

    desk.make_run(batch_id, wait_s=30.0).execute()

    assert states(desk, batch_id) == [S.OPEN]
    assert "cancels are not allowed" in desk.orders(batch_id)[0].message
    assert desk.venue.calls.count("cancel") == 1
    assert wanted(desk, batch_id) == []


def test_who_asks_again_after_a_refusal_has_the_venue_asked_again(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.cancels = "refused"
    want(desk, batch_id, 2)
    started = desk.clock.monotonic()

    def look(_: Subject) -> None:
        if desk.clock.monotonic() > started + 20:
            desk.venue.cancels = "ok"
            want(desk, batch_id, 2)

    desk.workers.before_call = look
    desk.make_run(batch_id, wait_s=60.0).execute()

    assert states(desk, batch_id) == [S.CANCELLED]
    assert desk.venue.calls.count("cancel") == 2


def test_what_a_run_does_not_get_done_stands_for_the_next_one(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.cancels = "ignored"
    want(desk, batch_id, 2)

    desk.make_run(batch_id, wait_s=0).execute()
    left = wanted(desk, batch_id)
    desk.venue.cancels = "ok"
    desk.make_run(batch_id, wait_s=0).execute()

    assert left == [2]
    assert states(desk, batch_id) == [S.CANCELLED]
    assert wanted(desk, batch_id) == []


def test_a_run_is_not_held_up_for_longer_than_a_minute(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.cancels = "ignored"
    want(desk, batch_id, 2)
    started = desk.clock.monotonic()

    desk.make_run(batch_id, wait_s=0).execute()

    assert 55 < desk.clock.monotonic() - started < 75


def test_what_has_ended_by_itself_is_wanted_no_more(desk: Desk) -> None:
    batch_id = leave_open(desk, 2)
    desk.venue.books[0].ends_at = desk.clock.monotonic()
    want(desk, batch_id, 2)

    desk.make_run(batch_id, wait_s=5.0).execute()

    assert states(desk, batch_id) == [S.FILLED, S.OPEN]
    assert wanted(desk, batch_id) == []


def test_a_run_over_some_rows_touches_no_other(desk: Desk) -> None:
    batch_id = leave_open(desk, 3)
    started = desk.clock.monotonic()

    desk.make_run(
        batch_id, send=False, cancel=Cancel.AT_ONCE, rows=frozenset({3}), wait_s=900.0
    ).execute()

    assert states(desk, batch_id) == [S.OPEN, S.CANCELLED, S.OPEN]
    assert desk.venue.calls.count("cancel") == 1
    assert desk.clock.monotonic() - started < 10


def test_a_stop_leaves_time_for_what_is_wanted(desk: Desk) -> None:
    batch_id = leave_open(desk, 2)
    want(desk, batch_id, 2)
    desk.journal.stops.ask([batch_id], cancel=False, by="ana", now=desk.clock.now())

    desk.make_run(batch_id).execute()

    assert states(desk, batch_id) == [S.CANCELLED, S.OPEN]
