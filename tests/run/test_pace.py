"""How fast a run sends and asks: as told, as the venue bears it, and no more than needed."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import pytest

from batch.errors import Throttled
from batch.model import TimeInForce, Validation, VenueOrder
from batch.run.pace import Pace
from batch.run.pace.pauses import BREATH_S, LONGEST_PAUSE_S
from batch.run.pace.rate import CUT, LOWEST, SEARCH_A_S
from batch.run.tracking import FIRST_QUESTION_S, LONGEST_FIRST_S, Patience, Tracked
from batch.states import OrderState
from tests.run.conftest import Desk
from tests.run.doubles import ScriptedVenue, make_order, make_validation


@dataclass
class BusyVenue(ScriptedVenue):
    """A venue that takes so many requests a second, a tenth of them at once.

    Attributes:
        asked_at: when each request came, those that were turned away included.
        turned_away_at: when a 429 was the answer.
    """

    rate: float = float("inf")
    retry_after_s: float | None = None
    asked_at: list[float] = field(default_factory=list)
    turned_away_at: list[float] = field(default_factory=list)
    _tokens: float = 0.0
    _filled_at: float = 0.0

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        self._let_in()
        return super().place(payload, client_order_id, request_id)

    def query(self, server_order_id: str) -> VenueOrder | None:
        self._let_in()
        return super().query(server_order_id)

    def active(self) -> dict[str, VenueOrder]:
        self._let_in()
        return super().active()

    def _let_in(self) -> None:
        now = self.clock.monotonic()
        self.asked_at.append(now)
        if self.rate == float("inf"):
            return
        passed_s, self._filled_at = now - self._filled_at, now
        self._tokens = min(self._tokens + passed_s * self.rate, self.rate / 10)
        if self._tokens < 1:
            self.turned_away_at.append(now)
            raise Throttled("slow down", retry_after_s=self.retry_after_s)
        self._tokens -= 1


@pytest.fixture
def busy(desk: Desk) -> BusyVenue:
    venue = BusyVenue(desk.clock)
    desk.venue = venue
    return venue


def sheet_of(count: int, time_in_force: TimeInForce = TimeInForce.IOC) -> Validation:
    orders = (make_order(row, time_in_force=time_in_force) for row in range(2, count + 2))
    return make_validation(*orders)


def most_within(seconds: float, moments: list[float]) -> int:
    return max(sum(at <= other < at + seconds for other in moments) for at in moments)


# The rate that was asked for


def test_a_rate_bounds_all_requests_together(desk: Desk, busy: BusyVenue) -> None:
    _, outcome = desk.submit(sheet_of(60), rate_per_s=20)

    assert outcome.states == {OrderState.FILLED: 60}
    assert most_within(1.0, busy.asked_at) <= 21
    assert busy.asked_at[-1] - busy.asked_at[0] <= 1.1 * len(busy.asked_at) / 20


def test_with_a_rate_placing_goes_before_polling(desk: Desk, busy: BusyVenue) -> None:
    desk.submit(sheet_of(100), rate_per_s=20)

    last_placing = len(busy.calls) - busy.calls[::-1].index("place")
    assert last_placing <= 115
    assert busy.calls[:last_placing].count("query") >= 5


def test_a_rate_below_one_a_second_gets_there_all_the_same(desk: Desk, busy: BusyVenue) -> None:
    _, outcome = desk.submit(sheet_of(3), rate_per_s=0.5)

    assert outcome.states == {OrderState.FILLED: 3}
    assert most_within(1.9, busy.asked_at) == 1


# The rate that the venue bears


@pytest.mark.parametrize(("retry_after_s", "longer"), [(None, 1.10), (1.0, 1.15), (2.0, 1.25)])
def test_the_venues_rate_is_found_and_nothing_is_lost(
    desk: Desk, busy: BusyVenue, retry_after_s: float | None, longer: float
) -> None:
    busy.rate, busy.retry_after_s = 50, retry_after_s

    batch_id, outcome = desk.submit(sheet_of(600))

    started_at = busy.asked_at[0]
    late = [at for at in busy.turned_away_at if at > started_at + 5]
    assert outcome.states == {OrderState.FILLED: 600}
    assert all(busy.posts_of(f"{batch_id}-{row}") == 1 for row in range(2, 602))
    assert busy.asked_at[-1] - started_at <= longer * 1200 / 50
    assert len(late) < 0.01 * len(busy.asked_at)


def test_a_venue_that_turns_everybody_away_for_a_while_is_not_pressed(
    desk: Desk, busy: BusyVenue
) -> None:
    busy.rate = 1e-9
    batch_id = desk.plan(sheet_of(5)).batch.batch_id
    run = desk.make_run(batch_id)

    sleep = desk.clock.sleep

    def sleep_and_open_later(seconds: float) -> None:
        sleep(seconds)
        busy.rate = 1000.0 if desk.clock.monotonic() > 1060 else 1e-9

    desk.clock.sleep = sleep_and_open_later  # type: ignore[method-assign]

    outcome = run.execute()

    assert outcome.states == {OrderState.FILLED: 5}
    assert len(busy.turned_away_at) < 60


# No more questions than needed


def test_brief_orders_cost_a_placing_and_hardly_more_than_a_question(
    desk: Desk, busy: BusyVenue
) -> None:
    busy.life_of = lambda number: 0.3 * (number % 97) / 97

    _, outcome = desk.submit(sheet_of(1000), max_in_flight=32)

    assert outcome.states == {OrderState.FILLED: 1000}
    assert len(busy.asked_at) <= 2.2 * 1000


def test_questions_grow_with_rounds_and_endings_and_not_with_open_orders(
    desk: Desk, busy: BusyVenue
) -> None:
    # Ten of a thousand end in each of sixty rounds of five seconds.
    busy.life_of = lambda number: 5.0 * (number // 10) + 2.5

    _, outcome = desk.submit(sheet_of(1000, TimeInForce.GTC), wait_s=302.0, max_in_flight=32)

    rounds, endings = 60, outcome.states[OrderState.FILLED]
    assert 590 <= endings <= 620
    assert busy.calls.count("query") <= endings + 20
    assert busy.calls.count("active") <= rounds + 20


def test_an_end_is_noticed_within_one_polling_interval_at_the_median(
    desk: Desk, busy: BusyVenue
) -> None:
    busy.life_of = lambda number: 1.0 + 60.0 * number / 300

    batch_id, _ = desk.submit(sheet_of(300, TimeInForce.GTC))

    zero = desk.clock.now().timestamp() - desk.clock.monotonic()
    late = sorted(
        order.finished_at.timestamp() - zero - held.ends_at
        for order, held in zip(desk.orders(batch_id), busy.books, strict=True)
        if order.finished_at is not None
    )
    assert len(late) == 300
    assert late[150] <= 5.0


# The parts


@pytest.fixture
def pace() -> Pace:
    return Pace(retry_after_cap_s=120.0)


def test_at_first_nothing_waits(pace: Pace) -> None:
    assert pace.wait_s(1000.0) == 0.0
    assert pace.allowed(1000.0, 32) == 32


@pytest.mark.parametrize(
    ("asked", "paused"), [(5.0, 5.0), (999_999.0, 120.0), (float("inf"), 120.0), (-3.0, 0.0)]
)
def test_a_throttle_pauses_as_the_venue_asked_up_to_the_cap(
    pace: Pace, asked: float, paused: float
) -> None:
    pace.throttled(asked, 1000.0)

    assert pace.paused_s(1000.0) == paused
    assert pace.wait_s(1000.0 + paused) == 0.0


def test_throttles_without_a_time_back_off_by_themselves(pace: Pace) -> None:
    now, pauses = 1000.0, []
    for _ in range(3):
        pace.throttled(None, now)
        pauses.append(pace.paused_s(now))
        now += pauses[-1] + 0.001

    assert pauses == [pytest.approx(BREATH_S * 2**n) for n in range(3)]


def test_a_shorter_pause_does_not_end_a_longer_one(pace: Pace) -> None:
    pace.throttled(60.0, 1000.0)
    pace.throttled(1.0, 1001.0)

    assert pace.wait_s(1001.0) == 59.0


def test_setbacks_in_a_row_double_the_pause_up_to_a_limit(pace: Pace) -> None:
    now, pauses = 1000.0, []
    for _ in range(8):
        pace.set_back(now)
        pauses.append(pace.wait_s(now))
        now += pauses[-1]

    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S, LONGEST_PAUSE_S]


def test_what_many_requests_meet_at_once_is_one_setback(pace: Pace) -> None:
    counts = [pace.set_back(1000.0) for _ in range(16)]

    assert counts == [1] * 16
    assert pace.wait_s(1000.0) == 1.0


def test_a_request_that_gets_through_ends_the_row(pace: Pace) -> None:
    pace.set_back(1000.0)
    pace.set_back(1001.0)
    pace.went_well(1002.0)

    assert pace.set_back(1010.0) == 1
    assert pace.wait_s(1010.0) == 1.0


def test_a_throttle_cuts_the_rate_and_time_raises_it_again() -> None:
    pace = Pace(retry_after_cap_s=120.0, rate_per_s=100.0)
    for number in range(100):
        pace.spend(1000.0 + number / 100)
        pace.answered(1000.0 + number / 100)

    pace.throttled(None, 1001.0)
    cut = pace.rate(1001.0)
    pace.throttled(None, 1001.1)

    assert cut is not None and 90.0 <= cut < 100.0
    assert pace.rate(1001.1) == pytest.approx(cut, rel=0.01), "one trouble is one cut"
    assert pace.rate(1100.0) == 100.0, "never above what was asked for"


def take(pace: Pace, count: int, *, since: float, until: float) -> None:
    for number in range(count):
        at = since + (until - since) * number / count
        pace.spend(at)
        pace.answered(at)


def test_a_rate_does_not_rise_while_nothing_is_sent_at_it() -> None:
    pace = Pace(retry_after_cap_s=120.0)
    take(pace, 10, since=1000.0, until=1000.2)
    pace.throttled(60.0, 1000.2)

    assert pace.rate(1060.2) == pace.rate(1000.2)
    assert pace.rate(1061.2) == pytest.approx((1 + SEARCH_A_S) * (pace.rate(1000.2) or 0.0))


@pytest.mark.parametrize(
    ("burst", "at_first", "pauses"), [(5, 5, 2), (25, 25, 5), (5, 1, 4), (25, 5, 10), (25, 1, 12)]
)
def test_the_burst_does_not_hide_the_rate(burst: int, at_first: int, pauses: int) -> None:
    # A venue that takes some at once and 50 a second; of the first ones, some say what it bears.
    pace, rate, tokens = Pace(retry_after_cap_s=120.0), 50.0, float(burst)
    take(pace, at_first, since=1000.0, until=1000.01)
    pace.throttled(1.0, 1000.02)
    now, refused_at = 1001.02, list[float]()
    while now < 1060.0:
        now += 0.005
        tokens = min(tokens + 0.005 * rate, burst)
        for _ in range(pace.allowed(now, 16)):
            pace.spend(now)
            if tokens < 1:
                pace.throttled(1.0, now)
                refused_at.append(now)
            else:
                tokens -= 1
                pace.answered(now)

    assert len(refused_at) <= pauses
    assert 0.9 * rate < (pace.rate(now) or 0.0) < 1.03 * rate


def test_a_stray_429_says_little_of_a_rate_that_was_not_used() -> None:
    pace = Pace(retry_after_cap_s=120.0, rate_per_s=50.0)
    take(pace, 600, since=1000.0, until=1600.0)

    pace.throttled(1.0, 1600.0)

    assert (pace.rate(1601.0) or 0.0) == pytest.approx(CUT * 50, rel=0.01)


def test_hours_of_waiting_raise_the_rate_beyond_no_bounds() -> None:
    pace = Pace(retry_after_cap_s=120.0)
    take(pace, 10, since=1000.0, until=1000.2)
    pace.throttled(1.0, 1000.2)
    take(pace, 20_000, since=1002.0, until=1002.0 + 6 * 3600)

    assert pace.allowed(30_000.0, 16) == 16
    pace.throttled(1.0, 30_000.0)
    take(pace, 4, since=30_001.0, until=30_004.0)
    assert 10 < (pace.rate(30_004.0) or 0.0) < 30, "not what grew meanwhile, but what was used"


def test_no_rate_is_so_low_that_a_run_stands_still() -> None:
    pace = Pace(retry_after_cap_s=120.0, rate_per_s=0.21)
    for number in range(50):
        pace.throttled(None, 1000.0 + number)

    assert pace.rate(1049.0) == LOWEST


def an_ended(patience: Patience, answers: int) -> Tracked:
    return Tracked(
        2,
        "a-2",
        OrderState.OPEN,
        make_order(2),
        "{}",
        answers=answers,
        first_s=patience.first_s,
    )


def test_patience_settles_where_few_orders_are_asked_too_soon() -> None:
    patience, too_soon, on_their_way = Patience(), 0, deque[Tracked]()
    for number in range(4000):
        lives_s = 0.3 * (number * 37 % 101) / 101
        on_their_way.append(an_ended(patience, 0 if patience.first_s >= lives_s else 1))
        if number >= 80:
            order = on_their_way.popleft()
            patience.learn(order)
            too_soon += order.answers

    assert 0.15 < patience.first_s < 0.5
    assert too_soon / 4000 < 0.15


def test_patience_has_bounds() -> None:
    hasty, slow, unmoved = Patience(), Patience(), Patience()
    for _ in range(2000):
        hasty.learn(an_ended(hasty, 0))
        slow.learn(an_ended(slow, 1))
    unmoved.learn(an_ended(unmoved, 7))

    assert 0 < hasty.first_s < 0.01
    assert slow.first_s == LONGEST_FIRST_S
    assert unmoved.first_s == FIRST_QUESTION_S
