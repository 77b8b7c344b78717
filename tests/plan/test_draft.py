"""From a checked sheet to a batch: new, known, once more, or refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from batch.cli.advice import words_of
from batch.errors import ConfigError, GateError
from batch.model import Problem, Row, Validation
from batch.plan.draft import PlanOptions
from batch.plan.duplicates import Duplicates
from batch.plan.identity import Identity, Login
from batch.plan.since import refuse_sent_since
from batch.states import OrderState
from batch.venue import encode_order
from tests.plan.planning import draw_up, plan
from tests.run.conftest import Desk
from tests.run.doubles import LOGIN, make_order, make_validation
from tests.run.sheets import edited, interrupt, sheet_of, states_of

SEND, SKIP = Duplicates.SEND, Duplicates.SKIP
PLANNED = OrderState.PLANNED


def test_a_new_sheet_becomes_a_batch_with_all_its_rows(desk: Desk) -> None:
    planned = desk.plan(sheet_of(3))

    assert planned.is_new
    assert planned.states == {PLANNED: 3}
    name = planned.batch.batch_id
    orders = desk.orders(name)
    assert [order.client_order_id for order in orders] == [f"{name}-{row}" for row in (2, 3, 4)]
    assert [order.payload for order in orders] == [
        encode_order(make_order(row), f"{name}-{row}") for row in (2, 3, 4)
    ]
    assert desk.kinds(name, None) == ["planned"]


def test_the_same_content_again_is_the_same_batch(desk: Desk) -> None:
    first = desk.plan(sheet_of(3))

    second = desk.plan(sheet_of(3, name="renamed.xlsx"))

    assert not second.is_new
    assert second.batch == first.batch
    assert len(desk.journal.batches()) == 1


def test_a_finished_sheet_is_found_with_its_states(desk: Desk) -> None:
    assert desk.draft(sheet_of(3)).is_new

    batch_id, _ = desk.submit(sheet_of(3))

    found = desk.draft(sheet_of(3))
    assert not found.is_new
    assert (found.batch.batch_id, found.states) == (batch_id, {OrderState.FILLED: 3})
    assert [order.row for order in found.orders] == [2, 3, 4]
    assert found.to_send == ()


@pytest.mark.parametrize(
    "other",
    [
        replace(LOGIN, url="https://other.test"),
        replace(LOGIN, org="OTHER"),
    ],
)
def test_what_another_org_or_venue_was_sent_does_not_count(desk: Desk, other: Login) -> None:
    sheet = make_validation(make_order(2, client_order_id="A"), make_order(3))
    first, _ = desk.submit(sheet)

    planned = plan(desk.journal, sheet, other, PlanOptions(), desk.clock.now())

    assert planned.is_new
    assert planned.batch.batch_id != first
    assert planned.states == {PLANNED: 2}


def test_again_makes_a_new_batch_each_time_and_the_newest_counts(desk: Desk) -> None:
    first, _ = desk.submit(sheet_of(2))
    names = []
    for _ in range(2):
        names.append(desk.plan(sheet_of(2), duplicates=SEND).batch.batch_id)
        desk.make_run(names[-1]).execute()

    assert names == [f"{first}.2", f"{first}.3"]
    assert len(desk.venue.books) == 6
    assert len({held.client_order_id for held in desk.venue.books}) == 6
    assert desk.plan(sheet_of(2)).batch.batch_id == f"{first}.3"


@pytest.mark.parametrize("sent", [0, 1])
def test_again_is_refused_while_rows_of_the_batch_are_not_sent(desk: Desk, sent: int) -> None:
    batch_id = interrupt(desk, sheet_of(3), sent) if sent else desk.plan(sheet_of(3)).batch.batch_id

    with pytest.raises(GateError, match=f"{3 - sent} rows") as caught:
        desk.plan(sheet_of(3), duplicates=SEND)

    assert f"Finish it first: orderbatch resume {batch_id}" in words_of(caught.value)
    assert len(desk.journal.batches()) == 1


def test_again_is_refused_while_claims_of_a_dead_process_are_not_settled(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(2)).batch.batch_id
    desk.make_dying_run(batch_id, max_in_flight=2).execute()

    with pytest.raises(GateError, match="2 rows") as caught:
        desk.plan(sheet_of(2), duplicates=SEND)

    assert f"Finish it first: orderbatch resume {batch_id}" in words_of(caught.value)


def test_an_interrupted_repetition_can_be_resumed(desk: Desk) -> None:
    desk.submit(sheet_of(3))
    name = desk.plan(sheet_of(3), duplicates=SEND).batch.batch_id

    refuse_sent_since(desk.journal, desk.journal.batch(name), desk.clock)
    outcome = desk.make_run(name).execute()

    assert outcome.states == {OrderState.FILLED: 3}


def test_a_draft_finds_everything_and_leaves_nothing_behind(desk: Desk) -> None:
    drafted = desk.draft(sheet_of(3))

    assert drafted.is_new
    assert drafted.states == {PLANNED: 3}
    assert desk.journal.batches() == []
    assert desk.journal.looking(LOGIN).logins() == []


def test_a_draft_refuses_what_a_commit_would(desk: Desk) -> None:
    desk.submit(sheet_of(3))

    with pytest.raises(GateError, match="were not sent before"):
        desk.draft(edited(3, row=2))


def test_a_draft_withdraws_nothing(desk: Desk) -> None:
    batch_id = interrupt(desk, sheet_of(3), sent=1)

    drafted = desk.draft(edited(3, row=2), duplicates=SKIP)

    assert drafted.withdrawn == 2
    assert states_of(desk, batch_id) == [OrderState.FILLED, PLANNED, PLANNED]
    assert desk.plan(sheet_of(3)).batch.batch_id == batch_id


def test_invalid_rows_are_recorded_without_an_id_and_with_their_problems(desk: Desk) -> None:
    good = sheet_of(2)
    bad = Row(4, ("A", "-3", "x", ""))
    problems = (
        Problem("not-positive", 4, "Amount", "size", "a number above 0", "-3"),
        Problem("not-a-number", 4, "Limit", "price", "a number", "x"),
    )
    sheet = replace(good.sheet, rows=(*good.sheet.rows, bad))

    planned = desk.plan(Validation(sheet, good.orders, problems))

    assert planned.states == {PLANNED: 2, OrderState.INVALID: 1}
    row = desk.orders(planned.batch.batch_id)[2]
    assert (row.state, row.values) == (OrderState.INVALID, bad.values)
    assert (row.client_order_id, row.payload, row.order) == (None, None, None)
    assert row.message == (
        'Amount: expected a number above 0, found "-3"; Limit: expected a number, found "x"'
    )


def test_an_id_of_an_invalid_row_is_free(desk: Desk) -> None:
    good = sheet_of(1)
    bad = Row(3, ("A", "-3", "1.2", ""))
    problem = Problem("not-positive", 3, "size", "size", "a number above 0", "-3")
    sheet = replace(good.sheet, rows=(*good.sheet.rows, bad))
    desk.plan(Validation(sheet, good.orders, (problem,)))

    planned = desk.plan(make_validation(make_order(3, client_order_id="A")))

    assert [o.client_order_id for o in desk.orders(planned.batch.batch_id)] == ["A"]


def test_ids_that_are_unique_for_a_day_are_sent_with_the_batch_before_them(desk: Desk) -> None:
    sheet = make_validation(make_order(2, client_order_id="A"))

    name = desk.plan(sheet, prefix_client_order_id=True).batch.batch_id
    other = desk.plan(
        make_validation(make_order(2, client_order_id="A", price=Decimal("1.3"))),
        prefix_client_order_id=True,
    ).batch.batch_id

    assert desk.orders(name)[0].client_order_id == f"{name}-A"
    assert desk.orders(other)[0].client_order_id == f"{other}-A"


def test_two_rows_that_a_prefix_would_give_one_id_are_refused(desk: Desk) -> None:
    sheet = make_validation(make_order(2, client_order_id="3"), make_order(3))

    with pytest.raises(GateError, match=r"rows 2 and 3: .*both rows would be sent as"):
        desk.plan(sheet, prefix_client_order_id=True)

    assert desk.journal.batches() == []


def test_an_id_that_is_too_long_with_its_prefix_is_refused(desk: Desk) -> None:
    fits = make_validation(make_order(2, client_order_id="x" * 246))
    too_long = make_validation(make_order(2, client_order_id="x" * 247, price=Decimal(2)))

    assert desk.plan(fits, prefix_client_order_id=True).is_new
    with pytest.raises(GateError, match=r"row 2: .* at most 255 .* found 256"):
        desk.plan(too_long, prefix_client_order_id=True)


def test_an_id_that_is_too_long_with_its_suffix_is_refused(desk: Desk) -> None:
    sheet = make_validation(make_order(2, client_order_id="x" * 254))
    desk.submit(sheet)

    with pytest.raises(GateError, match="found 256"):
        desk.plan(sheet, duplicates=SEND)


def test_an_id_of_the_batch_that_is_taken_by_other_content_is_refused(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = desk.plan(sheet_of(2)).batch.batch_id
    monkeypatch.setattr(Identity, "batch_id", lambda *_: taken)

    with pytest.raises(GateError, match=f"batch {taken}: expected a free ID"):
        desk.plan(sheet_of(3))


@pytest.mark.parametrize(
    "login",
    [replace(LOGIN, user="USER"), replace(LOGIN, org="org"), replace(LOGIN, org="org", user="ana")],
)
def test_a_login_that_the_journal_has_in_other_letters_is_refused(desk: Desk, login: Login) -> None:
    desk.plan(sheet_of(1))

    with pytest.raises(ConfigError, match="differs in capital letters alone"):
        draw_up(desk.journal, sheet_of(2), login, PlanOptions(), desk.clock.now())


def test_a_login_that_the_journal_has_in_both_letters_is_not(desk: Desk) -> None:
    # As an older version may have left it.
    desk.submit(sheet_of(1))
    other = replace(LOGIN, org="org")
    batch = replace(desk.journal.batches()[0].batch, batch_id="older")
    with desk.journal.planning(other, desk.clock.now()) as planning:
        planning.add(batch, content_hash="h", generation=1, rows=[], detail="")

    with pytest.raises(GateError, match="were not sent before"):
        draw_up(
            desk.journal, make_validation(make_order(2)), other, PlanOptions(), desk.clock.now()
        )


def test_a_plan_whose_orders_are_not_in_the_sheet_s_order_is_not_made(desk: Desk) -> None:
    good = sheet_of(3)

    with pytest.raises(ValueError, match="row 2: an order that is not where its row is"):
        desk.plan(replace(good, orders=(good.orders[2], *good.orders[:2])))

    assert desk.journal.batches() == []


def test_of_rows_that_are_left_out_and_bad_ones_a_draft_counts_what_its_plan_records(
    desk: Desk,
) -> None:
    desk.submit(sheet_of(2))
    good = edited(4, row=5)
    bad = Row(9, ("", "-3", "1.2", ""))
    problem = Problem("not-positive", 9, "size", "size", "a number above 0", "-3")
    sheet = Validation(replace(good.sheet, rows=(*good.sheet.rows, bad)), good.orders, (problem,))

    drawn_up = desk.draft(sheet, duplicates=SKIP)
    name = desk.plan(sheet, duplicates=SKIP).batch.batch_id

    assert drawn_up.states == {PLANNED: 2, OrderState.SKIPPED: 2, OrderState.INVALID: 1}
    assert desk.journal.batch(name).states == drawn_up.states
    assert [order.row for order in drawn_up.to_send] == [4, 5]
