"""A run: every answer that a placing can get, and every way in which a run can end."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from decimal import Decimal

import pytest

from batch.errors import JournalError
from batch.journal import Placing
from batch.model import TimeInForce, Validation
from batch.plan.duplicates import Duplicates
from batch.plan.since import sent_elsewhere
from batch.run.calls import Subject
from batch.run.resolving import declare_not_placed, declare_placed
from batch.states import FinalState, OrderState
from tests.run.conftest import Desk, let_all_leave
from tests.run.doubles import FENCE_S, make_order, make_validation

FIRST_LOOK = ("find", "active")
FILLED, OPEN, UNKNOWN = FinalState.FILLED, FinalState.OPEN, FinalState.UNKNOWN


def sheet_of(count: int, **changes: object) -> Validation:
    return make_validation(*(make_order(row, **changes) for row in range(2, count + 2)))


def states_of(desk: Desk, batch_id: str) -> list[FinalState]:
    return [order.final_state for order in desk.orders(batch_id)]


def test_a_batch_is_sent_followed_and_recorded(desk: Desk) -> None:
    batch_id, outcome = desk.submit(sheet_of(3))

    assert outcome.states == {OrderState.FILLED: 3}
    assert [h.client_order_id for h in desk.venue.books] == [f"{batch_id}-{r}" for r in (2, 3, 4)]
    order = desk.orders(batch_id)[0]
    assert (order.server_order_id, order.filled_size) == ("9000", Decimal(100_002))
    assert order.submitted_at is not None and order.finished_at is not None
    assert order.submitted_at <= order.finished_at
    assert desk.kinds(batch_id, 2) == ["claimed", "accepted", "filled"]


def test_no_more_calls_are_on_their_way_than_allowed(desk: Desk) -> None:
    desk.submit(sheet_of(40), max_in_flight=7)

    assert len(desk.venue.books) == 40
    assert desk.workers.most_waiting <= 7


def test_one_call_at_a_time_still_follows_while_it_sends(desk: Desk) -> None:
    desk.workers._latency_s = 0.3

    desk.submit(sheet_of(10), max_in_flight=1)

    assert desk.venue.calls.count("place") == 10
    assert desk.venue.calls.index("query") < 15


def test_each_claim_is_durable_before_its_order_leaves(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(5)).batch.batch_id
    seen: list[OrderState] = []

    def look(subject: Subject) -> None:
        if isinstance(subject, Placing):
            orders = desk.journal.orders(batch_id)
            seen.extend(order.state for order in orders if order.row == subject.row)

    desk.workers.before_call = look
    desk.make_run(batch_id).execute()

    assert seen == [OrderState.SENDING] * 5


def test_a_claim_that_cannot_be_committed_sends_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = desk.plan(sheet_of(5)).batch.batch_id

    def full(*_: object) -> None:
        raise JournalError("disk full")

    run = desk.make_run(batch_id)
    for name in ("apply", "claim"):
        monkeypatch.setattr(desk.journal, name, full)

    with pytest.raises(JournalError, match="disk full"):
        run.execute()
    assert "place" not in desk.venue.calls


def test_fault_6_an_answer_that_cannot_be_recorded_stops_sending_and_is_settled_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = desk.plan(sheet_of(30)).batch.batch_id
    commits = itertools.count()

    def full_at_second(verb: Callable[..., object]) -> Callable[..., object]:
        def failing(*arguments: object) -> object:
            if next(commits) == 1:
                raise JournalError("disk full")
            return verb(*arguments)

        return failing

    run = desk.make_run(batch_id, max_in_flight=4)
    let_all_leave(run)
    with monkeypatch.context() as trouble:
        for name in ("apply", "claim"):
            trouble.setattr(desk.journal, name, full_at_second(getattr(desk.journal, name)))
        with pytest.raises(JournalError):
            run.execute()
    sent_before = len(desk.venue.books)

    outcome = desk.make_run(batch_id).execute()

    assert sent_before == 4
    assert outcome.states == {OrderState.FILLED: 30}
    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 32))


def test_fault_10_a_refusal_is_final_and_keeps_the_venues_words(desk: Desk) -> None:
    desk.venue.script = ["refused"]

    batch_id, outcome = desk.submit(sheet_of(2))

    assert states_of(desk, batch_id) == [FinalState.REFUSED, FILLED]
    assert "the venue says no" in desk.orders(batch_id)[0].message
    assert outcome.stopped == ""


def test_fault_27_a_no_that_may_not_be_the_venues_is_asked_about_and_taken_over(
    desk: Desk,
) -> None:
    desk.venue.script = ["disputed-taken"]

    batch_id, _ = desk.submit(sheet_of(1))

    assert states_of(desk, batch_id) == [FILLED]
    assert desk.venue.posts_of(f"{batch_id}-2") == 1
    assert desk.kinds(batch_id, 2) == ["claimed", "disputed", "found", "filled"]


def test_fault_27_not_found_proves_nothing_after_such_a_no_neither_now_nor_at_the_next_start(
    desk: Desk,
) -> None:
    desk.venue.script = ["ok", "disputed"]

    batch_id, _ = desk.submit(sheet_of(2), max_in_flight=1, covers_done_orders=True)
    desk.make_run(batch_id, covers_done_orders=True).execute()

    assert states_of(desk, batch_id) == [FILLED, UNKNOWN]
    assert desk.venue.posts_of(f"{batch_id}-3") == 0
    assert desk.venue.calls.count("place") == 2
    message = desk.orders(batch_id)[1].message
    assert message.startswith("its placing was answered with a no that may not be the venue's own")
    assert "without an answer" not in message and "no proof" in message


def test_fault_13_a_lost_answer_is_asked_about_and_the_order_taken_over(desk: Desk) -> None:
    desk.venue.script = ["lost"]

    batch_id, _ = desk.submit(sheet_of(1))

    assert states_of(desk, batch_id) == [FILLED]
    assert desk.orders(batch_id)[0].server_order_id == "9000"
    assert desk.venue.calls.count("place") == 1
    assert desk.kinds(batch_id, 2) == ["claimed", "lost", "found", "filled"]


def test_a_lost_answer_that_is_not_found_stays_unknown_by_default(desk: Desk) -> None:
    desk.venue.script, desk.venue.finds = ["lost"], "open"
    desk.venue.life_s = 0.0

    batch_id, _ = desk.submit(sheet_of(1), find_out_s=10.0)

    assert states_of(desk, batch_id) == [UNKNOWN]
    assert "no usable answer to its placing is on record" in desk.orders(batch_id)[0].message
    assert "no proof" in desk.orders(batch_id)[0].message
    assert desk.venue.calls.count("place") == 1


def test_fault_17_an_order_that_is_found_late_is_not_sent_again(desk: Desk) -> None:
    desk.venue.script, desk.venue.finds = ["lost"], "late"

    batch_id, _ = desk.submit(sheet_of(1), covers_done_orders=True)

    assert states_of(desk, batch_id) == [FILLED]
    assert desk.venue.calls.count("place") == 1


def test_fault_8_an_order_that_is_placed_30_s_after_the_timeout_is_taken_over(desk: Desk) -> None:
    desk.venue.script = ["late"]
    desk.venue.life_s = 60.0

    batch_id, _ = desk.submit(sheet_of(1))

    assert states_of(desk, batch_id) == [UNKNOWN] or states_of(desk, batch_id) == [FILLED]
    assert desk.venue.calls.count("place") == 1


def test_what_is_found_must_be_what_was_sent_or_the_run_stops(desk: Desk) -> None:
    desk.venue.script = ["ok", "lost"]
    place = desk.venue.place

    def place_changed(*arguments: str) -> object:
        try:
            return place(*arguments)
        finally:
            if len(desk.venue.books) == 2:
                desk.venue.books[1].changes["price"] = Decimal("1.2")

    desk.venue.place = place_changed  # type: ignore[method-assign, assignment]
    batch_id, outcome = desk.submit(sheet_of(60), max_in_flight=2)

    assert states_of(desk, batch_id)[1] is UNKNOWN
    assert "price: sent 1.11720, found 1.2" in desk.orders(batch_id)[1].message
    assert "price" in outcome.stopped
    assert outcome.states[OrderState.PLANNED] > 0


def test_two_orders_under_one_client_id_stop_the_run(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(1)).batch.batch_id
    order = desk.orders(batch_id)[0]
    desk.venue.script = ["lost"]

    def double(subject: Subject) -> None:
        if isinstance(subject, Placing):
            desk.venue._take(order.payload or "", order.client_order_id or "", late_s=0.0)

    desk.workers.before_call = double
    outcome = desk.make_run(batch_id).execute()

    assert any("2 orders" in alarm.words for alarm in outcome.alarms)
    assert states_of(desk, batch_id) == [UNKNOWN]
    assert "2 orders" in desk.orders(batch_id)[0].message


def test_after_five_unanswered_placings_in_a_row_the_run_stops_sending_and_follows(
    desk: Desk,
) -> None:
    desk.venue.script = ["ok", *["lost"] * 5]

    batch_id, outcome = desk.submit(sheet_of(20), max_in_flight=1)

    assert outcome.states == {OrderState.FILLED: 6, OrderState.PLANNED: 14}
    assert "5 placings in a row got no answer" in outcome.stopped
    assert "stopped-sending" in desk.kinds(batch_id, None)


def test_answers_in_between_do_not_add_up_to_a_stop(desk: Desk) -> None:
    desk.venue.script = ["lost", "lost", "lost", "lost", "ok"] * 2

    _, outcome = desk.submit(sheet_of(20), max_in_flight=1)

    assert outcome.states == {OrderState.FILLED: 20}


def test_fault_12_a_429_pauses_everybody_and_loses_nothing(desk: Desk) -> None:
    desk.venue.script = ["ok", "throttled"]
    began = desk.clock.monotonic()

    batch_id, outcome = desk.submit(sheet_of(10), max_in_flight=2)

    assert outcome.states == {OrderState.FILLED: 10}
    assert len(desk.venue.books) == 10
    assert desk.clock.monotonic() - began >= 3.0
    assert desk.kinds(batch_id, 3) == ["claimed", "released", "claimed", "accepted", "filled"]


def test_fault_7_what_did_not_get_out_is_sent_again_under_the_same_client_id(desk: Desk) -> None:
    desk.venue.script = ["undelivered", "undelivered"]

    batch_id, outcome = desk.submit(sheet_of(1))

    assert outcome.states == {OrderState.FILLED: 1}
    assert desk.venue.posts_of(f"{batch_id}-2") == 1


def test_fault_7_a_venue_out_of_reach_is_given_up_after_a_bounded_time(desk: Desk) -> None:
    desk.venue.script = ["undelivered"] * 100
    began = desk.clock.monotonic()

    batch_id, outcome = desk.submit(sheet_of(3))

    assert outcome.states == {OrderState.PLANNED: 3}
    assert "did not get out" in outcome.stopped
    assert states_of(desk, batch_id) == [FinalState.NOT_SENT] * 3
    assert desk.clock.monotonic() - began < 120


def test_a_login_that_fails_in_the_middle_ends_the_run_and_keeps_the_rest_sendable(
    desk: Desk,
) -> None:
    desk.venue.script = ["ok", "login"]

    batch_id, outcome = desk.submit(sheet_of(5), max_in_flight=1)

    assert "wrong password" in outcome.stopped
    assert outcome.states[OrderState.PLANNED] == 4
    assert states_of(desk, batch_id)[0] in (OPEN, FILLED)


def test_a_fault_of_our_own_is_recorded_as_unknown_and_then_raised(desk: Desk) -> None:
    desk.venue.script = ["ok", "bug"]
    batch_id = desk.plan(sheet_of(5)).batch.batch_id

    with pytest.raises(ZeroDivisionError):
        desk.make_run(batch_id, max_in_flight=1).execute()

    assert states_of(desk, batch_id)[1] is UNKNOWN
    assert desk.venue.calls.count("place") == 2


def test_without_a_wait_nothing_is_polled(desk: Desk) -> None:
    batch_id, _ = desk.submit(sheet_of(3), wait_s=0.0)

    assert desk.venue.calls == [*FIRST_LOOK, "place", "find", "place", "place"]
    assert states_of(desk, batch_id) == [OPEN] * 3


def test_without_a_wait_a_lost_answer_is_asked_about_once(desk: Desk) -> None:
    desk.venue.script = ["lost"]

    batch_id, _ = desk.submit(sheet_of(1), wait_s=0.0)

    assert desk.venue.calls == [*FIRST_LOOK, "place", "find"]
    assert states_of(desk, batch_id) == [OPEN]


def test_orders_that_do_not_end_are_open_when_the_wait_is_over(desk: Desk) -> None:
    desk.venue.life_s = 1e9
    began = desk.clock.monotonic()

    batch_id, outcome = desk.submit(sheet_of(2), wait_s=60.0)

    assert states_of(desk, batch_id) == [OPEN] * 2
    assert 60.0 <= desk.clock.monotonic() - began < 70.0
    assert not outcome.stopped


def test_a_later_run_goes_on_following_and_sends_nothing(desk: Desk) -> None:
    desk.venue.life_s = 100.0
    batch_id, _ = desk.submit(sheet_of(2), wait_s=60.0)

    outcome = desk.make_run(batch_id, wait_s=60.0).execute()

    assert outcome.states == {OrderState.FILLED: 2}
    assert desk.venue.calls.count("place") == 2


def test_fault_18_a_venue_that_is_away_while_polling_is_asked_again_when_it_is_back(
    desk: Desk,
) -> None:
    def go_away(subject: Subject) -> None:
        if isinstance(subject, Placing):
            desk.venue.away_until = desk.clock.monotonic() + 60.0

    desk.workers.before_call = go_away

    _, outcome = desk.submit(sheet_of(12))

    assert outcome.states == {OrderState.FILLED: 12}
    assert desk.clock.monotonic() >= desk.venue.away_until


def test_fault_19_a_part_fill_that_expires_keeps_its_filled_size(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    place = desk.venue.place

    def place_and_fill_some(*arguments: str) -> object:
        answer = place(*arguments)
        desk.venue.books[-1].filled = Decimal(7)
        return answer

    desk.venue.place = place_and_fill_some  # type: ignore[method-assign, assignment]
    batch_id, _ = desk.submit(sheet_of(1))

    order = desk.orders(batch_id)[0]
    assert (order.final_state, order.filled_size) == (FinalState.EXPIRED, Decimal(7))
    assert "part filled: 7 of 100002" in order.message


@pytest.mark.parametrize("word", ["CANCELED", "CANCELLED"])
def test_fault_19_a_cancel_from_outside_is_final_in_both_spellings(desk: Desk, word: str) -> None:
    desk.venue.end = word

    batch_id, _ = desk.submit(sheet_of(1))

    assert states_of(desk, batch_id) == [FinalState.CANCELLED]
    assert desk.orders(batch_id)[0].venue_status == word


def test_fault_19_an_unknown_status_is_kept_as_it_came_and_is_not_final(desk: Desk) -> None:
    desk.venue.end = "HALTED"

    batch_id, _ = desk.submit(sheet_of(1), wait_s=20.0)

    order = desk.orders(batch_id)[0]
    assert (order.final_state, order.venue_status) == (OPEN, "HALTED")
    assert '"HALTED" is not a published one' in order.message


def test_many_open_orders_are_followed_with_one_question_for_all(desk: Desk) -> None:
    desk.venue.life_s = 30.0

    _, outcome = desk.submit(sheet_of(100, time_in_force=TimeInForce.GTC), max_in_flight=50)

    assert outcome.states == {OrderState.FILLED: 100}
    assert desk.venue.calls.count("query") <= 110
    assert desk.venue.calls.count("active") < 60


@pytest.mark.parametrize("lists", ["none", "refused"])
def test_a_bulk_query_that_misbehaves_is_no_longer_used(desk: Desk, lists: str) -> None:
    desk.venue.life_s, desk.venue.lists = 30.0, lists

    batch_id, outcome = desk.submit(sheet_of(20), max_in_flight=20)

    assert outcome.states == {OrderState.FILLED: 20}
    assert "bulk-query-off" in desk.kinds(batch_id, None)
    assert desk.venue.calls.count("active") < 5


def test_the_bulk_query_can_be_switched_off(desk: Desk) -> None:
    desk.submit(sheet_of(20), bulk_query=False)

    assert "active" not in desk.venue.calls


def test_a_stop_sends_nothing_more_and_waits_for_what_is_on_its_way(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(50)).batch.batch_id
    run = desk.make_run(batch_id, max_in_flight=5)
    let_all_leave(run)
    desk.workers.before_call = lambda key: run.stop() if len(desk.venue.books) == 7 else None

    outcome = run.execute()

    assert outcome.interrupted
    assert len(desk.venue.books) == 10
    assert OrderState.SENDING not in outcome.states
    assert outcome.states[OrderState.PLANNED] == 40


def test_a_second_stop_does_not_wait(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(50)).batch.batch_id
    run = desk.make_dying_run(batch_id, max_in_flight=5)

    outcome = run.execute()

    assert outcome.interrupted
    assert states_of(desk, batch_id).count(UNKNOWN) == 5


def test_fault_3_a_claim_whose_process_died_is_settled_before_anything_is_sent(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(20)).batch.batch_id
    run = desk.make_dying_run(batch_id, max_in_flight=5)
    run.execute()
    desk.workers.collect(0.0)  # the venue takes all five; nobody hears of it
    desk.venue.calls.clear()

    outcome = desk.make_run(batch_id).execute()

    assert outcome.states == {OrderState.FILLED: 20}
    assert desk.venue.calls[:5] == ["find"] * 5
    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 22))


def test_nothing_is_sent_while_the_venue_does_not_answer_about_earlier_orders(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(20)).batch.batch_id
    run = desk.make_dying_run(batch_id, max_in_flight=5)
    run.execute()
    desk.workers.collect(0.0)
    desk.venue.away_until = desk.clock.monotonic() + 1e6
    desk.venue.calls.clear()

    outcome = desk.make_run(batch_id, wait_s=30.0).execute()

    assert "place" not in desk.venue.calls
    assert "did not answer about 5 orders" in outcome.stopped


def test_waiting_ends_early_when_nothing_will_change(desk: Desk) -> None:
    desk.venue.life_s = 1e9
    began = desk.clock.monotonic()

    batch_id, outcome = desk.submit(sheet_of(3), nothing_will_change=lambda: True)

    assert outcome.at_rest
    assert states_of(desk, batch_id) == [OPEN] * 3
    assert desk.clock.monotonic() - began < 10


def test_waiting_does_not_end_early_for_an_order_that_is_still_unknown(desk: Desk) -> None:
    desk.venue.script = ["ok", "lost-untaken"]
    desk.venue.life_of = lambda number: 0.2 if number == 0 else 1e9

    batch_id, _ = desk.submit(
        sheet_of(2), max_in_flight=1, nothing_will_change=lambda: True, covers_done_orders=True
    )

    assert states_of(desk, batch_id) == [FILLED, OPEN]
    assert desk.venue.posts_of(f"{batch_id}-3") == 1


def test_the_end_of_another_order_under_a_mistyped_server_id_is_not_taken_over(
    desk: Desk,
) -> None:
    desk.venue.script, desk.venue.finds = ["lost-untaken"], "none"
    batch_id, _ = desk.submit(sheet_of(1), find_out_s=0.0)
    other = desk.venue._take(desk.orders(batch_id)[0].payload or "", "SOMEBODY", late_s=0.0)
    declare_placed(desk.journal, batch_id, 2, other.server_order_id, None, desk.clock)

    desk.make_run(batch_id).execute()

    assert states_of(desk, batch_id) == [UNKNOWN]
    assert "belongs to client order ID SOMEBODY" in desk.orders(batch_id)[0].message


def test_a_row_that_another_batch_has_sent_since_is_not_sent_again_when_proven_absent(
    desk: Desk,
) -> None:
    desk.venue.script = ["lost-untaken"]
    batch_id, _ = desk.submit(sheet_of(1), find_out_s=0.0)
    changed = make_validation(make_order(2), note="changed")
    again = desk.plan(changed, duplicates=Duplicates.SEND).batch.batch_id
    desk.make_run(again).execute()
    summary = desk.journal.batch(batch_id)

    rows = sent_elsewhere(desk.journal, summary, [OrderState.UNKNOWN], desk.clock)
    desk.make_run(batch_id, covers_done_orders=True, sent_elsewhere=frozenset(rows)).execute()

    assert rows.keys() == {2}
    assert states_of(desk, batch_id) == [UNKNOWN]
    assert len(desk.venue.books) == 1


def test_a_row_that_a_person_said_was_not_placed_is_asked_about_before_it_is_sent(
    desk: Desk,
) -> None:
    desk.venue.script, desk.venue.finds, desk.venue.life_s = ["lost"], "none", 1e9
    batch_id, _ = desk.submit(sheet_of(1), find_out_s=0.0)
    desk.clock.sleep(FENCE_S)
    declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)
    desk.venue.finds = "all"

    desk.make_run(batch_id, wait_s=5.0).execute()

    assert states_of(desk, batch_id) == [OPEN]
    assert desk.orders(batch_id)[0].server_order_id == "9000"
    assert desk.venue.posts_of(f"{batch_id}-2") == 1


def test_a_row_that_was_not_placed_indeed_is_sent_by_the_next_run(desk: Desk) -> None:
    desk.venue.script = ["lost-untaken"]
    batch_id, _ = desk.submit(sheet_of(2), find_out_s=0.0)
    desk.clock.sleep(FENCE_S)
    declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)
    desk.venue.calls.clear()

    outcome = desk.make_run(batch_id).execute()

    assert outcome.states == {OrderState.FILLED: 2}
    assert desk.venue.calls[:2] == ["find", "place"]


def test_a_server_id_that_was_recorded_unchecked_and_is_not_known_is_unknown_again(
    desk: Desk,
) -> None:
    desk.venue.script, desk.venue.finds = ["lost"], "none"
    batch_id, _ = desk.submit(sheet_of(1), find_out_s=0.0)
    declare_placed(desk.journal, batch_id, 2, "12345", None, desk.clock)

    desk.make_run(batch_id).execute()

    assert states_of(desk, batch_id) == [UNKNOWN]
    assert "12345 is not known to the venue" in desk.orders(batch_id)[0].message
