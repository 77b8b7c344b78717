"""Cancelling open orders: on record first, and what really became of each is reported."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batch.run.calls import CancelOne, Subject
from batch.run.options import Cancel
from batch.states import FinalState, OrderState
from tests.run.conftest import Desk
from tests.run.doubles import make_order, make_validation

FOREVER_S = 1e9


def leave_open(desk: Desk, count: int = 3) -> str:
    """Send orders that stay open, and end the run."""
    desk.venue.life_s = FOREVER_S
    rows = make_validation(*(make_order(row) for row in range(2, count + 2)))
    batch_id, outcome = desk.submit(rows, wait_s=0)
    assert outcome.states == {OrderState.OPEN: count}
    desk.venue.calls.clear()
    return batch_id


def cancel(desk: Desk, batch_id: str, **options: object) -> dict[OrderState, int]:
    run = desk.make_run(batch_id, **{"send": False, "cancel": Cancel.AT_ONCE, **options})
    return dict(run.execute().states)


def test_open_orders_are_cancelled_and_followed_to_their_end(desk: Desk) -> None:
    batch_id = leave_open(desk)

    states = cancel(desk, batch_id)

    assert states == {OrderState.CANCELLED: 3}
    assert desk.venue.calls.count("cancel") == 3
    assert desk.kinds(batch_id, 2) == ["claimed", "accepted", "cancel-asked", "cancelled"]


def test_that_a_cancel_is_asked_for_is_on_record_before_it_leaves(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    seen: list[list[str]] = []

    def look(subject: Subject) -> None:
        if isinstance(subject, CancelOne):
            seen.append(desk.kinds(batch_id, 2))

    desk.workers.before_call = look
    cancel(desk, batch_id)

    assert [kinds[-1] for kinds in seen] == ["cancel-asked"]


def test_a_cancel_that_loses_a_race_with_a_fill_is_reported_as_the_fill(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.cancels = "ignored"
    desk.venue.books[0].ends_at = desk.clock.monotonic() + 1.0

    states = cancel(desk, batch_id)

    assert states == {OrderState.FILLED: 1}
    (order,) = desk.orders(batch_id)
    assert order.filled_size == Decimal(100_002)
    assert order.message == ""


def test_a_refused_cancel_is_followed_all_the_same(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.books[0].ends_at = desk.clock.monotonic()  # done, and nobody has asked since

    states = cancel(desk, batch_id)

    assert states == {OrderState.FILLED: 1}
    assert desk.kinds(batch_id, 2)[-3:] == ["cancel-asked", "cancel-refused", "filled"]


def test_an_order_that_must_not_be_cancelled_stays_open_and_says_why(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.cancels = "refused"

    states = cancel(desk, batch_id, wait_s=30.0)

    assert states == {OrderState.OPEN: 1}
    assert "cancels are not allowed" in desk.orders(batch_id)[0].message
    assert desk.venue.calls.count("cancel") == 1


def test_an_unknown_order_is_asked_about_first_and_cancelled_when_found(desk: Desk) -> None:
    desk.venue.life_s = FOREVER_S
    desk.venue.script = ["lost"]
    batch_id = desk.plan(make_validation(make_order(2))).batch.batch_id
    desk.make_dying_run(batch_id).execute()
    desk.workers.collect(0)  # the placing left all the same
    desk.venue.calls.clear()

    states = cancel(desk, batch_id)

    assert states == {OrderState.CANCELLED: 1}
    assert desk.venue.calls[:2] == ["find", "cancel"]


def test_cancelling_sends_no_row(desk: Desk) -> None:
    batch_id = desk.plan(make_validation(make_order(2))).batch.batch_id

    states = cancel(desk, batch_id)

    assert states == {OrderState.PLANNED: 1}
    assert desk.venue.calls == []


def test_a_cancel_without_an_answer_is_asked_for_again(desk: Desk) -> None:
    batch_id = leave_open(desk, 1)
    desk.venue.away_until = desk.clock.monotonic() + 4.0

    states = cancel(desk, batch_id)

    assert states == {OrderState.CANCELLED: 1}
    assert desk.venue.calls.count("cancel") > 1


def test_what_is_open_when_the_wait_ends_is_cancelled_if_so_wanted(desk: Desk) -> None:
    desk.venue.life_s = FOREVER_S
    rows = make_validation(*(make_order(row) for row in range(2, 12)))

    batch_id, outcome = desk.submit(rows, wait_s=20.0, cancel=Cancel.AFTER_WAIT)

    assert outcome.states == {OrderState.CANCELLED: 10}
    first_cancel = desk.venue.calls.index("cancel")
    assert desk.venue.calls.index("active") < first_cancel
    assert "cancelling" in desk.kinds(batch_id, None)


@pytest.mark.parametrize("wait_s", [0, 5.0])
def test_following_after_the_cancels_is_bounded(desk: Desk, wait_s: float) -> None:
    desk.venue.life_s = FOREVER_S
    desk.venue.cancels = "ignored"
    started = desk.clock.monotonic()

    _, outcome = desk.submit(
        make_validation(make_order(2)), wait_s=wait_s, cancel=Cancel.AFTER_WAIT
    )

    assert outcome.states == {OrderState.OPEN: 1}
    assert 60 <= desk.clock.monotonic() - started < 75


def test_nothing_is_cancelled_when_all_is_done_in_time(desk: Desk) -> None:
    batch_id, outcome = desk.submit(make_validation(make_order(2)), cancel=Cancel.AFTER_WAIT)

    assert outcome.states == {OrderState.FILLED: 1}
    assert "cancel" not in desk.venue.calls
    assert desk.orders(batch_id)[0].final_state is FinalState.FILLED
