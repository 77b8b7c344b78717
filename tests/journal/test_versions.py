"""Journals of older and newer versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from batch.errors import JournalError
from batch.journal import Change, Journal
from batch.journal.sqlite import versions
from batch.model import Login
from batch.states import OrderEvent, OrderState
from tests.journal.planned import NOW, add, claim, states

VERSION_1 = Path(__file__).with_name("version_1.sql").read_text(encoding="utf-8")


def make_version_1(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_1)


VERSION_2 = Path(__file__).with_name("version_2.sql").read_text(encoding="utf-8")
"""What the first released program left behind: a batch with a row of each common end."""


def make_version_2(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_2)


VERSION_3 = Path(__file__).with_name("version_3.sql").read_text(encoding="utf-8")
"""A batch with a stop that stands, from before a single order could be asked to be cancelled."""


def make_version_3(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_3)
    beside = path.with_name(f"{path.name}-last")
    beside.write_text("a20aa0c05bd54ce1b53dc7c44b3eea6e 00000000000000000013\n")


VERSION_4 = Path(__file__).with_name("version_4.sql").read_text(encoding="utf-8")
"""A batch in flight, a stop and a wish, from before a login's rate could be shared."""


def make_version_4(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(VERSION_4)
    beside = path.with_name(f"{path.name}-last")
    beside.write_text("2e4922445a0141edb3fceec18c5afecd 00000000000000000008\n")


def schema(path: Path) -> set[tuple[str, str, str]]:
    """Give everything that the database has, in words without the writer's layout."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql != ''")
        return {(kind, name, sql.replace('"', "").strip()) for kind, name, sql in found}


def ask(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def test_an_older_journal_is_upgraded_with_everything_in_it(path: Path) -> None:
    make_version_1(path)

    with Journal.open(str(path)) as journal:
        first, second = journal.orders("old")
        events = list(journal.events("old"))
        journal.apply("old", [claim(3)], NOW)

    assert (first.state, first.server_order_id) == (OrderState.OPEN, "S1")
    assert second.state is OrderState.PLANNED
    assert [event.kind for event in events] == ["planned", "claimed", "accepted"]
    assert ask(path, "SELECT value FROM journal_meta WHERE name = 'version'") == [("5",)]


def test_an_upgraded_journal_has_the_same_tables_as_a_new_one(path: Path, tmp_path: Path) -> None:
    make_version_1(path)
    new = tmp_path / "new.db"

    Journal.open(str(path)).close()
    Journal.open(str(new)).close()

    assert schema(path) == schema(new)


def test_a_copy_of_the_older_version_is_kept(path: Path) -> None:
    make_version_1(path)

    Journal.open(str(path)).close()

    copy = path.with_name("journal.db.version-1")
    assert ask(copy, "SELECT value FROM journal_meta") == [("1",)]
    assert ask(copy, "SELECT row, state FROM orders") == [(2, "OPEN"), (3, "PLANNED")]
    assert not path.with_name("journal.db.version-1.part").exists()


def test_an_upgrade_that_fails_changes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_version_1(path)
    before = schema(path)

    def fail(connection: object) -> None:
        make_anew(connection)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    make_anew = versions._make_anew
    monkeypatch.setattr(versions, "_make_anew", fail)

    with pytest.raises(KeyboardInterrupt):
        Journal.open(str(path))

    assert schema(path) == before
    monkeypatch.undo()
    with Journal.open(str(path)) as journal:
        assert len(states(journal, "old")) == 2


def test_without_a_copy_there_is_no_upgrade(path: Path) -> None:
    make_version_1(path)
    before = schema(path)
    path.with_name("journal.db.version-1").mkdir()

    with pytest.raises(
        JournalError, match=r"expected to keep a copy as journal\.db\.version-1 .* not changed"
    ):
        Journal.open(str(path))

    assert schema(path) == before


def test_what_is_left_of_an_interrupted_copy_is_replaced(path: Path) -> None:
    make_version_1(path)
    path.with_name("journal.db.version-1.part").write_bytes(b"half a copy")

    Journal.open(str(path)).close()

    assert ask(path.with_name("journal.db.version-1"), "SELECT count(*) FROM orders") == [(2,)]


def test_an_older_journal_is_upgraded_for_reading_too(path: Path) -> None:
    make_version_1(path)

    with Journal.open(str(path), read_only=True) as journal:
        found = states(journal, "old")

    assert found == {2: OrderState.OPEN, 3: OrderState.PLANNED}


def test_a_journal_of_a_newer_version_is_refused_and_left_alone(path: Path) -> None:
    make_version_1(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE journal_meta SET value = '6'")
        connection.commit()
    before = path.read_bytes()

    with pytest.raises(
        JournalError,
        match=r"journal\.db: expected version 5 or older, found version 6, made by a newer",
    ):
        Journal.open(str(path))

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE photos (id INTEGER)",
        "CREATE TABLE journal_meta (name TEXT, value TEXT)",
        "CREATE TABLE journal_meta (name TEXT, value TEXT);"
        "INSERT INTO journal_meta VALUES ('version', 'two')",
    ],
    ids=["other tables", "no version", "a version that is no number"],
)
def test_a_database_of_something_else_is_refused_and_left_alone(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)
    before = path.read_bytes()

    with pytest.raises(JournalError, match=r"found a database of something else\. It was not"):
        Journal.open(str(path))

    assert path.read_bytes() == before


def test_the_upgraded_history_cannot_be_changed(path: Path) -> None:
    make_version_1(path)
    Journal.open(str(path)).close()

    with (
        closing(sqlite3.connect(path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="what events holds is never changed"),
    ):
        connection.execute("DELETE FROM events")


def test_new_batches_go_into_an_upgraded_journal(path: Path) -> None:
    make_version_1(path)

    with Journal.open(str(path)) as journal:
        add(journal, "new")
        journal.apply("new", [claim(2)], NOW)
        journal.apply("new", [Change(2, OrderState.SENDING, OrderEvent.LOST)], NOW)
        found = states(journal, "new")

    assert found == {2: OrderState.UNKNOWN, 3: OrderState.PLANNED}


def test_the_released_programs_journal_is_upgraded_with_everything_in_it(path: Path) -> None:
    make_version_2(path)
    before = {
        table: ask(path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("orders", "events")
    }

    with Journal.open(str(path)) as journal:
        batch = journal.batch("keknbh7c")
        orders = list(journal.orders("keknbh7c"))
        events = list(journal.events("keknbh7c"))
        look = journal.looking(Login.of(batch.batch.venue_url, batch.batch.org, batch.batch.user))
        earlier = look.earlier_orders(fingerprints=["07f4d3dde41b016eca82340a0f04c1423d643cbf"])

    assert batch.batch.run_key == ""
    assert [order.state.value for order in orders] == ["FILLED", "EXPIRED", "OPEN", "INVALID"]
    assert len(events) == len(before["events"])
    assert ask(path, "SELECT * FROM events ORDER BY 1, 2") == before["events"]
    names = ", ".join(f'"{name}"' for name in columns_of_version_2("orders"))
    # Equal orders of a sheet were numbered; now they share a fingerprint.
    kept = [tuple(str(v)[:40] if str(v)[40:42] == "#1" else v for v in r) for r in before["orders"]]
    assert ask(path, f"SELECT {names} FROM orders ORDER BY 1, 2") == kept
    assert [order.row for order in earlier] == [2]
    assert ask(path, "PRAGMA foreign_key_check") == []


def test_a_journal_without_wishes_to_cancel_learns_to_hold_them(path: Path) -> None:
    make_version_3(path)
    tables = ("orders", "events", "stops", "holds", "journal_meta")
    before = {table: ask(path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}

    with Journal.open(str(path)) as journal:
        (stop,) = journal.stops.standing("inc73mmu")
        wanted = journal.cancels.standing("inc73mmu")
        journal.cancels.ask("inc73mmu", [4], NOW)

    assert (stop.batch_id, stop.cancel, wanted) == ("inc73mmu", False, [])
    for table in ("orders", "stops", "holds"):
        assert ask(path, f"SELECT * FROM {table} ORDER BY 1, 2") == before[table]
    assert ask(path, "SELECT * FROM events ORDER BY 1, 2")[:-1] == before["events"]
    assert ask(path, "SELECT row, ended_at FROM cancels") == [(4, None)]
    assert ask(path, "PRAGMA foreign_key_check") == []


def test_a_journal_without_shared_rates_learns_to_hold_them(path: Path) -> None:
    make_version_4(path)
    tables = ("orders", "events", "stops", "holds", "cancels", "batches", "venues")
    before = {table: ask(path, f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables}

    with Journal.open(str(path)) as journal:
        first = journal.allotments.reserve("abc", 5, NOW, every_s=0.1, late_s=0.0)
        second = journal.allotments.reserve("abc", 1, NOW, every_s=0.1, late_s=0.0)

    assert (first, second) == pytest.approx((0.0, 0.5))
    for table in tables:
        assert ask(path, f"SELECT * FROM {table} ORDER BY 1, 2") == before[table]
    assert ask(path, "PRAGMA foreign_key_check") == []


def columns_of_version_2(table: str) -> list[str]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(VERSION_2)
        return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


@pytest.mark.parametrize("make", [make_version_1, make_version_2, make_version_3, make_version_4])
def test_an_upgrade_leaves_the_words_of_a_new_journal(
    path: Path, tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(path)
    Journal.open(str(path)).close()
    Journal.open(str(tmp_path / "new.db")).close()

    listed = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"
    assert ask(path, listed) == ask(tmp_path / "new.db", listed)


HOSTILE = {
    "a trigger that sends more": "CREATE TRIGGER more AFTER INSERT ON orders BEGIN "
    "UPDATE orders SET message = 'x' WHERE row = NEW.row; END",
    "a trigger that forgets": "CREATE TRIGGER again AFTER UPDATE OF state ON orders BEGIN "
    "UPDATE orders SET state = 'PLANNED' WHERE row = NEW.row; END",
    "a view": "CREATE VIEW more AS SELECT * FROM orders",
    "a view named as a table": "ALTER TABLE stops RENAME TO s; "
    "CREATE VIEW stops AS SELECT * FROM s",
    "a table too many": "CREATE TABLE more (id INTEGER)",
    "an index too many": "CREATE UNIQUE INDEX more ON orders (state)",
    "a guard too few": "DROP TRIGGER events_kept_from_delete",
    "an index too few": "DROP INDEX one_order_a_client_order_id",
    "another column": "ALTER TABLE orders ADD COLUMN more TEXT",
    "a full index": "DROP INDEX one_order_a_client_order_id; CREATE UNIQUE INDEX "
    "one_order_a_client_order_id ON orders (venue_id, client_order_id)",
    "a weaker guard": "DROP TRIGGER events_kept_from_delete; CREATE TRIGGER "
    "events_kept_from_delete BEFORE DELETE ON events BEGIN SELECT 1; END",
}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("script", HOSTILE.values(), ids=HOSTILE)
def test_a_journal_that_somebody_else_prepared_is_refused_and_named(
    path: Path, script: str, read_only: bool
) -> None:
    Journal.open(str(path)).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)

    with pytest.raises(JournalError, match=r"expected exactly what this version makes, found") as e:
        Journal.open(str(path), read_only=read_only)

    assert e.value.is_final


def test_a_version_number_that_lies_is_refused(path: Path) -> None:
    make_version_2(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE journal_meta SET value = '5' WHERE name = 'version'")
        connection.commit()

    with pytest.raises(JournalError, match="expected exactly what this version makes"):
        Journal.open(str(path))


@pytest.mark.parametrize("make", [make_version_1, make_version_2, make_version_3, make_version_4])
def test_what_was_added_to_an_older_journal_is_not_taken_over(
    path: Path, make: Callable[[Path], None]
) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE VIEW more AS SELECT * FROM events")

    with pytest.raises(JournalError, match='view "more"'):
        Journal.open(str(path))

    assert ask(path, "SELECT value FROM journal_meta WHERE name = 'version'")[0][0] in (
        "1",
        "2",
        "3",
        "4",
    )
