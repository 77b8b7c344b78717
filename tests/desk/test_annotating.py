"""Copies of the person's own workbook with the results in it, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch.desk import annotating
from batch.errors import ReportError
from batch.simulator import Simulator
from tests.cli.conftest import FILLED, Office, desk, office, venue

__all__ = ["desk", "office", "venue"]


@pytest.fixture
def sheet(desk: Office) -> Path:
    workbook = Workbook()
    table = workbook.active
    assert isinstance(table, Worksheet)
    table.title = "Orders"
    for line in (
        ("symbol", "side", "size", "price", "time_in_force", "Trader"),
        ("EUR/USD", "Buy", 100_000, 1.2, "IOC", "mk"),
        ("EUR/USD", "Buy", 100_001, 1.0, "IOC", "jt"),
        ("EUR/USD", "Buy", 100_002, 1.0, "IOC", "jt"),
    ):
        table.append(line)
    table.row_dimensions[4].hidden = True
    path = desk.folder / "orders.xlsx"
    workbook.save(path)
    return path


def results_in(path: Path) -> list[Any]:
    return [cell.value for cell in load_workbook(path)["Orders"]["G"]]


@pytest.mark.parametrize(
    ("hidden", "states"),
    [
        ("include", ["final_state", "FILLED", "EXPIRED", "EXPIRED"]),
        ("skip", ["final_state", "FILLED", "EXPIRED"]),
    ],
)
def test_submit_gives_the_sheet_back_with_its_results(
    hidden: str, states: list[str], desk: Office, sheet: Path
) -> None:
    copy = desk.folder / "{sheet}-done-{batch}.xlsx"

    call = desk.call("submit", sheet, "--yes", "--hidden-rows", hidden, "--annotate", copy)

    (found,) = desk.folder.glob("orders-done-*.xlsx")
    assert str(found) in call.out
    assert results_in(found)[: len(states)] == states


def test_report_gives_it_back_later_and_refuses_a_sheet_that_has_changed(
    desk: Office, sheet: Path
) -> None:
    batch = desk.call("submit", sheet, "--yes", "--hidden-rows", "skip", "--json").json
    batch_id, copy = batch["batch"]["id"], desk.folder / "copy.xlsx"

    assert desk.call("report", batch_id, "--annotate", copy).code == 0
    assert results_in(copy)[1:3] == ["FILLED", "EXPIRED"]

    workbook = load_workbook(sheet)
    workbook["Orders"]["C2"] = 200_000
    workbook.save(sheet)
    before = copy.read_bytes()
    call = desk.call("report", batch_id, "--annotate", copy)
    assert "The sheet has changed since" in call.err
    assert 'in row 2, size, "100000", found "200000"' in call.err
    assert call.code != 0
    assert copy.read_bytes() == before


def test_copy_that_cannot_be_is_refused_before_anything_is_sent(
    desk: Office, sheet: Path, venue: Simulator
) -> None:
    text = desk.sheet(FILLED)

    for arguments, words in (
        ((text, "--annotate", "copy.xlsx"), "a text file, which has neither formats"),
        ((sheet, "--annotate", "copy.csv"), "expected a name that ends with .xlsx"),
        ((sheet, "--annotate", sheet), "this is the sheet itself"),
        ((sheet, sheet, "--annotate", "copy.xlsx"), "one that they would share"),
    ):
        call = desk.call("submit", *arguments, "--yes", "--hidden-rows", "skip")
        assert words in " ".join(call.err.split())
        assert call.code != 0
    assert venue.ledger.posts == 0


def test_copy_in_the_place_of_another_file_is_refused_before_anything_is_sent(
    desk: Office, sheet: Path, venue: Simulator
) -> None:
    copy = desk.folder / "copy.xlsx"
    copy.write_bytes(b"mine")
    arguments = ("submit", sheet, "--yes", "--hidden-rows", "skip", "--annotate", copy)

    refused = desk.call(*arguments)

    assert "was not made by orderbatch for this" in refused.err
    assert copy.read_bytes() == b"mine"
    assert venue.ledger.posts == 0
    assert refused.code not in (0, 70)
    assert desk.call(*arguments, "--force").code in (0, 1)
    assert copy.read_bytes() != b"mine"


def test_copy_that_fails_after_the_run_leaves_its_results_and_says_so(
    desk: Office, sheet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ReportError("the disk is full")

    monkeypatch.setattr(annotating, "annotate_results", fail)

    call = desk.call("submit", sheet, "--yes", "--hidden-rows", "skip", "--annotate", "copy.xlsx")

    assert "the disk is full" in call.err
    assert list(desk.folder.glob("orders-results-*.xlsx"))
    assert call.code == 70


def test_json_report_names_run_and_approver(desk: Office) -> None:
    sheet = desk.sheet(FILLED)
    code = desk.call("check", sheet, "--json").json["approval_code"]
    target = desk.folder / "out.json"

    call = desk.call(
        *("submit", sheet, "--yes", "--json", "--report", target),
        *("--approved", code, "--approved-by", "Ana"),
    )

    for document in (call.json, json.loads(target.read_text("utf-8"))):
        assert document["batch"]["approved_by"] == "Ana"
        assert document["batch"]["run"] is None
        assert document["batch"]["totals"]["filled"] == 1
        assert document["orders"][0]["execution_id"]
        assert document["orders"][0]["unfilled_size"] == "0"
