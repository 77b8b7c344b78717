"""What counts as done, and what `--quiet` keeps to itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.simulator import Simulator, parse_fault
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office

PART = "EUR/USD,Buy,5000000,1.2,IOC\n"
"""More than the simulated market has at once: 3,000,000 are filled, the rest expires."""


@pytest.mark.parametrize(
    ("accepted", "code"),
    [((), 1), (("expired",), 1), (("partial",), 1), (("expired", "partial"), 0)],
)
def test_a_part_fill_counts_as_its_state_only_where_that_is_accepted(
    desk: Office, accepted: tuple[str, ...], code: int
) -> None:
    options = [word for state in accepted for word in ("--accept", state)]

    call = desk.call("submit", desk.sheet(FILLED, PART), "--yes", "--json", *options)

    assert [order["final_state"] for order in call.json["orders"]] == ["FILLED", "EXPIRED"]
    assert call.json["orders"][1]["filled_size"] == "3000000"
    assert call.code == call.json["exit_code"] == code


def test_a_sheet_to_mend_is_offered_only_where_it_would_have_rows(desk: Office) -> None:
    without = desk.call("submit", desk.sheet(FILLED, PART), "--yes")
    sheet = desk.sheet(FILLED, EXPIRED, name="other.csv", first_size=7)
    with_one = desk.call("submit", sheet, "--yes")
    batches = [call.err.split()[1] for call in (without, with_one)]

    asked = [desk.call("report", one, "--corrections", f"{one}.csv") for one in batches]

    assert "Every row has come to its end." in without.err
    assert "--corrections" not in without.err
    assert "No rows to correct: 1 filled, 1 filled in part." in asked[0].err
    assert "Those of which certainly nothing was filled, as a sheet to mend" in with_one.err
    assert f"orderbatch report {batches[1]} --corrections" in with_one.err
    assert [Path(f"{one}.csv").exists() for one in batches] == [False, True]


def test_nothing_is_said_of_a_run_that_sent_something_and_exits_0(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--quiet", "--report", "r.csv")

    assert (call.code, call.out, call.err) == (0, "", "")
    assert Path("r.csv").exists()


INVALID = "EUR/USD,Hold,5,1.2,IOC\n"
SKIPPING = ("--on-invalid", "skip", "--accept", "invalid")


def test_cautions_of_a_run_that_sent_something_and_exits_0_are_not_told(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(FILLED, FILLED)
    desk.call("submit", sheet, "--yes", "--quiet")

    again = desk.call("submit", sheet, "--yes", "--quiet", "--run", "k", "--log-file", "log")
    bad = desk.sheet(FILLED, INVALID, first_size=7)
    skipping = desk.call("submit", bad, "--yes", "--quiet", *SKIPPING)

    assert [(call.code, call.out, call.err) for call in (again, skipping)] == [(0, "", "")] * 2
    assert venue.ledger.posts == 5
    assert "without a run key" in Path("log").read_text("utf-8")


def test_cautions_of_a_run_that_does_not_exit_0_come_before_everything_else(desk: Office) -> None:
    sheet = desk.sheet(FILLED, EXPIRED)
    desk.call("submit", sheet, "--yes", "--quiet")

    call = desk.call("submit", sheet, "--yes", "--quiet", "--run", "k")

    assert call.code == 1
    assert call.err.startswith("1 rows equal orders that were sent without a run key")
    assert "Batch " in call.err


def test_cautions_before_a_refusal_are_told(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, INVALID)

    call = desk.call("submit", sheet, "--yes", "--quiet", *SKIPPING, "--expect-rows", "9")

    assert (call.code, venue.ledger.posts) == (3, 0)
    assert call.err.index("Hold") < call.err.index("expected to pass every gate")


def test_all_is_told_where_one_of_several_sheets_only_repeats_its_result(desk: Office) -> None:
    before = desk.sheet(FILLED, name="before.csv")
    desk.call("submit", before, "--yes", "--quiet")

    call = desk.call("submit", before, desk.sheet(FILLED, first_size=7), "--yes", "--quiet")

    assert call.code == 0
    assert "nothing is sent now, its result is repeated" in call.err
    assert "of orders.csv, 1 row: 1 FILLED" in call.err


def test_a_repeated_result_is_told_however_quiet(desk: Office) -> None:
    sheet = desk.sheet(FILLED)
    desk.call("submit", sheet, "--yes", "--quiet", "--report", "r.csv")

    call = desk.call("submit", sheet, "--yes", "--quiet", "--report", "r.csv")

    assert (call.code, call.out) == (0, "r.csv\n")
    assert "It was finished before; nothing was sent now." in call.err


@pytest.mark.parametrize(("line", "code", "wait"), [(EXPIRED, 1, "30s"), (OPEN, 4, "300ms")])
def test_what_is_not_done_is_told_however_quiet(
    desk: Office, line: str, code: int, wait: str
) -> None:
    call = desk.call(
        *("submit", desk.sheet(FILLED, line), "--yes", "--quiet", "--wait", wait),
        *("--report", "r.csv"),
    )

    assert (call.code, call.out) == (code, "r.csv\n")
    assert call.err.startswith("Batch ")


def test_unknown_is_told_however_quiet(desk: Office, venue: Simulator) -> None:
    venue.add_fault(parse_fault("drop-before:place"))

    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--quiet", "--wait", "0")

    assert call.code == 5
    assert "1 UNKNOWN" in call.err


def test_json_is_printed_however_quiet(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--quiet", "--json")

    assert (call.code, call.err) == (0, "")
    assert call.json["exit_code"] == 0
