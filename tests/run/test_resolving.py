"""A person's finding about an UNKNOWN order: taken, checked, or refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from batch.errors import Advice, GateError, hint
from batch.journal.sqlite.database import Database
from batch.model import OrderRecord, Validation
from batch.plan.duplicates import Duplicates
from batch.run.resolving import declare_not_placed, declare_placed
from batch.states import FinalState, OrderState
from tests.journal.planned import a_row, add
from tests.run.conftest import Desk
from tests.run.doubles import FENCE_S, make_order, make_validation
from tests.run.sheets import states_of

OPEN, PLANNED, UNKNOWN = OrderState.OPEN, OrderState.PLANNED, OrderState.UNKNOWN


def sheet_of(count: int) -> Validation:
    return make_validation(*(make_order(row) for row in range(2, count + 2)))


def lose(desk: Desk, *, count: int = 1, word: str = "lost") -> str:
    """Submit a sheet whose first answer is lost, at a venue that finds nothing."""
    desk.venue.script, desk.venue.finds = [word], "none"
    batch_id, _ = desk.submit(sheet_of(count), find_out_s=1.0)
    return batch_id


def first_row(desk: Desk, batch_id: str) -> OrderRecord:
    return desk.orders(batch_id)[0]


# Placed


def test_a_finding_that_the_venue_confirms_takes_the_order_over_with_its_end(desk: Desk) -> None:
    batch_id = lose(desk)

    words = declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)

    order = first_row(desk, batch_id)
    assert "checked with the venue" in words
    assert (order.state, order.server_order_id) == (OrderState.FILLED, "9000")
    assert (order.filled_size, order.average_price) == (Decimal(100_002), Decimal("1.11720"))
    assert order.finished_at is not None
    assert "a person found it at the venue as 9000" in order.message
    assert desk.kinds(batch_id, 2)[-2:] == ["declared-placed", "filled"]


def test_a_finding_says_who_recorded_it_and_when(desk: Desk) -> None:
    batch_id = lose(desk)
    desk.clock.sleep(60)

    declare_placed(desk.journal, batch_id, 2, "9000", None, desk.clock)

    event = list(desk.journal.events(batch_id))[-1]
    assert (event.kind, event.at) == ("declared-placed", desk.clock.now())
    assert "@" in event.actor and "process" in event.actor
    assert "9000" in event.detail and "out of reach" in event.detail


def test_an_order_that_still_works_is_followed_by_the_next_run(desk: Desk) -> None:
    desk.venue.life_s = 100.0
    batch_id = lose(desk)

    declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    assert first_row(desk, batch_id).state is OPEN
    assert first_row(desk, batch_id).finished_at is None
    desk.make_run(batch_id).execute()

    assert first_row(desk, batch_id).final_state is FinalState.FILLED
    assert desk.venue.calls.count("place") == 1


@pytest.mark.parametrize("in_reach", [True, False])
def test_a_finding_stands_unchecked_when_the_venue_is_out_of_reach(
    desk: Desk, in_reach: bool
) -> None:
    batch_id = lose(desk)
    desk.venue.away_until = desk.clock.monotonic() + 60

    words = declare_placed(
        desk.journal, batch_id, 2, "9000", desk.venue if in_reach else None, desk.clock
    )

    assert "not checked" in words
    assert (first_row(desk, batch_id).state, first_row(desk, batch_id).server_order_id) == (
        OPEN,
        "9000",
    )


def test_a_server_id_that_the_venue_does_not_know_is_refused(desk: Desk) -> None:
    batch_id = lose(desk)

    with pytest.raises(GateError, match="does not know server order ID 1234"):
        declare_placed(desk.journal, batch_id, 2, "1234", desk.venue, desk.clock)

    assert first_row(desk, batch_id).state is UNKNOWN


def test_an_order_of_another_price_is_refused(desk: Desk) -> None:
    batch_id = lose(desk)
    desk.venue.books[0].changes["price"] = Decimal("1.2")

    with pytest.raises(GateError, match=r"price: sent 1\.11720, found 1\.2"):
        declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)

    assert first_row(desk, batch_id).state is UNKNOWN


def test_an_order_under_another_client_id_is_refused(desk: Desk) -> None:
    batch_id = lose(desk)
    desk.venue.books[0].client_order_id = "SOMEBODY"

    with pytest.raises(GateError, match=f"sent {batch_id}-2, found SOMEBODY"):
        declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)

    assert first_row(desk, batch_id).state is UNKNOWN


def test_the_server_id_of_another_row_is_refused_with_or_without_the_venue(desk: Desk) -> None:
    batch_id = lose(desk, count=2)

    for venue in (desk.venue, None):
        with pytest.raises(GateError, match=f"9001 is the one of batch {batch_id} row 3"):
            declare_placed(desk.journal, batch_id, 2, "9001", venue, desk.clock)

    assert first_row(desk, batch_id).state is UNKNOWN


def test_the_server_id_of_another_batch_is_refused(desk: Desk) -> None:
    other, _ = desk.submit(make_validation(make_order(9)))
    batch_id = lose(desk)

    with pytest.raises(GateError, match=f"9000 is the one of batch {other} row 9"):
        declare_placed(desk.journal, batch_id, 2, "9000", None, desk.clock)


@pytest.mark.parametrize("nothing", ["", "  "])
def test_a_finding_without_a_server_id_is_refused(desk: Desk, nothing: str) -> None:
    batch_id = lose(desk)

    with pytest.raises(GateError, match="expected a server order ID, found none"):
        declare_placed(desk.journal, batch_id, 2, nothing, None, desk.clock)


def test_a_part_fill_that_expired_is_told(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    batch_id = lose(desk)
    desk.venue.books[0].filled = Decimal(7)

    declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)

    order = first_row(desk, batch_id)
    assert (order.final_state, order.filled_size) == (FinalState.EXPIRED, Decimal(7))
    assert "part filled: 7 of 100002" in order.message


# Not placed


def test_a_row_that_was_never_taken_is_sent_by_the_next_run_once(desk: Desk) -> None:
    batch_id = lose(desk, word="lost-untaken")

    desk.clock.sleep(FENCE_S)
    words = declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)
    assert first_row(desk, batch_id).state is PLANNED
    assert first_row(desk, batch_id).final_state is FinalState.NOT_SENT
    for _ in range(2):
        desk.make_run(batch_id).execute()

    assert "the venue does not find it either" in words
    assert first_row(desk, batch_id).final_state is FinalState.FILLED
    assert [held.client_order_id for held in desk.venue.books] == [f"{batch_id}-2"]
    assert "declared-not-placed" in desk.kinds(batch_id, 2)


def test_an_order_that_the_venue_finds_cannot_be_declared_not_placed(desk: Desk) -> None:
    batch_id = lose(desk)
    desk.venue.finds = "all"

    with pytest.raises(GateError, match="server order ID 9000") as caught:
        desk.clock.sleep(FENCE_S)
        declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)

    assert caught.value.advice == (hint(Advice.RESUME_ROW, batch_id),)
    assert first_row(desk, batch_id).state is UNKNOWN
    assert first_row(desk, batch_id).state is UNKNOWN


@pytest.mark.parametrize("in_reach", [True, False])
def test_not_placed_stands_unchecked_when_the_venue_is_out_of_reach(
    desk: Desk, in_reach: bool
) -> None:
    batch_id = lose(desk, word="lost-untaken")
    desk.venue.away_until = desk.clock.monotonic() + 60

    desk.clock.sleep(FENCE_S)
    words = declare_not_placed(
        desk.journal, batch_id, 2, desk.venue if in_reach else None, desk.clock
    )

    assert "not checked" in words
    assert first_row(desk, batch_id).state is PLANNED


def test_a_row_that_a_later_sheet_has_taken_over_is_not_sent_by_both(desk: Desk) -> None:
    batch_id = lose(desk, word="lost-untaken")
    desk.clock.sleep(FENCE_S)
    declare_not_placed(desk.journal, batch_id, 2, None, desk.clock)
    same_row = make_validation(make_order(2), note="edited")

    planned = desk.plan(same_row, duplicates=Duplicates.SKIP)
    for name in (planned.batch.batch_id, batch_id):
        desk.make_run(name).execute()

    assert states_of(desk, batch_id) == [OrderState.SKIPPED]
    assert [held.client_order_id for held in desk.venue.books] == [f"{planned.batch.batch_id}-2"]


# Which rows


@pytest.mark.parametrize("row", [3, 99])
def test_only_an_unknown_row_of_the_batch_needs_a_finding(desk: Desk, row: int) -> None:
    batch_id = lose(desk, count=2)
    found = "expected an UNKNOWN order, found FILLED" if row == 3 else "found row 99"

    with pytest.raises(GateError, match=found):
        declare_placed(desk.journal, batch_id, row, "77", None, desk.clock)
    with pytest.raises(GateError, match=found):
        desk.clock.sleep(FENCE_S)
        declare_not_placed(desk.journal, batch_id, row, None, desk.clock)


def test_a_row_cannot_be_resolved_twice(desk: Desk) -> None:
    batch_id = lose(desk, word="lost-untaken")
    desk.clock.sleep(FENCE_S)
    declare_not_placed(desk.journal, batch_id, 2, None, desk.clock)

    with pytest.raises(GateError, match="found NOT_SENT"):
        declare_placed(desk.journal, batch_id, 2, "9000", None, desk.clock)


@pytest.mark.parametrize("placed", [True, False])
def test_a_claim_of_a_dead_process_can_be_resolved(desk: Desk, placed: bool) -> None:
    batch_id = desk.plan(sheet_of(1)).batch.batch_id
    desk.make_dying_run(batch_id).execute()
    if placed:
        desk.workers.collect(0.0)
        declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    else:
        desk.clock.sleep(FENCE_S)
        declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)
    desk.workers._begun.clear()

    desk.make_run(batch_id).execute()

    assert first_row(desk, batch_id).final_state is FinalState.FILLED
    assert desk.venue.posts_of(f"{batch_id}-2") == 1
    assert desk.kinds(batch_id, 2)[:2] == ["claimed", "lost"]


@pytest.mark.parametrize("placed", [True, False])
def test_a_finding_reads_a_handful_of_rows_in_a_journal_of_many(desk: Desk, placed: bool) -> None:
    batch_id = lose(desk)
    rows = [a_row(number, batch_id="many") for number in range(2, 50_001)]
    add(desk.journal, "many", rows)
    database = desk.journal._database
    assert isinstance(database, Database)
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    database._driver_connection().set_progress_handler(count, 100)
    if placed:
        declare_placed(desk.journal, batch_id, 2, "9000", desk.venue, desk.clock)
    else:
        desk.clock.sleep(FENCE_S)
        declare_not_placed(desk.journal, batch_id, 2, None, desk.clock)
    finding, steps = steps, 0
    database._driver_connection().set_progress_handler(count, 100)
    desk.journal.batch("many")

    # A row that is looked at takes the database at least two of its steps.
    assert steps * 100 > 100_000
    assert finding * 100 < 2_000


def test_not_placed_before_the_fence_is_refused_and_says_when_it_may_be_said(desk: Desk) -> None:
    desk.venue.script = ["lost-untaken"]
    batch_id, _ = desk.submit(sheet_of(1), find_out_s=1.0)

    with pytest.raises(GateError, match=r"may be good until 2026-10-30 16:00:22 UTC") as caught:
        declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)

    assert "Nothing was recorded" in str(caught.value)
    assert "declared-not-placed" not in desk.kinds(batch_id, 2)
    desk.clock.sleep(FENCE_S)
    declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)


def test_where_no_login_has_a_known_end_not_placed_counts_after_an_hour(desk: Desk) -> None:
    desk.venue.login_life_s, desk.venue._has_login = None, False
    desk.venue.script = ["lost-untaken"]
    batch_id, _ = desk.submit(sheet_of(1), find_out_s=1.0)
    desk.clock.sleep(3500.0)

    with pytest.raises(GateError, match="may be good until 2026-10-30 17:00:00 UTC"):
        declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)

    desk.clock.sleep(100.0)
    declare_not_placed(desk.journal, batch_id, 2, desk.venue, desk.clock)
