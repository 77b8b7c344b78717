"""The README's example from Python, to the letter."""

from __future__ import annotations

from pathlib import Path

import pytest

EXAMPLE = """\
from batch.desk import Desk

outcome = Desk(simulated=True).submit(["orders.csv"])
print(outcome.verdict.name, dict(outcome.counts), outcome.reports)
"""


def test_the_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("URL", "USER", "PASSWORD", "ORG", "JOURNAL", "CONFIG"):
        monkeypatch.delenv(f"ORDERBATCH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    Path("orders.csv").write_text(
        "symbol,side,size,price,time_in_force\nEUR/USD,Buy,100000,1.2,IOC\n"
    )

    exec(EXAMPLE, {})

    out = capsys.readouterr().out
    assert out.startswith("DONE {<FinalState.FILLED: 'FILLED'>: 1} (")
    assert "orders-results-" in out


def test_the_readme_shows_exactly_this_one() -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")

    assert readme.count("from batch.desk import") == 1
    assert EXAMPLE in readme
