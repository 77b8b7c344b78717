"""`check` says what `submit` would say: limits, totals, warnings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import FILLED, HEADER, Office

SELL_AT_BUY = "EUR/USD,Sell,5,1.2,IOC\n"


def settings(office: Office, text: str) -> Path:
    path = office.folder / "config.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("max_rows = 1", "rows: expected at most 1 order, found 2"),
        ("per_order = { EUR = 10 }", "row 2, size: expected at most 10 EUR, found 100,000"),
        ("per_batch = { EUR = 10 }", "total EUR: expected at most 10 in a batch, found 200,001"),
        ('symbols = ["GBP/USD"]', "row 2, symbol: expected one of GBP/USD, found EUR/USD"),
        ('times_in_force = ["GTC"]', "row 2, time in force: expected one of GTC, found IOC"),
    ],
)
def test_check_holds_a_sheet_against_the_limits_as_submit_does(
    office: Office, limits: str, words: str
) -> None:
    sheet, config = office.sheet(FILLED, FILLED), settings(office, f"[limits]\n{limits}\n")

    checked = office.call("check", sheet, "--config", config)
    sent = office.call("submit", sheet, "--simulate", "--yes", "--config", config)

    assert (checked.code, sent.code) == (3, 3)
    assert words in checked.out
    assert words in sent.err
    assert "Approval code" not in checked.out


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ("max_orders = 2", "orders a day: expected at most 2, found 0 of today and 3 more"),
        ("EUR = 100", "size a day: expected at most 100 EUR, found 0 of today and 300,003 more"),
        ("GBP = 100", "size a day: expected one of GBP, found EUR"),
    ],
)
def test_check_holds_a_sheet_against_the_limits_of_a_day_before_anything_was_sent(
    desk: Office, venue: Simulator, limits: str, words: str
) -> None:
    config = settings(desk, f"[limits.per_day]\n{limits}\n")
    sheet = desk.sheet(FILLED, FILLED, FILLED)
    journal = Path(desk.environment["ORDERBATCH_JOURNAL"])

    checked = desk.call("check", sheet, "--config", config)

    assert not journal.exists()
    sent = desk.call("submit", sheet, "--yes", "--config", config)
    assert (checked.code, sent.code) == (3, 3)
    assert words in checked.out
    assert words in sent.err
    assert "Approval code" not in checked.out


def test_check_counts_what_was_sent_today_and_changes_nothing(
    desk: Office, venue: Simulator
) -> None:
    config = settings(desk, "[limits.per_day]\nEUR = 250_000\n")
    sent = desk.sheet(FILLED, FILLED, name="sent.csv")
    assert desk.call("submit", sent, "--yes", "--config", config).code == 0
    events = desk.call("batches").out

    checks = [
        desk.call("check", desk.sheet(FILLED, first_size=size), "--config", config)
        for size in (49_999, 50_000)
    ]

    assert [call.code for call in checks] == [0, 3]
    assert "at most 250,000 EUR, found 200,001 of today and 50,000 more" in checks[1].out
    assert desk.call("batches").out == events


@pytest.mark.parametrize(("again", "code"), [(False, 0), (True, 3)])
def test_check_does_not_count_twice_a_sheet_that_was_sent_today(
    desk: Office, venue: Simulator, again: bool, code: int
) -> None:
    config = settings(desk, "[limits.per_day]\nmax_orders = 3\n")
    sheet = desk.sheet(FILLED, FILLED)
    assert desk.call("submit", sheet, "--yes", "--config", config).code == 0

    call = desk.call("check", sheet, "--config", config, *(["--again"] if again else []))

    assert call.code == code


@pytest.mark.parametrize("line", [FILLED, "EUR/USD,Hold,1,1.2,IOC\n"])
def test_what_a_journal_that_cannot_be_read_leaves_open_is_told_after_the_rest(
    desk: Office, line: str
) -> None:
    Path(desk.environment["ORDERBATCH_JOURNAL"]).write_text("no journal at all, and no database")
    config = settings(desk, "[limits.per_day]\nmax_orders = 3\n")

    call = desk.call("check", desk.sheet(line), "--config", config)

    assert call.code == (78 if line == FILLED else 3)
    assert ("To expect exactly this" in call.out) is (line == FILLED)
    assert "journal" in call.err
    assert "approval code" not in (call.out + call.err).lower()


def test_a_check_without_limits_of_a_day_does_not_look_at_the_journal(desk: Office) -> None:
    Path(desk.environment["ORDERBATCH_JOURNAL"]).write_text("no journal at all, and no database")

    assert desk.call("check", desk.sheet(FILLED)).code == 0


def test_check_json_has_the_gates_in_the_way(office: Office) -> None:
    config = settings(office, "[limits]\nmax_rows = 1\n")

    call = office.call("check", office.sheet(FILLED, FILLED), "--config", config, "--json")

    assert (call.code, call.json["exit_code"]) == (3, 3)
    assert call.json["gates"] == ["rows: expected at most 1 order, found 2"]
    assert call.json["approval_code"] is None


def test_problems_and_gates_are_told_together(office: Office) -> None:
    sheet = office.sheet(FILLED, FILLED, "EUR/USD,Hold,1,1.2,IOC\n")
    config = settings(office, "[limits]\nmax_rows = 1\n")

    call = office.call("check", sheet, "--config", config)

    assert "Buy or Sell" in call.out
    assert "submit would refuse it: expected to pass every gate, found 1 in the way" in call.out


def test_totals_are_printed_as_expect_total_takes_them(office: Office) -> None:
    sheet = office.sheet(FILLED, "EUR/USD,Sell,5.50,1.3,IOC\n", "USD/JPY,Sell,7,150,IOC\n")

    checked = office.call("check", sheet)

    line = "To expect exactly this of submit: "
    (options,) = [text[len(line) :] for text in checked.out.splitlines() if text.startswith(line)]
    assert options == "--expect-rows 3 --expect-total EUR=100005.50 --expect-total USD=7"
    tried = office.call("submit", sheet, "--simulate", "--dry-run", *options.split())
    assert tried.code == 0
    totals = office.call("check", sheet, "--json").json["totals_by_currency"]
    assert totals == {"EUR": "100005.50", "USD": "7"}


def test_row_51_crossing_orders_are_told_and_sent(office: Office) -> None:
    sheet = office.sheet(FILLED, SELL_AT_BUY)

    checked = office.call("check", sheet)

    assert checked.code == 0
    assert "note: orders.csv: expected no buy at or above a sell of the same pair and account" in (
        checked.err
    )
    assert "EUR/USD: buys of EUR up to 1.2 in row 2, sells of it from 1.2 in row 3" in checked.err
    assert office.call("submit", sheet, "--simulate", "--yes").code in (0, 1)


def test_row_51_the_limits_can_refuse_crossing_orders(office: Office) -> None:
    sheet = office.sheet(FILLED, SELL_AT_BUY)
    config = settings(office, '[limits]\ncrossing = "refuse"\n')

    checked = office.call("check", sheet, "--config", config)
    sent = office.call("submit", sheet, "--simulate", "--yes", "--config", config)

    assert (checked.code, sent.code) == (3, 3)
    words = "crossing: expected no buy at or above a sell of the same pair and account, found EUR"
    assert words in checked.out
    assert words in sent.err


def test_row_50_the_limits_raise_the_bound_of_rows_as_the_message_says(office: Office) -> None:
    path = office.folder / "orders.csv"
    lines = "".join(f"EUR/USD,Buy,{size},1.2,IOC\n" for size in range(1, 100_002))
    path.write_text(HEADER + lines)

    refused = office.call("check", path)
    raised = office.call(
        "check", path, "--config", settings(office, "[limits]\nmax_rows = 100001\n")
    )

    assert refused.code == 3
    assert "expected at most 100,000 orders, found more, from row 100,002 on" in refused.err
    assert "max_rows in [limits] of config.toml" in refused.err
    assert raised.code == 0
    assert "100,001 orders, no problems" in raised.out


def test_row_31_the_settings_add_currencies(office: Office) -> None:
    config = settings(office, '[sheet]\nmore_currencies = ["BTC"]\n')

    call = office.call("check", office.sheet("EUR/BTC,Buy,1,1.2,IOC\n"), "--config", config)

    assert call.code == 0


def test_one_problem_in_one_row_is_said_as_one(office: Office) -> None:
    sheet = office.sheet("EUR/USD,Buy,-5,1.2,IOC\n")

    call = office.call("check", sheet)

    assert call.code == 3
    assert "1 problem in 1 of 1 row\n" in call.out + call.err


def test_five_hundred_times_one_mistake_is_three_rows_and_one_cause(office: Office) -> None:
    sheet = office.sheet(*['EUR/USD,Buy,"1,000,000",1.2,IOC\n'] * 500)

    call = office.call("check", sheet)

    assert call.out.count('"1,000,000"') == 3
    assert "500 problems in 500 of 500 rows" in call.out
    assert "These are 3 of them. All 500 by cause:" in call.out
    assert re.search(r"^ +500  size .* 2-501$", call.out, re.MULTILINE)
    assert f"Every single one:      orderbatch check {sheet} --json" in call.out
    assert f"In a copy of the sheet: orderbatch check {sheet} --annotate marked.xlsx" in call.out
    assert len(call.out.splitlines()) < 24
    assert len(office.call("check", sheet, "--json").json["problems"]) == 500


def test_a_few_problems_are_all_shown_and_not_told_again_by_cause(office: Office) -> None:
    call = office.call("check", office.sheet(*["EUR/USD,Hold,1,1.2,IOC\n"] * 20))

    assert call.out.count('"Hold"') == 20
    assert "by cause" not in call.out


def test_advice_in_the_list_of_problems_is_part_of_its_sentence(office: Office) -> None:
    call = office.call("check", office.sheet('EUR/USD,Buy,"1,000",1.2,IOC\n'))

    words = " ".join(call.out.split())
    assert "one way; say --decimal and --thousands if the" in words
    assert "written so)" in words
