"""A run whose batch another host takes over: it sends nothing more and leaves what it learns."""

from __future__ import annotations

import pytest

from batch.errors import HoldLost
from batch.journal import Change, Journal, Placing
from batch.run.calls import Find, Subject
from batch.run.past import read_past
from batch.run.proof import MARGIN_S
from batch.states import BatchEvent, OrderEvent, OrderState
from tests.run.conftest import Desk
from tests.run.doubles import InlineWorkers
from tests.run.test_run import sheet_of

LIFE_S = 20.0

TAKEN_OVER_AFTER = 3


def test_whoever_lost_the_batch_sends_nothing_more_and_leaves_the_server_ids(
    desk: Desk,
) -> None:
    batch_id = desk.plan(sheet_of(20)).batch.batch_id
    location = desk.journal.where.removeprefix("journal ")
    placed: list[int] = []

    def take_over(subject: Subject) -> None:
        if isinstance(subject, Placing):
            placed.append(subject.row)
            if len(placed) == TAKEN_OVER_AFTER:
                with Journal.open(location) as other:
                    other.holds.take(batch_id, desk.clock.now(), take_over=True)

    desk.workers.before_call = take_over
    with pytest.raises(HoldLost, match="another one has taken it over"):
        desk.make_run(batch_id, max_in_flight=4).execute()

    claimed = [o.row for o in desk.orders(batch_id) if o.state is not OrderState.PLANNED]
    assert set(placed) <= set(claimed)
    assert len(claimed) < 20
    late = list(desk.journal.events(batch_id, kind=BatchEvent.LATE_FINDING))
    assert late and all("accepted: server order ID" in line.detail for line in late)
    claims = [e for e in desk.journal.events(batch_id) if e.kind == OrderEvent.CLAIMED]
    assert max(e.at for e in claims) <= min(line.at for line in late)


def test_who_follows_waits_for_the_end_of_the_tokens_of_the_one_before(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(3)).batch.batch_id
    desk.make_dying_run(batch_id, max_in_flight=1).execute()
    (first,) = desk.journal.holds.of(batch_id).values()

    past = read_past(desk.journal, batch_id)

    assert past.of(2).longest_s == first.token_life_s == pytest.approx(LIFE_S, abs=MARGIN_S)
    assert past.of(2).dead_by == first.tokens_dead_at
    assert past.of(3).longest_s is None


def test_who_follows_goes_on_from_the_server_ids_that_were_left(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(20)).batch.batch_id
    location = desk.journal.where.removeprefix("journal ")
    placed: list[int] = []

    def take_over(subject: Subject) -> None:
        if isinstance(subject, Placing):
            placed.append(subject.row)
            if len(placed) == TAKEN_OVER_AFTER:
                with Journal.open(location) as other:
                    other.holds.take(batch_id, desk.clock.now(), take_over=True)

    desk.workers.before_call = take_over
    with pytest.raises(HoldLost):
        desk.make_run(batch_id, max_in_flight=4).execute()
    desk.workers.before_call = lambda subject: None
    late = {e.row for e in desk.journal.events(batch_id, kind=BatchEvent.LATE_FINDING)}
    desk.venue.finds = "none"  # so that nothing is known of them but what was left

    outcome = desk.make_run(batch_id).execute()

    assert late and outcome.states == {OrderState.FILLED: 20}
    for row in range(2, 22):
        assert desk.venue.posts_of(f"{batch_id}-{row}") == 1
    assert all("found" in desk.kinds(batch_id, row) for row in late)


def test_a_server_id_that_is_left_while_the_next_one_asks_is_heeded(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(2)).batch.batch_id
    location = desk.journal.where.removeprefix("journal ")
    desk.make_dying_run(batch_id, max_in_flight=1).execute()
    desk.workers = InlineWorkers(desk.clock)  # its own died with it
    (sent, _) = desk.orders(batch_id)
    assert sent.payload is not None and sent.client_order_id is not None
    held = desk.venue._take(sent.payload, sent.client_order_id, late_s=0.0)
    desk.venue.finds = "none"
    left: list[str] = []

    def leave(subject: Subject) -> None:
        if isinstance(subject, Find) and not left:
            left.append(held.server_order_id)
            with Journal.open(location) as other:
                other.holds._mine[batch_id] = 1  # of the run that died
                accepted = Change(
                    2, OrderState.SENDING, OrderEvent.ACCEPTED, server_order_id=left[0]
                )
                with pytest.raises(HoldLost):
                    other.apply(batch_id, [accepted], desk.clock.now())

    desk.workers.before_call = leave
    outcome = desk.make_run(batch_id, send=False).execute()

    assert outcome.states == {OrderState.FILLED: 1, OrderState.PLANNED: 1}


def test_a_server_id_that_was_left_and_is_another_order_s_is_not_believed(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(2)).batch.batch_id
    desk.make_dying_run(batch_id, max_in_flight=1).execute()
    desk.workers = InlineWorkers(desk.clock)  # its own died with it
    desk.venue.finds = "none"
    words = "accepted: server order ID 4711"
    desk.journal.note(batch_id, BatchEvent.LATE_FINDING, words, desk.clock.now(), row=2)

    outcome = desk.make_run(batch_id, send=False).execute()

    assert outcome.states == {OrderState.UNKNOWN: 1, OrderState.PLANNED: 1}
