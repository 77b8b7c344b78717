"""Before a batch's first order leaves: the question by client ID, and the list of open orders."""

from __future__ import annotations

import pytest

from batch.errors import VenueAway, VenueRefused
from batch.model import VenueOrder
from batch.run.first_look import TRIES
from batch.states import OrderState
from tests.run.conftest import Desk
from tests.run.sheets import sheet_of, states_of

PLANNED = OrderState.PLANNED


def let_the_list_fail(desk: Desk) -> None:
    def fail() -> dict[str, VenueOrder]:
        desk.venue.calls.append("active")
        raise VenueAway("HTTP 500", status=500)

    desk.venue.active = fail  # type: ignore[method-assign]


def let_the_list_answer(desk: Desk) -> None:
    del desk.venue.active


def take_all_for_another(desk: Desk, batch_id: str) -> None:
    """Have the venue hold an open order of another journal for every row but the first."""
    desk.venue.life_s = 1e9
    for order in desk.orders(batch_id)[1:]:
        desk.venue._take(order.payload or "", order.client_order_id or "", late_s=0.0)


def posts(desk: Desk) -> int:
    return desk.venue.calls.count("place")


def test_fault_30_a_list_that_fails_is_gone_on_without_where_the_question_by_id_is_answered(
    desk: Desk,
) -> None:
    let_the_list_fail(desk)

    batch_id, outcome = desk.submit(sheet_of(5), max_in_flight=16)

    assert outcome.states == {OrderState.FILLED: 5}
    begun = ["find", *["active"] * TRIES, "find", "place", "find", "place"]
    assert desk.venue.calls[: len(begun)] == begun
    kinds = desk.kinds(batch_id, None)
    assert kinds.index("alone-not-told") < kinds.index("alone-told")


@pytest.mark.parametrize(
    "error", [VenueRefused("no such query", status=405), VenueAway("other orders", status=200)]
)
def test_where_the_venue_has_no_question_by_id_a_list_that_fails_holds_the_batch_back(
    desk: Desk, error: Exception
) -> None:
    let_the_list_fail(desk)

    def find(client_order_id: str) -> tuple[VenueOrder, ...]:
        raise error

    desk.venue.find = find  # type: ignore[method-assign]

    batch_id, outcome = desk.submit(sheet_of(5))

    assert posts(desk) == 0
    assert "was not told" in outcome.stopped
    assert states_of(desk, batch_id) == [PLANNED] * 5


def test_where_the_question_by_id_is_not_answered_any_more_either_the_venue_is_away(
    desk: Desk,
) -> None:
    let_the_list_fail(desk)
    find = desk.venue.find

    def answer_once(client_order_id: str) -> tuple[VenueOrder, ...]:
        if "active" in desk.venue.calls:
            raise VenueAway("HTTP 503", status=503)
        return find(client_order_id)

    desk.venue.find = answer_once  # type: ignore[method-assign]

    _, outcome = desk.submit(sheet_of(5))

    assert posts(desk) == 0
    assert "was not told" in outcome.stopped


@pytest.mark.parametrize("is_sent_elsewhere", [True, False])
def test_without_the_list_nothing_leaves_after_a_first_order_that_is_not_shown(
    desk: Desk, is_sent_elsewhere: bool
) -> None:
    desk.venue.finds = "none"
    let_the_list_fail(desk)
    batch_id = desk.plan(sheet_of(5)).batch.batch_id
    if is_sent_elsewhere:
        take_all_for_another(desk, batch_id)

    outcomes = [desk.make_run(batch_id, wait_s=0.0).execute() for _ in range(3)]
    assert posts(desk) == 1, "and none at the next starts"
    assert "was not told" in outcomes[0].stopped
    assert "bulk_query = false" in outcomes[0].stopped
    let_the_list_answer(desk)
    after = desk.make_run(batch_id, wait_s=0.0).execute()

    assert posts(desk) == (1 if is_sent_elsewhere else 5)
    if is_sent_elsewhere:
        assert "another journal has sent this sheet" in after.stopped
        assert states_of(desk, batch_id)[1:] == [PLANNED] * 4


def test_a_person_who_says_that_the_list_is_of_no_use_lets_the_rest_leave(desk: Desk) -> None:
    desk.venue.finds = "none"
    let_the_list_fail(desk)
    batch_id, _ = desk.submit(sheet_of(5), wait_s=0.0)
    assert posts(desk) == 1

    desk.make_run(batch_id, wait_s=0.0, bulk_query=False).execute()

    assert posts(desk) == 5


def test_without_the_list_a_death_after_the_first_order_does_not_let_the_rest_leave(
    desk: Desk,
) -> None:
    desk.venue.finds = "none"
    let_the_list_fail(desk)
    batch_id = desk.plan(sheet_of(5)).batch.batch_id
    desk.make_dying_run(batch_id, max_in_flight=1).execute()
    desk.workers._begun, desk.workers._waiting = [], []  # its request died with it

    outcome = desk.make_run(batch_id, wait_s=0.0).execute()

    assert posts(desk) == 0
    assert "was not told" in outcome.stopped
    assert states_of(desk, batch_id) == [OrderState.UNKNOWN, *[PLANNED] * 4]
