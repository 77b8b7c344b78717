"""Rows 1 to 6 and 20: processes that die, are stopped, meet, or cannot write their journal."""

from __future__ import annotations

import resource
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from batch.journal import Change, Journal, Placing
from batch.states import OrderEvent
from tests.faults.conftest import FaultDesk, Open, states

NAMES = ("A", "B", "C", "D", "E", "F", "G", "H")


def test_fault_01_killed_before_the_claim_is_committed_sends_once(desk: FaultDesk) -> None:
    desk.run("submit", desk.sheet(*NAMES), "--yes", death="claim-not-committed:1")
    assert desk.venue.ledger.posts == 0

    call = desk.resume()

    assert call.code == 0
    assert desk.venue.ledger.posts == len(NAMES)
    desk.require_each_once()


def test_fault_02_killed_with_a_claim_and_nothing_sent_is_unknown_where_absence_is_no_proof(
    desk: FaultDesk,
) -> None:
    desk.run("submit", desk.sheet(*NAMES), "--yes", "--max-in-flight", 2, death="claimed:1")
    assert desk.venue.ledger.posts == 0

    call = desk.resume()

    assert call.code == 5
    unknown = [name for name, state in states(call).items() if state == "UNKNOWN"]
    held = [entry.client_order_id for entry in desk.venue.ledger.orders]
    assert len(unknown) == 1  # the first order goes alone
    assert sorted(held + unknown) == sorted(NAMES)


def test_fault_02_killed_with_a_claim_and_nothing_sent_sends_where_absence_is_proof(
    open_desk: Open,
) -> None:
    desk = open_desk(token_lifetime_s=1.0)
    desk.configure(settle_s=2.0, client_id_query_covers_done_orders=True)
    desk.run("submit", desk.sheet(*NAMES), "--yes", "--max-in-flight", 2, death="claimed:1")

    call = desk.resume()

    assert call.code == 0
    assert desk.venue.ledger.posts == len(NAMES)
    desk.require_each_once()


@pytest.mark.parametrize("death", ["posted:3", "before-record:2"])
def test_fault_03_killed_between_sending_and_recording_takes_the_orders_over(
    desk: FaultDesk, death: str
) -> None:
    # One at a time: what is found was sent, so the default settings lose nothing of it.
    sheet = desk.sheet(*NAMES)
    desk.run("submit", sheet, "--yes", "--max-in-flight", 1, death=death)

    call = desk.submit(sheet)

    assert call.code == 0
    assert desk.venue.ledger.posts == len(NAMES)
    desk.require_each_once()
    server_ids = {entry.client_order_id: entry.order_id for entry in desk.venue.ledger.orders}
    assert {o["client_order_id"]: o["server_order_id"] for o in call.json["orders"]} == server_ids


@pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
def test_fault_03_stopped_by_a_signal_waits_for_the_answers_and_leaves_the_rest(
    desk: FaultDesk, name: signal.Signals
) -> None:
    desk.add_faults("delay=0.2:place")
    names = [f"S{number}" for number in range(30)]
    process = desk.start("submit", desk.sheet(*names), "--yes", "--max-in-flight", 2)
    with desk.when(lambda: desk.venue.ledger.posts >= 3, lambda: process.send_signal(name)):
        _, err = process.communicate(timeout=60)

    assert process.returncode == 130
    assert f"orderbatch resume {desk.newest()}" in err
    assert desk.venue.ledger.posts < len(names)
    desk.venue.clear_faults()
    call = desk.resume()
    assert call.code == 0
    assert desk.venue.ledger.posts == len(names)
    desk.require_each_once()


def test_fault_04_killed_three_times_in_its_recovery_takes_the_orders_over(
    desk: FaultDesk,
) -> None:
    desk.run("submit", desk.sheet(*NAMES), "--yes", "--max-in-flight", 1, death="answered:3")
    batch_id = desk.newest()
    for death in ("asked:1", "before-recovery:1", "recovery-not-committed:1"):
        desk.run("resume", batch_id, death=death)
    assert desk.venue.ledger.posts == 3

    call = desk.resume()

    assert call.code == 0
    assert desk.venue.ledger.posts == len(NAMES)
    desk.require_each_once()


