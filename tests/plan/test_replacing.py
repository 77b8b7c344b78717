"""A plan beside other batches: rows that they have not sent, or have sent since."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from batch.cli.advice import words_of
from batch.errors import GateError, JournalError, JournalLocked
from batch.journal import Journal
from batch.model import Order, Validation
from batch.plan.commit import commit
from batch.plan.draft import PlanOptions, draft
from batch.plan.duplicates import Duplicates
from batch.plan.identity import identify
from batch.plan.since import refuse_sent_since
from batch.run.resolving import declare_not_placed
from batch.states import FinalState, OrderState
from tests.plan.planning import plan
from tests.run.conftest import Desk
from tests.run.doubles import FENCE_S, LOGIN, FakeClock, make_order, make_validation
from tests.run.sheets import edited, interrupt, sheet_of, states_of

SEND, SKIP = Duplicates.SEND, Duplicates.SKIP
PLANNED, SKIPPED = OrderState.PLANNED, OrderState.SKIPPED


def test_rows_that_an_unfinished_batch_holds_are_refused_with_both_ways_out(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(3)).batch.batch_id

    with pytest.raises(GateError) as caught:
        desk.plan(edited(3, row=2))

    words = words_of(caught.value)
    assert f"row 3: client order ID {batch_id}-3, NOT_SENT, in batch {batch_id} row 3" in words
    assert "row 2:" not in words
    assert f"orderbatch resume {batch_id}" in words
    assert "--skip-sent" in words


def test_sent_and_waiting_rows_are_both_named(desk: Desk) -> None:
    batch_id = interrupt(desk, sheet_of(4), sent=2)

    with pytest.raises(GateError) as caught:
        desk.plan(edited(4, row=2))

    words = words_of(caught.value)
    assert "found 1 that were:\n  row 3:" in words
    assert f"and 2 that an unfinished batch is still to send ({batch_id})" in words
    assert f"orderbatch resume {batch_id}" in words
    assert "\n  row 4:" in words


@pytest.mark.parametrize("mode", [SKIP, SEND])
def test_rows_that_were_never_sent_move_to_the_new_batch_and_leave_once(
    desk: Desk, mode: Duplicates
) -> None:
    old = desk.plan(sheet_of(3)).batch.batch_id

    drafted = desk.draft(edited(3, row=2), duplicates=mode)
    planned = desk.plan(edited(3, row=2), duplicates=mode)
    new = planned.batch.batch_id
    desk.make_run(old).execute()
    desk.make_run(new).execute()

    assert (drafted.withdrawn, tuple(drafted.withdrawals)) == (2, (old,))
    # The row whose price was changed is another order: it stays with the old batch.
    assert states_of(desk, old) == [OrderState.FILLED, SKIPPED, SKIPPED]
    assert [h.client_order_id for h in desk.venue.books] == [
        f"{old}-2",
        *(f"{new}-{row}" for row in (2, 3, 4)),
    ]
    row = desk.orders(old)[1]
    assert row.final_state is FinalState.NOT_SENT
    assert f"batch {new} sends it in its place" in row.message
    assert desk.kinds(old, 3) == ["withdrawn"]


def test_what_was_sent_is_left_out_and_what_was_not_is_taken_over(desk: Desk) -> None:
    old = interrupt(desk, sheet_of(4), sent=2)

    drafted = desk.draft(edited(4, row=2), duplicates=SKIP)
    planned = desk.plan(edited(4, row=2), duplicates=SKIP)
    desk.make_run(planned.batch.batch_id).execute()

    assert (len(drafted.skipped), drafted.withdrawn) == (1, 2)
    assert states_of(desk, planned.batch.batch_id) == [
        OrderState.FILLED,
        SKIPPED,
        OrderState.FILLED,
        OrderState.FILLED,
    ]
    assert states_of(desk, old) == [OrderState.FILLED, OrderState.FILLED, SKIPPED, SKIPPED]
    assert len(desk.venue.books) == 5


def test_a_row_whose_id_and_whose_content_wait_in_two_batches_is_withdrawn_from_both(
    desk: Desk,
) -> None:
    by_id = desk.plan(make_validation(make_order(2, client_order_id="A"))).batch.batch_id
    changed = replace(make_order(2, client_order_id="B"), price=Decimal("1.2"))
    by_content = desk.plan(make_validation(changed)).batch.batch_id
    both = make_validation(replace(changed, client_order_id="A"))

    drafted = desk.draft(both, duplicates=SKIP)
    new = desk.plan(both, duplicates=SKIP)
    for name in (by_id, by_content, new.batch.batch_id):
        desk.make_run(name).execute()

    assert set(drafted.withdrawals) == {by_id, by_content}
    assert [held.client_order_id for held in desk.venue.books] == ["A"]


@pytest.mark.parametrize("mode", [SKIP, SEND])
def test_rows_of_a_batch_that_a_process_works_on_are_not_withdrawn(
    desk: Desk, mode: Duplicates
) -> None:
    old = desk.plan(sheet_of(3)).batch.batch_id

    with (
        desk.journal.hold(old, desk.clock.now()),
        pytest.raises(JournalLocked, match=f"batch {old}"),
    ):
        desk.plan(edited(3, row=2), duplicates=mode)

    assert states_of(desk, old) == [PLANNED] * 3
    assert len(desk.journal.batches()) == 1


def test_a_plan_that_fails_at_its_end_withdraws_nothing(desk: Desk) -> None:
    old = desk.plan(sheet_of(3)).batch.batch_id

    def broken(order: Order, client_order_id: str) -> str:
        raise ZeroDivisionError

    drawn_up = draft(
        desk.journal,
        identify(edited(3, row=2).sheet, LOGIN),
        edited(3, row=2),
        PlanOptions(duplicates=SKIP),
        encode=broken,
        now=desk.clock.now(),
    )
    with pytest.raises(ZeroDivisionError):
        commit(desk.journal, drawn_up, desk.clock.now())

    assert states_of(desk, old) == [PLANNED] * 3
    assert len(desk.journal.batches()) == 1


# What was sent since


def lose_and_repeat(desk: Desk) -> tuple[Validation, str]:
    """Lose an order of a batch, repeat it on purpose, and hear that the first was never taken."""
    desk.venue.script, desk.venue.finds = ["lost-untaken", "ok"], "none"
    sheet = sheet_of(3)
    first, _ = desk.submit(sheet, find_out_s=1.0)
    again = desk.plan(edited(3, row=4), duplicates=SEND).batch.batch_id
    desk.make_run(again).execute()
    desk.clock.sleep(FENCE_S)
    declare_not_placed(desk.journal, first, 2, None, desk.clock)
    return sheet, first


def test_a_resume_is_refused_when_another_batch_sent_its_rows_since(desk: Desk) -> None:
    _, first = lose_and_repeat(desk)

    with pytest.raises(GateError) as caught:
        refuse_sent_since(desk.journal, desk.journal.batch(first), desk.clock)

    words = words_of(caught.value)
    assert f"batch {first}: expected rows that no other batch has sent, found 1" in words
    assert "server order ID 9002, FILLED" in words
    assert "--skip-sent" in words


def test_the_way_out_that_the_refusal_names_is_one(desk: Desk) -> None:
    lose_and_repeat(desk)
    held = len(desk.venue.books)

    planned = desk.plan(sheet_of(3, note="once more"), duplicates=SKIP)
    outcome = desk.make_run(planned.batch.batch_id).execute()

    assert outcome.states == {SKIPPED: 3}
    assert len(desk.venue.books) == held


def test_after_a_day_what_was_sent_since_counts_no_more(desk: Desk) -> None:
    _, first = lose_and_repeat(desk)
    desk.clock.sleep(24 * 3600 + 1)

    refuse_sent_since(desk.journal, desk.journal.batch(first), desk.clock)


def test_a_batch_without_rows_to_send_is_never_refused(desk: Desk) -> None:
    batch_id, _ = desk.submit(sheet_of(2))
    desk.make_run(desk.plan(sheet_of(2), duplicates=SEND).batch.batch_id).execute()

    refuse_sent_since(desk.journal, desk.journal.batch(batch_id), desk.clock)


# Two at once


def plan_at_once(location: Path, sheets: list[Validation]) -> list[object]:
    """Plan each sheet in a thread with a journal of its own; give what came of it."""
    start = threading.Barrier(len(sheets))
    results: list[object] = [None] * len(sheets)

    def work(number: int) -> None:
        with Journal.open(str(location)) as journal:
            start.wait(10.0)
            try:
                results[number] = plan(
                    journal, sheets[number], LOGIN, PlanOptions(), FakeClock().now()
                )
            except (GateError, JournalError) as error:
                results[number] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(sheets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
    return results


@pytest.mark.parametrize("make_second", [sheet_of, lambda count: edited(count, row=2)])
def test_two_that_plan_at_once_do_not_plan_a_row_twice(
    tmp_path: Path, make_second: Callable[[int], Validation]
) -> None:
    location = tmp_path / "journal.db"
    Journal.open(str(location)).close()

    results = plan_at_once(location, [sheet_of(30), make_second(30)])

    with Journal.open(str(location)) as journal:
        planned = [o for s in journal.batches() for o in journal.orders(s.batch.batch_id)]
    assert len(planned) == 30
    if make_second is sheet_of:
        assert {getattr(result, "is_new", None) for result in results} == {False, True}
    else:
        assert [type(result) for result in results].count(GateError) == 1


def test_an_equal_row_that_is_planned_between_draft_and_commit_refuses(desk: Desk) -> None:
    drafted = desk.draft(edited(3, row=2))
    desk.plan(sheet_of(3))

    with pytest.raises(GateError, match="no other batch is going to send, found 2"):
        commit(desk.journal, drafted, desk.clock.now())

    assert len(desk.journal.batches()) == 1


def test_rows_to_skip_that_were_sent_between_draft_and_commit_refuse(desk: Desk) -> None:
    drafted = desk.draft(edited(3, row=2), duplicates=SKIP)
    desk.submit(sheet_of(3))

    with pytest.raises(GateError, match="equal orders were planned or sent by another process"):
        commit(desk.journal, drafted, desk.clock.now())

    assert len(desk.venue.books) == 3


@pytest.mark.parametrize("mode", [SKIP, SEND])
def test_rows_to_take_over_that_were_sent_between_draft_and_commit_refuse(
    desk: Desk, mode: Duplicates
) -> None:
    old = desk.plan(sheet_of(3)).batch.batch_id
    drafted = desk.draft(edited(3, row=2), duplicates=mode)
    desk.make_run(old).execute()

    with pytest.raises(GateError, match="equal orders were planned or sent by another process"):
        commit(desk.journal, drafted, desk.clock.now())

    assert (len(desk.journal.batches()), len(desk.venue.books)) == (1, 3)


def test_the_same_sheet_that_is_planned_between_draft_and_commit_is_the_batch(desk: Desk) -> None:
    drafted = desk.draft(sheet_of(3))
    name = desk.plan(sheet_of(3)).batch.batch_id

    planned = commit(desk.journal, drafted, desk.clock.now())

    assert (planned.batch.batch_id, planned.is_new) == (name, False)


def test_the_same_sheet_that_another_process_read_differently_meanwhile_refuses(
    desk: Desk,
) -> None:
    sheet = sheet_of(2)
    dealt = replace(sheet.orders[0], currency="USD")
    drafted = desk.draft(replace(sheet, orders=(dealt, sheet.orders[1])))
    desk.plan(sheet)

    with pytest.raises(GateError, match="with other orders in 1 rows, row 2 the first"):
        commit(desk.journal, drafted, desk.clock.now())


def test_a_commit_beside_another_batch_that_is_none_of_its_business_goes_on(desk: Desk) -> None:
    drafted = desk.draft(sheet_of(2))
    desk.plan(make_validation(make_order(9, price=Decimal("1.5"))))

    assert commit(desk.journal, drafted, desk.clock.now()).is_new
