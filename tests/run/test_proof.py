"""When "not found" is a proof, and what keeps it from being one; counted at the venue."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from batch.journal import Placing
from batch.journal.tables import HOLDS
from batch.run.calls import Subject
from batch.run.past import TOKEN_LIFE, read_past
from batch.run.proof import MARGIN_S
from batch.states import FinalState, OrderEvent, OrderState
from tests.run.conftest import Desk
from tests.run.doubles import SLOW_S, make_order, make_validation
from tests.run.test_run import FILLED, UNKNOWN, sheet_of, states_of

LIFE_S = 20.0


def submit_losing_the_second(desk: Desk, word: str = "lost-untaken") -> str:
    """Send two rows one after the other, and lose the answer to the second."""
    desk.venue.script = ["ok", word]
    batch_id, _ = desk.submit(sheet_of(2), max_in_flight=1, covers_done_orders=True)
    return batch_id


def test_a_row_whose_request_died_is_sent_again_after_the_fence_without_a_person(
    desk: Desk,
) -> None:
    began = desk.clock.now()

    batch_id = submit_losing_the_second(desk)

    assert states_of(desk, batch_id) == [FILLED, FILLED]
    assert desk.venue.posts_of(f"{batch_id}-3") == 1
    assert desk.venue.calls.count("place") == 3
    released = next(e for e in desk.journal.events(batch_id) if e.kind == "released")
    assert (released.at - began).total_seconds() >= LIFE_S + MARGIN_S + 5.0


def test_fault_25_a_request_that_arrives_after_two_early_answers_is_taken_over(desk: Desk) -> None:
    assert SLOW_S > 5.0

    batch_id = submit_losing_the_second(desk, "slow")

    assert states_of(desk, batch_id) == [FILLED, FILLED]
    assert desk.venue.posts_of(f"{batch_id}-3") == 1
    assert desk.venue.calls.count("place") == 2


@pytest.mark.parametrize("life_s", [3600.0, 601.0, None])
def test_a_login_that_lives_for_long_or_nobody_knows_how_long_is_no_fence(
    desk: Desk, life_s: float | None
) -> None:
    desk.venue.login_life_s, desk.venue._has_login = life_s, False

    batch_id = submit_losing_the_second(desk)

    assert states_of(desk, batch_id) == [FILLED, UNKNOWN]
    assert desk.venue.calls.count("place") == 2
    assert "longer than anybody can wait" in desk.orders(batch_id)[1].message


def test_without_an_order_that_is_done_there_is_no_control_and_no_proof(desk: Desk) -> None:
    desk.venue.script = ["lost-untaken"]

    batch_id, _ = desk.submit(sheet_of(1), covers_done_orders=True)

    assert states_of(desk, batch_id) == [UNKNOWN]
    assert desk.venue.calls.count("place") == 1


def test_a_query_that_does_not_find_what_is_done_proves_nothing(desk: Desk) -> None:
    # The settings say that it does; a venue that does not know the parameter is like this one.
    desk.venue.finds = "open"

    batch_id = submit_losing_the_second(desk)

    assert states_of(desk, batch_id) == [FILLED, UNKNOWN]
    assert desk.venue.calls.count("place") == 2
    assert "does not find an order which is known to be done" in desk.orders(batch_id)[1].message


def test_rows_of_a_dead_process_wait_for_its_login_and_all_else_goes_on_at_once(
    desk: Desk,
) -> None:
    batch_id = desk.plan(sheet_of(6)).batch.batch_id
    desk.make_dying_run(batch_id, max_in_flight=2).execute()
    desk.workers._begun, desk.workers._waiting = [], []  # its requests died with it
    assert desk.venue.books == []
    began = desk.clock.monotonic()
    placed_at: dict[int, float] = {}

    def look(subject: Subject) -> None:
        if isinstance(subject, Placing):
            placed_at[subject.row] = desk.clock.monotonic() - began

    desk.workers.before_call = look
    outcome = desk.make_run(batch_id, covers_done_orders=True).execute()

    assert outcome.states == {OrderState.FILLED: 6}
    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 8))
    assert all(placed_at[row] < 5.0 for row in range(4, 8))
    assert all(placed_at[row] >= LIFE_S + MARGIN_S for row in (2, 3))


def test_rows_of_a_process_that_recorded_no_login_are_never_proven_absent(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(3)).batch.batch_id
    desk.make_dying_run(batch_id, max_in_flight=1).execute()
    desk.workers._begun, desk.workers._waiting = [], []

    with desk.journal._database.writing() as connection:
        connection.execute(update(HOLDS).values(token_life_s=None, tokens_dead_at=None))
    past = read_past(desk.journal, batch_id)

    assert past.of(2).longest_s is None
    assert past.of(2).dead_by is None


def test_no_order_leaves_before_the_life_of_its_login_is_on_record(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(3)).batch.batch_id
    seen: list[bool] = []

    def look(subject: Subject) -> None:
        if isinstance(subject, Placing):
            kinds = [event.kind for event in desk.journal.events(batch_id)]
            seen.append(TOKEN_LIFE in kinds)

    desk.workers.before_call = look
    desk.make_run(batch_id).execute()

    assert seen == [True] * 3


def test_fault_11_a_401_hands_the_rows_back_and_they_leave_once_after_one_login(
    desk: Desk,
) -> None:
    desk.venue.script = ["ok", "logged-out"]

    batch_id, outcome = desk.submit(sheet_of(30), max_in_flight=4)

    assert outcome.states == {OrderState.FILLED: 30}
    assert all(desk.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 32))
    assert desk.venue.logins == 2
    assert "released" in desk.kinds(batch_id, 3)


def test_a_login_that_ends_in_the_middle_is_replaced_and_its_life_recorded_first(
    desk: Desk,
) -> None:
    desk.workers._latency_s = 1.0

    batch_id, outcome = desk.submit(sheet_of(60), max_in_flight=1)

    assert outcome.states == {OrderState.FILLED: 60}
    lives = [e for e in desk.journal.events(batch_id) if e.kind == TOKEN_LIFE]
    assert len(lives) == desk.venue.logins > 2
    assert states_of(desk, batch_id) == [FinalState.FILLED] * 60


def test_a_second_batch_of_a_process_has_the_life_of_its_login_on_record_too(desk: Desk) -> None:
    first, _ = desk.submit(make_validation(make_order(2)))
    second, _ = desk.submit(make_validation(make_order(3)))

    for batch_id in (first, second):
        kinds = [event.kind for event in desk.journal.events(batch_id)]
        assert kinds.index(TOKEN_LIFE) < kinds.index(OrderEvent.CLAIMED)
    assert desk.venue.logins == 1
