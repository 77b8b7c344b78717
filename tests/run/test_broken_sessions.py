"""A run whose session with the journal's server breaks again and again, counted at the venue."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest

from batch.errors import JournalAway, JournalInDoubt
from batch.journal import Journal, mending
from batch.states import OrderState
from tests.journal.conftest import cluster
from tests.journal.postgres_cluster import PASSWORD, Cluster
from tests.journal.proxy import Break, Proxy, proxy_to
from tests.run.conftest import Desk
from tests.run.doubles import FakeClock, InlineWorkers, ScriptedVenue
from tests.run.test_run import sheet_of

__all__ = ["cluster"]

ROWS = 12

COMMIT, STEPS = b"COMMIT\0", b"\0ob_"
"""The end of a transaction, and steps that are taken in one journey, with their commit."""


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    with proxy_to(cluster) as line:
        yield line


@pytest.fixture
def desk(
    cluster: Cluster,
    proxy: Proxy,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Desk]:
    monkeypatch.setattr(mending, "PAUSE_S", 0.01)
    clock = FakeClock()
    with Journal.open(proxy.url(cluster.make_journal()), password=PASSWORD) as journal:
        yield Desk(journal, clock, ScriptedVenue(clock), InlineWorkers(clock))


@pytest.mark.parametrize(
    ("at", "takes"),
    [*product((COMMIT, STEPS, b"SELECT"), ("answer", "request")), (COMMIT, "rest")],
)
def test_every_row_leaves_once_wherever_the_session_breaks(
    desk: Desk, proxy: Proxy, at: bytes, takes: str
) -> None:
    batch_id = desk.plan(sheet_of(ROWS)).batch.batch_id
    run = desk.make_run(batch_id, max_in_flight=2)
    proxy.breaks += [
        Break(at, after=2 + (1 if at is STEPS else 3) * n, takes=takes) for n in range(5)
    ]

    outcome = run.execute()

    assert proxy.breaks == []
    assert outcome.states == {OrderState.FILLED: ROWS}
    posts = [desk.venue.posts_of(f"{batch_id}-{record.row}") for record in desk.orders(batch_id)]
    assert posts == [1] * ROWS


@pytest.mark.parametrize("takes", ["answer", "request"])
@pytest.mark.parametrize("after", range(3))
def test_a_run_whose_server_stays_away_sends_nothing_more(
    desk: Desk, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, takes: str, after: int
) -> None:
    monkeypatch.setattr(mending, "AWAY_S", 0.2)
    batch_id = desk.plan(sheet_of(ROWS)).batch.batch_id
    run = desk.make_run(batch_id, max_in_flight=2)
    broken_at: list[int] = []
    stays = Break(STEPS, after, takes, stays=True)
    stays.then = lambda: broken_at.append(desk.venue.calls.count("place"))
    proxy.breaks.append(stays)

    with pytest.raises((JournalAway, JournalInDoubt)):
        run.execute()

    assert [desk.venue.calls.count("place")] == broken_at
