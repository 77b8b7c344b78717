"""A session that breaks: what was under way is found out, and nothing is recorded twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from batch.errors import HoldLost, JournalAway, JournalError
from batch.journal import Change, Journal, mending
from batch.journal.keeping import upgrade
from batch.journal.postgres.faults import explain
from batch.states import BatchEvent, OrderEvent, OrderState
from tests.journal.conftest import take_one_by_one
from tests.journal.planned import NOW, add, claim, states
from tests.journal.postgres_cluster import PASSWORD, Cluster, database_of
from tests.journal.proxy import Break, Proxy

COMMIT = b"COMMIT\0"  # "READ COMMITTED" begins a step
STEP = b"UPDATE orders"


@pytest.fixture
def held(proxy: Proxy, url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """A journal by a line that breaks, and a batch of it that this process has."""
    monkeypatch.setattr(mending, "PAUSE_S", 0.01)
    with Journal.open(proxy.url(url), password=PASSWORD) as journal:
        add(journal)
        with journal.hold("abc", NOW):
            journal.holds.record_token("abc", 20.0, NOW)
            yield journal


def kinds(journal: Journal, row: int) -> list[str]:
    return [event.kind for event in journal.events("abc", row=row)]


BREAKS = [
    pytest.param((True, COMMIT, "answer"), id="at once; recorded, and the server's word was lost"),
    pytest.param((True, COMMIT, "end"), id="at once; recorded, and the session ended"),
    pytest.param((True, COMMIT, "request"), id="at once; it did not arrive"),
    pytest.param((True, COMMIT, "rest"), id="at once; it arrived but for the commit"),
    pytest.param((False, COMMIT, "answer"), id="recorded, and the server's word was lost"),
    pytest.param((False, COMMIT, "end"), id="recorded, and the session ended"),
    pytest.param((False, COMMIT, "request"), id="broken before the server was asked to commit"),
    pytest.param((False, STEP, "answer"), id="broken in the middle, when it was done"),
    pytest.param((False, STEP, "request"), id="broken in the middle, before it was done"),
]


@pytest.fixture(params=BREAKS)
def broken(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[bytes, str]:
    """Give where a session breaks, and what of it the line takes away."""
    at_once, at, takes = request.param
    if not at_once:
        take_one_by_one(monkeypatch)
    return at, takes


def test_a_step_whose_session_breaks_is_recorded_once(
    proxy: Proxy, held: Journal, broken: tuple[bytes, str]
) -> None:
    at, takes = broken
    proxy.breaks.append(Break(at, takes=takes))

    held.apply("abc", [claim(2)], NOW)

    assert proxy.breaks == []
    assert states(held) == {2: OrderState.SENDING, 3: OrderState.PLANNED}
    assert kinds(held, 2) == ["claimed"]


def test_a_commit_that_arrives_after_the_client_has_come_back_is_waited_for(
    proxy: Proxy, held: Journal
) -> None:
    proxy.breaks.append(Break(COMMIT, takes="late", until=b"FOR UPDATE"))

    held.apply("abc", [claim(2)], NOW)

    assert proxy.breaks == []
    assert kinds(held, 2) == ["claimed"]


def test_what_is_claimed_after_its_session_broke_was_claimed_under_that_very_request(
    proxy: Proxy, held: Journal, broken: tuple[bytes, str]
) -> None:
    at, takes = broken
    lost = Change(2, OrderState.SENDING, OrderEvent.LOST)
    held.apply("abc", [claim(2)], NOW)
    proxy.breaks.append(Break(at, takes=takes))

    (placing,) = held.claim("abc", 5, NOW, [lost])

    order = held.order("abc", 3)
    assert order is not None
    assert (placing.row, order.state) == (3, OrderState.SENDING)
    assert order.request_id == placing.request_id
    assert order.claim_epoch == held.holds.epoch("abc")
    assert kinds(held, 2) == ["claimed", "lost"]
    if takes in ("answer", "end") and at == COMMIT:
        assert kinds(held, 3) == ["claimed", "released", "claimed"]
    else:
        assert kinds(held, 3) == ["claimed"]


def test_a_hold_begun_anew_knows_the_tokens_of_the_one_before(proxy: Proxy, held: Journal) -> None:
    proxy.breaks.append(Break(COMMIT))

    held.apply("abc", [claim(2)], NOW)

    first, second = held.holds.of("abc").values()
    assert held.holds.epoch("abc") == second.epoch == 2
    assert (first.ended_at, second.ended_at) == (second.taken_at, None)
    assert (second.token_life_s, second.tokens_dead_at) == (20.0, first.tokens_dead_at)
    assert second.holder == first.holder


def test_a_hold_whose_beginning_anew_is_in_doubt_itself_is_no_other_process_s(
    proxy: Proxy, held: Journal
) -> None:
    proxy.breaks += [Break(COMMIT), Break(COMMIT)]

    held.apply("abc", [claim(2)], NOW)

    assert proxy.breaks == []
    assert kinds(held, 2) == ["claimed"]
    assert held.holds.epoch("abc") == 3


def test_what_broke_is_not_recorded_once_another_host_has_the_batch(
    proxy: Proxy, held: Journal, url: str
) -> None:
    def take_over() -> None:
        with Journal.open(url) as other:
            other.holds.take("abc", NOW, take_over=True)

    proxy.breaks.append(Break(COMMIT, takes="request", then=take_over))

    with pytest.raises(HoldLost, match="another one has taken it over"):
        held.claim("abc", 5, NOW)

    assert states(held) == dict.fromkeys((2, 3), OrderState.PLANNED)


def test_a_look_whose_session_breaks_is_taken_again(proxy: Proxy, held: Journal) -> None:
    looks: list[tuple[Callable[[], int], tuple[bytes, ...]]] = [
        (lambda: len(list(held.orders("abc"))), (b"SELECT", COMMIT)),
        (lambda: held.batch("abc").batch.row_count, (b"SELECT", COMMIT)),
        # These are one query, and no transaction.
        (lambda: len(held.cancels.standing("abc")) + 2, (b"SELECT",)),
        (lambda: len(held.stops.standing("abc")) + 2, (b"SELECT",)),
    ]
    for look, words in looks:
        for at in words:
            proxy.breaks.append(Break(at))

            assert look() == 2
            assert proxy.breaks == []


@pytest.mark.parametrize("at", [b"holds", COMMIT])
def test_a_beat_and_a_token_whose_session_breaks_are_recorded(
    proxy: Proxy, held: Journal, at: bytes
) -> None:
    proxy.breaks.append(Break(at))
    held.holds.beat("abc", NOW)
    proxy.breaks.append(Break(at))
    held.holds.record_token("abc", 30.0, NOW)

    assert proxy.breaks == []
    assert held.holds.of("abc")[1].token_life_s == 30.0


def test_a_wish_whose_session_breaks_is_put_down_once(proxy: Proxy, held: Journal) -> None:
    proxy.breaks.append(Break(COMMIT))

    held.cancels.ask("abc", [2], NOW)

    assert [wish.row for wish in held.cancels.standing("abc")] == [2]


def test_a_turn_whose_session_breaks_is_reserved(proxy: Proxy, held: Journal) -> None:
    proxy.breaks.append(Break(b"allotments"))

    assert held.allotments.reserve("abc", 1, NOW, every_s=0.02, late_s=0.0) < 1.0


@pytest.mark.parametrize("at", [b"BEGIN", STEP])
def test_a_server_that_stays_away_is_waited_for_once_and_not_for_each_step(
    proxy: Proxy, held: Journal, monkeypatch: pytest.MonkeyPatch, at: bytes
) -> None:
    monkeypatch.setattr(mending, "AWAY_S", 0.3)
    proxy.breaks.append(Break(at, takes="request", stays=True))

    with pytest.raises(JournalAway, match="expected to reach its server") as caught:
        held.apply("abc", [claim(2)], NOW)
    begun = time.monotonic()
    with pytest.raises(JournalAway):
        held.batch("abc")
    with pytest.raises(JournalAway):
        held.note("abc", BatchEvent.ALARM, "", NOW)

    assert not caught.value.is_final
    assert time.monotonic() - begun < 0.3


def test_another_journal_in_the_place_of_the_one_that_was_opened_is_refused(
    proxy: Proxy, held: Journal, url: str, cluster: Cluster
) -> None:
    name = database_of(url)
    empty = cluster.make_empty()
    upgrade(empty)
    other = database_of(empty)

    def replace() -> None:
        for old, new in ((name, f"{name}_before"), (other, name)):
            cluster.cut_sessions(old)
            cluster.execute(f"ALTER DATABASE {old} RENAME TO {new}")

    proxy.breaks.append(Break(STEP, takes="request", then=replace))

    with pytest.raises(JournalError, match="found another one in its place") as caught:
        held.apply("abc", [claim(2)], NOW)

    assert caught.value.is_final


@pytest.mark.parametrize(
    "words",
    [
        "the database system is starting up",
        "the database system is shutting down",
        "sorry, too many clients already",
        "terminating connection due to administrator command",
    ],
)
def test_a_server_that_does_not_take_sessions_yet_may_be_asked_again(words: str) -> None:
    import psycopg

    error = psycopg.OperationalError(f'connection to server at "db" failed: FATAL:  {words}')

    found = explain("journal x", error, 1.0)

    assert isinstance(found, JournalAway)
    assert not found.is_final
