"""Several processes at one journal."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from batch.errors import JournalError, JournalLocked
from batch.journal import Journal, PlannedRow
from batch.model import Login
from batch.states import OrderState
from tests.journal.planned import NOW, a_row, add, claim, states
from tests.journal.processes import another, hear, tell

PLANNER = """
journal = Journal.open(path)
with journal.planning(LOGIN, NOW) as planning:
    say("planning")
    wait()
    planning.add(a_batch("abc"), content_hash="h", generation=1, rows=[a_row(2)], detail="")
say("planned")
wait()
"""

WORKER = """
journal = Journal.open(path)
for number in range(2, 302):
    journal.apply("abc", [claim(number)], NOW)
    if number == 2:
        say("working")
say("done")
wait()
"""


def test_a_second_planning_waits_for_the_first_and_sees_its_batch(path: Path) -> None:
    with Journal.open(str(path)) as journal, another(path, PLANNER) as process:
        assert hear(process) == "planning"
        with (
            Journal.open(str(path), read_only=True, busy_timeout_s=0.01) as reader,
            pytest.raises(JournalError),
        ):
            reader.batch("abc")
        tell(process)

        with journal.planning(Login("u", "o", "s"), NOW) as planning:
            assert planning.is_taken("abc")


def test_a_planning_that_takes_too_long_is_not_waited_for(path: Path) -> None:
    with (
        Journal.open(str(path), busy_timeout_s=0.01) as journal,
        another(path, PLANNER) as process,
    ):
        hear(process)

        with pytest.raises(JournalLocked, match=r"locked by another program for 0\.01 s"):
            add(journal, "new")


def test_a_process_killed_in_its_planning_leaves_nothing(path: Path) -> None:
    with Journal.open(str(path)) as journal, another(path, PLANNER) as process:
        hear(process)
        process.kill()
        process.wait()

        assert journal.batches() == []
        add(journal, "abc")


def test_a_running_batch_can_be_read_and_is_not_hindered(journal: Journal, path: Path) -> None:
    add(journal, rows=_rows(300))
    seen = set()

    with (
        Journal.open(str(path), read_only=True, busy_timeout_s=0) as reader,
        another(path, WORKER) as process,
    ):
        assert hear(process) == "working"
        for _ in range(20):
            assert len(list(reader.orders("abc"))) == 300
            seen.add(len(list(reader.events("abc"))))
            assert sum(reader.batches()[0].states.values()) == 300
        assert hear(process) == "done"

    assert min(seen) >= 2
    assert set(states(journal).values()) == {OrderState.SENDING}


def test_reading_goes_on_while_another_process_writes(journal: Journal, path: Path) -> None:
    add(journal)

    with (
        Journal.open(str(path), read_only=True, busy_timeout_s=0) as reader,
        closing(sqlite3.connect(path, timeout=0)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")

        assert set(states(reader)) == {2, 3}
        assert len(list(reader.events("abc"))) == 1
        assert len(reader.batches()) == 1
        with Journal.open(str(path), read_only=True, busy_timeout_s=0) as second:
            assert set(states(second)) == {2, 3}


def test_writing_goes_on_while_another_process_reads(path: Path) -> None:
    with (
        Journal.open(str(path), busy_timeout_s=0) as journal,
        closing(sqlite3.connect(path, timeout=0)) as other,
    ):
        add(journal)
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM orders").fetchone() == (2,)

        journal.apply("abc", [claim(2)], NOW)

        assert states(journal)[2] is OrderState.SENDING


def test_a_new_journal_can_be_opened_by_several_processes_at_once(tmp_path: Path) -> None:
    script = """
say("ready")
folder = path
while name := wait():
    Journal.open(f"{folder}/{name}.db").close()
    say("opened")
"""
    with ExitStack() as stack:
        processes = [stack.enter_context(another(tmp_path, script)) for _ in range(3)]
        assert [hear(process) for process in processes] == ["ready"] * 3

        for number in range(15):
            for process in processes:
                tell(process, str(number))
            assert [hear(process) for process in processes] == ["opened"] * 3


def test_a_claim_by_two_processes_succeeds_for_one(journal: Journal, path: Path) -> None:
    add(journal)
    journal.apply("abc", [claim(2)], NOW)

    with (
        Journal.open(str(path)) as second,
        pytest.raises(JournalError, match="Is another process at work on it"),
    ):
        second.apply("abc", [claim(2)], NOW)

    assert [line.kind for line in journal.events("abc")] == ["planned", "claimed"]


def _rows(count: int) -> list[PlannedRow]:
    return [a_row(number) for number in range(2, count + 2)]
