"""`submit`, from a sheet to a report and an exit code."""

from __future__ import annotations

import csv
import json
import re
import socket
import sys
from pathlib import Path

import openpyxl
import pytest

from batch.simulator import Simulator
from tests.cli.conftest import EXPIRED, FILLED, HEADER, OPEN, Office
from tests.cli.terminals import Terminal

SAMPLES = Path(__file__).parents[2] / "samples"
EOD = Path(__file__).parents[1] / "sheet" / "files"


def test_a_sheet_is_sent_followed_and_reported_beside_itself(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(FILLED, FILLED)

    call = desk.call("submit", sheet, "--yes")

    assert call.code == 0
    (report,) = desk.folder.glob("orders-results-*.xlsx")
    assert call.out == f"{report}\n"
    assert re.search(r"Batch \w{8} of orders\.csv, 2 rows: 2 FILLED\.", call.err)
    results = openpyxl.load_workbook(report)["Results"]
    header, *lines = results.iter_rows(values_only=True)
    assert [line[header.index("final_state")] for line in lines] == ["FILLED", "FILLED"]
    assert len(venue.ledger.orders) == 2


def test_the_three_formats_tell_the_same(desk: Office) -> None:
    sheet = desk.sheet(FILLED, EXPIRED)

    call = desk.call(
        *("submit", sheet, "--yes", "--report", "r.csv", "--report", "r.json", "--report", "r.xlsx")
    )

    assert call.code == 1
    assert call.out.split() == ["r.csv", "r.json", "r.xlsx"]
    lines = list(csv.DictReader(Path("r.csv").read_text().splitlines()))
    orders = json.loads(Path("r.json").read_text())["orders"]
    assert [line["final_state"] for line in lines] == ["FILLED", "EXPIRED"]
    assert [order["final_state"] for order in orders] == ["FILLED", "EXPIRED"]
    assert [line["row"] for line in lines] == ["2", "3"]


@pytest.mark.parametrize("name", ["eod-2026-10-30.csv", "eod-2026-10-30.xlsx"])
def test_the_real_sheets_give_48_rows_and_a_server_id_for_each_order(
    desk: Office, venue: Simulator, name: str
) -> None:
    call = desk.call(
        *("submit", EOD / name, "--yes", "--wait", "2s", "--report", "r.json"), "--quiet"
    )

    orders = json.loads(Path("r.json").read_text())["orders"]
    assert call.code == 4
    assert call.err.startswith("Batch ") and "1 OPEN" in call.err
    assert len(orders) == 48
    held = {entry.client_order_id: entry for entry in venue.ledger.orders}
    assert {order["client_order_id"]: order["server_order_id"] for order in orders} == {
        name: entry.order_id for name, entry in held.items()
    }
    sent = {name: entry.body.split('"price": ')[1] for name, entry in held.items()}
    for order in orders:
        assert sent[order["client_order_id"]].startswith(order["Limit Price"])


def test_exit_0_when_accepted_states_count_as_filled(desk: Office) -> None:
    assert (
        desk.call("submit", desk.sheet(FILLED, EXPIRED), "--yes", "--accept", "expired").code == 0
    )


def test_exit_4_while_orders_are_open_and_resume_goes_on(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, OPEN)

    call = desk.call("submit", sheet, "--yes", "--wait", "1s")

    assert call.code == 4
    batch = re.search(r"orderbatch resume (\w+)", call.err)
    assert batch is not None
    again = desk.call("resume", batch[1], "--wait", "100ms")
    assert again.code == 4
    assert len(venue.ledger.orders) == 2


def test_a_finished_sheet_is_not_sent_again_and_exits_as_it_did(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(FILLED, EXPIRED)
    first = desk.call("submit", sheet, "--yes")
    sheet.rename(desk.folder / "renamed.csv")

    second = desk.call("submit", "renamed.csv", "--yes")

    assert (first.code, second.code) == (1, 1)
    assert "finished before; nothing was sent now" in second.err
    assert len(venue.ledger.orders) == 2


def test_an_invalid_sheet_is_refused_whole(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, "EUR/USD,Buy,-3,1.2,IOC\n", FILLED)

    call = desk.call("submit", sheet, "--yes")

    assert call.code == 3
    assert "-3" in call.err
    assert "Nothing was sent" in call.err
    assert venue.ledger.posts == 0


def test_invalid_rows_can_be_left_out(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, "EUR/USD,Buy,-3,1.2,IOC\n", FILLED)

    call = desk.call("submit", sheet, "--yes", "--on-invalid", "skip", "--json")

    assert call.code == 1
    assert [o["final_state"] for o in call.json["orders"]] == ["FILLED", "INVALID", "FILLED"]
    assert "-3" in call.json["orders"][1]["message"]
    assert venue.ledger.posts == 2


def test_a_sheet_of_only_bad_rows_is_refused_even_when_skipping(desk: Office) -> None:
    call = desk.call(
        "submit", desk.sheet("EUR/USD,Buy,-3,1.2,IOC\n"), "--yes", "--on-invalid", "skip"
    )

    assert call.code == 3


def test_json_is_one_document_with_the_exit_code(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--json")

    assert call.json["exit_code"] == call.code == 0
    assert call.json["batch"]["states"] == {"FILLED": 1}
    assert call.json["orders"][0]["size"] == "100000"
    assert len(call.json["reports"]) == 1


def test_a_refused_sheet_gives_json_too(desk: Office) -> None:
    call = desk.call("submit", desk.sheet("EUR/USD,Buy,-3,1.2,IOC\n"), "--yes", "--json")

    assert call.json["exit_code"] == call.code == 3
    assert call.json["problems"][0]["row"] == 2


def test_a_dry_run_sends_nothing_and_leaves_no_batch(desk: Office, venue: Simulator) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--dry-run")

    assert call.code == 0
    assert "Nothing was sent" in call.err
    assert venue.ledger.posts == 0
    assert desk.call("batches", "--json").json == {"batches": []}


def test_without_a_terminal_and_without_yes_nothing_runs(desk: Office, venue: Simulator) -> None:
    call = desk.run("submit", desk.sheet(FILLED))

    assert call.code == 2
    assert "--yes" in call.err
    assert venue.ledger.posts == 0


def test_several_sheets_share_a_folder_for_their_reports(desk: Office) -> None:
    one = desk.sheet(FILLED, name="one.csv")
    two = desk.sheet(EXPIRED, name="two.csv", first_size=5)
    (desk.folder / "out").mkdir()

    call = desk.call("submit", one, two, "--yes", "--report", "out")

    assert call.code == 1
    assert [path.name.split("-")[0] for path in sorted(Path("out").iterdir())] == ["one", "two"]


def test_several_sheets_must_not_share_a_report(desk: Office, venue: Simulator) -> None:
    one = desk.sheet(FILLED, name="one.csv")
    two = desk.sheet(FILLED, name="two.csv", first_size=5)

    call = desk.call("submit", one, two, "--yes", "--report", "r.csv")

    assert call.code == 2
    assert "{sheet}" in call.err
    assert venue.ledger.posts == 0


@pytest.mark.parametrize("name", ["r.txt", "r"])
def test_a_report_of_an_unknown_format_is_wrong_usage(desk: Office, name: str) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--report", name)

    assert call.code == 2
    assert ".xlsx, .csv, .json" in call.err


def test_a_report_without_a_folder_stops_before_anything_is_sent(
    desk: Office, venue: Simulator
) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--report", "no/such/r.csv")

    assert call.code == 78
    assert venue.ledger.posts == 0


def test_fault_16_a_wrong_password_is_tried_once_and_leaves_nothing_behind(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERBATCH_PASSWORD", "wrong-pass")

    call = desk.call("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 78
    assert len(call.err.strip().splitlines()) == 1
    assert venue.requests.count("login") == 1
    assert venue.ledger.posts == 0
    assert "wrong-pass" not in call.err + call.out
    assert desk.call("batches", "--json").json == {"batches": []}


def test_missing_settings_are_named_all_at_once(office: Office) -> None:
    call = office.call("submit", office.sheet(FILLED), "--yes")

    assert call.code == 78
    for name in ("URL", "USER", "PASSWORD", "ORG"):
        assert f"ORDERBATCH_{name}" in call.err


def test_a_sheet_that_is_not_there_is_refused(desk: Office) -> None:
    call = desk.call("submit", "nowhere.csv", "--yes")

    assert call.code == 3
    assert "nowhere.csv" in call.err
    assert len(call.err.strip().splitlines()) == 1


def test_a_venue_that_refuses_connections_is_asked_for_a_while(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.desk.session.LOGIN_PATIENCE_S", 0.3)
    monkeypatch.setattr("batch.desk.session.LOGIN_FIRST_PAUSE_S", 0.1)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("ORDERBATCH_URL", f"http://127.0.0.1:{closed.getsockname()[1]}")

        call = desk.call("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 6
    assert "refused" in call.err
    *tries, last = call.err.strip().splitlines()
    assert len(tries) == 1 and "tried again in" in tries[0]
    assert last.startswith("orderbatch: ")


def test_plain_http_to_another_machine_is_refused(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDERBATCH_URL", "http://venue.example")

    call = desk.call("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 78
    assert "https://" in call.err


def test_a_simulation_needs_no_settings_and_marks_all_it_says(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = office.call("submit", office.sheet(FILLED), "--simulate", "--yes", "--report", "r.json")

    assert call.code == 0
    assert all(line.startswith("SIMULATED") for line in call.err.strip().splitlines())
    assert json.loads(Path("r.json").read_text())["batch"]["simulated"] is True
    assert not Path(office.environment["ORDERBATCH_JOURNAL"]).exists()


def test_a_simulation_ends_when_its_market_is_at_rest(office: Office) -> None:
    call = office.call("submit", office.sheet(FILLED, OPEN), "--simulate", "--yes")

    assert call.code == 4
    assert "at rest" in call.err
    assert "resume" not in call.err


def test_a_simulated_batch_cannot_be_resumed(office: Office) -> None:
    sheet = office.sheet(OPEN)
    call = office.call("submit", sheet, "--simulate", "--yes", "--journal", "j.db", "--json")

    again = office.call("resume", call.json["batch"]["id"], "--journal", "j.db")

    assert again.code == 78
    assert "--simulate" in again.err


def test_the_command_line_works_as_a_module_and_as_a_process(desk: Office) -> None:
    call = desk.run("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 0
    assert "1 FILLED" in call.err


def test_a_terminal_is_asked_and_no_means_no(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = desk.sheet(FILLED)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))

    call = desk.call("submit", sheet)

    assert call.code == 130
    assert "Send 1 order as ops of DESK" in call.err
    assert "100,000 EUR" in call.err
    assert venue.ledger.posts == 0


def test_a_terminal_that_says_yes_sends(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = desk.sheet(FILLED)
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))

    assert desk.call("submit", sheet).code == 0
    assert venue.ledger.posts == 1


def test_columns_that_are_not_known_come_back(desk: Office) -> None:
    path = desk.folder / "orders.csv"
    path.write_text(f"{HEADER.strip()},Trader\nEUR/USD,Buy,5,1.2,IOC,Ana\n")

    call = desk.call("submit", path, "--yes", "--json")

    assert call.json["orders"][0]["Trader"] == "Ana"


def test_a_practice_may_be_repeated(office: Office) -> None:
    sheet = office.sheet(FILLED)

    codes = [office.call("submit", sheet, "--simulate", "--yes").code for _ in range(2)]

    assert codes == [0, 0]
    assert len(list(office.folder.glob("orders-results-*.xlsx"))) == 1
