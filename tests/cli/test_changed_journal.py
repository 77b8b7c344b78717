"""A row that somebody changed in the journal after it was planned does not leave."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from batch.run.run import Run
from batch.simulator import Simulator
from tests.cli.conftest import FILLED, Office

PAYLOAD = "payload = replace(payload, '100001', '9000000')"
TERMS = "size = '9000000'"


def change(journal: Path, what: str) -> None:
    """Change row 3 as somebody would who knows that the database watches over its rows."""
    with closing(sqlite3.connect(journal)) as other:
        triggers = other.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'orders'"
        ).fetchall()
        for name, _ in triggers:
            other.execute(f"DROP TRIGGER {name}")
        changed = other.execute(f"UPDATE orders SET {what} WHERE row = 3").rowcount
        assert changed == 1
        for _, sql in triggers:
            other.execute(sql)
        other.commit()


@pytest.mark.parametrize(
    "what",
    [PAYLOAD, TERMS, f"{PAYLOAD}, {TERMS}", "client_order_id = 'another'", "fingerprint = NULL"],
)
def test_a_row_that_was_changed_after_the_plan_is_not_sent_and_named(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    journal = Path(desk.environment["ORDERBATCH_JOURNAL"])
    true_drive = Run._drive

    def drive(run: Run) -> None:
        change(journal, what)
        true_drive(run)

    monkeypatch.setattr(Run, "_drive", drive)

    call = desk.call("submit", desk.sheet(FILLED, FILLED, FILLED), "--yes")

    assert call.code == 5, call.err
    assert "row 3: expected" in call.err
    assert "somebody has changed it since the row was planned" in call.err
    assert "Traceback" not in call.err
    assert venue.ledger.posts == 1  # the first order, which goes alone


def test_a_journal_that_nobody_touched_sends_all_of_it(desk: Office) -> None:
    assert desk.call("submit", desk.sheet(FILLED, FILLED, FILLED), "--yes").code == 0
