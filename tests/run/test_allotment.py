"""One rate for one account: what several runs of one login send together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

import pytest

from batch.errors import Throttled, VenueError
from batch.journal.allotting import Allotments
from batch.model import VenueOrder
from batch.run.account import InTurn, make_pace
from batch.run.options import RunOptions
from batch.run.own_thread import OwnThread
from batch.run.pace import Pace
from batch.run.reconciling import reconcile
from batch.states import OrderState
from tests.run.conftest import Desk
from tests.run.test_pace import BusyVenue, busy, most_within, sheet_of
from tests.run.test_reconciling import Shelf, record, shown

__all__ = ["busy"]

RATE = 50.0
TICK_S = 0.005


@pytest.fixture
def one_more(desk: Desk) -> Callable[[], Pace]:
    """Make the pace of one more process that sends under the same login."""
    batch_id = desk.plan(sheet_of(1)).batch.batch_id

    def make() -> Pace:
        options = RunOptions(account_rate_per_s=RATE)
        return make_pace(desk.journal, batch_id, desk.clock, options)

    return make


def send_all(desk: Desk, paces: list[Pace], seconds: float) -> list[list[float]]:
    """Let each process send whatever it may, and give when each has sent."""
    sent: list[list[float]] = [[] for _ in paces]
    until = desk.clock.monotonic() + seconds
    while desk.clock.monotonic() < until:
        for pace, moments in zip(paces, sent, strict=True):
            for _ in range(pace.allowed(desk.clock.monotonic(), 16)):
                pace.spend(desk.clock.monotonic())
                moments.append(desk.clock.monotonic())
        desk.clock.sleep(TICK_S)
    return sent


@pytest.mark.parametrize("processes", [1, 4, 10])
def test_processes_of_one_login_keep_to_its_rate_together_and_share_it_fairly(
    desk: Desk, one_more: Callable[[], Pace], processes: int
) -> None:
    sent = send_all(desk, [one_more() for _ in range(processes)], 20.0)

    together = sorted(at for moments in sent for at in moments)
    assert len(together) == pytest.approx(20 * RATE, rel=0.02)
    assert most_within(1.0, together) <= RATE + 2
    fair = len(together) / processes
    assert all(len(moments) == pytest.approx(fair, rel=0.1) for moments in sent)


def test_a_process_that_wants_little_leaves_the_rest_to_the_others(
    desk: Desk, one_more: Callable[[], Pace]
) -> None:
    busy_one, idle_one = one_more(), one_more()
    idle_one.allowed(desk.clock.monotonic(), 1)

    (sent,) = send_all(desk, [busy_one], 10.0)

    assert len(sent) == pytest.approx(10 * RATE, rel=0.02)


def test_what_was_reserved_and_not_used_in_time_is_not_sent_on_top(
    desk: Desk, one_more: Callable[[], Pace]
) -> None:
    stopped, other = one_more(), one_more()
    send_all(desk, [stopped, other], 1.0)
    (before,) = send_all(desk, [other], 1.0)

    after = send_all(desk, [stopped, other], 1.0)

    together = sorted([*before, *after[0], *after[1]])
    assert most_within(1.0, together) <= RATE + 2


def test_a_pause_after_a_429_holds_for_all_processes_of_the_login(
    desk: Desk, one_more: Callable[[], Pace]
) -> None:
    one, other = one_more(), one_more()
    send_all(desk, [one, other], 2.0)

    one.throttled(5.0, desk.clock.monotonic())
    paused_at = desk.clock.monotonic()
    sent = send_all(desk, [one, other], 6.0)

    late = [at - paused_at for moments in sent for at in moments]
    # The other one may have reserved a turn just before, of which it hears no more in time.
    assert sum(at < 5.0 for at in late) <= 2
    assert late and max(late) > 5.0
    assert all(moments for moments in sent)


def test_a_login_without_a_turn_takes_one_from_all(
    desk: Desk, one_more: Callable[[], Pace]
) -> None:
    one, other = one_more(), one_more()

    for _ in range(50):
        one.spend(desk.clock.monotonic())

    assert other.allowed(desk.clock.monotonic(), 1) == 0
    assert other.wait_s(desk.clock.monotonic()) == pytest.approx(50 / RATE, abs=0.05)


def test_a_run_keeps_to_the_rate_of_its_account(desk: Desk, busy: BusyVenue) -> None:
    _, outcome = desk.submit(sheet_of(60), account_rate_per_s=20)

    assert outcome.states == {OrderState.FILLED: 60}
    assert most_within(1.0, busy.asked_at) <= 22
    assert busy.asked_at[-1] - busy.asked_at[0] <= 1.15 * len(busy.asked_at) / 20


def test_the_own_rate_of_a_run_holds_beside_that_of_its_account(
    desk: Desk,
    busy: BusyVenue,
) -> None:
    desk.submit(sheet_of(30), account_rate_per_s=50, rate_per_s=10)

    assert most_within(1.0, busy.asked_at) <= 11


def test_a_run_asks_first_only_when_it_is_its_turn(desk: Desk, busy: BusyVenue) -> None:
    batch_id = desk.plan(sheet_of(2)).batch.batch_id
    desk.journal.allotments.pause(batch_id, 7.0, desk.clock.now())
    started = desk.clock.monotonic()

    desk.make_run(batch_id, account_rate_per_s=20).execute()

    assert min(busy.asked_at) - started >= 7.0


def test_a_run_that_only_looks_once_more_takes_its_turns_among_others(
    desk: Desk, busy: BusyVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Allotments.reserve
    asked_for: list[int] = []

    def after_another(
        self: Allotments, batch_id: str, turns: int, now: datetime, *, every_s: float, late_s: float
    ) -> float:
        asked_for.append(turns)
        assert len(asked_for) < 1000, "it never comes while its turn is good"
        reserve(self, batch_id, 1, now, every_s=every_s, late_s=late_s)
        return reserve(self, batch_id, turns, now, every_s=every_s, late_s=late_s)

    monkeypatch.setattr(Allotments, "reserve", after_another)

    _, outcome = desk.submit(sheet_of(12), account_rate_per_s=20)

    assert outcome.states == {OrderState.FILLED: 12}
    *_, second, last = busy.asked_at
    assert last - second <= 0.2
    assert busy.asked_at[-1] - busy.asked_at[0] <= 2.5 * len(busy.asked_at) / 20


def test_whoever_only_asks_keeps_to_the_rate_of_its_account_too(
    desk: Desk, one_more: Callable[[], Pace]
) -> None:
    records = [record(row) for row in range(2, 62)]
    venue = Asked(desk, [shown(one.row) for one in records])
    thread = OwnThread()

    found = reconcile(
        records,
        InTurn(venue, one_more(), desk.clock, thread),
        desk.clock,
        most_at_once=1,  # so that each one is asked when its turn comes
        thread=thread,
    )

    assert (found.asked, found.differences, found.unanswered) == (60, (), {})
    assert len(venue.at) == 120
    assert most_within(1.0, venue.at) <= RATE + 2
    assert venue.at[-1] - venue.at[0] <= 1.1 * len(venue.at) / RATE


def test_a_429_to_whoever_only_asks_is_a_pause_for_all(
    desk: Desk, one_more: Callable[[], Pace]
) -> None:
    venue = Asked(desk, [shown(2)], [Throttled("429", retry_after_s=7.0)])
    asker = InTurn(venue, one_more(), desk.clock)

    with pytest.raises(Throttled):
        asker.query("S-2")

    other = one_more()
    assert other.allowed(desk.clock.monotonic(), 1) == 0
    assert other.wait_s(desk.clock.monotonic()) == pytest.approx(7.0, abs=0.1)


class Asked(Shelf):
    """A venue that knows when it was asked."""

    def __init__(
        self, desk: Desk, orders: list[VenueOrder], raises: Sequence[VenueError] = ()
    ) -> None:
        super().__init__(orders, list(raises))
        self.at: list[float] = []
        self._clock = desk.clock

    def _raise(self) -> None:
        self.at.append(self._clock.monotonic())
        super()._raise()
