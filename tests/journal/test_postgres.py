"""What only a journal in a server has: its naming, its demands, its holds, its commits in doubt."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from batch.errors import Advice, JournalError, JournalInDoubt, JournalLocked
from batch.journal import Journal, mending
from batch.journal.keeping import back_up, examine, upgrade
from batch.journal.postgres import database as sessions
from batch.journal.postgres import schema
from batch.journal.postgres.naming import find_server
from batch.journal.statements import append_events, line_of_batch
from batch.states import BatchEvent, OrderState
from tests.journal.planned import LOGIN, NOW, a_batch, a_row, add, claim, states
from tests.journal.postgres_cluster import PASSWORD, Cluster, database_of, programs, run_cluster
from tests.run.doubles import FakeClock


@pytest.fixture
def shared(url: str) -> Iterator[Journal]:
    with Journal.open(url) as opened:
        yield opened


def cut_sessions(cluster: Cluster, url: str) -> None:
    cluster.cut_sessions(database_of(url))


@pytest.mark.parametrize(
    "url", ["postgresql://desk:s3cret@db.example/fx", "postgresql://db.example/fx?password=s3cret"]
)
def test_a_password_in_a_url_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(JournalError, match="expected a URL without a password") as caught:
        Journal.open(url)

    assert caught.value.is_final
    assert "s3cret" not in str(caught.value)


def test_a_url_that_cannot_be_read_is_refused_without_its_text() -> None:
    with pytest.raises(JournalError, match="found a URL that cannot be read") as caught:
        Journal.open("postgresql://desk:s3cret@db.example/fx?nonsense=1")

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-ca"])
def test_another_machine_s_server_is_spoken_to_with_its_name_verified(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_server("postgresql://db.example/fx").parameters["sslmode"] == "verify-full"
    with pytest.raises(JournalError, match=f"expected sslmode=verify-full .* found {mode}"):
        find_server(f"postgresql://db.example/fx?sslmode={mode}")
    monkeypatch.setenv("PGSSLMODE", mode)
    with pytest.raises(JournalError, match="expected sslmode=verify-full"):
        find_server("postgresql://db.example/fx")


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///fx",
        "postgresql://localhost/fx",
        "postgresql://127.0.0.1:5433/fx",
        "postgresql://[::1]/fx",
        "postgresql:///fx?host=/run/postgresql",
    ],
)
def test_this_machine_s_server_needs_no_certificate(url: str) -> None:
    assert "sslmode" not in find_server(url).parameters


def test_the_environment_s_host_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.example")

    assert find_server("postgresql:///fx").parameters["sslmode"] == "verify-full"


def test_an_empty_database_is_refused_until_it_is_upgraded(cluster: Cluster) -> None:
    url = cluster.make_empty()

    for read_only in (False, True):
        with pytest.raises(JournalError, match="found no tables yet") as caught:
            Journal.open(url, read_only=read_only)
        assert caught.value.is_final
        assert [hint.advice for hint in caught.value.advice] == [Advice.UPGRADE_JOURNAL]
    upgrade(url)
    upgrade(url)
    with Journal.open(url) as journal:
        add(journal)
        assert states(journal) == dict.fromkeys((2, 3), OrderState.PLANNED)
    found = examine(url)
    assert (found.counts.batches, found.counts.rows, found.faults) == (1, 2, ())


VERSION_4 = Path(__file__).with_name("version_4_postgres.sql").read_text(encoding="utf-8")
"""A batch in flight, a stop and a wish, as the first version in a server left them."""


def make_version_4(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(VERSION_4.encode())


def listed(url: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as owner:
        return sorted(owner.execute(schema._LISTED.encode()).fetchall())


def test_a_journal_without_shared_rates_is_brought_up_to_date_by_its_owner(
    cluster: Cluster,
) -> None:
    url = cluster.make_empty()
    make_version_4(url)
    with pytest.raises(JournalError, match="expected the tables of version 5, found version 4"):
        Journal.open(url)

    upgrade(url)

    with Journal.open(url) as journal:
        journal.allotments.reserve("abc", 1, NOW, every_s=1.0, late_s=0.0)
        found = states(journal)
        (wish,), (stop,) = journal.cancels.standing("abc"), journal.stops.standing("abc")
    assert [state.value for state in found.values()] == ["OPEN", "UNKNOWN", "SENDING", "PLANNED"]
    assert (wish.row, stop.by) == (2, "ana")
    assert listed(url) == listed(cluster.make_journal())
    upgrade(url)


def test_a_journal_that_was_restored_from_a_dump_is_as_good_as_before(cluster: Cluster) -> None:
    url, restored = cluster.make_journal(), cluster.make_empty()
    with Journal.open(url) as journal:
        add(journal)
    bin_folder = programs()
    assert bin_folder is not None
    dump = [str(bin_folder / "pg_dump"), "--inserts", "-d", url]
    text = subprocess.run(dump, check=True, capture_output=True, text=True).stdout
    # What begins with a backslash is for psql.
    text = "\n".join(line for line in text.splitlines() if not line.startswith("\\"))
    with psycopg.connect(restored, autocommit=True) as owner:
        owner.execute(text.encode())

    with Journal.open(restored) as journal:
        assert states(journal) == dict.fromkeys((2, 3), OrderState.PLANNED)


def test_a_journal_is_not_upgraded_while_a_process_of_the_older_version_is_at_work(
    cluster: Cluster,
) -> None:
    url = cluster.make_empty()
    make_version_4(url)
    with psycopg.connect(url, autocommit=True) as owner:
        seen = datetime.now(UTC).isoformat()
        owner.execute("UPDATE holds SET ended_at = NULL, seen_at = %s", (seen,))
        with pytest.raises(JournalLocked, match="ops@desk-1 process 28453 has batch abc"):
            upgrade(url)
        long_ago = (datetime.now(UTC) - timedelta(seconds=16)).isoformat()
        owner.execute("UPDATE holds SET seen_at = %s", (long_ago,))

    upgrade(url)


def test_an_older_journal_that_somebody_changed_is_not_upgraded(cluster: Cluster) -> None:
    url = cluster.make_empty()
    make_version_4(url)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("ALTER TABLE events DISABLE TRIGGER events_kept_from_update")

    with pytest.raises(JournalError, match="found that somebody changed them"):
        upgrade(url)


def test_a_journal_of_a_version_that_nobody_made_is_not_upgraded(cluster: Cluster) -> None:
    url = cluster.make_empty()
    make_version_4(url)
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("UPDATE journal_meta SET value = '3' WHERE name = 'version'")

    with pytest.raises(JournalError, match="expected version 4 to 5, or none, found version 3"):
        upgrade(url)


def test_a_database_of_something_else_is_neither_opened_nor_changed(cluster: Cluster) -> None:
    url = cluster.make_empty()
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("CREATE TABLE invoices (id int)")

    for attempt in (Journal.open, upgrade):
        with pytest.raises(JournalError, match="found a database of something else"):
            attempt(url)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE events DISABLE TRIGGER events_kept_from_update",
        "DROP INDEX one_order_a_client_order_id",
        "ALTER TABLE orders ADD COLUMN extra int",
        "DROP INDEX one_order_a_client_order_id; CREATE UNIQUE INDEX one_order_a_client_order_id "
        "ON orders (venue_id, client_order_id)",
    ],
)
def test_tables_that_somebody_changed_are_not_trusted(url: str, change: str) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(change)

    with pytest.raises(JournalError, match="found that somebody changed them"):
        Journal.open(url)


def test_the_index_that_keeps_client_order_ids_apart_leaves_out_what_is_never_sent(
    shared: Journal,
) -> None:
    rows = [a_row(n, state=OrderState.SKIPPED, client_order_id="same") for n in (2, 3)]

    add(shared, rows=[*rows, a_row(4, client_order_id="same")])

    assert len(states(shared)) == 3


@pytest.mark.parametrize("table", ["events", "batches", "orders", "holds", "stops"])
def test_the_server_keeps_what_is_on_record(url: str, shared: Journal, table: str) -> None:
    add(shared)
    shared.stops.ask(["abc"], cancel=False, by="ana", now=NOW)
    with shared.hold("abc", NOW):
        pass

    with psycopg.connect(url, autocommit=True) as owner:
        for statement in (f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="never changed"):
                owner.execute(statement)


@pytest.mark.parametrize("setting", ["off", "local"])
def test_a_session_whose_commits_may_be_lost_is_refused(url: str, setting: str) -> None:
    with pytest.raises(JournalError, match="expected synchronous_commit = on") as caught:
        Journal.open(f"{url}&options=-c%20synchronous_commit%3D{setting}")

    assert caught.value.is_final


def test_a_server_that_does_not_sync_is_refused_but_may_be_looked_at() -> None:
    pytest.importorskip("psycopg")
    if programs() is None:
        pytest.skip("PostgreSQL: no server's programs (initdb) on this machine")
    with run_cluster({"fsync": "off"}) as careless:
        url = careless.make_journal()

        with pytest.raises(JournalError, match="expected fsync = on, found off"):
            Journal.open(url)
        with Journal.open(url, read_only=True) as journal:
            assert journal.batches() == []


def test_a_wrong_password_cannot_be_helped_by_a_retry(
    cluster: Cluster, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = database_of(url)
    by_tcp = f"postgresql://tests@127.0.0.1:{cluster.port}/{name}"

    monkeypatch.setenv("PGPASSWORD", "wr0ng")
    with pytest.raises(JournalError, match="refuses this user or its password") as caught:
        Journal.open(by_tcp)
    assert caught.value.is_final
    assert "wr0ng" not in str(caught.value)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    Journal.open(by_tcp).close()


def test_a_password_of_the_settings_is_used_and_never_shown(
    cluster: Cluster, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = database_of(url)
    by_tcp = f"postgresql://tests@127.0.0.1:{cluster.port}/{name}"
    monkeypatch.delenv("PGPASSWORD", raising=False)

    Journal.open(by_tcp, password=PASSWORD).close()

    assert PASSWORD not in repr(find_server(by_tcp, PASSWORD))
    with pytest.raises(JournalError) as caught:
        Journal.open(by_tcp, password="wr0ng")
    assert "wr0ng" not in str(caught.value)


def test_the_time_of_a_journal_is_the_server_s(shared: Journal) -> None:
    clock = FakeClock()

    at = shared.clock(clock).now()

    assert abs(at - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(clock.now() - at) > timedelta(hours=1)


def test_a_server_that_is_away_may_come_back(cluster: Cluster) -> None:
    with pytest.raises(JournalError, match="expected to reach its server") as caught:
        Journal.open("postgresql://127.0.0.1:1/fx")

    assert not caught.value.is_final


def test_a_missing_database_is_named_as_such(cluster: Cluster) -> None:
    with pytest.raises(JournalError, match="expected its database, found none") as caught:
        Journal.open(cluster.url("nowhere"))

    assert caught.value.is_final


def test_a_look_changes_nothing(url: str) -> None:
    with (
        Journal.open(url, read_only=True) as journal,
        pytest.raises(JournalError, match="expected only to look"),
    ):
        add(journal)


def test_what_a_text_cannot_hold_is_escaped(shared: Journal) -> None:
    add(shared)

    shared.apply("abc", [claim(2, message="a\0b")], NOW)

    assert next(shared.orders("abc")).message == "a\\x00b"


def test_copies_are_left_to_the_server_s_own_programs(url: str, tmp_path: Path) -> None:

    with pytest.raises(JournalError, match="pg_dump"):
        back_up(url, tmp_path / "copy", NOW)


def test_a_holder_is_named_and_keeps_others_out_while_it_is_heard_of(
    url: str, shared: Journal
) -> None:
    add(shared)
    with Journal.open(url) as other, shared.hold("abc", NOW):
        with (
            pytest.raises(JournalLocked, match=r"works on it.*free after 15 s"),
            other.hold("abc", NOW),
        ):
            pass
        shared.holds.beat("abc", NOW)
    with Journal.open(url) as other, other.hold("abc", NOW):
        assert other.holds.epoch("abc") == 2


def test_a_holder_that_was_not_heard_of_is_followed_by_whoever_asks(
    url: str, shared: Journal
) -> None:
    add(shared)
    with Journal.open(url) as other:
        shared.holds.take("abc", NOW)
        with psycopg.connect(url, autocommit=True) as owner:
            old = (datetime.now(UTC) - timedelta(seconds=15.5)).isoformat()
            owner.execute("UPDATE holds SET seen_at = %s", (old,))

        assert other.holds.take("abc", NOW) == 2
        with pytest.raises(JournalError, match="another one has taken it over"):
            shared.holds.beat("abc", NOW)
        with pytest.raises(JournalError, match="another one has taken it over"):
            shared.apply("abc", [claim(2)], NOW)
    assert states(shared)[2] is OrderState.PLANNED


def test_the_hosts_own_clocks_do_not_count(url: str, shared: Journal) -> None:
    add(shared)
    with (
        shared.hold("abc", NOW - timedelta(days=1)),
        Journal.open(url) as other,
        pytest.raises(JournalLocked),
    ):
        other.holds.take("abc", NOW + timedelta(days=1))
    assert abs(shared.holds.of("abc")[1].taken_at - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_take_over_waits_for_what_is_being_recorded(url: str, shared: Journal) -> None:
    add(shared)
    shared.holds.take("abc", NOW)
    took: list[float] = []

    def take_over() -> None:
        with Journal.open(url) as other:
            other.holds.take("abc", NOW, take_over=True)
            took.append(time.monotonic())

    thread = threading.Thread(target=take_over)
    with shared._database.writing() as connection:
        shared.holds.require_mine(connection, "abc")
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
        before = time.monotonic()
    thread.join(10)

    assert took and took[0] > before


def test_planners_of_one_org_wait_for_each_other_before_the_login_is_known(
    url: str, shared: Journal
) -> None:
    ended: list[str] = []

    def plan() -> None:
        with Journal.open(url) as other, other.planning(LOGIN, NOW) as planning:
            ended.append("second in")
            assert planning.is_taken("abc")

    thread = threading.Thread(target=plan)
    with shared.planning(LOGIN, NOW) as planning:
        thread.start()
        thread.join(0.3)
        assert not ended
        planning.add(a_batch(), content_hash="h", generation=1, rows=[a_row(2)], detail="")
    thread.join(10)

    assert ended == ["second in"]


def test_a_session_that_was_cut_between_two_steps_is_made_anew(
    cluster: Cluster, url: str, shared: Journal
) -> None:
    add(shared)
    cut_sessions(cluster, url)

    shared.apply("abc", [claim(2)], NOW)

    assert states(shared)[2] is OrderState.SENDING


def test_a_commit_whose_answer_is_lost_is_in_doubt(
    cluster: Cluster, url: str, shared: Journal
) -> None:
    add(shared)

    with (
        pytest.raises(JournalInDoubt, match="Whether it was recorded is not known"),
        shared._database.writing() as connection,
    ):
        connection.exec_driver_sql("SELECT 1")
        cut_sessions(cluster, url)

    assert states(shared)[2] is OrderState.PLANNED


def test_a_commit_that_no_stand_by_confirms_is_none(
    url: str, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    monkeypatch.setattr(sessions, "COMMIT_PATIENCE_S", 0.3)
    monkeypatch.setattr(mending, "AWAY_S", 0.0)
    with Journal.open(url) as journal:
        add(journal)
        cluster.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
        cluster.execute("SELECT pg_reload_conf()")
        try:
            time.sleep(0.2)  # until the server has read it
            with pytest.raises(JournalInDoubt, match="stand-by server did not confirm"):
                journal.note("abc", BatchEvent.ALARM, "words", NOW)
        finally:
            with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
                owner.execute("ALTER SYSTEM RESET synchronous_standby_names")
                owner.execute("SELECT pg_reload_conf()")


def test_the_sample_rights_are_enough_to_send_and_no_more(cluster: Cluster) -> None:
    samples = Path(__file__).parents[2] / "samples" / "postgres"
    roles = (samples / "roles.sql").read_text()
    statements = [line for line in roles.splitlines() if line and not line.startswith("--")]
    for statement in statements:
        cluster.execute(statement)
    port, folder = cluster.port, cluster.folder
    as_owner, as_sender, as_viewer = (
        f"postgresql://orderbatch_{who}@/orderbatch?host={folder}&port={port}"
        for who in ("owner", "sender", "viewer")
    )
    cluster.execute("GRANT ALL ON SCHEMA public TO orderbatch_owner", "orderbatch")
    upgrade(as_owner)
    with psycopg.connect(as_owner, autocommit=True) as owner:
        owner.execute((samples / "grants.sql").read_bytes())

    with Journal.open(as_sender) as sender:
        add(sender)
        with sender.hold("abc", NOW):
            sender.holds.record_token("abc", 20.0, NOW)
            sender.holds.beat("abc", NOW)
            sender.apply("abc", [claim(2)], NOW)
        sender.stops.ask(["abc"], cancel=False, by="ana", now=NOW)
        assert sender.stops.release(["abc"], by="ana", now=NOW) == 1
        sender.allotments.reserve("abc", 1, NOW, every_s=1.0, late_s=0.0)
        sender.allotments.pause("abc", 1.0, NOW)
        sender.cancels.ask("abc", [2], NOW)
        sender.cancels.end("abc", [2], NOW)
    with Journal.open(as_viewer, read_only=True) as viewer:
        assert states(viewer)[2] is OrderState.SENDING
    with (
        Journal.open(as_viewer) as viewer,
        pytest.raises(JournalError, match="that this user lacks one") as caught,
    ):
        viewer.note("abc", BatchEvent.ALARM, "words", NOW)
    assert caught.value.is_final
    for statement in (
        "UPDATE events SET detail = ''",
        "DELETE FROM orders",
        "UPDATE orders SET payload = ''",
        "UPDATE journal_meta SET value = '99'",
    ):
        with (
            psycopg.connect(as_sender, autocommit=True) as session,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            session.execute(statement)


def test_a_history_has_all_that_was_committed_when_it_was_begun_to_be_read(
    url: str, shared: Journal
) -> None:
    add(shared)
    with Journal.open(url) as slow, Journal.open(url) as reader:
        with slow._database.writing() as connection:
            append_events(connection, "abc", NOW, [line_of_batch(BatchEvent.ALARM, "first")])
            # The later line is there before the one that was begun first.
            shared.note("abc", BatchEvent.ALARM, "second", NOW)
            seen = [event.detail for event in reader.events("abc", kind=BatchEvent.ALARM)]
        then = [event.detail for event in reader.events("abc", kind=BatchEvent.ALARM)]

    assert (seen, then) == (["second"], ["first", "second"])
