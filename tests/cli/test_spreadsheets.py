"""The spreadsheet workflow: template, marked sheet, corrections, and many problems at once."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pytest

from batch.simulator import Simulator, parse_fault
from tests.cli.conftest import EXPIRED, FILLED, Office

BAD = "EUR/USD,Buy,-3,1.2,IOC\n"
FILES = Path(__file__).parents[1] / "report" / "files"


def test_a_template_that_was_filled_in_passes(office: Office) -> None:
    office.call("template", "new.xlsx")
    book = openpyxl.load_workbook("new.xlsx")
    orders = book["Orders"]
    filled_in = {
        "symbol": "EUR/USD",
        "side": "Buy",
        "size": "1000000",
        "price": "1.0925",
        "time_in_force": "IOC",
    }
    for cell in orders[1]:
        if cell.value in filled_in:
            orders[f"{cell.column_letter}2"] = filled_in[str(cell.value)]
    book.save("filled.xlsx")

    call = office.call("check", "filled.xlsx")

    assert call.code == 0
    assert "1 order, no problems" in call.out


def test_a_template_never_writes_over_a_file(office: Office) -> None:
    Path("mine.xlsx").write_text("mine")

    assert office.call("template", "mine.xlsx").code == 2
    assert Path("mine.xlsx").read_text() == "mine"
    assert office.call("template", "mine.xlsx", "--force").code == 0


def test_check_marks_the_bad_cells_in_a_copy(office: Office) -> None:
    call = office.call("check", office.sheet(FILLED, BAD), "--annotate", "marked.xlsx")

    assert call.code == 3
    book = openpyxl.load_workbook("marked.xlsx")
    assert "Problems" in book.sheetnames
    comments = [c.coordinate for row in book.worksheets[0] for c in row if c.comment]
    assert comments == ["C3"]


@pytest.mark.parametrize("name", ["an-strict.xlsx", "an-fill-bare.xlsx", "an-color-rgb.xlsx"])
def test_check_answers_before_it_marks_what_it_cannot_copy(office: Office, name: str) -> None:
    Path(name).write_bytes((FILES / name).read_bytes())

    call = office.call("check", name, "--annotate", "marked.xlsx")

    assert call.code == 3
    assert '"Hold"' in call.out
    assert f"{name} cannot be copied with its looks (" in call.err
    assert "The marked sheet: marked.xlsx" in call.err
    assert openpyxl.load_workbook("marked.xlsx").sheetnames == ["Orders", "Problems"]


def test_check_answers_where_the_copy_cannot_be_written(office: Office) -> None:
    bad = office.call("check", office.sheet(FILLED, BAD), "--annotate", "gone/marked.xlsx")
    good = office.call("check", office.sheet(FILLED), "--annotate", "gone/marked.xlsx")
    as_json = office.call("check", office.sheet(BAD), "--annotate", "gone/marked.xlsx", "--json")

    assert bad.code == as_json.code == 3
    assert as_json.json["problems"]
    assert "1 problem in 1 of 2 rows" in bad.out
    assert "1 order, no problems" in good.out
    assert good.code not in (0, 3, 70)
    for call in (bad, good, as_json):
        assert "there is no folder gone; make it" in call.err


def test_rows_without_a_fill_come_back_as_an_order_sheet(desk: Office, venue: Simulator) -> None:
    call = desk.call(
        *("submit", desk.sheet(FILLED, EXPIRED, BAD), "--yes", "--on-invalid", "skip"),
        *("--corrections", "mend.csv"),
    )

    assert call.code == 1
    assert "Rows to correct: mend.csv" in call.err
    mended = Path("mend.csv").read_text().replace("'-3", "3").replace(",1.0,", ",1.2,")
    Path("mended.csv").write_text(mended)
    again = desk.call("submit", "mended.csv", "--yes")
    assert again.code == 0
    assert len(venue.ledger.orders) == 4


def test_rows_handed_back_for_correction_are_not_sent_by_a_resume(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(*[FILLED] * 12)
    venue.add_fault(parse_fault("503:place"))
    first = desk.call("submit", sheet, "--yes", "--wait", "0", "--max-in-flight", "1")
    batch = re.search(r"orderbatch resume (\w+)", first.err)
    assert batch is not None

    call = desk.call("report", batch[1], "--corrections", "mend.csv")
    venue.clear_faults()
    resumed = desk.call("resume", batch[1], "--wait", "0")

    assert first.code == 5
    assert "7 of them were not sent yet" in call.err
    assert resumed.code == 5
    assert len(venue.ledger.orders) == 0
    lost = desk.call("report", batch[1], "--corrections", "more.csv", "--report", "r.json")
    assert lost.code == 0 and not (desk.folder / "more.csv").exists()
    words = " ".join(lost.err.split())
    assert f"7 rows of batch {batch[1]} went into a sheet of corrections before" in words
    assert "No rows to correct: " in words and "7 left out of this batch" in words
    report = json.loads((desk.folder / "r.json").read_text())
    beside = [order["message"] for order in report["orders"] if order["final_state"] == "NOT_SENT"]
    assert len(beside) == 7 and all("mend.csv" in message for message in beside)
    assert desk.call("submit", "mend.csv", "--yes").code == 0
    assert len(venue.ledger.orders) == 7


def test_many_problems_are_shown_by_cause(office: Office) -> None:
    bad = [BAD, FILLED, BAD, *["EUR/USD,Hold,{size},1.2,IOC\n"] * 100]

    call = office.call("check", office.sheet(*bad))

    assert "102 problems in 102 of 103 rows" in call.out
    assert re.search(r"100  side .* 5-104\n", call.out)
    assert re.search(r"2  size .* 2, 4\n", call.out)
    assert "--annotate" in call.out
    assert len(call.out.splitlines()) < 70
