"""Steps in one journey to a server: as safe as one by one, and the same on record."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from batch.errors import HoldLost, JournalError, JournalInDoubt, JournalLocked
from batch.journal import Change, Journal, mending, stepping
from batch.journal.postgres import database as sessions
from batch.journal.postgres.database import Database
from batch.model import EventRecord, OrderRecord
from batch.states import BatchEvent, OrderEvent, OrderState
from tests.journal.conftest import take_one_by_one
from tests.journal.planned import NOW, a_row, add, states
from tests.journal.postgres_cluster import PASSWORD, Cluster, database_of
from tests.journal.proxy import Proxy

ROWS = (2, 3, 4, 5)


@pytest.fixture
def held(url: str) -> Iterator[Journal]:
    with Journal.open(url) as journal:
        add(journal, rows=[a_row(row) for row in ROWS])
        with journal.hold("abc", NOW):
            yield journal


def accepted(row: int) -> Change:
    return Change(row, OrderState.SENDING, OrderEvent.ACCEPTED, server_order_id=f"S{row}")


def forbid_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("it was not taken in one journey")

    monkeypatch.setattr(Database, "writing", fail)


def test_a_claim_a_record_and_a_look_are_one_journey_each(proxy: Proxy, url: str) -> None:
    with Journal.open(proxy.url(url), password=PASSWORD) as journal:
        add(journal, rows=[a_row(row) for row in range(2, 8)])
        with journal.hold("abc", NOW):
            # Once before: what the session has not prepared yet leaves in two parts.
            journal.claim("abc", 2, NOW)
            journal.claim("abc", 1, NOW, [accepted(2)])
            journal.apply("abc", [accepted(3)], NOW)
            steps: list[Callable[[], object]] = [
                lambda: journal.claim("abc", 2, NOW),
                lambda: journal.claim("abc", 1, NOW, [accepted(4)]),
                lambda: journal.apply("abc", [accepted(5), accepted(6)], NOW),
                lambda: journal.stops.standing("abc"),
                lambda: journal.cancels.standing("abc"),
            ]
            journeys = []
            for step in steps:
                before = proxy.journeys
                step()
                journeys.append(proxy.journeys - before)

    assert journeys == [1] * len(steps)


def on_record(journal: Journal) -> tuple[list[Any], list[Any]]:
    """Give all that is on record of the rows, but for the request IDs, which are random."""
    numbers: dict[str | None, int] = {None: 0}

    def without_ids(one: OrderRecord | EventRecord) -> dict[str, object]:
        told = {name: getattr(one, name) for name in one.__dataclass_fields__}
        return {**told, "request_id": numbers.setdefault(told["request_id"], len(numbers))}

    orders = [without_ids(order) for order in journal.orders("abc")]
    events = [without_ids(event) for event in journal.events("abc") if event.row is not None]
    return orders, events


def test_what_is_on_record_is_the_same_whether_taken_at_once_or_one_by_one(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for is_at_once in (True, False):
        with Journal.open(cluster.make_journal()) as journal, monkeypatch.context() as patches:
            add(journal, rows=[a_row(row) for row in ROWS])
            journal.cancels.ask("abc", [4], NOW)
            journal.holds.take("abc", NOW)
            (forbid_one_by_one if is_at_once else take_one_by_one)(patches)

            placings = journal.claim("abc", 1, NOW)
            released = Change(2, OrderState.SENDING, OrderEvent.RELEASED, detail="a\0b \ud800 ü")
            placings += journal.claim("abc", 9, NOW, [released])
            lost = Change(3, OrderState.SENDING, OrderEvent.LOST, message='"{,}\\', detail="")
            journal.apply("abc", [accepted(2), lost, accepted(5)], NOW)

            assert [placing.row for placing in placings] == [2, 2, 3, 5]
            told = [(p.row, p.client_order_id, p.payload, p.fingerprint, p.order) for p in placings]
            found.append((told, on_record(journal)))

    assert found[0] == found[1]


def test_each_claim_bears_the_request_that_is_on_record(
    held: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_one_by_one(monkeypatch)

    placings = held.claim("abc", 3, NOW)

    recorded = [(order.row, order.request_id) for order in held.orders("abc", [OrderState.SENDING])]
    assert [(placing.row, placing.request_id) for placing in placings] == recorded
    lines = [event for event in held.events("abc") if event.kind == OrderEvent.CLAIMED]
    assert [(line.row, line.request_id) for line in lines] == recorded
    assert len({request_id for _, request_id in recorded}) == 3


@pytest.mark.parametrize("verb", ["claim", "apply"])
def test_nothing_is_taken_in_one_journey_once_another_host_has_the_batch(
    held: Journal, url: str, verb: str
) -> None:
    held.claim("abc", 1, NOW)
    with Journal.open(url) as other:
        other.holds.take("abc", NOW, take_over=True)

    with pytest.raises(HoldLost, match="another one has taken it over"):
        if verb == "claim":
            held.claim("abc", 2, NOW, [accepted(2)])
        else:
            held.apply("abc", [accepted(2)], NOW)

    assert states(held) == {2: OrderState.SENDING, **dict.fromkeys((3, 4, 5), OrderState.PLANNED)}
    (late,) = held.events("abc", kind=BatchEvent.LATE_FINDING)
    assert late.detail == "accepted: server order ID S2"


@pytest.mark.parametrize("verb", ["claim", "apply"])
def test_steps_of_which_one_does_not_fit_are_told_in_words_and_nothing_is_recorded(
    held: Journal, verb: str
) -> None:
    held.claim("abc", 1, NOW)
    before = on_record(held)

    with pytest.raises(JournalError, match=r"expected to change 2 rows, found 1 in the expected"):
        if verb == "claim":
            held.claim("abc", 2, NOW, [accepted(2), accepted(3)])
        else:
            held.apply("abc", [accepted(2), accepted(3)], NOW)

    assert on_record(held) == before
    held.apply("abc", [accepted(2)], NOW)
    assert states(held)[2] is OrderState.OPEN


def waiting(cluster: Cluster, url: str, what: str) -> list[int]:
    """Give the server's processes that wait for a lock or for a stand-by."""
    name = database_of(url)
    found = cluster.execute(
        f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}' "
        f"AND '{what}' IN (wait_event_type, wait_event)"
    )
    return [pid for (pid,) in found if isinstance(pid, int)]


