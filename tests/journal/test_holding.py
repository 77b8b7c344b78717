"""One process at a time on a batch."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from contextlib import ExitStack
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from batch.errors import JournalError, JournalLocked
from batch.journal import Journal
from batch.journal.actor import _name, actor, name_host
from batch.lockfile import alone_by
from tests.journal.planned import NOW, add
from tests.journal.processes import another, hear, tell

HOLDER = """
with Journal.open(path) as journal, journal.hold("abc", NOW):
    say("held")
    wait()
say("let go")
wait()
"""


def hold_once(journal: Journal, batch_id: str = "abc") -> None:
    with journal.hold(batch_id, NOW):
        pass


def test_a_second_process_is_told_who_holds_the_batch_and_since_when(
    journal: Journal, path: Path
) -> None:
    with another(path, HOLDER) as process:
        assert hear(process) == "held"

        with pytest.raises(JournalLocked) as caught:
            hold_once(journal)

    assert str(caught.value).startswith(
        "batch abc: expected to be the only process on it, found that "
    )
    assert f"process {process.pid} (since 2026-03-02 09:30:00 UTC) works on it" in str(caught.value)


def test_a_batch_is_free_when_its_holder_ends(journal: Journal, path: Path) -> None:
    with another(path, HOLDER) as process:
        hear(process)
        tell(process)
        assert hear(process) == "let go"

        hold_once(journal)


def test_a_process_that_was_killed_holds_nothing(journal: Journal, path: Path) -> None:
    with another(path, HOLDER) as process:
        hear(process)
        process.kill()
        process.wait()

        left = [path.with_name(f".journal.db.abc.{kind}") for kind in ("lock", "holder")]
        assert all(one.exists() for one in left)
        hold_once(journal)

    assert not any(one.exists() for one in left)


def test_other_batches_of_a_held_journal_are_free(journal: Journal) -> None:
    with journal.hold("abc", NOW), journal.hold("abc.2", NOW), journal.hold("def", NOW):
        add(journal, "def")

    hold_once(journal)


def test_a_batch_of_one_name_in_another_journal_is_free(journal: Journal, tmp_path: Path) -> None:
    with Journal.open(str(tmp_path / "other.db")) as other, journal.hold("abc", NOW):
        hold_once(other)


def test_one_process_cannot_hold_a_batch_twice(journal: Journal, path: Path) -> None:
    with (
        Journal.open(str(path)) as second,
        journal.hold("abc", NOW),
        pytest.raises(JournalLocked),
    ):
        hold_once(second)


def test_a_batch_is_free_after_any_end_of_the_block(journal: Journal) -> None:
    with pytest.raises(KeyboardInterrupt), journal.hold("abc", NOW):
        raise KeyboardInterrupt

    hold_once(journal)


def test_nothing_of_a_held_batch_stays_beside_the_journal(journal: Journal, path: Path) -> None:
    for batch_id in ("abc", "abc", "def"):
        hold_once(journal, batch_id)

    left = {entry.name for entry in path.parent.iterdir()}
    assert left <= {"journal.db", "journal.db-last", "journal.db-wal", "journal.db-shm"}


def test_what_killed_processes_and_earlier_versions_left_goes_with_the_next_holder(
    journal: Journal, path: Path
) -> None:
    left = [path.with_name(f".journal.db.{name}") for name in ("x.lock", "x.holder", "y.lock")]
    others = path.with_name(".other.db.x.lock")
    for file in (*left, others):
        file.touch()

    with journal.hold("held", NOW):
        hold_once(journal)
        assert path.with_name(".journal.db.held.lock").exists()

    assert [file.exists() for file in (*left, others)] == [False, False, False, True]


def test_a_batch_whose_lock_is_being_cleared_away_this_moment_is_free(
    journal: Journal, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clearing = ExitStack()
    clearing.enter_context(alone_by(path.with_name(".journal.db.abc.lock")))
    monkeypatch.setattr("batch.journal.sqlite.locking.time.sleep", lambda _: clearing.close())

    hold_once(journal)


@pytest.mark.parametrize("content", ["", "only a name", "\x00\xff\n"])
def test_an_unreadable_note_of_the_holder_does_not_hide_that_there_is_one(
    journal: Journal, path: Path, content: str
) -> None:
    with journal.hold("abc", NOW):
        path.with_name(".journal.db.abc.holder").write_bytes(content.encode("latin-1"))

        with pytest.raises(JournalLocked, match="found that another process works on it"):
            hold_once(journal)


def test_the_batch_is_held_though_the_note_cannot_be_written(journal: Journal, path: Path) -> None:
    path.with_name(".journal.db.abc.holder").mkdir()

    with (
        journal.hold("abc", NOW),
        pytest.raises(JournalLocked, match="found that another process"),
    ):
        hold_once(journal)


def test_a_lock_file_that_cannot_be_made_stops_the_run(journal: Journal, path: Path) -> None:
    path.with_name(".journal.db.abc.lock").mkdir()

    with pytest.raises(JournalError, match=r"\.lock: expected to be able to make a lock file"):
        hold_once(journal)


def test_the_time_of_another_zone_is_shown_in_utc(journal: Journal, path: Path) -> None:
    since = NOW.astimezone(timezone(timedelta(hours=-5)))

    with journal.hold("abc", since), pytest.raises(JournalLocked, match="since 2026-03-02 09:30"):
        hold_once(journal)


def test_a_program_started_by_the_holder_does_not_keep_the_lock(journal: Journal) -> None:
    with journal.hold("abc", NOW):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    try:
        hold_once(journal)
    finally:
        child.communicate(b"\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not copy processes")
def test_a_copy_of_the_holding_process_does_not_keep_the_lock(journal: Journal) -> None:
    read, write = os.pipe()
    with journal.hold("abc", NOW), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of copying a process that has threads
        child = os.fork()
        if child == 0:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        os.close(read)

    try:
        hold_once(journal)
    finally:
        os.close(write)
        os.waitpid(child, 0)


def test_the_actor_names_user_host_and_process() -> None:
    assert actor().endswith(f" process {os.getpid()}")
    assert "@" in actor()


@pytest.mark.parametrize("fault", [KeyError("pwd"), OSError("no user")])
def test_a_user_without_a_name_is_named_by_number(
    monkeypatch: pytest.MonkeyPatch, fault: Exception
) -> None:
    def fail() -> str:
        raise fault

    monkeypatch.setattr("getpass.getuser", fail)
    _name.cache_clear()

    try:
        assert actor().startswith(f"{os.getuid()}@")
    finally:
        _name.cache_clear()


def test_two_processes_of_one_user_host_and_number_have_names_of_their_own() -> None:
    script = "import os; os.getpid = lambda: 1; from batch.journal.actor import actor; "
    script += "assert actor() == actor(); print(actor())"

    names = [
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout
        for _ in range(2)
    ]

    assert names[0] != names[1]
    assert all(name.strip().endswith(b" process 1") for name in names)


def test_a_host_is_called_by_its_label() -> None:
    before = actor()
    name_host("desk-a")

    try:
        assert actor().partition("@")[2].startswith("desk-a/")
    finally:
        name_host("")
    assert actor() == before
