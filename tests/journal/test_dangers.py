"""What can be wrong with the journal's file: each time clear words, and nothing half-written."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from batch.errors import JournalError, JournalLocked
from batch.journal import Change, Journal
from batch.states import OrderEvent, OrderState
from tests.journal.planned import LOGIN, NOW, a_batch, a_row, add, claim, states

NOBODY = 65534


@pytest.fixture
def as_nobody(path: Path) -> Iterator[None]:
    """Be somebody for whom permissions count; for the administrator they do not."""
    if os.geteuid() != 0:
        yield
        return
    folders = [folder for folder in path.parents if folder.stat().st_uid == 0]
    modes = {folder: folder.stat().st_mode for folder in folders}
    for folder in folders:
        folder.chmod(modes[folder] | 0o011)
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)
    for folder in folders:
        folder.chmod(modes[folder])


def limit_pages(journal: Journal, pages: int) -> None:
    """Let the database become no larger, as a full disk does."""
    with journal._database.reading() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk_stops_a_plan_and_leaves_nothing_of_it(journal: Journal, path: Path) -> None:
    add(journal, "old")
    limit_pages(journal, 20)

    with pytest.raises(JournalError, match=r"journal\.db: expected to write it, found no space"):
        add(journal, "new", [a_row(n, batch_id="new") for n in range(2, 3000)])

    assert [summary.batch.batch_id for summary in journal.batches()] == ["old"]
    limit_pages(journal, 10_000)
    add(journal, "new", [a_row(n, batch_id="new") for n in range(2, 3000)])
    assert len(states(journal, "new")) == 2998


def test_a_full_disk_stops_a_claim_and_the_row_stays_planned(journal: Journal, path: Path) -> None:
    add(journal)
    limit_pages(journal, 1)

    with pytest.raises(JournalError, match="Free some space"):
        journal.apply("abc", [claim(2, message="x" * 100_000)], NOW)

    assert states(journal)[2] is OrderState.PLANNED
    limit_pages(journal, 10_000)
    journal.apply("abc", [claim(2)], NOW)
    assert states(journal)[2] is OrderState.SENDING


def test_a_disk_that_takes_no_more_stops_a_claim(path: Path) -> None:
    # A limit on the size of files makes the system itself refuse to write, at the commit.
    with Journal.open(str(path)) as journal:
        add(journal)
    script = f"""
