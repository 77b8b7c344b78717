"""Run keys as a scheduler meets them: the same sheet again, on the same day and on another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from batch.clock import SystemClock
from batch.simulator import Simulator
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Call, Office


def submit(desk: Office, sheet: Path, *options: object) -> Call:
    return desk.call("submit", sheet, "--yes", "--json", "--report", "r-{batch}.csv", *options)


@pytest.fixture
def days_later(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let days pass between one command and the next."""

    def pass_by(days: float) -> None:
        class Later(SystemClock):
            def now(self) -> datetime:
                return datetime.now(UTC) + timedelta(days=days)

        monkeypatch.setattr("batch.desk.desk.SystemClock", Later)

    return pass_by


def test_the_same_run_repeats_its_result(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, EXPIRED)
    first = submit(desk, sheet, "--run", "eod-1")

    again = submit(desk, sheet, "--run", "eod-1")

    assert (first.code, again.code) == (1, 1)
    assert first.json["batch"]["run"] == again.json["batch"]["run"] == "eod-1"
    assert first.json["batch"]["id"] == again.json["batch"]["id"]
    assert venue.ledger.posts == 2


def test_of_a_sheet_whose_rows_were_all_left_out_nobody_says_that_it_was_sent(
    desk: Office, venue: Simulator
) -> None:
    submit(desk, desk.sheet(FILLED, FILLED))
    sheet = desk.sheet(FILLED, FILLED, "EUR/USD,Hold,1,1.2,IOC\n", name="equal.csv")
    options = ("--skip-sent", "--on-invalid", "skip")
    first = submit(desk, sheet, *options)

    again = submit(desk, sheet, *options)

    assert first.code == again.code == 1
    assert "was sent before" not in again.err
    assert (
        f"equal.csv was submitted before, as batch {first.json['batch']['id']}, and no row of it "
        "was sent (1 INVALID, 2 NOT_SENT): nothing is sent now, its result is repeated."
    ) in " ".join(again.err.split())
    assert venue.ledger.posts == 2


def test_another_run_sends_the_same_sheet_as_another_batch(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED)
    first = submit(desk, sheet, "--run", "morning")

    second = submit(desk, sheet, "--run", "evening")

    assert (first.code, second.code) == (0, 0)
    assert first.json["batch"]["id"] != second.json["batch"]["id"]
    assert venue.ledger.posts == 2


def test_an_open_order_of_another_run_refuses_unless_it_is_meant(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(OPEN)
    submit(desk, sheet, "--run", "morning", "--wait", "0")

    refused = submit(desk, sheet, "--run", "evening")
    meant = submit(desk, sheet, "--run", "evening", "--again", "--wait", "0")

    assert (refused.code, meant.code) == (3, 4)
    assert venue.ledger.posts == 2


def test_without_a_key_everything_of_the_last_24_hours_counts(
    desk: Office, venue: Simulator
) -> None:
    submit(desk, desk.sheet(FILLED), "--run", "morning")

    call = submit(desk, desk.sheet(FILLED))

    assert call.code == 3
    assert "were not sent before" in call.err
    assert venue.ledger.posts == 1


def test_within_a_day_a_result_is_repeated_and_says_so_however_quiet(desk: Office) -> None:
    sheet = desk.sheet(FILLED)
    desk.call("submit", sheet, "--yes", "--quiet")

    call = desk.call("submit", sheet, "--yes", "--quiet")

    assert call.code == 0
    assert "nothing was sent now" in call.err


def test_a_standing_sheet_of_another_day_is_refused_until_a_run_is_named(
    desk: Office, venue: Simulator, days_later: Any
) -> None:
    sheet = desk.sheet(FILLED)
    name = submit(desk, sheet).json["batch"]["id"]
    days_later(1.1)

    refused = submit(desk, sheet)
    named = submit(desk, sheet, "--run", "{date}")

    assert (refused.code, named.code) == (3, 0)
    assert "--run" in refused.err and f"orderbatch report {name}" in refused.err
    day = f"{(datetime.now(UTC) + timedelta(days=1.1)).astimezone():%Y-%m-%d}"
    assert named.json["batch"]["run"] == day
    assert venue.ledger.posts == 2


def test_the_settings_name_the_run_for_everybody(
    desk: Office, venue: Simulator, days_later: Any
) -> None:
    (desk.folder / "config.toml").write_text('[batch]\nrun = "{date}"\nday_starts = "17:00 UTC"\n')
    sheet = desk.sheet(FILLED)

    codes = [submit(desk, sheet, "--config", "config.toml").code for _ in range(2)]
    days_later(1)
    codes.append(submit(desk, sheet, "--config", "config.toml").code)

    assert codes == [0, 0, 0]
    assert venue.ledger.posts == 2


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 41, "{day}"])
def test_what_is_no_run_key_is_wrong_usage(desk: Office, venue: Simulator, key: str) -> None:
    call = submit(desk, desk.sheet(FILLED), "--run", key)

    assert call.code == 2
    assert "run key" in call.err
    assert venue.ledger.posts == 0


def test_a_setting_that_is_no_run_key_is_named(desk: Office) -> None:
    (desk.folder / "config.toml").write_text('[batch]\nrun = "a b"\n')

    call = submit(desk, desk.sheet(FILLED), "--config", "config.toml")

    assert call.code == 78
    assert "[batch] run" in call.err and "config.toml" in call.err


def test_sending_once_more_without_a_terminal_needs_a_run(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED)
    submit(desk, sheet)

    refused = submit(desk, sheet, "--again")
    codes = [submit(desk, sheet, "--again", "--run", "second").code for _ in range(2)]

    assert refused.code == 2
    assert "--run" in refused.err
    assert codes == [0, 0]
    assert venue.ledger.posts == 2


def test_the_run_that_travels_with_the_sheet_counts(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED)
    (desk.folder / "orders.csv.toml").write_text('run = "from-the-book"\n')

    call = submit(desk, sheet)
    other = submit(desk, sheet, "--run", "mine")

    assert (call.code, other.code) == (0, 3)
    assert call.json["batch"]["run"] == "from-the-book"
    assert "from-the-book" in other.err and "mine" in other.err
    assert venue.ledger.posts == 1


def test_what_travels_with_the_sheet_must_be_a_run_key(desk: Office) -> None:
    sheet = desk.sheet(FILLED)
    (desk.folder / "orders.csv.toml").write_text('run = "a b"\n')

    assert submit(desk, sheet).code == 3


def test_an_approval_code_is_for_one_run(desk: Office) -> None:
    sheet = desk.sheet(FILLED)
    code = desk.call("check", sheet, "--json", "--run", "one").json["approval_code"]

    other = submit(desk, sheet, "--run", "two", "--approved", code)
    none = submit(desk, sheet, "--approved", code)

    assert (other.code, none.code) == (3, 3)
    assert "for this venue, org and user and run key two, found" in " ".join(other.err.split())
    assert "for this venue, org and user and no run key, found" in " ".join(none.err.split())
    assert submit(desk, sheet, "--run", "one", "--approved", code).code == 0
