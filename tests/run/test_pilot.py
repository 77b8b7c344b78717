"""The first order of a batch goes alone, in case another journal begins the same sheet."""

from __future__ import annotations

import pytest

from batch.errors import VenueAway, VenueRefused
from batch.journal import Placing
from batch.model import VenueOrder
from batch.run.calls import Subject
from batch.run.pilot import SHOWN_WITHIN_S
from batch.states import OrderState
from tests.run.conftest import Desk
from tests.run.sheets import interrupt, sheet_of, states_of


def take_for_another(desk: Desk, batch_id: str, row: int) -> None:
    """Have the venue hold an order of another journal under the client ID of a row."""
    order = desk.orders(batch_id)[row - 2]
    desk.venue._take(order.payload or "", order.client_order_id or "", late_s=0.0)


def test_the_rest_leaves_when_the_venue_has_shown_the_first_order_alone(desk: Desk) -> None:
    _, outcome = desk.submit(sheet_of(20), max_in_flight=16)

    assert outcome.states == {OrderState.FILLED: 20}
    assert desk.venue.calls[:5] == ["find", "active", "place", "find", "place"]


@pytest.mark.parametrize("word", ["refused", "throttled", "undelivered", "logged-out"])
def test_after_a_first_order_that_the_venue_did_not_take_the_next_one_goes_alone(
    desk: Desk, word: str
) -> None:
    desk.venue.script = [word]

    desk.submit(sheet_of(5), max_in_flight=16)

    calls = [call for call in desk.venue.calls if call in ("place", "find")]
    assert calls[:5] == ["find", "place", "place", "find", "place"]


def test_after_a_first_answer_that_was_lost_the_next_row_is_asked_for_before_it_leaves(
    desk: Desk,
) -> None:
    desk.venue.script = ["lost"]
    batch_id = desk.plan(sheet_of(5)).batch.batch_id

    def send_all_from_elsewhere(subject: Subject) -> None:
        if isinstance(subject, Placing) and not desk.venue.books:
            for row in range(3, 7):
                take_for_another(desk, batch_id, row)

    desk.workers.before_call = send_all_from_elsewhere
    outcome = desk.make_run(batch_id, max_in_flight=16).execute()

    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 7))
    assert states_of(desk, batch_id)[1:] == [OrderState.PLANNED] * 4
    assert "another journal has sent this sheet" in outcome.stopped


def test_after_a_first_answer_that_was_lost_the_rest_of_an_own_sheet_leaves(desk: Desk) -> None:
    desk.venue.script = ["lost"]

    batch_id, outcome = desk.submit(sheet_of(5), max_in_flight=16)

    assert outcome.states == {OrderState.FILLED: 5}
    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 7))


@pytest.mark.parametrize(("covers_done", "asked"), [(False, 1), (True, 21)])
def test_where_the_first_order_is_not_shown_the_rest_leaves_and_the_history_says_so(
    desk: Desk, covers_done: bool, asked: int
) -> None:
    desk.venue.finds = "none"

    batch_id, outcome = desk.submit(
        sheet_of(5), max_in_flight=16, covers_done_orders=covers_done, wait_s=0.0
    )

    assert len(desk.venue.books) == 5 and not outcome.stopped
    assert desk.venue.calls[2 : 4 + asked] == ["place", *["find"] * asked, "place"]
    assert "first-order-not-shown" in desk.kinds(batch_id, None)
    if covers_done:
        assert desk.venue.books[1].taken_at - desk.venue.books[0].taken_at >= SHOWN_WITHIN_S


@pytest.mark.parametrize(
    ("error", "asked"),
    [(VenueRefused("no such query", status=400), 1), (VenueAway("other orders", status=200), 2)],
)
def test_where_the_venue_has_no_such_query_the_rest_leaves_and_the_history_says_so(
    desk: Desk, error: Exception, asked: int
) -> None:
    find, tries = desk.venue.find, []

    def refuse_later(client_order_id: str) -> tuple[VenueOrder, ...]:
        if desk.venue.books:
            tries.append(client_order_id)
            raise error
        return find(client_order_id)

    desk.venue.find = refuse_later  # type: ignore[method-assign]

    batch_id, outcome = desk.submit(sheet_of(5), wait_s=0.0)

    assert len(desk.venue.books) == 5 and not outcome.stopped
    assert len(tries) == asked
    assert "first-order-not-shown" in desk.kinds(batch_id, None)


def test_a_venue_that_does_not_say_for_as_long_as_the_run_may_wait_gets_no_more(
    desk: Desk,
) -> None:
    def go_away(subject: Subject) -> None:
        if isinstance(subject, Placing):
            desk.venue.away_until = 1e9

    desk.workers.before_call = go_away

    batch_id, outcome = desk.submit(sheet_of(5), wait_s=100.0)

    assert len(desk.venue.books) == 1
    assert "whether another journal sends this sheet at the same time was not told" in (
        outcome.stopped
    )
    assert states_of(desk, batch_id)[1:] == [OrderState.PLANNED] * 4


@pytest.mark.parametrize("is_sent_elsewhere", [False, True])
def test_what_was_begun_before_goes_on_unless_the_venue_knows_the_next_row(
    desk: Desk, is_sent_elsewhere: bool
) -> None:
    batch_id = interrupt(desk, sheet_of(6), sent=2)
    left = [order.row for order in desk.orders(batch_id) if order.state is OrderState.PLANNED]
    if is_sent_elsewhere:
        for row in left:
            take_for_another(desk, batch_id, row)

    outcome = desk.make_run(batch_id).execute()

    assert left
    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 8))
    assert bool(outcome.stopped) is is_sent_elsewhere
    if is_sent_elsewhere:
        assert f"row {left[0]}: expected a new order" in outcome.stopped


def test_a_venue_that_answers_beside_the_question_holds_the_other_rows_back_for_a_while_only(
    desk: Desk,
) -> None:
    batch_id = desk.plan(sheet_of(4)).batch.batch_id
    desk.make_dying_run(batch_id, max_in_flight=2).execute()
    desk.workers._begun, desk.workers._waiting = [], []  # its requests died with it

    def answer_beside_it(client_order_id: str) -> tuple[VenueOrder, ...]:
        raise VenueAway("orders with other client IDs only", status=200)

    desk.venue.find = answer_beside_it  # type: ignore[method-assign]
    outcome = desk.make_run(batch_id).execute()

    assert outcome.states == {OrderState.UNKNOWN: 2, OrderState.FILLED: 2}
    assert len(desk.venue.books) == 2


def test_a_row_that_was_claimed_before_is_not_asked_about_as_such_once_it_has_left(
    desk: Desk,
) -> None:
    batch_id = desk.plan(sheet_of(4)).batch.batch_id
    desk.venue.script = ["undelivered"] * 30
    desk.make_run(batch_id).execute()
    desk.venue.script = []
    assert set(states_of(desk, batch_id)) == {OrderState.PLANNED}
    find, answered = desk.venue.find, []

    def answer_at_last(client_order_id: str) -> tuple[VenueOrder, ...]:
        answered.append(client_order_id)
        if answered.count(client_order_id) <= 3:
            raise VenueAway("orders with other client IDs only", status=200)
        return find(client_order_id)

    desk.venue.find = answer_at_last  # type: ignore[method-assign]
    outcome = desk.make_run(batch_id).execute()

    assert outcome.states == {OrderState.FILLED: 4}
    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 6))
