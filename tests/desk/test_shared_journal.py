"""One journal for several hosts, as the desk sees it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from batch.config import Settings, VenueSettings
from batch.desk import Desk
from batch.desk.options import RunningOptions, Submission
from batch.desk.verdict import Verdict
from batch.errors import Advice
from batch.journal import Journal, mending
from batch.journal.actor import name_host
from batch.report.naming import target_paths
from batch.simulator import Simulator, SimulatorOptions
from batch.states import OrderState
from tests.desk.test_desk import Notebook
from tests.journal.conftest import cluster
from tests.journal.postgres_cluster import PASSWORD, Cluster
from tests.journal.proxy import Break, proxy_to

__all__ = ["cluster"]


def test_a_practice_is_not_put_into_a_journal_that_others_share(tmp_path: Path) -> None:
    listener = Notebook()
    desk = Desk(Settings(), journal="postgresql://db.example/fx", simulated=True, listener=listener)

    outcome = desk.submit([Path("samples/orders.xlsx").absolute()])

    assert outcome.verdict is Verdict.USAGE
    errors = [outcome.error, *(batch.error for batch in outcome.batches)]
    assert any("expected a journal in a file, or none" in str(error) for error in errors)


def test_the_report_of_a_batch_from_another_host_goes_to_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    (path,) = target_paths([], tmp_path / "other-host" / "orders.xlsx", "abc")

    assert path == tmp_path / "orders-results-abc.xlsx"


def test_a_run_whose_journal_stays_away_ends_as_interrupted_and_says_how_to_go_on(
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mending, "AWAY_S", 0.3)
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    sheet = tmp_path / "orders.csv"
    rows = "".join(f"EUR/USD,Buy,{100_000 + n},1.2,IOC\n" for n in range(20))
    sheet.write_text(f"symbol,side,size,price,time_in_force\n{rows}")
    url = cluster.make_journal()
    with (
        Simulator(SimulatorOptions(user="ops", password="s3cret-pass", org="DESK")) as venue,
        proxy_to(cluster) as proxy,
    ):
        settings = VenueSettings(
            url=venue.url,
            user="ops",
            org="DESK",
            password=SecretStr("s3cret-pass"),
            settle_s=0.2,
        )
        proxy.breaks.append(Break(b"\0ob_", after=2, stays=True))
        broken = Desk(Settings(venue=settings), journal=proxy.url(url), listener=Notebook())

        outcome = broken.submit([sheet], Submission(running=RunningOptions(max_in_flight=2)))
        posts = venue.ledger.posts
        with Journal.open(url, read_only=True) as journal:
            (summary,) = journal.batches()
        whole = Desk(Settings(venue=settings), journal=url, listener=Notebook())
        again = whole.resume(summary.batch.batch_id, RunningOptions(take_over=True))
        doubled = venue.ledger.duplicates()

    assert outcome.verdict is Verdict.INTERRUPTED
    errors = [outcome.error, *(batch.error for batch in outcome.batches)]
    (error,) = [one for one in errors if one is not None]
    assert "It was waited for; then nothing more was sent" in str(error)
    assert [hint.advice for hint in error.advice] == [Advice.RESUME]
    assert 0 < posts < 20
    assert summary.states[OrderState.PLANNED] > 0
    assert again.error is None
    assert doubled == ()


@pytest.mark.parametrize(
    ("rate", "simulated", "shared"), [(50.0, False, 1), (None, False, 0), (50.0, True, 0)]
)
def test_turns_are_reserved_only_for_a_venue_with_a_rate_and_not_for_a_practice(
    tmp_path: Path, rate: float | None, simulated: bool, shared: int
) -> None:
    sheet = tmp_path / "orders.csv"
    sheet.write_text("symbol,side,size,price,time_in_force\nEUR/USD,Buy,100000,1.2,IOC\n")
    path = tmp_path / "journal.db"
    with Simulator(SimulatorOptions(user="ops", password="s3cret-pass", org="DESK")) as venue:
        settings = VenueSettings(
            url=venue.url, user="ops", org="DESK", password=SecretStr("s3cret-pass"), rate=rate
        )
        desk = Desk(
            Settings(venue=settings), journal=str(path), simulated=simulated, listener=Notebook()
        )

        outcome = desk.submit([sheet])

    assert outcome.verdict is Verdict.DONE
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM allotments").fetchone() == (shared,)


def test_whoever_asks_without_sending_takes_turns_of_the_login(tmp_path: Path) -> None:
    sheet = tmp_path / "orders.csv"
    sheet.write_text("symbol,side,size,price,time_in_force\nEUR/USD,Buy,100000,1.2,IOC\n")
    path = tmp_path / "journal.db"

    def turns() -> int:
        with closing(sqlite3.connect(path)) as connection:
            return int(connection.execute("SELECT count(*) FROM allotments").fetchone()[0])

    with Simulator(SimulatorOptions(user="ops", password="s3cret-pass", org="DESK")) as venue:
        login = VenueSettings(
            url=venue.url, user="ops", org="DESK", password=SecretStr("s3cret-pass")
        )
        free = Desk(Settings(venue=login), journal=str(path), listener=Notebook())
        (sent,) = free.submit([sheet]).batches
        assert sent.batch is not None
        assert free.reconcile(sent.batch.batch_id).verdict is Verdict.DONE
        assert turns() == 0
        shared = Settings(venue=login.model_copy(update={"rate": 50.0}))
        desk = Desk(shared, journal=str(path), listener=Notebook())

        outcome = desk.reconcile(sent.batch.batch_id)

    assert outcome.verdict is Verdict.DONE
    assert outcome.reconciliation is not None
    assert (outcome.reconciliation.asked, outcome.reconciliation.differences) == (1, ())
    assert turns() == 1


def test_the_history_names_the_host_by_its_label(tmp_path: Path) -> None:
    sheet = tmp_path / "orders.csv"
    sheet.write_text("symbol,side,size,price,time_in_force\nEUR/USD,Buy,100000,1.2,IOC\n")
    path = tmp_path / "journal.db"
    settings = Settings(host_label="desk-a")
    try:
        Desk(settings, journal=str(path), simulated=True, listener=Notebook()).submit([sheet])
    finally:
        name_host("")

    with closing(sqlite3.connect(path)) as connection:
        ((actor,),) = connection.execute("SELECT DISTINCT actor FROM events")
    assert "@desk-a/" in actor