def wait_until(so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30.0
    while not so():
        assert time.monotonic() < until
        time.sleep(0.01)


def started(work: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Do something in a thread; what it gives or raises is put into the list."""
    gave: list[object] = []

    def go() -> None:
        try:
            gave.append(work())
        except JournalError as error:
            gave.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    return thread, gave


def rows_of(gave: list[object]) -> list[int]:
    (placings,) = gave
    assert isinstance(placings, list), placings
    return [placing.row for placing in placings]


def test_a_take_over_waits_for_a_journey_that_is_under_way(
    held: Journal, url: str, cluster: Cluster
) -> None:
    def take_over() -> int:
        with Journal.open(url) as other:
            return other.holds.take("abc", NOW, take_over=True)

    with psycopg.connect(url) as owner:
        owner.execute('SELECT 1 FROM orders WHERE "row" = 2 FOR UPDATE')
        claiming, claimed = started(lambda: held.claim("abc", 1, NOW))
        wait_until(lambda: len(waiting(cluster, url, "Lock")) == 1)
        taking, took = started(take_over)
        wait_until(lambda: len(waiting(cluster, url, "Lock")) == 2)
    for thread in (claiming, taking):
        thread.join(30)

    assert (rows_of(claimed), took) == ([2], [2])
    order = held.order("abc", 2)
    assert order is not None and order.claim_epoch == 1


def test_a_row_that_another_session_takes_in_the_midst_of_a_claim_is_not_claimed(
    held: Journal, url: str, cluster: Cluster
) -> None:
    with psycopg.connect(url) as owner:
        owner.execute("UPDATE orders SET state = 'SKIPPED' WHERE \"row\" = 2")
        claiming, claimed = started(lambda: held.claim("abc", 2, NOW))
        wait_until(lambda: len(waiting(cluster, url, "Lock")) == 1)
    claiming.join(30)

    assert rows_of(claimed) == [3, 4]
    assert states(held)[2] is OrderState.SKIPPED
    assert [event.kind for event in held.events("abc", row=2)] == []


def test_a_journey_that_meets_a_lock_for_too_long_records_nothing(url: str) -> None:
    with Journal.open(url, busy_timeout_s=0.2) as journal:
        add(journal)
        with journal.hold("abc", NOW):
            with psycopg.connect(url) as owner:
                owner.execute("SELECT 1 FROM holds FOR UPDATE")
                with pytest.raises(JournalLocked):
                    journal.claim("abc", 1, NOW)

            assert states(journal)[2] is OrderState.PLANNED
            assert [placing.row for placing in journal.claim("abc", 1, NOW)] == [2]


@pytest.fixture
def without_stand_by(cluster: Cluster) -> Iterator[Callable[[], None]]:
    """Let no commit be confirmed from now on."""

    def go() -> None:
        cluster.execute("ALTER SYSTEM SET synchronous_standby_names = 'gone'")
        cluster.execute("SELECT pg_reload_conf()")
        time.sleep(0.2)  # until the server has read it

    yield go
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
        owner.execute("ALTER SYSTEM RESET synchronous_standby_names")
        owner.execute("SELECT pg_reload_conf()")


def test_a_claim_that_no_stand_by_confirms_is_given_to_nobody(
    url: str, monkeypatch: pytest.MonkeyPatch, without_stand_by: Callable[[], None]
) -> None:
    monkeypatch.setattr(sessions, "COMMIT_PATIENCE_S", 0.3)
    monkeypatch.setattr(mending, "AWAY_S", 0.0)
    with Journal.open(url) as journal:
        add(journal)
        journal.holds.take("abc", NOW)
        without_stand_by()

        with pytest.raises(JournalInDoubt, match="stand-by server did not confirm"):
            journal.claim("abc", 1, NOW)


VERBS: dict[str, Callable[[Journal], object]] = {
    "at once": lambda journal: journal.claim("abc", 1, NOW),
    "one by one": lambda journal: journal.note("abc", BatchEvent.ALARM, "words", NOW),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_commit_whose_session_the_server_ends_is_in_doubt(
    url: str,
    cluster: Cluster,
    monkeypatch: pytest.MonkeyPatch,
    without_stand_by: Callable[[], None],
    verb: str,
) -> None:
    monkeypatch.setattr(mending, "AWAY_S", 0.0)
    with Journal.open(url) as journal:
        add(journal)
        journal.holds.take("abc", NOW)
        without_stand_by()

        working, gave = started(lambda: VERBS[verb](journal))
        wait_until(lambda: len(waiting(cluster, url, "SyncRep")) == 1)
        for pid in waiting(cluster, url, "SyncRep"):
            cluster.execute(f"SELECT pg_terminate_backend({pid})")
        working.join(30)

    (error,) = gave
    assert isinstance(error, JournalInDoubt)


def test_rows_that_cannot_be_read_once_they_are_claimed_are_put_back(
    held: Journal, url: str
) -> None:
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute("SET session_replication_role = replica")  # which no trigger hinders
        owner.execute("UPDATE orders SET size = 'many' WHERE \"row\" = 3")

    with pytest.raises(JournalError, match="expected an undamaged journal"):
        held.claim("abc", 2, NOW)

    assert set(states_of(url)) == {"PLANNED"}
    lines = [(e.kind, e.detail) for e in held.events("abc", row=2)]
    assert lines[1:] == [("released", stepping.UNREADABLE)]


def states_of(url: str) -> list[str]:
    with psycopg.connect(url) as owner:
        return [state for (state,) in owner.execute("SELECT state FROM orders")]


def test_a_server_that_has_forgotten_its_statements_is_told_them_again(held: Journal) -> None:
    held.claim("abc", 1, NOW)
    held._database._driver().execute("DEALLOCATE ALL")  # type: ignore[attr-defined]

    assert [placing.row for placing in held.claim("abc", 1, NOW)] == [3]
    assert [placing.row for placing in held.claim("abc", 1, NOW)] == [4]
