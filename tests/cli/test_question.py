"""What a person is told before orders leave, and what a dry run tells."""

from __future__ import annotations

import sys

import pytest

from tests.cli.conftest import FILLED, Office
from tests.cli.terminals import Terminal

SELL = "USD/JPY,Sell,{size},150.1,IOC\n"


def test_the_question_names_sheet_run_key_totals_and_the_largest_order(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = desk.sheet(FILLED, FILLED, SELL)
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))

    asked = desk.call("submit", sheet, "--run", "eod-30")
    tried = desk.call("submit", sheet, "--run", "eod-30", "--dry-run")

    lines = [
        "run key eod-30, 3 of 3 rows to send",
        "EUR 200,001 in 2 orders; the largest is row 3: Buy 100,001 in EUR/USD at 1.2",
        "USD 100,002 in 1 order; the largest is row 4: Sell 100,002 in USD/JPY at 150.1",
    ]
    for line in lines:
        assert line in asked.err
        assert line in tried.err
    assert "orders.csv: batch " in asked.err
    venue = f"as ops of DESK at {desk.environment['ORDERBATCH_URL']}"
    assert f"Send 3 orders {venue}?" in asked.err
    assert f"3 of 3 rows would be sent {venue} (3 NOT_SENT now)" in tried.err


def test_sheet_without_a_run_key_says_so(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--dry-run")

    assert "no run key, 1 of 1 row to send" in call.err


def test_many_currencies_are_counted(desk: Office) -> None:
    codes = ("AUD", "CAD", "CHF", "DKK", "EUR", "GBP", "NOK", "NZD", "SEK", "SGD")
    sheet = desk.sheet(*(f"{code}/USD,Buy,{{size}},1.2,IOC\n" for code in codes))

    call = desk.call("submit", sheet, "--dry-run")

    assert "and 2 more currencies" in call.err


def test_a_quiet_dry_run_stays_quiet(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--dry-run", "--quiet")

    assert "the largest is" not in call.err


def test_reports_are_named_once(desk: Office) -> None:
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--report", "out.csv")

    assert call.out == "out.csv\n"
    assert "out.csv" not in call.err
    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--report", "out.csv", "--json")
    assert "Report: out.csv" in call.err
