"""An alarm stands, and keeps everything back, until a person has found out about its row."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from batch.errors import Advice, GateError, VenueRefused
from batch.model import Side, VenueOrder
from batch.run.alarms import ALARM_STANDS, Alarm, read_alarms
from batch.run.options import Outcome
from batch.run.resolving import declare_not_placed, declare_placed
from batch.states import BatchEvent, OrderState
from tests.run.conftest import Desk
from tests.run.sheets import sheet_of, states_of

FILLED, PLANNED, UNKNOWN = OrderState.FILLED, OrderState.PLANNED, OrderState.UNKNOWN


def double_the_first_row(desk: Desk, count: int = 3, **options: object) -> tuple[str, Outcome]:
    """Run a batch whose first row another sender has at the venue, too, when the run ends."""
    place, batch_id = desk.venue.place, desk.plan(sheet_of(count)).batch.batch_id

    def twice(payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        if client_order_id == f"{batch_id}-2":
            place(payload, client_order_id, "another's")
        return place(payload, client_order_id, request_id)

    desk.venue.place = twice  # type: ignore[method-assign]
    outcome = desk.make_run(batch_id, **options).execute()
    desk.venue.place = place  # type: ignore[method-assign]
    return batch_id, outcome


def answer_with_another_size(desk: Desk) -> str:
    """Run a batch of three rows, the first of which is answered as another order; give its ID."""
    place = desk.venue.place

    def change(payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        taken = place(payload, client_order_id, request_id)
        return replace(taken, terms=replace(taken.terms, size=Decimal(7)))

    desk.venue.place = change  # type: ignore[method-assign]
    batch_id, _ = desk.submit(sheet_of(3), max_in_flight=1)
    desk.venue.place = place  # type: ignore[method-assign]
    assert states_of(desk, batch_id) == [UNKNOWN, PLANNED, PLANNED]
    return batch_id


def test_an_alarm_is_recorded_with_its_row(desk: Desk) -> None:
    batch_id, outcome = double_the_first_row(desk)

    (event,) = desk.journal.events(batch_id, kind=BatchEvent.ALARM)
    assert event.row == 2 and event.detail == outcome.alarms[0].words
    assert "server order IDs 9000, 9001" in event.detail


def test_while_an_alarm_stands_a_run_sends_nothing_and_repeats_it(desk: Desk) -> None:
    batch_id = answer_with_another_size(desk)
    placed = desk.venue.calls.count("place")

    for _ in range(2):
        outcome = desk.make_run(batch_id).execute()
        assert outcome.stopped == ALARM_STANDS
        assert [alarm.row for alarm in outcome.alarms] == [2]

    assert desk.venue.calls.count("place") == placed == 1
    assert len(list(desk.journal.events(batch_id, kind=BatchEvent.ALARM))) == 1


def test_a_finding_about_the_row_ends_the_alarm_and_the_rest_leaves(desk: Desk) -> None:
    batch_id = answer_with_another_size(desk)

    declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    outcome = desk.make_run(batch_id).execute()

    assert outcome.alarms == () and outcome.states == {FILLED: 3}
    assert desk.venue.calls.count("place") == 3


def show_other_terms(desk: Desk, **changes: object) -> str:
    """Run a batch whose first order the venue goes on showing with other terms; give its ID."""
    desk.venue.changes.update(changes)
    batch_id, _ = desk.submit(sheet_of(3), max_in_flight=1)
    desk.venue.changes.clear()
    return batch_id


def test_an_order_that_goes_on_differing_stands_for_its_row_once_a_person_says_so(
    desk: Desk,
) -> None:
    batch_id = show_other_terms(desk, price=Decimal(9), size=Decimal(7))
    assert states_of(desk, batch_id) == [UNKNOWN, PLANNED, PLANNED]

    words = declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    outcome = desk.make_run(batch_id).execute()

    assert words.endswith("price: sent 1.11720, found 9), and stands for the row")
    assert outcome.alarms == () and outcome.states == {FILLED: 3}
    assert (desk.orders(batch_id)[0].message or "") in words
    assert "size: sent 100002, found 7" in (desk.orders(batch_id)[0].message or "")
    assert desk.venue.calls.count("place") == 3


def test_an_open_order_that_stands_for_its_row_is_followed_to_its_end(desk: Desk) -> None:
    desk.venue.life_s = 30.0
    batch_id = show_other_terms(desk, price=Decimal(9))
    declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    assert states_of(desk, batch_id)[0] is OrderState.OPEN

    outcome = desk.make_run(batch_id).execute()

    assert outcome.alarms == () and outcome.states == {FILLED: 3}


def test_a_person_has_said_it_of_no_other_terms_than_the_alarm_named(desk: Desk) -> None:
    batch_id = show_other_terms(desk, price=Decimal(9))
    desk.venue.books[0].changes["price"] = Decimal(8)

    with pytest.raises(GateError, match="found 8") as caught:
        declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)

    assert [hint.advice for hint in caught.value.advice] == [Advice.RESUME_ROW]
    assert states_of(desk, batch_id)[0] is UNKNOWN


@pytest.mark.parametrize(
    ("name", "other"), [("symbol", "GBP/USD"), ("side", Side.SELL), ("currency", "USD")]
)
def test_an_order_of_another_kind_never_stands_for_a_row(
    desk: Desk, name: str, other: object
) -> None:
    batch_id = show_other_terms(desk, **{name: other})

    with pytest.raises(GateError, match=f"another under server order ID 9000 \\({name}: sent"):
        declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)

    assert desk.make_run(batch_id).execute().stopped == ALARM_STANDS


def test_a_finding_about_another_row_ends_nothing(desk: Desk) -> None:
    batch_id = answer_with_another_size(desk)
    desk.journal.note(batch_id, BatchEvent.ALARM_ENDED, "looked", desk.clock.now(), row=3)

    assert desk.make_run(batch_id).execute().stopped == ALARM_STANDS


def test_a_finding_that_an_order_is_as_it_stands_ends_its_alarm_and_changes_nothing(
    desk: Desk,
) -> None:
    batch_id, outcome = double_the_first_row(desk)
    before = desk.orders(batch_id)
    server_order_id = before[0].server_order_id
    assert outcome.alarms and before[0].state is FILLED and server_order_id

    words = declare_placed(desk.journal, batch_id, 2, server_order_id, desk.venue, desk.clock)

    assert "checked with the venue" in words
    assert desk.orders(batch_id) == before
    assert desk.kinds(batch_id, 2)[-1] == "alarm-ended"
    assert read_alarms(desk.journal, batch_id).standing == ()


@pytest.mark.parametrize("in_reach", [True, False])
def test_the_other_order_of_an_alarm_is_not_taken_for_the_row(desk: Desk, in_reach: bool) -> None:
    batch_id, _ = double_the_first_row(desk)
    known = desk.orders(batch_id)[0].server_order_id
    other = next(held.server_order_id for held in desk.venue.books if held.server_order_id != known)

    with pytest.raises(GateError, match=f"this FILLED order has, {known}, found {other}"):
        declare_placed(
            desk.journal, batch_id, 2, other, desk.venue if in_reach else None, desk.clock
        )

    assert read_alarms(desk.journal, batch_id).standing


def test_an_order_with_an_alarm_that_was_placed_is_not_declared_unplaced(desk: Desk) -> None:
    batch_id, _ = double_the_first_row(desk)

    with pytest.raises(GateError, match="found that it was never placed") as caught:
        declare_not_placed(desk.journal, batch_id, 2, None, desk.clock)

    assert [hint.advice for hint in caught.value.advice] == [Advice.END_ALARM]


def test_an_order_without_an_alarm_needs_no_finding(desk: Desk) -> None:
    batch_id, _ = desk.submit(sheet_of(3))
    second = desk.orders(batch_id)[1].server_order_id or ""

    with pytest.raises(GateError, match="expected an UNKNOWN order, found FILLED"):
        declare_placed(desk.journal, batch_id, 3, second, desk.venue, desk.clock)


def test_what_a_person_has_looked_at_is_no_new_alarm_and_a_third_order_is(desk: Desk) -> None:
    batch_id = answer_with_another_size(desk)
    declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    words = "row 2: two of them"
    desk.journal.note(batch_id, BatchEvent.ALARM, words, desk.clock.now(), row=2)
    desk.journal.note(batch_id, BatchEvent.ALARM_ENDED, "looked", desk.clock.now(), row=2)
    run = desk.make_run(batch_id)

    assert not run._recorder.alarm(2, words)
    assert run._recorder.alarm(2, "row 2: three of them")
    assert run._recorder.alarms == [Alarm("row 2: three of them", 2)]


def test_an_alarm_that_an_older_version_recorded_without_a_row_stands_and_ends(desk: Desk) -> None:
    batch_id = answer_with_another_size(desk)
    declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    desk.journal.note(batch_id, BatchEvent.ALARM, "two orders", desk.clock.now())

    assert desk.make_run(batch_id).execute().stopped == ALARM_STANDS
    declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)

    assert desk.make_run(batch_id).execute().states == {FILLED: 3}


def test_an_order_under_its_own_server_id_is_no_order_of_another_row(desk: Desk) -> None:
    # The answer gave the ID; then something else was found, and the row is UNKNOWN with that ID.
    batch_id = answer_with_another_size(desk)
    assert desk.orders(batch_id)[0].server_order_id == "9000"

    declare_placed(desk.journal, batch_id, 2, "9000", None, desk.clock)

    assert desk.orders(batch_id)[0].state is OrderState.OPEN


def test_a_row_that_never_left_has_no_finding(desk: Desk) -> None:
    batch_id = answer_with_another_size(desk)

    with pytest.raises(GateError, match="expected an UNKNOWN order"):
        declare_placed(desk.journal, batch_id, 3, "9000", desk.venue, desk.clock)


def test_a_run_that_only_follows_says_the_alarm_too(desk: Desk) -> None:
    batch_id = answer_with_another_size(desk)

    outcome = desk.make_run(batch_id, send=False).execute()

    assert [alarm.row for alarm in outcome.alarms] == [2]


def test_an_alarm_keeps_back_even_the_first_look(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(2)).batch.batch_id
    desk.journal.note(batch_id, BatchEvent.ALARM, "words", desk.clock.now(), row=2)

    def refuse(client_order_id: str) -> tuple[VenueOrder, ...]:
        raise VenueRefused("no such query", status=400)

    desk.venue.find = refuse  # type: ignore[method-assign]
    outcome = desk.make_run(batch_id).execute()

    assert outcome.states == {PLANNED: 2} and desk.venue.calls == []
