"""`orderbatch day`, at a practice venue."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook

from batch.simulator import Simulator, parse_fault
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office

UNKNOWN = "EUR/USD,Buy,5,1.2,IOC\n"
"""Of which the venue's answer gets lost."""


def today() -> str:
    return f"{datetime.now().astimezone():%Y-%m-%d}"


def submit(desk: Office, *lines: str, name: str) -> str:
    sheet = desk.sheet(*lines, name=name)
    return str(desk.call("submit", sheet, "--yes", "--wait", "300ms", "--json").json["batch"]["id"])


def test_day_adds_up_its_batches_and_agrees_with_the_venue(desk: Office) -> None:
    first = submit(desk, FILLED, EXPIRED, name="a.csv")
    second = submit(desk, OPEN, FILLED, name="b.csv")

    workbook, page = desk.folder / "day.xlsx", desk.folder / "d.html"
    call = desk.call("day", "--report", workbook, "--report", page)

    assert call.code == 4
    assert "2 batches: 4 of 4 orders sent, 2 filled whole" in call.err
    assert "The venue lists 1 active order, and the journal agrees." in call.err
    assert call.out.splitlines() == [str(workbook), str(page)]
    batches = load_workbook(workbook)["Batches"]
    assert [batches["A2"].value, batches["A3"].value] == [first, second]


def test_order_that_the_journal_does_not_know_is_named(desk: Office) -> None:
    batch = submit(desk, OPEN, name="a.csv")

    call = desk.call("day", "--json", "--journal", desk.folder / "another.db")

    assert call.code == 5
    (stray,) = call.json["venue"]["not_in_journal"]
    assert stray["client_order_id"].startswith(batch)
    assert "1 order works at the venue and not in the journal." in call.err


def test_day_without_the_venue_is_reported_all_the_same_and_is_no_success(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.desk.session.LOGIN_PATIENCE_S", 0.0)
    submit(desk, FILLED, name="a.csv")
    venue.set_down(True)

    call = desk.call("day", "--report", desk.folder / "day.json")

    assert call.code == 6
    assert "Not compared with the venue's list of active orders: " in call.err
    assert "Nothing needs a person" not in call.err
    document = json.loads((desk.folder / "day.json").read_text("utf-8"))
    assert document["venue"]["compared"] is False
    assert document["day"]["totals"]["filled"] == 1
    call = desk.call("day", "--no-venue", "--json")
    assert call.json["venue"]["reason"] == "nobody wanted the venue to be asked."
    assert call.code == call.json["exit_code"] == 0


@pytest.mark.parametrize("missing", ["ORDERBATCH_URL", "ORDERBATCH_PASSWORD"])
def test_day_of_settings_with_which_the_venue_cannot_be_asked_is_no_success(
    desk: Office, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    submit(desk, FILLED, name="a.csv")
    monkeypatch.setenv(missing, "" if missing == "ORDERBATCH_URL" else "wrong")

    call = desk.call("day", "--json")

    assert call.code == call.json["exit_code"] == 78
    assert call.json["venue"]["compared"] is False


def test_what_is_left_of_an_earlier_day_needs_a_person(desk: Office) -> None:
    submit(desk, OPEN, name="a.csv")
    tomorrow = datetime.now(UTC) + timedelta(days=2)

    call = desk.call("day", f"{tomorrow:%Y-%m-%d}", "--no-venue")

    assert call.code == 4
    assert "1 row of earlier days is still OPEN or UNKNOWN." in call.err
    assert "Nothing needs a person" not in call.err


def test_day_of_practice_alone_needs_no_venue(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = ("--journal", desk.folder / "practice.db")
    desk.call("submit", desk.sheet(FILLED), "--yes", "--simulate", *journal)
    monkeypatch.setenv("ORDERBATCH_URL", "")

    call = desk.call("day", "--json", *journal)

    assert (call.code, call.json["venue"]["compared"]) == (0, False)


@pytest.mark.parametrize(("line", "code"), [(OPEN, 6), (UNKNOWN, 5)])
def test_what_is_unknown_is_more_serious_than_a_venue_that_cannot_be_asked(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch, line: str, code: int
) -> None:
    monkeypatch.setattr("batch.desk.session.LOGIN_PATIENCE_S", 0.0)
    if line == UNKNOWN:
        venue.add_fault(parse_fault("drop-before:place"))
    submit(desk, line, name="a.csv")
    venue.set_down(True)

    assert desk.call("day").code == code


def test_another_day_has_none_of_these_batches(desk: Office) -> None:
    submit(desk, FILLED, name="a.csv")
    tomorrow = datetime.now(UTC) + timedelta(days=2)

    call = desk.call("day", f"{tomorrow:%Y-%m-%d}", "--no-venue", "--json")

    assert call.json["batches"] == []
    assert call.json["day"]["date"] == f"{tomorrow:%Y-%m-%d}"


def test_open_rows_of_an_earlier_day_are_carried_over(desk: Office) -> None:
    submit(desk, OPEN, name="a.csv")
    tomorrow = datetime.now().astimezone() + timedelta(days=1)

    call = desk.call("day", f"{tomorrow:%Y-%m-%d}", "--no-venue", "--json")

    assert call.code == 4
    assert len(call.json["carried_over"]) == 1
    assert "1 row of earlier days is still OPEN or UNKNOWN." in call.err


def test_day_starts_when_the_settings_say(desk: Office) -> None:
    config = desk.folder / "config.toml"
    now = datetime.now(UTC)
    soon = now + timedelta(hours=1)
    config.write_text(f'[batch]\nday_starts = "{soon:%H:%M} UTC"\n')

    call = desk.call("day", "--no-venue", "--json", "--config", config)

    found = call.json["day"]
    assert found["until"] == f"{soon:%Y-%m-%dT%H:%M}:00.000Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", found["date"])


def test_practice_batches_are_no_part_of_a_day(desk: Office) -> None:
    sheet = desk.sheet(FILLED)
    desk.call("submit", sheet, "--simulate", "--yes", "--journal", desk.folder / "p.db")

    call = desk.call("day", "--no-venue", "--json", "--journal", desk.folder / "p.db")

    assert call.json["batches"] == []
    assert call.json["day"]["practice_batches"] == 1


def test_day_is_written_here_where_nothing_is_said(desk: Office) -> None:
    call = desk.call("day", "--no-venue")

    assert call.out.strip().endswith(f"day-{today()}.xlsx")


def test_day_of_another_format_is_wrong_usage(desk: Office) -> None:
    call = desk.call("day", "--report", desk.folder / "day.csv")

    assert call.code == 2
    assert "expected a name that ends with .xlsx, .html, .json" in call.err