import resource, signal
from batch.errors import JournalError
from batch.journal import Journal
from tests.journal.planned import NOW, claim, states
journal = Journal.open({str(path)!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
try:
    journal.apply("abc", [claim(2)], NOW)
except JournalError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
print(states(journal)[2].value)
journal.apply("abc", [claim(2)], NOW)
print(states(journal)[2].value)
"""

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )

    words, before, after = done.stdout.splitlines()
    assert "expected to read and write it, found a fault of its disk" in words
    assert (before, after) == ("PLANNED", "SENDING")


@pytest.mark.usefixtures("as_nobody")
def test_a_read_only_file_is_refused_on_opening(path: Path) -> None:
    _make_for_nobody(path, file_mode=0o444, folder_mode=0o777)

    with pytest.raises(JournalError, match=r"expected to write it, found that it or its folder is"):
        Journal.open(str(path))


@pytest.mark.usefixtures("as_nobody")
def test_a_journal_in_a_read_only_folder_is_refused_on_opening(path: Path) -> None:
    _make_for_nobody(path, file_mode=0o666, folder_mode=0o555)

    with pytest.raises(JournalError, match=r"journal\.db: expected to (open|write) it, found"):
        Journal.open(str(path))


@pytest.mark.usefixtures("as_nobody")
def test_a_new_journal_in_a_read_only_folder_is_refused(path: Path) -> None:
    _change_folder(path, 0o555)

    with pytest.raises(JournalError, match=r"neither be opened nor made\. Check the permissions"):
        Journal.open(str(path))


@pytest.mark.usefixtures("as_nobody")
def test_a_folder_that_cannot_be_made_is_said(path: Path) -> None:
    _change_folder(path, 0o555)

    with pytest.raises(JournalError, match="expected a folder that can be made, found: Permission"):
        Journal.open(str(path.parent / "desk" / "journal.db"))


@pytest.mark.usefixtures("as_nobody")
def test_a_file_that_nobody_may_look_at_is_said(path: Path) -> None:
    _change_folder(path, 0o000)

    with pytest.raises(JournalError, match="found: Permission denied"):
        Journal.open(str(path))


@pytest.mark.usefixtures("as_nobody")
def test_a_batch_in_a_folder_that_became_read_only_cannot_be_held(path: Path) -> None:
    _change_folder(path, 0o777)
    with Journal.open(str(path)) as journal:
        add(journal)
        _change_folder(path, 0o555)

        with (
            pytest.raises(JournalError, match="expected to be able to make a lock file beside"),
            journal.hold("abc", NOW),
        ):
            pass
        _change_folder(path, 0o777)


def test_a_journal_locked_by_another_program_is_said_after_the_timeout(path: Path) -> None:
    with (
        Journal.open(str(path), busy_timeout_s=0.01) as journal,
        closing(sqlite3.connect(path)) as other,
    ):
        add(journal)
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(
            JournalLocked, match=r"found it locked by another program for 0\.01 s\. Close that"
        ):
            journal.apply("abc", [claim(2)], NOW)
        other.rollback()

        journal.apply("abc", [claim(2)], NOW)
        assert states(journal)[2] is OrderState.SENDING


def test_a_journal_that_another_program_keeps_for_itself_cannot_be_opened(path: Path) -> None:
    Journal.open(str(path)).close()

    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")

        with pytest.raises(JournalLocked, match="expected to have it for a moment"):
            Journal.open(str(path), busy_timeout_s=0.01)


def test_a_new_journal_that_another_program_looks_at_is_waited_for(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM sqlite_master").fetchone()

        with pytest.raises(JournalLocked, match="locked by another program"):
            Journal.open(str(path), busy_timeout_s=0.01)
        other.rollback()
        Journal.open(str(path), busy_timeout_s=0.01).close()


def test_a_commit_inside_a_planning_is_a_fault_of_our_own(journal: Journal) -> None:
    with (
        pytest.raises(JournalError, match="a fault of our own"),
        journal.planning(LOGIN, NOW) as planning,
    ):
        planning.add(a_batch(), content_hash="h", generation=1, rows=[a_row(2)], detail="")
        journal.apply("abc", [claim(2)], NOW)

    assert journal.batches() == []


@pytest.mark.parametrize("page", [2, 3, 5, 8])
def test_a_damaged_page_is_found_on_opening(path: Path, page: int) -> None:
    with Journal.open(str(path)) as journal:
        add(journal, rows=[a_row(n) for n in range(2, 500)])
    damage(path, page)

    with pytest.raises(JournalError, match=r"expected an undamaged journal, found damage\. Keep"):
        Journal.open(str(path))


def test_a_journal_cut_off_in_the_middle_is_found_on_opening(path: Path) -> None:
    with Journal.open(str(path)) as journal:
        add(journal, rows=[a_row(n) for n in range(2, 500)])
    os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(JournalError, match="found damage"):
        Journal.open(str(path))


def test_damage_that_is_met_while_reading_is_said(path: Path) -> None:
    with Journal.open(str(path)) as journal:
        add(journal, rows=[a_row(n) for n in range(2, 3000)])
    size = path.stat().st_size // 4096
    for page in range(size // 2, size):
        damage(path, page)

    with (
        Journal.open(str(path), read_only=True) as journal,
        pytest.raises(JournalError, match="found damage"),
    ):
        list(journal.orders("abc"))


@pytest.mark.parametrize(
    ("table", "column", "nonsense"),
    [
        ("orders", "state", "'SOLD'"),
        ("orders", "filled_size", "'much'"),
        ("orders", "submitted_at", "'yesterday'"),
        ("events", "at", "'noon'"),
        ("batches", "columns", "'['"),
    ],
)
def test_nonsense_in_a_sound_file_is_said(
    path: Path, table: str, column: str, nonsense: str
) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
    with closing(sqlite3.connect(path)) as connection:
        listed = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(listed).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(f"UPDATE {table} SET {column} = {nonsense}")
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()

    with Journal.open(str(path)) as journal, pytest.raises(JournalError, match="found damage"):
        journal.batches()
        list(journal.orders("abc"))
        list(journal.events("abc"))


def test_a_file_that_is_not_a_database_is_refused_and_left_alone(path: Path) -> None:
    path.write_bytes(b"symbol,side,size,price\n" * 400)
    before = path.read_bytes()

    with pytest.raises(JournalError, match=r"found a file that is not a database\. It was not"):
        Journal.open(str(path))

    assert path.read_bytes() == before


def test_an_empty_file_is_a_new_journal(path: Path) -> None:
    path.touch()

    with Journal.open(str(path)) as journal:
        add(journal)
        found = states(journal)

    assert set(found) == {2, 3}


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="expected a file, found a folder"):
        Journal.open(str(tmp_path))


def test_a_pipe_is_refused_without_waiting_for_its_other_end(path: Path) -> None:
    os.mkfifo(path)

    with pytest.raises(JournalError, match="found a device, pipe or socket"):
        Journal.open(str(path))


def test_a_file_as_folder_is_refused(path: Path) -> None:
    path.touch()

    with pytest.raises(JournalError, match="found: Not a directory"):
        Journal.open(str(path / "journal.db"))


def test_a_folder_that_is_missing_is_made(tmp_path: Path) -> None:
    Journal.open(str(tmp_path / "desk" / "fx" / "journal.db")).close()

    assert (tmp_path / "desk" / "fx" / "journal.db").exists()


def test_signs_that_mean_something_in_a_url_can_be_in_a_path(tmp_path: Path) -> None:
    path = tmp_path / "50% ?mode=memory#1 é.db"

    with Journal.open(str(path)) as journal:
        add(journal)

    assert path.stat().st_size > 0


def test_a_url_of_a_file_is_taken(path: Path) -> None:
    with Journal.open(f"sqlite:///{path}") as journal:
        add(journal)

    assert path.exists()


@pytest.mark.parametrize(
    "url", ["mysql://desk:s3cret@db.example/journal", "sqlite://", "sqlite:///", "sqlite://x"]
)
def test_another_url_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(JournalError, match="found another URL") as caught:
        Journal.open(url)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("named", ["a\0b", "~nobody-of-this-name/journal.db"])
def test_a_path_that_leads_nowhere_is_refused(named: str) -> None:
    with pytest.raises(JournalError, match="expected a path that leads to a file"):
        Journal.open(named)


def test_a_circle_of_links_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "journal.db"
    link.symlink_to(link)

    with pytest.raises(JournalError, match=r"journal\.db: expected a (path|file)"):
        Journal.open(str(link))


def test_a_link_leads_to_the_same_journal_and_the_same_locks(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "linked.db"
    link.symlink_to(path)

    with Journal.open(str(path)) as journal, Journal.open(str(link)) as linked:
        add(journal)
        found = states(linked)
        with (
            journal.hold("abc", NOW),
            pytest.raises(JournalLocked, match="only process"),
            linked.hold("abc", NOW),
        ):
            pass

    assert set(found) == {2, 3}
    assert [entry.name for entry in link.parent.iterdir()] == ["linked.db"]


def test_a_file_of_two_names_is_refused(path: Path, tmp_path: Path) -> None:
    Journal.open(str(path)).close()
    os.link(path, tmp_path / "other.db")

    with pytest.raises(JournalError, match=r"expected a file of one name, found 2 \(hard links\)"):
        Journal.open(str(path))


@pytest.mark.parametrize("name", ["journal.db", "journal.db-wal"])
def test_a_journal_that_was_deleted_while_open_takes_no_claim(path: Path, name: str) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
        path.with_name(name).rename(path.with_name("kept"))

        with pytest.raises(
            JournalError, match=rf"expected {name} where it was opened, found that it was deleted"
        ):
            journal.apply("abc", [claim(2)], NOW)

        path.with_name("kept").rename(path.with_name(name))
        assert states(journal)[2] is OrderState.PLANNED
        journal.apply("abc", [claim(2)], NOW)


def test_a_journal_that_was_replaced_while_open_takes_no_claim(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    Journal.open(str(other)).close()

    with Journal.open(str(path)) as journal:
        add(journal)
        os.replace(other, path)

        with pytest.raises(JournalError, match="deleted, moved or replaced meanwhile"):
            journal.apply("abc", [claim(2)], NOW)


def test_no_message_shows_what_was_to_be_written(journal: Journal) -> None:
    add(journal)

    with pytest.raises(JournalError) as caught:
        add(journal, "new", [a_row(2, client_order_id="abc-2")])

    words = str(caught.value)
    assert "expected to record each batch and each client order ID once" in words
    assert "abc-2" not in words
    assert "1.0971678" not in words
    assert "INSERT" not in words
    assert caught.value.__suppress_context__


def test_a_value_that_no_database_takes_is_a_fault_of_our_own(journal: Journal) -> None:
    add(journal)
    change = Change(2, OrderState.PLANNED, OrderEvent.CLAIMED, request_id=object())  # type: ignore[arg-type]

    with pytest.raises(JournalError, match="Nothing of this step was recorded"):
        journal.apply("abc", [change], NOW)

    assert states(journal)[2] is OrderState.PLANNED


def test_the_same_batch_twice_is_refused(journal: Journal) -> None:
    add(journal)

    with (
        pytest.raises(JournalError, match="each batch"),
        journal.planning(LOGIN, NOW) as planning,
    ):
        planning.add(a_batch(), content_hash="other", generation=1, rows=[], detail="")

    assert len(journal.batches()) == 1


def damage(path: Path, page: int) -> None:
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)


def _make_for_nobody(path: Path, *, file_mode: int, folder_mode: int) -> None:
    _change_folder(path, 0o777)
    with Journal.open(str(path)) as journal:
        add(journal)
    path.chmod(file_mode)
    _change_folder(path, folder_mode)


def _change_folder(path: Path, mode: int) -> None:
    me = os.geteuid()
    if os.getuid() == 0:
        os.seteuid(0)
    path.parent.chmod(mode)
    os.seteuid(me)


def test_a_new_journal_is_its_owners_alone_with_all_that_is_beside_it(path: Path) -> None:
    before = os.umask(0)
    try:
        with Journal.open(str(path)) as journal:
            add(journal)
            beside = [path, *path.parent.glob("journal.db-*")]
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in beside}
    finally:
        os.umask(before)

    assert {"journal.db", "journal.db-wal", "journal.db-shm"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_permissions_that_somebody_gave_a_journal_are_kept(path: Path) -> None:
    Journal.open(str(path)).close()
    path.chmod(0o660)

    with Journal.open(str(path)) as journal:
        add(journal)

    assert stat.S_IMODE(path.stat().st_mode) == 0o660
