"""Rows 15 to 19 and 21 to 24: tokens, passwords, pauses, odd statuses, files, the environment."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.faults.conftest import FaultDesk, Open, messages, states


@pytest.mark.parametrize("hours", [1, -1])
def test_fault_15_a_token_that_ends_in_mid_run_is_renewed_whatever_the_clocks_say(
    open_desk: Open, hours: int
) -> None:
    desk = open_desk(token_lifetime_s=1.5, clock_offset_s=3600.0 * hours, latency_s=0.05)
    names = [f"S{number}" for number in range(25)]

    call = desk.submit(desk.sheet(*names), "--max-in-flight", 1)

    assert call.code == 0
    desk.require_each_once()
    assert desk.venue.requests.count("renew") >= 1
    # A busy machine may hold one request up until its token has ended; a clock that is wrong by
    # an hour would have every one refused.
    assert desk.venue.requests.count(status=401) <= 1


def test_fault_16_a_wrong_password_is_tried_once_by_a_resume_too(
    desk: FaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.submit(desk.sheet("A", line="EUR/USD,Buy,{size},1.0,GTC,"), "--wait", "100ms")
    logins = desk.venue.requests.count("login")
    monkeypatch.setenv("ORDERBATCH_PASSWORD", "wrong-pass")

    call = desk.office.call("resume", desk.newest())

    assert call.code == 78
    assert desk.venue.requests.count("login") == logins + 1


@pytest.mark.parametrize("covers_done", [True, False])
def test_fault_17_an_order_that_is_not_found_for_a_while_is_not_sent_again(
    desk: FaultDesk, covers_done: bool
) -> None:
    desk.configure(settle_s=5, client_id_query_covers_done_orders=covers_done)
    # Found late, but before two answers 0.3 s apart could count as a proof.
    desk.add_faults("drop-reply:place:id=LOST", f"not-found={0.2 if covers_done else 1}:find")

    call = desk.submit(desk.sheet("A", "LOST"))

    assert states(call) == {"A": "FILLED", "LOST": "FILLED"}
    assert desk.venue.ledger.posts == 2
    desk.require_each_once()


def test_fault_18_a_venue_that_goes_away_while_polling_is_asked_again_when_it_is_back(
    desk: FaultDesk,
) -> None:
    names = [f"S{number}" for number in range(8)]
    # Away from the market, and done after a second of our time.
    sheet = desk.sheet(*names, line="EUR/USD,Buy,{size},1.0,GTT,20")

    def is_polled() -> bool:
        return desk.venue.requests.count("query") + desk.venue.requests.count("active") >= 8

    def leave_and_return() -> None:
        desk.venue.set_down(True)
        desk.venue.set_down(False)
        desk.add_faults("status=503:query:first=6", "status=503:active:first=2")

    with desk.when(is_polled, leave_and_return):
        call = desk.submit(sheet, "--wait", "20s")

    assert set(states(call).values()) == {"EXPIRED"}
    assert desk.venue.ledger.posts == len(names)


def test_fault_18_the_wait_ends_though_the_venue_is_away(desk: FaultDesk) -> None:
    sheet = desk.sheet("A", "B", line="EUR/USD,Buy,{size},1.0,GTC,")

    with desk.when(
        lambda: desk.venue.requests.count("query") >= 2, lambda: desk.venue.set_down(True)
    ):
        call = desk.submit(sheet, "--wait", "1s")

    assert call.code == 4
    assert states(call) == {"A": "OPEN", "B": "OPEN"}


def test_fault_19_odd_ends_keep_what_the_venue_said(desk: FaultDesk) -> None:
    desk.add_faults("unknown-status=HALTED:query:id=ODD")
    path = desk.sheet("ODD", "PART", "LATE")
    text = path.read_text().replace("PART,EUR/USD,Buy,100001", "PART,EUR/USD,Buy,5000000")
    path.write_text(
        text.replace("LATE,EUR/USD,Buy,100002,1.2,IOC", "LATE,EUR/USD,Buy,4000000,1.2,GTC")
    )

    call = desk.submit(path, "--wait", "1s")

    assert states(call) == {"ODD": "OPEN", "PART": "EXPIRED", "LATE": "FILLED"}
    filled = {o["client_order_id"]: o["filled_size"] for o in call.json["orders"]}
    assert (filled["PART"], filled["LATE"]) == ("3000000", "4000000")
    assert '"HALTED" is not a published one' in messages(call)["ODD"]
    assert "part filled: 3000000 of 5000000" in messages(call)["PART"]


def journal_of(desk: FaultDesk) -> Path:
    return Path(desk.office.environment["ORDERBATCH_JOURNAL"])


def test_fault_21_a_file_that_is_no_database_is_refused_and_left_alone(desk: FaultDesk) -> None:
    journal = journal_of(desk)
    journal.parent.mkdir(parents=True, exist_ok=True)
    journal.write_text("Dear diary,\n" * 100)

    call = desk.office.call("submit", desk.sheet("A"), "--yes")

    assert call.code == 78
    assert str(journal) in call.err
    assert desk.venue.ledger.posts == 0
    assert journal.read_text().startswith("Dear diary")


def test_fault_21_a_journal_of_a_newer_version_is_refused(desk: FaultDesk) -> None:
    desk.submit(desk.sheet("A"))
    with sqlite3.connect(journal_of(desk)) as other:
        other.execute("UPDATE journal_meta SET value = '99' WHERE name = 'version'")
        assert other.total_changes == 1
    other.close()

    call = desk.office.call("submit", desk.sheet("B"), "--yes")

    assert call.code == 78
    assert "newer" in call.err
    assert desk.venue.ledger.posts == 1


def test_fault_21_a_journal_that_is_deleted_in_mid_run_stops_the_sending(desk: FaultDesk) -> None:
    desk.add_faults("delay=0.05:place")
    names = [f"S{number}" for number in range(40)]
    sheet = desk.sheet(*names)

    with desk.when(
        lambda: desk.venue.ledger.posts >= 3, lambda: shutil.rmtree(journal_of(desk).parent)
    ):
        call = desk.office.call("submit", sheet, "--yes", "--max-in-flight", 1)

    assert call.code == 70
    assert "Traceback" not in call.err
    assert desk.venue.ledger.posts < len(names)


def test_fault_22_a_report_that_is_open_in_a_spreadsheet_program_is_written_beside_it(
    desk: FaultDesk,
) -> None:
    target = desk.office.folder / "r.xlsx"
    sheet = desk.sheet("A")
    desk.submit(sheet, "--report", target)
    before = target.read_bytes()
    target.with_name(".~lock.r.xlsx#").touch()

    call = desk.submit(sheet, "--report", target)

    assert call.code == 0
    assert target.read_bytes() == before
    (beside,) = desk.office.folder.glob("r-2*.xlsx")
    assert call.json["reports"] == [str(beside)]
    assert beside.name in call.err


def test_fault_22_a_report_whose_folder_is_gone_says_so_and_changes_no_order(
    desk: FaultDesk,
) -> None:
    folder = desk.office.folder / "out"
    folder.mkdir()
    sheet = desk.sheet("A", "B")

    with desk.when(lambda: desk.venue.ledger.posts >= 1, folder.rmdir):
        call = desk.submit(sheet, "--report", folder / "r.csv")

    assert call.code == 70
    assert str(folder) in call.err
    assert "The orders are not touched by this" in call.err
    assert f"orderbatch report {desk.newest()}" in call.err
    assert states(call) == {"A": "FILLED", "B": "FILLED"}
    folder.mkdir()
    assert desk.office.call("report", desk.newest(), "--report", folder / "r.csv").code == 0
    assert (folder / "r.csv").read_text().count(",FILLED,") == 2
    assert desk.venue.ledger.posts == 2


def test_fault_23_proxy_and_netrc_in_the_environment_are_ignored(
    desk: FaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(desk.office.environment["HOME"])
    home.mkdir(exist_ok=True)
    netrc = home / ".netrc"
    netrc.write_text("default login intruder password stolen\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
        monkeypatch.setenv(name.upper(), "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    call = desk.submit(desk.sheet("A"))

    assert call.code == 0
    assert all(
        name.lower() != "authorization"
        for exchange in desk.venue.requests.exchanges
        for name, _ in exchange.headers
    )


def test_fault_24_no_secret_is_in_anything_that_a_troubled_run_leaves(desk: FaultDesk) -> None:
    desk.add_faults("html:place:id=BAD1", "drop-before:place:id=BAD2", "status=401:place:id=BAD3")
    sheet = desk.sheet("A", "BAD1", "BAD2", "BAD3", "B")
    reports = [word for name in ("r.csv", "r.json", "r.xlsx") for word in ("--report", name)]

    process = desk.start(
        *("submit", sheet, "--yes", "--verbose", "--log-file", "run.log", "--wait", "1s", *reports)
    )
    arguments = " ".join(str(word) for word in process.args)  # type: ignore[union-attr]
    out, err = process.communicate(timeout=60)

    tokens = {
        value
        for exchange in desk.venue.requests.exchanges
        for name, value in exchange.answer_headers
        if name == "SSO_TOKEN"
    }
    left = [path for path in desk.office.folder.parent.rglob("*") if path.is_file()]
    contents = [out.encode(), err.encode(), arguments.encode(), *(p.read_bytes() for p in left)]
    assert tokens
    assert {"run.log", "r.csv", "r.json", "r.xlsx", "journal.db"} <= {path.name for path in left}
    for secret in ("s3cret-pass", *tokens):
        assert not any(secret.encode() in content for content in contents)
    assert json.loads((desk.office.folder / "r.json").read_text())["orders"]