class Trouble:
    """Makes the journal's file refuse the first commit that holds a step, by real means."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, kind: str, event: OrderEvent) -> None:
        self._kind = kind
        self._event = event
        self._apply, self._claim = Journal.apply, Journal.claim
        self.struck = 0
        assert Journal.open.__func__.__kwdefaults__ is not None  # type: ignore[attr-defined]
        monkeypatch.setitem(
            Journal.open.__func__.__kwdefaults__,  # type: ignore[attr-defined]
            "busy_timeout_s",
            0.05,
        )
        monkeypatch.setattr(Journal, "apply", lambda *args: self._at_apply(*args))
        monkeypatch.setattr(Journal, "claim", lambda *args: self._at_claim(*args))

    def _at_apply(
        self, journal: Journal, batch_id: str, changes: Sequence[Change], now: datetime
    ) -> None:
        with ExitStack() as trouble:
            self._meet(journal, trouble, {change.event for change in changes})
            self._apply(journal, batch_id, changes, now)

    def _at_claim(
        self,
        journal: Journal,
        batch_id: str,
        most: int,
        now: datetime,
        changes: Sequence[Change] = (),
    ) -> list[Placing]:
        with ExitStack() as trouble:
            events = {change.event for change in changes}
            self._meet(journal, trouble, {*events, OrderEvent.CLAIMED})
            return self._claim(journal, batch_id, most, now, changes)

    def _meet(self, journal: Journal, trouble: ExitStack, events: set[OrderEvent]) -> None:
        if not self.struck and self._event in events:
            self.struck += 1
            self._begin(Path(journal.where.removeprefix("journal ")), trouble)

    def _begin(self, path: Path, trouble: ExitStack) -> None:
        if self._kind == "locked":
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            trouble.callback(other.close)
            return
        # Not even a commit's first page fits: what the system says of a full quota.
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
        trouble.callback(resource.setrlimit, resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("kind", ["locked", "no room"])
def test_fault_05_a_claim_that_cannot_be_committed_sends_nothing(
    desk: FaultDesk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    sheet = desk.sheet(*NAMES)
    trouble = Trouble(monkeypatch, kind, OrderEvent.CLAIMED)

    call = desk.office.call("submit", sheet, "--yes")

    assert trouble.struck == 1
    assert call.code in (6, 70)
    assert desk.venue.ledger.posts == 0
    assert "journal" in call.err and "Traceback" not in call.err
    assert desk.submit(sheet).code == 0
    desk.require_each_once()


@pytest.mark.parametrize("kind", ["locked", "no room"])
def test_fault_06_an_answer_that_cannot_be_recorded_stops_sending_and_is_settled_next_time(
    desk: FaultDesk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    names = [f"S{number}" for number in range(30)]
    sheet = desk.sheet(*names)
    trouble = Trouble(monkeypatch, kind, OrderEvent.ACCEPTED)

    call = desk.office.call("submit", sheet, "--yes", "--max-in-flight", 2)

    assert trouble.struck == 1
    assert call.code == 70
    assert f"orderbatch resume {desk.newest()}" in call.err
    assert 1 <= desk.venue.ledger.posts <= 2
    assert desk.resume().code == 0
    desk.require_each_once()


def test_fault_20_two_processes_with_the_same_sheet_send_each_row_once(desk: FaultDesk) -> None:
    # Whoever comes first is kept waiting until the other has gone.
    desk.add_faults("retry-after=1:place")
    sheet = desk.sheet(*NAMES)
    both = [desk.start("submit", sheet, "--yes", "--report", f"r{n}.csv") for n in (1, 2)]

    with desk.when(
        lambda: any(process.poll() is not None for process in both), desk.venue.clear_faults
    ):
        said = [process.communicate(timeout=60)[1] for process in both]

    codes = [process.returncode for process in both]
    assert sorted(codes) == [0, 6]
    refused = said[codes.index(6)]
    assert f"process {both[codes.index(0)].pid}" in refused and "since" in refused
    assert desk.venue.requests.count("place", 202) == len(NAMES)
    desk.require_each_once()


def test_fault_20_a_dead_process_holds_nothing(open_desk: Open) -> None:
    desk = open_desk()
    desk.run("submit", desk.sheet(*NAMES), "--yes", death="planned:1")

    assert desk.resume().code == 0
    desk.require_each_once()
