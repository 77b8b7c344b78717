"""Rows handed back for correction: at one price only, whenever a process dies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from batch.config import Settings
from batch.desk import Desk, reports
from batch.errors import ReportError
from batch.journal import Journal
from batch.model import Validation
from batch.plan.draft import PlanOptions
from batch.states import OrderState
from tests.plan.planning import plan
from tests.run.doubles import LOGIN, START, make_order, make_validation

PLANNED, SKIPPED = OrderState.PLANNED, OrderState.SKIPPED


class Died(BaseException):
    """The process ends here."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(Settings(journal=str(tmp_path / "journal.db")))


def leave_unsent(tmp_path: Path) -> str:
    """Plan a sheet of three rows of which none is sent."""
    validation = make_validation(*(make_order(row) for row in (2, 3, 4)))
    sheet = replace(validation.sheet, path=tmp_path / "orders.csv")
    with Journal.open(str(tmp_path / "journal.db")) as journal:
        made = Validation(sheet, validation.orders, ())
        return plan(journal, made, LOGIN, PlanOptions(), START).batch.batch_id


def states(tmp_path: Path, batch: str) -> list[OrderState]:
    with Journal.open(str(tmp_path / "journal.db")) as journal:
        return [order.state for order in journal.orders(batch)]


@pytest.mark.parametrize("is_written", [False, True])
def test_a_death_beside_the_file_leaves_no_row_at_two_prices_and_loses_none(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    batch = leave_unsent(tmp_path)
    from batch.report import write_corrections as write

    def die(*args: object, **named: object) -> None:
        if is_written:
            write(*args, **named)  # type: ignore[arg-type]
        raise Died

    monkeypatch.setattr(reports, "write_corrections", die)
    with pytest.raises(Died):
        desk.correct(batch, tmp_path / "mend.csv")
    monkeypatch.undo()

    # Whatever stands in the file, the batch itself sends none of it any more.
    assert states(tmp_path, batch) == [SKIPPED] * 3
    outcome = desk.correct(batch, tmp_path / "mend.csv")
    assert outcome.error is None
    assert len((tmp_path / "mend.csv").read_text().splitlines()) == 4


def test_rows_that_were_handed_back_are_handed_back_once(desk: Desk, tmp_path: Path) -> None:
    batch = leave_unsent(tmp_path)

    desk.correct(batch, tmp_path / "mend.csv")
    again = desk.correct(batch, tmp_path / "more.csv")

    assert again.error is None
    assert not (tmp_path / "more.csv").exists()


def test_a_file_that_cannot_be_written_is_refused_before_anything_is_withdrawn(
    desk: Desk, tmp_path: Path
) -> None:
    batch = leave_unsent(tmp_path)

    outcome = desk.correct(batch, tmp_path / "gone" / "mend.csv")

    assert isinstance(outcome.error, ReportError)
    assert states(tmp_path, batch) == [PLANNED] * 3


def test_a_disk_that_is_full_leaves_the_rows_for_the_next_try(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = leave_unsent(tmp_path)

    def fail(*args: object, **named: object) -> None:
        raise ReportError("mend.csv: the disk is full.")

    monkeypatch.setattr(reports, "write_corrections", fail)
    outcome = desk.correct(batch, tmp_path / "mend.csv")
    monkeypatch.undo()

    assert "3 rows that were not sent are taken out of the batch" in str(outcome.error)
    assert desk.correct(batch, tmp_path / "mend.csv").reports != ()
    assert len((tmp_path / "mend.csv").read_text().splitlines()) == 4
