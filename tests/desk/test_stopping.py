"""`stop --cancel` beside a process that runs the batch: what still leaves, and who waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from batch.desk import Desk, RunningOptions, Submission, Verdict
from batch.journal import Change, Journal
from batch.simulator import Simulator, parse_fault
from batch.states import OrderEvent, OrderState
from tests.desk.test_desk import venue
from tests.desk.test_once import ONE_BY_ONE, OPEN, LaterClock, Office, Told

__all__ = ["venue"]

SEEN_S = 2.0


@dataclass
class Holder:
    """A process that runs a batch, as far as the journal tells of it; it moves while one waits."""

    journal: Journal
    batch: str
    clock: LaterClock
    sent: list[int] = field(default_factory=list)

    def send(self) -> None:
        """Have one more order at the venue."""
        (placing,) = self.journal.claim(self.batch, 1, self.clock.now())
        accepted = Change(
            placing.row, OrderState.SENDING, OrderEvent.ACCEPTED, server_order_id=f"9{placing.row}"
        )
        self.journal.apply(self.batch, [accepted], self.clock.now())
        self.sent.append(placing.row)

    def cancel_what_is_wanted(self) -> None:
        """Do what somebody put down."""
        rows = [wish.row for wish in self.journal.cancels.standing(self.batch)]
        steps = [Change(row, OrderState.OPEN, OrderEvent.CANCELLED) for row in rows]
        self.journal.apply(self.batch, steps, self.clock.now())
        self.journal.cancels.end(self.batch, rows, self.clock.now())


@contextmanager
def running(office: Office, batch: str) -> Iterator[Holder]:
    with (
        Journal.open(str(office.folder / "journal.db")) as journal,
        journal.hold(batch, office.clock.now()),
    ):
        yield Holder(journal, batch, office.clock)


class WaitingClock(LaterClock):
    """A clock of which every sleep is over at once, and in which something happens meanwhile."""

    def __init__(self) -> None:
        self.slept_s = 0.0
        self.meanwhile: Callable[[float], None] = lambda slept_s: None

    def monotonic(self) -> float:
        return self.slept_s

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self.meanwhile(self.slept_s)


@pytest.fixture
def office(tmp_path: Path, venue: Simulator) -> Office:
    return Office(tmp_path, venue, LaterClock(), Told())


@pytest.fixture
def unsent(office: Office) -> str:
    """A batch of three rows, of which nothing has left."""
    office.venue.add_fault(parse_fault("status=401:place"))
    rows = [OPEN.replace("100000", f"10000{number}") for number in range(3)]
    begun = office.submit(office.sheet(*rows), Submission(running=ONE_BY_ONE))
    (result,) = begun.batches
    assert result.batch is not None and result.states == {OrderState.PLANNED: 3}
    return result.batch.batch_id


@pytest.mark.parametrize("before", [0, 1])
def test_an_order_that_leaves_before_the_stop_is_seen_is_cancelled_and_waited_for_too(
    office: Office, unsent: str, before: int
) -> None:
    clock = WaitingClock()
    with running(office, unsent) as holder:
        for _ in range(before):
            holder.send()

        def meanwhile(slept_s: float) -> None:
            if slept_s < SEEN_S and len(holder.sent) == before:
                holder.send()
            if slept_s > 2 * SEEN_S:
                holder.cancel_what_is_wanted()

        clock.meanwhile = meanwhile
        outcome = Desk(office.settings(), clock=clock, listener=office.told).stop(
            [unsent], RunningOptions(wait_s=20.0), cancel=True
        )

    (result,) = outcome.batches
    assert result.states == {OrderState.CANCELLED: before + 1, OrderState.PLANNED: 2 - before}
    assert 2 * SEEN_S < clock.slept_s < 20.0
    assert any("sends nothing more once it has seen that" in words for words in office.told.warned)
    assert not any("may still be sent" in words for words in office.told.warned)


def test_a_process_that_has_sent_nothing_until_it_has_seen_the_stop_is_not_waited_for_longer(
    office: Office, unsent: str
) -> None:
    clock = WaitingClock()
    with running(office, unsent):
        outcome = Desk(office.settings(), clock=clock, listener=office.told).stop(
            [unsent], RunningOptions(wait_s=20.0), cancel=True
        )

    assert outcome.batches[0].states == {OrderState.PLANNED: 3}
    assert SEEN_S <= clock.slept_s <= SEEN_S + 1.0


def test_what_is_open_at_the_end_of_the_wait_is_told(office: Office, unsent: str) -> None:
    clock = WaitingClock()
    with running(office, unsent) as holder:
        holder.send()
        outcome = Desk(office.settings(), clock=clock, listener=office.told).stop(
            None, RunningOptions(wait_s=7.0), cancel=True
        )

    assert outcome.verdict is Verdict.STILL_OPEN
    assert outcome.batches[0].states[OrderState.OPEN] == 1
    assert clock.slept_s >= 7.0
    assert any("1 order may be open yet" in words for words in office.told.warned)


def test_a_cancel_of_a_batch_that_was_stopped_before_does_not_say_that_rows_may_be_sent(
    office: Office, unsent: str
) -> None:
    desk = Desk(office.settings(), clock=WaitingClock(), listener=office.told)
    with running(office, unsent) as holder:
        holder.send()
        desk.stop([unsent])

        outcome = desk.cancel(unsent, RunningOptions(wait_s=1.0))

    assert outcome.verdict is Verdict.STILL_OPEN
    assert any("2 rows of it were not sent yet. The batch is" in one for one in office.told.warned)
    assert not any("may still be sent" in words for words in office.told.warned)


def test_a_process_of_another_login_cancels_and_is_waited_for(office: Office, unsent: str) -> None:
    clock = WaitingClock()
    stranger = office.settings(venue={"user": "somebody"})
    with running(office, unsent) as holder:
        holder.send()
        clock.meanwhile = lambda slept_s: holder.cancel_what_is_wanted()
        outcome = Desk(stranger, clock=clock, listener=office.told).stop(
            None, RunningOptions(wait_s=9.0), cancel=True
        )

    assert outcome.batches[0].states == {OrderState.CANCELLED: 1, OrderState.PLANNED: 2}
    assert not any("left as they are" in words for words in office.told.warned)


@pytest.mark.parametrize("dies_while_waiting", [True, False])
def test_what_is_open_of_another_login_and_run_by_nobody_is_left_and_is_no_success(
    office: Office, unsent: str, dies_while_waiting: bool
) -> None:
    clock = WaitingClock()
    stranger = Desk(office.settings(venue={"user": "somebody"}), clock=clock, listener=office.told)
    asked = office.venue.requests.count("cancel")
    with ExitStack() as process:
        process.enter_context(running(office, unsent)).send()
        if dies_while_waiting:
            clock.meanwhile = lambda slept_s: process.close() if slept_s > 3.0 else None
        else:
            process.close()

        outcome = stranger.stop([unsent], RunningOptions(wait_s=9.0), cancel=True)

    assert outcome.verdict is Verdict.STILL_OPEN
    assert any("1 open order of another login, ops" in words for words in office.told.warned)
    assert any("they are left as they are" in words for words in office.told.warned)
    assert office.venue.requests.count("cancel") == asked
