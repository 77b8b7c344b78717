"""What a commit means: on the disk, all or nothing, never changed afterwards."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import event

import batch.journal
from batch.errors import JournalError
from batch.journal import Change, Journal
from batch.journal.sqlite.database import WAL_LIMIT, Database
from batch.states import BatchEvent, IllegalTransition, OrderEvent, OrderState
from tests.journal.planned import LOGIN, NOW, a_batch, a_row, add, claim, states

ACCEPTED = Change(2, OrderState.SENDING, OrderEvent.ACCEPTED, server_order_id="S1")


def database(journal: Journal) -> Database:
    assert isinstance(journal._database, Database)
    return journal._database


@contextmanager
def interrupted(journal: Journal, word: str) -> Iterator[None]:
    """Let Ctrl-C hit in the middle of the next statement that starts with a word."""

    def interrupt(cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip().startswith(word):
            raise KeyboardInterrupt

    engine = database(journal)._engine
    listeners = [
        (name, interrupt) for name in ("do_execute", "do_executemany", "do_execute_no_params")
    ]
    for name, listener in listeners:
        event.listen(engine, name, listener)
    try:
        yield
    finally:
        for name, listener in listeners:
            event.remove(engine, name, listener)


def pragma(journal: Journal, name: str) -> object:
    with journal._database.reading() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def is_idle(journal: Journal, path: Path) -> bool:
    """Say whether no transaction is open: neither in the driver nor for another process."""
    with closing(sqlite3.connect(path, timeout=0)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.rollback()
        # No reader either: all of the write-ahead file can be taken over and emptied.
        busy, _, _ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy and not database(journal)._driver_connection().in_transaction


def test_a_commit_is_on_the_disk_when_it_returns(journal: Journal, path: Path) -> None:
    assert pragma(journal, "journal_mode") == "wal"
    assert pragma(journal, "synchronous") == 2
    assert pragma(journal, "fullfsync") == 1
    assert pragma(journal, "foreign_keys") == 1


def test_what_is_applied_is_read_by_the_next_to_open(path: Path) -> None:
    with Journal.open(str(path)) as journal:
        add(journal)
        journal.apply("abc", [claim(2, request_id="req-1", submitted_at=NOW)], NOW)
        journal.apply("abc", [ACCEPTED], NOW)

    with Journal.open(str(path)) as journal:
        order = next(journal.orders("abc"))

    assert (order.state, order.server_order_id) == (OrderState.OPEN, "S1")
    assert (order.request_id, order.submitted_at) == ("req-1", NOW)


def test_of_changes_of_which_one_fails_none_is_recorded(journal: Journal) -> None:
    add(journal)
    journal.apply("abc", [claim(3)], NOW)
    before = list(journal.orders("abc")), list(journal.events("abc"))

    with pytest.raises(
        JournalError, match=r"batch abc: expected to change 2 rows, found 1 in the expected state"
    ):
        journal.apply("abc", [claim(2), claim(3)], NOW)

    assert (list(journal.orders("abc")), list(journal.events("abc"))) == before


@pytest.mark.parametrize(
    ("batch_id", "change"),
    [("abc", claim(99)), ("other", claim(2)), ("abc", ACCEPTED)],
    ids=["no such row", "no such batch", "another state"],
)
def test_a_change_that_meets_no_row_changes_nothing(
    journal: Journal, batch_id: str, change: Change
) -> None:
    add(journal)

    with pytest.raises(JournalError, match=r"expected to change 1 rows, found 0"):
        journal.apply(batch_id, [change], NOW)

    assert set(states(journal).values()) == {OrderState.PLANNED}
    assert [line.kind for line in journal.events("abc")] == ["planned"]


def test_a_row_claimed_twice_in_one_commit_is_not_claimed(journal: Journal) -> None:
    add(journal)

    with pytest.raises(JournalError):
        journal.apply("abc", [claim(2), claim(2)], NOW)

    assert states(journal)[2] is OrderState.PLANNED


def test_two_steps_of_one_row_can_be_committed_together(journal: Journal) -> None:
    add(journal)

    journal.apply("abc", [claim(2), ACCEPTED], NOW)

    assert states(journal)[2] is OrderState.OPEN


def test_a_step_that_the_table_of_states_does_not_know_changes_nothing(journal: Journal) -> None:
    add(journal)

    with pytest.raises(IllegalTransition):
        journal.apply("abc", [claim(2), Change(3, OrderState.PLANNED, OrderEvent.FILLED)], NOW)

    assert states(journal)[2] is OrderState.PLANNED


def test_no_changes_write_nothing(journal: Journal) -> None:
    add(journal)

    journal.apply("abc", [], NOW)

    assert len(list(journal.events("abc"))) == 1


@pytest.mark.parametrize("word", ["BEGIN", "WITH", "INSERT"])
def test_ctrl_c_in_the_middle_of_a_commit_leaves_nothing_of_it(
    journal: Journal, path: Path, word: str
) -> None:
    add(journal)

    with interrupted(journal, word), pytest.raises(KeyboardInterrupt):
        journal.apply("abc", [claim(2)], NOW)

    assert states(journal)[2] is OrderState.PLANNED
    assert is_idle(journal, path)
    journal.apply("abc", [claim(2)], NOW)
    assert states(journal)[2] is OrderState.SENDING


def test_after_ctrl_c_the_journal_knows_its_new_write_ahead_file(
    journal: Journal, path: Path
) -> None:
    add(journal)

    with interrupted(journal, "BEGIN"), pytest.raises(KeyboardInterrupt):
        journal.apply("abc", [claim(2)], NOW)
    # So that the new file cannot by chance have the old one's place on the disk.
    for number in range(20):
        (path.parent / f"other-{number}").write_text("taken")

    journal.apply("abc", [claim(2)], NOW)
    assert states(journal)[2] is OrderState.SENDING


def test_after_ctrl_c_commits_are_as_durable_as_before(journal: Journal, path: Path) -> None:
    add(journal)

    with interrupted(journal, "WITH"), pytest.raises(KeyboardInterrupt):
        journal.apply("abc", [claim(2)], NOW)

    assert pragma(journal, "journal_mode") == "wal"
    assert pragma(journal, "synchronous") == 2
    assert pragma(journal, "fullfsync") == 1
    assert pragma(journal, "foreign_keys") == 1


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, ValueError, JournalError])
def test_a_planning_that_is_left_by_any_error_leaves_nothing(
    journal: Journal, path: Path, stop: type[BaseException]
) -> None:
    with pytest.raises(stop), journal.planning(LOGIN, NOW) as planning:
        planning.add(a_batch(), content_hash="h", generation=1, rows=[a_row(2)], detail="")
        raise stop

    assert journal.batches() == []
    assert is_idle(journal, path)
    add(journal)
    assert len(journal.batches()) == 1


def test_no_transaction_is_open_between_calls(journal: Journal, path: Path) -> None:
    add(journal)
    assert is_idle(journal, path)

    journal.apply("abc", [claim(2)], NOW)
    assert is_idle(journal, path)
    journal.note("abc", BatchEvent.RUN_STARTED, "", NOW)
    assert is_idle(journal, path)
    journal.batches()
    journal.batch("abc")
    assert is_idle(journal, path)
    orders, events = journal.orders("abc"), journal.events("abc")
    next(orders)
    next(events)
    assert is_idle(journal, path)


def test_one_client_order_id_is_held_once_for_a_login(journal: Journal) -> None:
    add(journal, "old")

    with pytest.raises(JournalError, match="each client order ID once"):
        add(journal, "new", [a_row(9, batch_id="new", client_order_id="old-2")])

    assert len(journal.batches()) == 1


@pytest.mark.parametrize("state", [OrderState.INVALID, OrderState.SKIPPED])
def test_rows_that_are_never_sent_may_repeat_a_client_order_id(
    journal: Journal, state: OrderState
) -> None:
    add(journal, "old")

    add(journal, "new", [a_row(9, batch_id="new", client_order_id="old-2", state=state)])

    assert states(journal, "new") == {9: state}


def test_another_login_may_use_the_same_client_order_id(journal: Journal) -> None:
    add(journal, "old")
    login = replace(LOGIN, user="other")

    with journal.planning(login, NOW) as planning:
        planning.add(
            replace(a_batch("new"), user="other"),
            content_hash="hash-old",
            generation=1,
            rows=[a_row(2, batch_id="new", client_order_id="old-2")],
            detail="",
        )

    assert journal.batch("new").batch.user == "other"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET detail = 'nothing happened'",
        "DELETE FROM events",
        "DELETE FROM orders",
        "DELETE FROM batches",
        "UPDATE batches SET venue_id = 2",
        "UPDATE orders SET client_order_id = 'another'",
        "UPDATE orders SET payload = '{}'",
        "UPDATE orders SET price = '2'",
    ],
)
def test_the_database_itself_refuses_to_change_what_is_on_record(
    journal: Journal, path: Path, statement: str
) -> None:
    add(journal)

    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="holds is never changed"),
    ):
        connection.execute(statement)


def test_the_package_has_no_words_for_changing_the_history() -> None:
    folder = Path(batch.journal.__file__).parent
    code = "\n".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))

    assert not re.search(r"update\(\s*EVENTS|\bdelete\(|DELETE FROM|UPDATE events", code)


def test_a_journal_opened_for_reading_takes_no_change(journal: Journal, path: Path) -> None:
    add(journal)

    with Journal.open(str(path), read_only=True) as reader:
        with pytest.raises(JournalError, match="expected to write it"):
            reader.apply("abc", [claim(2)], NOW)
        assert states(reader)[2] is OrderState.PLANNED


def test_reading_where_there_is_no_journal_makes_none(tmp_path: Path) -> None:
    path = tmp_path / "new" / "journal.db"

    with Journal.open(str(path), read_only=True) as journal:
        assert journal.batches() == []
        assert list(journal.orders("abc")) == []
        with pytest.raises(
            JournalError,
            match=r'journal\.db: expected the ID of a batch, found "abc", which it does not',
        ):
            journal.batch("abc")

    assert not path.parent.exists()


def test_reading_an_empty_file_leaves_it_empty(path: Path) -> None:
    path.touch()

    with Journal.open(str(path), read_only=True) as journal:
        assert journal.batches() == []

    assert path.stat().st_size == 0


def test_the_write_ahead_file_stays_small_over_many_commits(journal: Journal, path: Path) -> None:
    add(journal, rows=[a_row(n) for n in range(2, 12_002)])
    largest = 0

    for start in range(2, 12_002, 100):
        journal.apply("abc", [claim(row) for row in range(start, start + 100)], NOW)
        largest = max(largest, path.with_name("journal.db-wal").stat().st_size)

    assert largest <= WAL_LIMIT + 1024 * 1024
