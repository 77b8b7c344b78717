"""Looking a journal through, and copying it while a batch runs."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batch.errors import JournalError
from batch.journal import Change, Journal
from batch.journal.examining import Counts
from batch.journal.keeping import back_up, examine, upgrade
from batch.journal.sqlite import keeping
from batch.journal.tables import VERSION
from batch.states import BatchEvent, OrderEvent, OrderState
from tests.journal.planned import NOW, add, claim, states
from tests.journal.test_versions import make_version_2


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "copies"
    folder.mkdir()
    return folder / "copy.db"


def change(path: Path, script: str) -> None:
    """Change a journal behind the back of its guards, which stand again afterwards."""
    with closing(sqlite3.connect(path)) as connection:
        listed = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
        triggers = connection.execute(listed).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.executescript(script)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def test_a_sound_journal_has_no_faults_and_is_counted(journal: Journal, path: Path) -> None:
    add(journal)
    journal.apply("abc", [claim(2)], NOW)

    found = examine(str(path))

    assert found.faults == ()
    assert (found.version, found.counts) == (VERSION, Counts(batches=1, rows=2, events=2))
    assert str(found.counts) == "batches: 1, rows: 2, lines of history: 2"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("DELETE FROM orders WHERE row = 3", "batch abc: expected 2 rows, found 1"),
        ("UPDATE orders SET state = 'GONE'", "expected a state that this version knows"),
        (
            "UPDATE orders SET state = 'PLANNED'",
            r"row 2: expected the state that its history ends with \(SENDING\), found PLANNED",
        ),
        ("PRAGMA foreign_keys = OFF; DELETE FROM batches", "refers to nothing in batches"),
        ("CREATE VIEW more AS SELECT 1", 'a view "more" beside that'),
        ("DELETE FROM events WHERE id = 2", "expected 2 lines of history"),
    ],
)
def test_what_contradicts_itself_is_named(path: Path, script: str, words: str) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
        journal.apply("abc", [claim(2)], NOW)
    change(path, script)

    faults = examine(str(path)).faults

    with pytest.raises(AssertionError, match=words):
        raise AssertionError("\n".join(faults))


def test_a_damaged_index_is_found(path: Path) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        listed = "SELECT rootpage FROM sqlite_master WHERE name = 'orders_by_state'"
        (page,) = connection.execute(listed).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 3)
        file.write(b"\x00\x00")

    assert examine(str(path)).faults


def test_an_older_version_is_looked_at_and_not_upgraded(path: Path) -> None:
    make_version_2(path)
    before = path.read_bytes()

    found = examine(str(path))

    assert (found.version, found.counts.rows, found.faults) == (2, 4, ())
    assert path.read_bytes() == before

    upgrade(str(path))

    assert examine(str(path)).version == VERSION


@pytest.mark.parametrize("look", [examine, lambda at: back_up(at, Path(f"{at}.copy"), NOW)])
def test_where_there_is_no_journal_none_is_made(path: Path, look: Callable[[str], object]) -> None:
    with pytest.raises(JournalError, match="expected a journal, found none") as caught:
        look(str(path))

    assert caught.value.is_final
    assert list(path.parent.iterdir()) == []


def test_a_copy_of_a_journal_in_use_holds_all_of_one_moment(
    journal: Journal, path: Path, target: Path
) -> None:
    add(journal)
    journal.apply("abc", [claim(2)], NOW)

    found = back_up(str(path), target, NOW)
    journal.apply("abc", [Change(2, OrderState.SENDING, OrderEvent.LOST)], NOW)

    assert (found.counts, found.faults) == (Counts(1, 2, 2), ())
    assert [file.name for file in target.parent.iterdir()] == ["copy.db"]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with Journal.open(str(target), read_only=True) as copy:
        assert states(copy) == {2: OrderState.SENDING, 3: OrderState.PLANNED}


def test_a_copy_is_taken_as_a_journal_without_anything_beside_it(path: Path, target: Path) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
    back_up(str(path), target, NOW)

    for _ in range(2):
        with Journal.open(str(target)) as copy:
            copy.note("abc", BatchEvent.APPROVED, "again", NOW)

    alone = target.with_name("alone.db")
    alone.write_bytes(target.read_bytes())
    with pytest.raises(JournalError, match="found it alone"):
        Journal.open(str(alone))


def test_a_copy_that_is_older_than_the_journal_is_not_taken_in_its_place(
    path: Path, target: Path
) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
        back_up(str(path), target, NOW)
        journal.apply("abc", [claim(2)], NOW)
    target.replace(path)

    with pytest.raises(JournalError, match="it is a copy of earlier"):
        Journal.open(str(path))


def test_a_copy_replaces_nothing(path: Path, target: Path) -> None:
    Journal.open(str(path)).close()
    target.write_text("something else")

    with pytest.raises(JournalError, match="expected a name that is free, found a file"):
        back_up(str(path), target, NOW)

    assert target.read_text() == "something else"


def test_a_copy_replaces_nothing_that_came_meanwhile(
    path: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal.open(str(path)).close()
    give_name = keeping._give_name

    def come_first(there: str, part: Path, name: Path) -> None:
        name.write_text("something else")
        give_name(there, part, name)

    monkeypatch.setattr(keeping, "_give_name", come_first)

    with pytest.raises(JournalError, match="found a file"):
        back_up(str(path), target, NOW)

    assert target.read_text() == "something else"
    assert [file.name for file in target.parent.iterdir()] == ["copy.db"]


def test_a_copy_of_what_is_damaged_is_none(path: Path, target: Path) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
    change(path, "DELETE FROM orders WHERE row = 3")

    with pytest.raises(
        JournalError, match=r"expected all of the journal .*expected 2 rows, found 1\. Nothing was"
    ):
        back_up(str(path), target, NOW)

    assert list(target.parent.iterdir()) == []


def test_a_copy_into_no_folder_is_said(path: Path, tmp_path: Path) -> None:
    Journal.open(str(path)).close()

    with pytest.raises(JournalError, match=r"copy .*none/copy\.db: expected to open it"):
        back_up(str(path), tmp_path / "none" / "copy.db", NOW)
