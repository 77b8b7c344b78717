"""One journal for several hosts, as the desk sees it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from batch.config import Settings, VenueSettings
from batch.desk import Desk
from batch.desk.verdict import Verdict
from batch.report.naming import target_paths
from batch.simulator import Simulator, SimulatorOptions
from tests.desk.test_desk import Notebook


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
