"""One journal for several hosts, as the desk sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.config import Settings
from batch.desk import Desk
from batch.desk.verdict import Verdict
from batch.report.naming import target_paths
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
