"""Was it sent before? What counts, for how long, and what each choice does about it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from batch.cli.advice import words_of
from batch.errors import GateError
from batch.model import Validation
from batch.plan.duplicates import LISTED, Duplicates
from batch.report import as_document
from batch.states import FinalState, OrderState
from tests.run.conftest import Desk
from tests.run.doubles import Held, ScriptedVenue, make_order, make_validation
from tests.run.sheets import edited, sheet_of, states_of

SEND, SKIP, REFUSE = Duplicates.SEND, Duplicates.SKIP, Duplicates.REFUSE
PLANNED, SKIPPED, FILLED = OrderState.PLANNED, OrderState.SKIPPED, OrderState.FILLED
MINUTE_S, DAY_S = 60, 24 * 3600


def one(note: str = "", **changes: object) -> Validation:
    """Give a sheet of one row; `note` makes its content another one."""
    return make_validation(make_order(2, **changes), note=note)


def equal_rows(count: int) -> Validation:
    first = make_order(2)
    return make_validation(*(replace(first, row=row) for row in range(2, count + 2)))


def fill_a_part(venue: ScriptedVenue, size: int) -> None:
    """Let each order get so much before it ends."""
    take = venue._take

    def take_and_fill(payload: str, client_order_id: str, late_s: float) -> Held:
        held = take(payload, client_order_id, late_s)
        held.filled = Decimal(size)
        return held

    venue._take = take_and_fill  # type: ignore[method-assign]


# One edited cell


def test_one_edited_cell_refuses_the_rows_that_were_sent_and_names_them(desk: Desk) -> None:
    batch_id, _ = desk.submit(sheet_of(3))

    with pytest.raises(GateError) as caught:
        desk.plan(edited(3, row=2))

    words = words_of(caught.value)
    assert "found 2 that were" in words
    for row, server_id in ((3, "9001"), (4, "9002")):
        assert (
            f"  row {row}: client order ID {batch_id}-{row}, server order ID {server_id}, FILLED, "
            f"in batch {batch_id} row {row}\n"
        ) in words
    assert "Nothing was sent" in words
    assert "--skip-sent" in words and "--again" in words
    assert len(desk.journal.batches()) == 1


def test_a_long_list_of_duplicates_is_cut_and_counted(desk: Desk) -> None:
    desk.submit(sheet_of(LISTED + 6))

    with pytest.raises(GateError, match=f"found {LISTED + 5} that were") as caught:
        desk.plan(edited(LISTED + 6, row=2))

    assert str(caught.value).count("  row ") == LISTED
    assert "  and 5 more\n" in str(caught.value)


def test_skip_sends_only_the_others_and_says_why_the_rest_was_not(desk: Desk) -> None:
    first, _ = desk.submit(sheet_of(3))

    planned = desk.plan(edited(3, row=2), duplicates=SKIP)
    name = planned.batch.batch_id
    desk.make_run(name).execute()

    assert planned.states.get(SKIPPED, 0) == 2
    assert states_of(desk, name) == [FILLED, SKIPPED, SKIPPED]
    assert [held.client_order_id for held in desk.venue.books[3:]] == [f"{name}-2"]
    document: Any = as_document(planned.batch, desk.orders(name))
    line = document["orders"][1]
    assert line["final_state"] == "NOT_SENT"
    assert line["message"] == (
        f"not sent: already sent as client order ID {first}-3, server order ID 9001, FILLED, "
        f"in batch {first} row 3"
    )
    assert not line["submitted_at"]


def test_send_sends_all(desk: Desk) -> None:
    desk.submit(sheet_of(3))

    planned = desk.plan(edited(3, row=2), duplicates=SEND)
    desk.make_run(planned.batch.batch_id).execute()

    assert planned.states.get(SKIPPED, 0) == 0
    assert len(desk.venue.books) == 6
    assert len({held.client_order_id for held in desk.venue.books}) == 6


def test_what_was_skipped_is_no_order_that_counts(desk: Desk) -> None:
    desk.submit(sheet_of(2))
    desk.plan(edited(2, row=2), duplicates=SKIP)
    desk.clock.sleep(DAY_S + MINUTE_S)

    planned = desk.plan(make_validation(make_order(3)))

    assert planned.states == {PLANNED: 1}


# For how long, and which orders


@pytest.mark.parametrize(
    ("after_s", "counts"), [(DAY_S - MINUTE_S, True), (DAY_S + MINUTE_S, False)]
)
def test_equal_content_counts_for_a_day(desk: Desk, after_s: int, counts: bool) -> None:
    desk.submit(one())
    desk.clock.seconds = 1000.0 + after_s

    planned = desk.plan(one("edited"), duplicates=SKIP)

    assert planned.states.get(SKIPPED, 0) == counts


def test_a_clock_that_was_set_back_does_not_let_anything_through(desk: Desk) -> None:
    desk.submit(one())
    desk.clock.seconds -= DAY_S

    assert desk.plan(one("edited"), duplicates=SKIP).states.get(SKIPPED, 0) == 1


@pytest.mark.parametrize("end", ["FILLED", "NEW", "HALTED"])
def test_an_order_that_is_filled_or_works_counts(desk: Desk, end: str) -> None:
    desk.venue.end = end
    desk.submit(one(), wait_s=10.0)

    assert desk.plan(one("edited"), duplicates=SKIP).states.get(SKIPPED, 0) == 1


@pytest.mark.parametrize("end", ["EXPIRED", "REJECTED", "CANCELED"])
def test_an_order_that_ended_without_a_fill_does_not(desk: Desk, end: str) -> None:
    desk.venue.end = end
    desk.submit(one())

    assert desk.plan(one("edited")).states == {PLANNED: 1}


@pytest.mark.parametrize("end", ["EXPIRED", "CANCELLED"])
def test_an_order_that_ended_with_a_part_fill_counts(desk: Desk, end: str) -> None:
    desk.venue.end = end
    fill_a_part(desk.venue, 7)
    desk.submit(one())

    with pytest.raises(GateError, match=f"server order ID 9000, {end}"):
        desk.plan(one("edited"))


def test_an_order_that_the_venue_refused_does_not_count(desk: Desk) -> None:
    desk.venue.script = ["refused"]
    desk.submit(one())

    assert desk.plan(one("edited")).states == {PLANNED: 1}


def test_an_order_that_nobody_knows_of_counts(desk: Desk) -> None:
    desk.venue.script, desk.venue.finds = ["lost-untaken"], "none"
    batch_id, _ = desk.submit(one(), find_out_s=1.0)

    with pytest.raises(GateError) as caught:
        desk.plan(one("edited"))

    assert f"client order ID {batch_id}-2, UNKNOWN, in batch {batch_id} row 2" in str(caught.value)


def test_a_claim_of_a_dead_process_counts(desk: Desk) -> None:
    batch_id = desk.plan(one()).batch.batch_id
    desk.make_dying_run(batch_id).execute()
    assert states_of(desk, batch_id) == [OrderState.SENDING]

    with pytest.raises(GateError, match="UNKNOWN, in batch"):
        desk.plan(one("edited"))


# Equal rows


def test_of_equal_rows_only_those_beyond_what_was_sent_are_new(desk: Desk) -> None:
    desk.submit(equal_rows(2))

    planned = desk.plan(equal_rows(3), duplicates=SKIP)

    assert states_of(desk, planned.batch.batch_id) == [SKIPPED, SKIPPED, PLANNED]


def test_fewer_equal_rows_than_were_sent_are_all_duplicates(desk: Desk) -> None:
    desk.submit(equal_rows(3))

    with pytest.raises(GateError, match="found 2 that were"):
        desk.plan(equal_rows(2))


# Client IDs of the sheet's own


@pytest.mark.parametrize("after_s", [0, 400 * DAY_S])
def test_the_same_id_with_the_same_content_counts_for_ever(desk: Desk, after_s: int) -> None:
    desk.submit(one(client_order_id="A"))
    desk.clock.sleep(after_s)

    with pytest.raises(GateError, match="were not sent before, found 1"):
        desk.plan(one("edited", client_order_id="A"))
    assert (
        desk.plan(one("edited", client_order_id="A"), duplicates=SKIP).states.get(SKIPPED, 0) == 1
    )


@pytest.mark.parametrize("mode", [REFUSE, SKIP, SEND])
@pytest.mark.parametrize("end", ["FILLED", "EXPIRED"])
def test_the_same_id_with_other_content_is_always_refused(
    desk: Desk, mode: Duplicates, end: str
) -> None:
    desk.venue.end = end
    batch_id, _ = desk.submit(one(client_order_id="A"))
    desk.clock.sleep(400 * DAY_S)

    with pytest.raises(GateError) as caught:
        desk.plan(one(client_order_id="A", price=Decimal("1.3")), duplicates=mode)

    words = words_of(caught.value)
    assert "expected client order IDs that were never used, found 1" in words
    assert f"row 2: client order ID A, server order ID 9000, {end}, in batch {batch_id}" in words


def test_an_id_whose_row_was_never_sent_can_have_other_content_in_its_place(desk: Desk) -> None:
    old = desk.plan(one(client_order_id="A")).batch.batch_id
    changed = one(client_order_id="A", price=Decimal("1.3"))
    with pytest.raises(GateError, match="never used, found 1"):
        desk.plan(changed)

    new = desk.plan(changed, duplicates=SKIP).batch.batch_id
    for name in (old, new):
        desk.make_run(name).execute()

    assert [held.client_order_id for held in desk.venue.books] == ["A"]
    assert states_of(desk, old) == [SKIPPED]
    assert desk.orders(new)[0].final_state is FinalState.FILLED


def test_an_id_whose_order_ended_without_a_fill_is_sent_again_with_a_suffix(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    sent = []
    for note in ("", "b", "c"):
        batch_id, _ = desk.submit(one(note, client_order_id="A"))
        sent.append(desk.orders(batch_id)[0].client_order_id)

    assert sent == ["A", "A-2", "A-3"]
    assert [held.client_order_id for held in desk.venue.books] == sent
    assert all(f'"{held.client_order_id}"' in held.payload for held in desk.venue.books)


def test_an_id_counts_for_ever_after_it_was_filled_under_its_suffix(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    desk.submit(one(client_order_id="A"))
    desk.venue.end = "FILLED"
    desk.submit(one("again", client_order_id="A"))
    desk.clock.sleep(400 * DAY_S)

    with pytest.raises(GateError, match="client order ID A-2, server order ID 9001, FILLED"):
        desk.plan(one("and again", client_order_id="A"))


def test_an_id_that_waits_under_its_suffix_is_not_sent_beside_it(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    desk.submit(one(client_order_id="A"))
    waiting = desk.plan(one("again", client_order_id="A")).batch.batch_id
    desk.clock.sleep(2 * DAY_S)

    with pytest.raises(GateError, match="client order ID A-2, NOT_SENT"):
        desk.plan(one("and again", client_order_id="A"))
    drafted = desk.draft(one("and again", client_order_id="A"), duplicates=SKIP)
    new = desk.plan(one("and again", client_order_id="A"), duplicates=SKIP)
    for name in (waiting, new.batch.batch_id):
        desk.make_run(name).execute()

    assert drafted.withdrawn == 1
    assert [held.client_order_id for held in desk.venue.books] == ["A", "A-3"]


def test_a_suffix_does_not_take_the_id_of_another_row(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    desk.submit(one(client_order_id="A"))
    other = make_order(3, client_order_id="A-2")

    batch_id, _ = desk.submit(make_validation(make_order(2, client_order_id="A"), other))

    assert [o.client_order_id for o in desk.orders(batch_id)] == ["A-3", "A-2"]


def test_a_suffix_that_another_order_of_the_desk_has_is_no_use_of_the_id(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    desk.submit(one(client_order_id="A"))
    desk.venue.end = "FILLED"
    desk.submit(make_validation(make_order(7, client_order_id="A-2")))

    batch_id, _ = desk.submit(one("again", client_order_id="A"))

    assert [o.client_order_id for o in desk.orders(batch_id)] == ["A-3"]


def test_an_id_that_is_sent_very_often_still_finds_a_free_suffix(desk: Desk) -> None:
    for _ in range(20):
        name = desk.plan(one(client_order_id="A"), duplicates=SEND).batch.batch_id
        desk.make_run(name).execute()

    ids = [held.client_order_id for held in desk.venue.books]
    assert ids == ["A", *(f"A-{number}" for number in range(2, 21))]


def test_an_id_from_a_report_stands_for_the_order_that_it_names(desk: Desk) -> None:
    batch_id, _ = desk.submit(one())
    desk.clock.sleep(2 * DAY_S)

    with pytest.raises(GateError, match="were not sent before"):
        desk.plan(one(client_order_id=f"{batch_id}-2"))


# What the venue did not say


@pytest.mark.parametrize("end", ["EXPIRED", "CANCELED"])
@pytest.mark.parametrize("after_s", [0, 30 * DAY_S])
def test_an_order_that_ended_without_a_word_about_its_fill_counts(
    desk: Desk, end: str, after_s: int
) -> None:
    desk.venue.end, desk.venue.is_silent = end, True
    desk.submit(one())
    desk.clock.sleep(after_s)

    with pytest.raises(GateError, match="were not sent before, found 1"):
        desk.plan(one("edited"))


@pytest.mark.parametrize("end", ["NEW", "HALTED"])
def test_an_order_that_works_counts_however_old_it_is(desk: Desk, end: str) -> None:
    desk.venue.end = end
    desk.submit(one(), wait_s=10.0)
    desk.clock.sleep(30 * DAY_S)

    assert desk.plan(one("edited"), duplicates=SKIP).states == {SKIPPED: 1}


def test_in_its_own_run_a_filled_order_counts_for_ever(desk: Desk) -> None:
    name = desk.plan(one(), run="monday").batch.batch_id
    desk.make_run(name).execute()
    desk.clock.sleep(30 * DAY_S)

    with pytest.raises(GateError, match=r"\(run monday\) row 2"):
        desk.plan(one("edited"), run="monday")
    assert desk.plan(one("edited"), run="tuesday").states == {PLANNED: 1}


def test_an_id_of_another_run_is_sent_with_a_suffix(desk: Desk) -> None:
    sent = []
    for run in ("monday", "tuesday"):
        name = desk.plan(one(client_order_id="A"), run=run).batch.batch_id
        desk.make_run(name).execute()
        sent.append(desk.orders(name)[0].client_order_id)

    assert sent == ["A", "A-2"]


def test_rows_that_another_run_is_still_to_send_are_not_this_run_s(desk: Desk) -> None:
    old = desk.plan(one(), run="monday").batch.batch_id

    new = desk.plan(one(), run="tuesday")
    for name in (old, new.batch.batch_id):
        desk.make_run(name).execute()

    assert len(desk.venue.books) == 2
    assert {held.client_order_id for held in desk.venue.books} == {
        f"{old}-2",
        f"{new.batch.batch_id}-2",
    }
