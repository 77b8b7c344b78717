"""Orders that are claimed and wait for a free thread: they leave at once, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from batch.errors import JournalError
from batch.journal import Placing
from batch.states import OrderState
from tests.run.conftest import Desk, let_all_leave
from tests.run.test_run import sheet_of

THREADS, AHEAD = 16, 2


@pytest.fixture
def narrow(desk: Desk) -> Desk:
    desk.workers.threads = THREADS
    return desk


def waiting_placings(desk: Desk) -> int:
    return sum(isinstance(call.subject, Placing) for call in desk.workers._waiting)


def test_a_few_orders_wait_for_a_free_thread_and_no_more(narrow: Desk) -> None:
    batch_id, outcome = narrow.submit(sheet_of(100), max_in_flight=THREADS)

    assert outcome.states == {OrderState.FILLED: 100}
    assert narrow.workers.most_waiting == THREADS + AHEAD
    assert all(narrow.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 102))


def test_none_waits_where_a_rate_says_when_each_leaves(narrow: Desk) -> None:
    _, outcome = narrow.submit(sheet_of(100), max_in_flight=THREADS, rate_per_s=5000.0)

    assert outcome.states == {OrderState.FILLED: 100}
    assert narrow.workers.most_waiting <= THREADS


def test_none_waits_where_one_call_at_a_time_is_wanted(narrow: Desk) -> None:
    narrow.workers.threads = 1

    narrow.submit(sheet_of(10), max_in_flight=1)

    assert narrow.workers.most_waiting == 1


def test_a_stop_keeps_those_that_wait_at_home(narrow: Desk) -> None:
    batch_id = narrow.plan(sheet_of(50)).batch.batch_id
    run = narrow.make_run(batch_id, max_in_flight=THREADS)
    let_all_leave(run)
    narrow.workers.before_call = lambda _: run.stop() if not narrow.venue.books else None

    outcome = run.execute()

    assert len(narrow.venue.books) == THREADS
    assert outcome.states[OrderState.PLANNED] == 50 - THREADS
    assert narrow.kinds(batch_id, 2 + THREADS) == ["claimed", "released"]
    assert narrow.make_run(batch_id).execute().states == {OrderState.FILLED: 50}
    assert all(narrow.venue.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 52))


def test_those_that_wait_while_a_pause_begins_leave_after_it(narrow: Desk) -> None:
    narrow.workers.at_once = 1
    narrow.venue.script = ["throttled"]
    batch_id = narrow.plan(sheet_of(20)).batch.batch_id
    run = narrow.make_run(batch_id, max_in_flight=THREADS)
    let_all_leave(run)

    outcome = run.execute()

    assert outcome.states == {OrderState.FILLED: 20}
    # The first of them had the thread of the 429 before anybody knew of it.
    withheld = 2 + THREADS + 1
    assert narrow.kinds(batch_id, withheld)[:4] == ["claimed", "released", "claimed", "accepted"]
    words = [event.detail for event in narrow.journal.events(batch_id) if event.row == withheld]
    assert "a pause began" in words[1]
    assert narrow.venue.calls.count("place") == 20 + 1


def test_after_a_failed_commit_those_that_wait_never_leave(
    narrow: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow.workers.at_once = 1
    batch_id = narrow.plan(sheet_of(50)).batch.batch_id
    run = narrow.make_run(batch_id, max_in_flight=THREADS)
    let_all_leave(run)
    commits = iter(range(100))

    def fail_second(verb: Callable[..., object]) -> Callable[..., object]:
        def failing(*args: object) -> object:
            if next(commits) > 0:
                raise JournalError("the disk is full")
            return verb(*args)

        return failing

    for name in ("apply", "claim"):
        monkeypatch.setattr(narrow.journal, name, fail_second(getattr(narrow.journal, name)))
    with pytest.raises(JournalError):
        run.execute()
    assert waiting_placings(narrow) == AHEAD - 1
    narrow.workers.at_once = THREADS
    for _ in range(3):
        narrow.workers.collect(0.0)

    assert len(narrow.venue.books) == THREADS + 1


def test_after_a_second_stop_those_that_wait_never_leave(narrow: Desk) -> None:
    batch_id = narrow.plan(sheet_of(50)).batch.batch_id
    narrow.make_dying_run(batch_id, max_in_flight=THREADS).execute()
    assert waiting_placings(narrow) == AHEAD

    for _ in range(3):
        narrow.workers.collect(0.0)

    assert len(narrow.venue.books) == THREADS
    assert narrow.make_run(batch_id).execute().states[OrderState.FILLED] == 50 - AHEAD
