"""What must not be, whatever the states say: it stops the run, and a person must look."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batch.errors import GateError, Throttled, VenueAway, VenueRefused
from batch.journal import Placing
from batch.model import Side, TimeInForce, VenueOrder
from batch.run.calls import Subject
from batch.run.first_look import SentByAnother
from batch.run.options import Cancel
from batch.states import FinalState, OrderState
from tests.run.conftest import Desk
from tests.run.test_run import FILLED, UNKNOWN, sheet_of, states_of


def change_answers(desk: Desk, change: Callable[[VenueOrder], VenueOrder]) -> None:
    """Let the venue answer placings with something else than it holds."""
    place = desk.venue.place
    desk.venue.place = lambda *arguments: change(place(*arguments))  # type: ignore[method-assign]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("symbol", "GBP/USD"),
        ("side", Side.SELL),
        ("currency", "USD"),
        ("size", Decimal(7)),
        ("price", Decimal("9.9")),
    ],
)
def test_fault_29_an_answer_that_differs_from_what_was_sent_stops_the_run(
    desk: Desk, name: str, value: Any
) -> None:
    change_answers(desk, lambda one: replace(one, terms=replace(one.terms, **{name: value})))

    batch_id, outcome = desk.submit(sheet_of(20), max_in_flight=1)

    assert states_of(desk, batch_id)[0] is UNKNOWN
    assert f"{name}: sent" in outcome.alarms[0].words and f"{name}: sent" in outcome.stopped
    assert desk.venue.calls.count("place") == 1
    assert "alarm" in desk.kinds(batch_id, 2)


def test_fault_29_a_later_answer_that_differs_stops_the_run_too(desk: Desk) -> None:
    desk.venue.life_s = 5.0
    query = desk.venue.query

    def change(server_order_id: str) -> VenueOrder | None:
        found = query(server_order_id)
        return found and replace(found, terms=replace(found.terms, size=Decimal(7)))

    desk.venue.query = change  # type: ignore[method-assign]
    batch_id, outcome = desk.submit(sheet_of(1))

    assert states_of(desk, batch_id) == [UNKNOWN]
    assert "size: sent 100002, found 7" in outcome.alarms[0].words


def test_an_echo_of_what_was_not_sent_is_no_difference(desk: Desk) -> None:
    change_answers(desk, lambda one: replace(one, terms=replace(one.terms, org="ORG")))

    batch_id, outcome = desk.submit(sheet_of(1))

    assert states_of(desk, batch_id) == [FILLED]
    assert outcome.alarms == ()


def test_one_server_id_for_two_client_ids_stops_the_run(desk: Desk) -> None:
    change_answers(desk, lambda one: replace(one, server_order_id="9000"))

    batch_id, outcome = desk.submit(sheet_of(20), max_in_flight=1)

    assert outcome.alarms and "9000" in outcome.alarms[0].words
    assert desk.venue.calls.count("place") == 2
    assert desk.orders(batch_id)[1].server_order_id != "9000"


def test_a_row_sent_twice_is_asked_about_at_the_end_and_two_orders_are_an_alarm(
    desk: Desk,
) -> None:
    def take_and_say_429(payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        if not desk.venue.books:
            return place(payload, client_order_id, request_id)
        desk.venue.place = place  # type: ignore[method-assign]
        desk.venue._take(payload, client_order_id, late_s=0.0)
        raise Throttled("slow down", retry_after_s=0.1, status=429, request_id=request_id)

    place = desk.venue.place
    desk.venue.place = take_and_say_429  # type: ignore[method-assign]

    batch_id, outcome = desk.submit(sheet_of(3), max_in_flight=1)

    assert desk.venue.posts_of(f"{batch_id}-3") == 2
    assert states_of(desk, batch_id) == [FILLED] * 3
    assert len(outcome.alarms) == 1
    assert "the venue holds 2 orders under its client order ID" in outcome.alarms[0].words


def test_a_row_sent_twice_with_one_order_is_no_alarm(desk: Desk) -> None:
    desk.venue.script = ["ok", "logged-out", "throttled"]

    _, outcome = desk.submit(sheet_of(5), max_in_flight=1)

    assert outcome.states == {OrderState.FILLED: 5}
    assert outcome.alarms == ()


def test_an_unknown_server_id_under_one_of_our_ids_among_the_open_orders_is_an_alarm(
    desk: Desk,
) -> None:
    desk.venue.life_s = 60.0
    batch_id = desk.plan(sheet_of(12, time_in_force=TimeInForce.GTC)).batch.batch_id
    orders = desk.orders(batch_id)

    def double(_: object) -> None:
        if len(desk.venue.books) == 12:
            desk.venue._take(orders[3].payload or "", orders[3].client_order_id or "", late_s=0.0)

    desk.workers.before_call = double
    outcome = desk.make_run(batch_id).execute()

    assert any(f"client order ID {batch_id}-5" in alarm.words for alarm in outcome.alarms)


@pytest.mark.parametrize("found_by", ["id", "list"])
def test_fault_31_another_journals_order_refuses_a_new_batch_before_anything_leaves(
    desk: Desk, found_by: str
) -> None:
    batch_id = desk.plan(sheet_of(5)).batch.batch_id
    known = desk.orders(batch_id)[0 if found_by == "id" else 3]
    desk.venue.life_s = 1e9
    desk.venue._take(known.payload or "", known.client_order_id or "", late_s=0.0)

    for _ in range(2):  # and so it does at the next try
        with pytest.raises(SentByAnother, match="another journal has sent this sheet") as caught:
            desk.make_run(batch_id).execute()

    assert isinstance(caught.value, GateError)
    assert str(known.client_order_id) in str(caught.value)
    assert "place" not in desk.venue.calls
    assert states_of(desk, batch_id) == [FinalState.NOT_SENT] * 5


def test_a_venue_that_does_not_say_whether_it_knows_the_batch_gets_nothing_of_it(
    desk: Desk,
) -> None:
    desk.venue.away_until = 1e9

    batch_id, outcome = desk.submit(sheet_of(3))

    assert "place" not in desk.venue.calls
    assert "was not told" in outcome.stopped
    assert states_of(desk, batch_id) == [FinalState.NOT_SENT] * 3


def test_a_venue_without_such_a_query_is_sent_to_and_the_history_says_so(desk: Desk) -> None:
    def refuse(client_order_id: str) -> tuple[VenueOrder, ...]:
        raise VenueRefused("no such query", status=400)

    desk.venue.find = refuse  # type: ignore[method-assign]

    batch_id, outcome = desk.submit(sheet_of(3))

    assert outcome.states == {OrderState.FILLED: 3}
    assert "first-look-refused" in desk.kinds(batch_id, None)


@pytest.mark.parametrize("is_ours", [True, False])
def test_fault_31_a_venue_that_does_not_look_at_the_client_id_is_looked_through(
    desk: Desk, is_ours: bool
) -> None:
    batch_id = desk.plan(sheet_of(3)).batch.batch_id
    known = desk.orders(batch_id)[1]

    def ignore_the_id(client_order_id: str) -> tuple[VenueOrder, ...]:
        raise VenueAway("orders with other client IDs only", status=200)

    desk.venue.find = ignore_the_id  # type: ignore[method-assign]
    desk.venue.life_s = 5.0
    name = known.client_order_id if is_ours else "SOMEBODY-ELSE"
    desk.venue._take(known.payload or "", name or "", late_s=0.0)

    if is_ours:
        with pytest.raises(SentByAnother):
            desk.make_run(batch_id).execute()
        assert "place" not in desk.venue.calls
    else:
        assert desk.make_run(batch_id).execute().states == {OrderState.FILLED: 3}


def test_a_cut_off_that_passes_in_the_middle_holds_for_each_claim(desk: Desk) -> None:
    until = desk.clock.monotonic() + 1.0
    desk.workers._latency_s = 0.3

    def held_back() -> str:
        return "the cut-off has passed" if desk.clock.monotonic() >= until else ""

    batch_id, outcome = desk.submit(sheet_of(20), max_in_flight=1, held_back=held_back)

    assert outcome.stopped == "the cut-off has passed"
    assert 0 < desk.venue.calls.count("place") < 5
    assert states_of(desk, batch_id)[-1] is FinalState.NOT_SENT


def test_fault_30_after_two_unusable_answers_each_order_is_asked_about_by_itself(
    desk: Desk,
) -> None:
    desk.venue.life_s = 30.0
    asked: list[int] = []
    active = desk.venue.active

    def fail() -> object:
        asked.append(1)
        if len(asked) == 1:
            return active()  # the first look
        raise VenueAway("an answer that is not readable JSON", status=200)

    desk.venue.active = fail  # type: ignore[method-assign, assignment]
    batch_id, outcome = desk.submit(sheet_of(12, time_in_force=TimeInForce.GTC))

    assert outcome.states == {OrderState.FILLED: 12}
    assert len(asked) == 3
    assert "bulk-query-off" in desk.kinds(batch_id, None)


@pytest.mark.parametrize("is_list_alone", [True, False])
def test_fault_30_a_list_that_gets_no_answer_is_given_up_where_orders_by_themselves_get_one(
    desk: Desk, is_list_alone: bool
) -> None:
    desk.venue.life_s = 30.0
    active, until = desk.venue.active, desk.clock.monotonic() + 25.0

    def lose() -> dict[str, VenueOrder]:
        if "place" not in desk.venue.calls:
            return active()  # the first look
        if is_list_alone:
            raise VenueAway("the connection was closed without an answer")
        desk.venue.away_until = until if len(desk.venue.books) == 12 else 0.0
        return active()

    desk.venue.active = lose  # type: ignore[method-assign]
    batch_id, outcome = desk.submit(sheet_of(12, time_in_force=TimeInForce.GTC))

    assert outcome.states == {OrderState.FILLED: 12}
    assert ("bulk-query-off" in desk.kinds(batch_id, None)) is is_list_alone


@pytest.mark.parametrize("end", ["EXPIRED", "CANCELED"])
def test_fault_29_what_the_venue_does_not_say_of_a_fill_is_not_nothing(
    desk: Desk, end: str
) -> None:
    desk.venue.end, desk.venue.is_silent = end, True

    batch_id, _ = desk.submit(sheet_of(1))

    order = desk.orders(batch_id)[0]
    assert order.filled_size is None
    assert "did not say how much of it was filled" in order.message


@pytest.mark.parametrize(
    ("filled", "words"),
    [
        (Decimal(7), "part filled: 7 of 100002"),
        (Decimal(0), "says that nothing of 100002 was"),
        (None, "did not say how much"),
    ],
)
def test_fault_29_filled_with_less_than_the_size_is_said(
    desk: Desk, filled: Decimal | None, words: str
) -> None:
    query = desk.venue.query

    def change(server_order_id: str) -> VenueOrder | None:
        found = query(server_order_id)
        return found and replace(found, filled_size=filled)

    desk.venue.query = change  # type: ignore[method-assign]
    batch_id, _ = desk.submit(sheet_of(1))

    order = desk.orders(batch_id)[0]
    assert (order.final_state, order.filled_size) == (FILLED, filled)
    assert words in order.message


@pytest.mark.parametrize("wait_s", [0.0, 900.0])
def test_another_journal_that_sends_the_sheet_at_the_same_moment_doubles_one_row(
    desk: Desk, wait_s: float
) -> None:
    def double(subject: Subject) -> None:
        # Its order is filled at once, and so in no list of active orders.
        if isinstance(subject, Placing) and not desk.venue.books:
            desk.venue.place(subject.payload, subject.client_order_id, "another's")

    desk.workers.before_call = double

    batch_id, outcome = desk.submit(sheet_of(20), wait_s=wait_s)

    assert len(desk.venue.books) == 2
    assert "another journal has sent this sheet, too" in outcome.alarms[0].words
    assert states_of(desk, batch_id)[1:] == [FinalState.NOT_SENT] * 19


def test_without_a_wait_only_the_first_order_is_asked_about(desk: Desk) -> None:
    desk.submit(sheet_of(3), wait_s=0.0)

    assert desk.venue.calls[2:] == ["place", "find", "place", "place"]


@pytest.mark.parametrize("cancel", [Cancel.NEVER, Cancel.AT_ONCE])
@pytest.mark.parametrize("rows", [1, 2, 5, 12])
def test_another_order_under_an_id_is_seen_by_the_next_run_however_few_are_open(
    desk: Desk, rows: int, cancel: Cancel
) -> None:
    desk.venue.life_s = 10_000.0
    batch_id, _ = desk.submit(sheet_of(rows, time_in_force=TimeInForce.GTC), wait_s=1.0)
    own = desk.venue.books[-1]
    desk.venue._take(own.payload, own.client_order_id, late_s=0.0)

    outcome = desk.make_run(batch_id, wait_s=4.0, cancel=cancel).execute()

    (alarm,) = outcome.alarms
    assert own.server_order_id in alarm.words
    assert len(desk.venue.books) == rows + 1
