"""A journal that is not as new as it was, or may not be, sends nothing."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path

import pytest

from batch.errors import Advice, JournalError
from batch.journal import Journal
from batch.states import OrderState
from tests.journal.planned import NOW, add, claim, states
from tests.journal.processes import another, hear

DIES = """
journal = Journal.open(path)
add(journal)
journal.apply("abc", [claim(2)], NOW)
say("claimed")
wait()
"""


def refused(path: Path, words: str, *, read_only: bool = False) -> None:
    with pytest.raises(JournalError, match=words) as caught:
        Journal.open(str(path), read_only=read_only)
    assert caught.value.is_final
    assert [one.advice for one in caught.value.advice] == [Advice.COPY_JOURNAL]


def beside(path: Path) -> Path:
    return path.with_name("journal.db-last")


def make_used(path: Path, batch_id: str = "abc") -> None:
    with Journal.open(str(path)) as journal:
        add(journal, batch_id)


def leave_dead(path: Path) -> None:
    """Leave a journal behind as a process that was killed after a claim does."""
    with another(path, DIES) as process:
        assert hear(process) == "claimed"


@pytest.mark.parametrize("read_only", [False, True])
def test_an_older_copy_that_was_put_back_is_refused(path: Path, read_only: bool) -> None:
    make_used(path)
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    make_used(path, "def")
    shutil.copy(copy, path)

    refused(
        path,
        r"expected 2 lines of history, as journal\.db-last beside it says, found only 1: it is a "
        r"copy of earlier.*empty journal\.db-last",
        read_only=read_only,
    )


def test_another_journal_that_was_put_in_its_place_is_refused(path: Path, tmp_path: Path) -> None:
    make_used(path)
    other = tmp_path / "other" / "journal.db"
    for batch_id in "abcd":
        make_used(other, batch_id)
    shutil.copy(other, path)

    refused(path, "found another journal, or an older")


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_that_is_gone_is_not_begun_anew(path: Path, read_only: bool) -> None:
    make_used(path)
    path.unlink()

    refused(
        path, r"that journal\.db-last beside it speaks of, found that it is gone. .*Put it back"
    )
    assert not path.exists()

    beside(path).unlink()
    make_used(path)


@pytest.mark.parametrize("read_only", [False, True])
def test_a_journal_without_its_write_ahead_file_is_refused(path: Path, read_only: bool) -> None:
    leave_dead(path)
    path.with_name("journal.db-wal").unlink()

    words = "found only 0: it is a copy of earlier, or was put here without its write-ahead"
    refused(path, words, read_only=read_only)


def test_a_journal_that_was_moved_without_what_is_beside_it_is_refused(
    path: Path, tmp_path: Path
) -> None:
    leave_dead(path)
    moved = tmp_path / "moved" / "journal.db"
    moved.parent.mkdir()
    path.rename(moved)

    refused(
        moved,
        r"expected the files that belong beside it \(journal\.db-last, and journal\.db-wal where a "
        r"process died\), found it alone.*make an empty file journal\.db-last beside it",
    )
    # Nothing is sent by who only looks.
    Journal.open(str(moved), read_only=True).close()


def test_a_journal_that_was_moved_with_all_that_is_beside_it_goes_on(
    path: Path, tmp_path: Path
) -> None:
    leave_dead(path)
    moved = tmp_path / "moved" / "journal.db"
    moved.parent.mkdir()
    for file in [path, *path.parent.glob("journal.db-*")]:
        file.rename(moved.parent / file.name)

    with Journal.open(str(moved)) as journal:
        assert states(journal) == {2: OrderState.SENDING, 3: OrderState.PLANNED}


def test_a_write_ahead_file_beside_it_is_company_enough(path: Path, tmp_path: Path) -> None:
    leave_dead(path)
    beside(path).unlink()

    with Journal.open(str(path)) as journal:
        assert states(journal)[2] is OrderState.SENDING
    assert beside(path).read_text().split()[1].lstrip("0") == "2"


@pytest.mark.parametrize("case", ["older", "alone"])
def test_a_person_who_emptied_the_file_answers_for_the_journal(path: Path, case: str) -> None:
    make_used(path)
    shutil.copy(path, path.with_name("copy.db"))
    make_used(path, "def")
    if case == "older":
        path.with_name("copy.db").replace(path)
    beside(path).write_text("")

    make_used(path, "ghi")

    assert beside(path).read_text().split()[1].lstrip("0") in ("2", "3")


def test_a_process_that_was_killed_leaves_a_journal_that_goes_on(path: Path) -> None:
    for _ in range(2):
        with another(path, 'journal = Journal.open(path)\nsay("open")\nwait()') as process:
            assert hear(process) == "open"
    leave_dead(path)

    with Journal.open(str(path)) as journal:
        journal.apply("abc", [claim(3)], NOW)


def test_an_older_version_is_upgraded_where_it_lies_alone(path: Path) -> None:
    from tests.journal.test_versions import make_version_2

    make_version_2(path)

    Journal.open(str(path)).close()

    assert beside(path).read_text().split()[1].lstrip("0") == "14"
    make_used(path)


def test_the_file_has_the_permissions_of_the_journal(path: Path) -> None:
    make_used(path)
    path.chmod(0o660)
    beside(path).write_text("")
    beside(path).unlink()
    with path.with_name("journal.db-wal").open("wb") as ahead:
        ahead.write(b"not of this journal, and ignored")

    make_used(path, "def")

    assert stat.S_IMODE(os.stat(beside(path)).st_mode) == 0o660


def test_several_processes_note_the_furthest_between_them(path: Path) -> None:
    with Journal.open(str(path)) as first, Journal.open(str(path)) as second:
        add(first, "abc")
        add(second, "def")
        add(first, "ghi")

    with Journal.open(str(path)) as journal:
        assert len(journal.batches()) == 3


def test_a_plan_that_was_undone_is_not_noted(path: Path) -> None:
    with Journal.open(str(path)) as journal:
        add(journal, "abc")
        with pytest.raises(JournalError):
            add(journal, "abc")
        assert beside(path).read_text().split()[1].lstrip("0") == "1"


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("size", [0, 1, 15])
def test_a_stump_of_a_journal_is_not_begun_anew(path: Path, size: int, read_only: bool) -> None:
    make_used(path)
    stump = path.read_bytes()[:size]
    for name in ("journal.db-wal", "journal.db-shm"):
        path.with_name(name).unlink(missing_ok=True)
    path.write_bytes(stump)

    with pytest.raises(JournalError) as caught:
        Journal.open(str(path), read_only=read_only)

    assert caught.value.is_final
    assert path.read_bytes() == stump
