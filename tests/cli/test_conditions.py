"""Stops, market hours, companion files: what else keeps a sheet at home, counted at the venue."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from batch.journal import Journal
from batch.simulator import Simulator
from tests.cli.conftest import EXPIRED, FILLED, Office
from tests.journal.planned import NOW


def test_while_everything_is_stopped_no_sheet_is_sent(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED)
    location = desk.environment["ORDERBATCH_JOURNAL"]
    with Journal.open(location) as journal:
        journal.stops.ask(None, cancel=False, by="ana@desk-1", now=NOW)

    stopped = desk.call("submit", sheet, "--yes")
    with Journal.open(location) as journal:
        journal.stops.release(None, by="ana@desk-1", now=NOW)
    released = desk.call("submit", sheet, "--yes")

    assert (stopped.code, released.code) == (3, 0)
    assert "ana@desk-1 stopped everything" in stopped.err
    assert venue.ledger.posts == 1


@pytest.mark.parametrize(("closed", "code", "posts"), [("warn", 0, 1), ("refuse", 3, 0)])
def test_a_closed_market_warns_or_refuses(
    desk: Office, venue: Simulator, closed: str, code: int, posts: int
) -> None:
    config = desk.folder / "config.toml"
    opens, closes = (datetime.now(UTC) + timedelta(hours=hours) for hours in (2, 3))
    week = f"{opens:%a %H:%M} - {closes:%a %H:%M} UTC"
    config.write_text(f'[calendar]\nclosed = "{closed}"\nweek = "{week}"\n')

    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--config", config)

    assert (call.code, venue.ledger.posts) == (code, posts)
    assert "expected an open market, found that" in call.err


def beside(sheet: Path, text: str) -> None:
    sheet.with_name(f"{sheet.name}.toml").write_text(text)


def test_a_companion_that_agrees_lets_the_sheet_pass(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, FILLED)
    digest = hashlib.sha256(sheet.read_bytes()).hexdigest()
    beside(sheet, f'rows = 2\nsha256 = "{digest}"\n')

    assert desk.call("submit", sheet, "--yes").code == 0
    assert venue.ledger.posts == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rows = 3", "orders.csv.toml, rows: expected 3 orders, found 2"),
        ("[totals]\nEUR = 5", "orders.csv.toml, total EUR: expected 5, found"),
        (f'sha256 = "{"0" * 64}"', "these are not the bytes that it was made for"),
        ("lines = 2", 'expected only rows, totals, sha256, run, found "lines"'),
    ],
)
def test_a_companion_that_differs_refuses_the_sheet_with_both_figures(
    desk: Office, venue: Simulator, text: str, words: str
) -> None:
    sheet = desk.sheet(FILLED, FILLED)
    beside(sheet, text)

    call = desk.call("submit", sheet, "--yes")

    assert call.code == 3
    assert words in call.err
    assert venue.ledger.posts == 0


def test_limits_of_a_day_hold_over_all_its_batches(desk: Office, venue: Simulator) -> None:
    config = desk.folder / "config.toml"
    config.write_text("[limits.per_day]\nEUR = 250_000\n")

    calls = [
        desk.call("submit", desk.sheet(FILLED, first_size=size), "--yes", "--config", config)
        for size in (100_000, 100_001, 100_002)
    ]

    assert [call.code for call in calls] == [0, 0, 3]
    assert "size a day: expected at most 250,000 EUR, found 200,001 of today" in calls[2].err
    assert venue.ledger.posts == 2


def test_what_expired_unfilled_is_given_back_to_the_day(desk: Office, venue: Simulator) -> None:
    config = desk.folder / "config.toml"
    config.write_text("[limits.per_day]\nEUR = 150_000\nmax_orders = 2\n")

    calls = [
        desk.call("submit", desk.sheet(line, first_size=size), "--yes", "--config", config)
        for line, size in ((EXPIRED, 100_000), (FILLED, 100_001), (FILLED, 3))
    ]

    assert [call.code for call in calls] == [1, 0, 3]
    assert "orders a day: expected at most 2, found 2 of today and 1 more" in calls[2].err


def test_two_processes_cannot_pass_a_days_limit_together(desk: Office, venue: Simulator) -> None:
    config = desk.folder / "config.toml"
    config.write_text("[limits.per_day]\nmax_orders = 3\n")
    sheets = [
        desk.sheet(FILLED, FILLED, name=f"{number}.csv", first_size=10 * number + 10)
        for number in range(3)
    ]

    processes = [desk.start("submit", sheet, "--yes", "--config", config) for sheet in sheets]
    codes = [(process.communicate(timeout=60), process.returncode)[1] for process in processes]

    assert sorted(codes) == [0, 3, 3]
    assert venue.ledger.posts == 2
