"""Gates and approvals as an operator and a scheduler meet them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office
from tests.cli.terminals import Terminal


def configure(office: Office, text: str) -> None:
    """Write the usual config.toml."""
    folder = Path(office.environment["XDG_CONFIG_HOME"]) / "orderbatch"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.toml").write_text(text)


def assert_nothing_happened(desk: Office, venue: Simulator) -> None:
    assert venue.ledger.posts == 0
    assert desk.call("batches", "--json").json == {"batches": []}


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
def test_all_failed_gates_are_told_at_once_with_the_figures(
    desk: Office, venue: Simulator, dry_run: tuple[str, ...]
) -> None:
    sheet = desk.sheet(FILLED, "EUR/USD,Buy,100000,2.5,IOC\n")
    wanted = ("--expect-rows", 3, "--expect-total", "eur=200001", "--max-rows", 1)

    call = desk.call("submit", sheet, "--yes", *wanted, "--collar", "1.5%", *dry_run)

    assert call.code == 3
    assert "rows: expected 3 orders, found 2" in call.err
    assert "total EUR: expected 200,001, found 200,000 (a difference of -1)" in call.err
    assert "rows: expected at most 1 order, found 2" in call.err
    assert "row 3, price: expected at most 1.5 % above the offer to buy EUR" in call.err
    assert "Nothing was sent." in call.err
    assert venue.requests.count("rate") == 1
    assert_nothing_happened(desk, venue)


def test_what_passes_every_gate_is_sent(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, FILLED)
    wanted = ("--expect-rows", 2, "--expect-total", "EUR=200001", "--max-rows", 2)

    call = desk.call("submit", sheet, "--yes", *wanted, "--collar", "10%")

    assert call.code == 0
    assert venue.ledger.posts == 2


def test_the_settings_limits_hold_for_everybody(desk: Office, venue: Simulator) -> None:
    configure(desk, '[limits]\nsymbols = ["EUR/GBP"]\n[limits.per_order]\nEUR = 100_000\n')

    call = desk.call("submit", desk.sheet(FILLED, FILLED), "--yes")

    assert call.code == 3
    assert "row 2, symbol: expected one of EUR/GBP, found EUR/USD" in call.err
    assert "row 3, size: expected at most 100,000 EUR, found 100,001" in call.err
    assert_nothing_happened(desk, venue)


def test_options_narrow_the_settings_limits_but_never_widen_them(desk: Office) -> None:
    configure(desk, '[limits]\nmax_rows = 1\ncollar = "1%"\n')

    call = desk.call(
        "submit", desk.sheet(FILLED, FILLED), "--yes", "--max-rows", 9, "--collar", "99%"
    )

    assert call.code == 3
    assert "at most 1 order" in call.err
    assert "at most 1 % above" in call.err


def test_a_symbol_without_a_rate_is_refused_by_the_collar(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet("EUR/XAF,Buy,5,1.2,IOC\n")

    call = desk.call("submit", sheet, "--yes", "--collar", "1%")

    assert call.code == 3
    assert "expected a spot rate of EUR/XAF, found none" in call.err
    assert_nothing_happened(desk, venue)


@pytest.mark.parametrize(
    "option",
    [
        ("--collar", "1.5"),
        ("--collar", "0%"),
        ("--expect-total", "EUR"),
        ("--expect-total", "EUR=1e6"),
        ("--expect-total", "EUR=1", "--expect-total", "EUR=2"),
        ("--approved-by", "Ana"),
    ],
)
def test_gates_that_could_mean_anything_are_wrong_usage(
    desk: Office, option: tuple[str, ...]
) -> None:
    assert desk.call("submit", desk.sheet(FILLED), "--yes", *option).code == 2


def test_a_finished_sheet_needs_no_gate_and_exits_as_it_did(desk: Office) -> None:
    sheet = desk.sheet(FILLED, EXPIRED)
    first = desk.call("submit", sheet, "--yes")
    configure(desk, '[limits]\ncut_off = "00:00 UTC"\n[approval]\nrequired = true\n')

    second = desk.call("submit", sheet, "--yes", "--max-rows", 1)

    assert (first.code, second.code) == (1, 1)


def test_several_sheets_are_expected_together_and_none_is_sent_if_one_fails(
    desk: Office, venue: Simulator
) -> None:
    one = desk.sheet(FILLED, name="one.csv")
    two = desk.sheet(FILLED, FILLED, name="two.csv", first_size=5)

    call = desk.call("submit", one, two, "--yes", "--expect-rows", 3, "--max-rows", 1)

    assert call.code == 3
    assert "two.csv, rows: expected at most 1 order, found 2" in call.err
    assert "one.csv, rows" not in call.err
    assert_nothing_happened(desk, venue)


def test_a_duplicate_in_a_later_sheet_keeps_the_earlier_one_at_home(
    desk: Office, venue: Simulator
) -> None:
    desk.call("submit", desk.sheet(FILLED, name="sent.csv"), "--yes")
    one = desk.sheet(FILLED, name="one.csv", first_size=5)
    two = desk.sheet(FILLED, FILLED, name="two.csv")

    call = desk.call("submit", one, two, "--yes")

    assert call.code == 3
    assert venue.ledger.posts == 1


def test_what_an_earlier_run_has_sent_is_followed_when_limits_now_stop_the_rest(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(OPEN, OPEN)
    batch = leave_one_unsent(desk, venue, sheet)
    configure(desk, '[limits]\ncut_off = "00:00 UTC"\n')

    submitted = desk.call("submit", sheet, "--yes")
    resumed = desk.call("resume", batch, "--wait", "300ms", "--json")

    assert submitted.code == 3
    assert f"orderbatch resume {batch}" in submitted.err
    assert resumed.code == 4
    assert "cut-off: expected a time before 00:00 UTC" in resumed.err
    assert resumed.json["batch"]["states"] == {"NOT_SENT": 1, "OPEN": 1}
    assert len(venue.ledger.orders) == 1


def leave_one_unsent(desk: Office, venue: Simulator, sheet: Path) -> str:
    """Submit a sheet of two rows to a venue that lets only the first one in."""
    from batch.simulator import parse_fault

    venue.add_fault(parse_fault("status=401:place:after=1"))
    call = desk.call(*("submit", sheet, "--yes", "--wait", "300ms", "--json", "--max-in-flight", 1))
    venue.clear_faults()
    return str(call.json["batch"]["id"])


REQUIRED = "[approval]\nrequired = true\n"


def code_for(desk: Office, sheet: Path, *options: str) -> str:
    return str(desk.call("check", sheet, "--json", *options).json["approval_code"])


def test_an_approved_sheet_is_sent_and_the_journal_says_on_whose_word(desk: Office) -> None:
    configure(desk, REQUIRED)
    sheet = desk.sheet(FILLED)
    code = code_for(desk, sheet)

    call = desk.call(
        *("submit", sheet, "--yes", "--json", "--approved", code.lower(), "--approved-by", "Ana")
    )

    assert call.code == 0
    history = desk.call("events", call.json["batch"]["id"]).out
    assert f"code {code}, approved by Ana" in history


def test_check_prints_the_same_code_for_people(desk: Office) -> None:
    sheet = desk.sheet(FILLED)

    call = desk.call("check", sheet)

    assert f"Approval code for ops of DESK at {desk.environment['ORDERBATCH_URL']}: " in call.out
    assert code_for(desk, sheet) in call.out


def test_check_says_what_a_code_would_need(office: Office) -> None:
    sheet = office.sheet(FILLED)

    call = office.call("check", sheet)

    assert call.code == 0
    assert "ORDERBATCH_URL, ORDERBATCH_USER and ORDERBATCH_ORG" in call.err
    assert office.call("check", sheet, "--json").json["approval_code"] is None


def test_a_changed_cell_is_not_approved(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED)
    code = code_for(desk, sheet)
    sheet.write_text(sheet.read_text().replace("100000", "100001"))

    call = desk.call("submit", sheet, "--yes", "--approved", code)

    assert call.code == 3
    assert f"found {code}" in call.err
    assert_nothing_happened(desk, venue)


def test_another_login_is_not_approved(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = desk.sheet(FILLED)
    monkeypatch.setenv("ORDERBATCH_ORG", "OTHER")
    code = code_for(desk, sheet)
    monkeypatch.setenv("ORDERBATCH_ORG", "DESK")

    assert desk.call("submit", sheet, "--yes", "--approved", code).code == 3
    assert_nothing_happened(desk, venue)


def test_a_required_approval_cannot_be_left_out(desk: Office, venue: Simulator) -> None:
    configure(desk, REQUIRED)

    call = desk.call("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 3
    assert "expected the approval code of exactly this content, found none" in call.err
    assert_nothing_happened(desk, venue)


def test_practising_needs_no_approval(office: Office) -> None:
    configure(office, REQUIRED)
    sheet = office.sheet(FILLED)

    assert office.call("submit", sheet, "--simulate", "--yes").code == 0
    assert office.call("submit", sheet, "--simulate", "--yes", "--approved", "X").code == 2


def test_an_approval_is_for_one_sending(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    configure(desk, REQUIRED)
    sheet = desk.sheet(FILLED)
    first, second = code_for(desk, sheet), code_for(desk, sheet, "--again")

    def send(*options: str) -> int:
        return desk.call("submit", sheet, "--yes", *options).code

    assert send("--approved", first) == 0
    assert send("--approved", first, "--again") == 3
    assert send("--approved", second, "--again") == 0
    assert send("--approved", second, "--again") == 3
    assert venue.ledger.posts == 2


def test_a_batch_without_an_approval_is_only_followed_where_one_is_required(
    desk: Office, venue: Simulator
) -> None:
    batch = leave_one_unsent(desk, venue, desk.sheet(OPEN, OPEN))
    configure(desk, REQUIRED)

    call = desk.call("resume", batch, "--wait", "300ms")

    assert call.code == 4
    assert "approval: expected one in the batch's history, found none" in call.err
    assert len(venue.ledger.orders) == 1


def test_of_two_sheets_with_one_content_the_gates_count_what_is_sent(
    desk: Office, venue: Simulator
) -> None:
    sheets = [desk.sheet(FILLED, FILLED, name=name) for name in ("m1.csv", "m2.csv")]

    tried = desk.call("submit", *sheets, "--dry-run")
    both = desk.call("submit", *sheets, "--yes", "--expect-rows", 4)
    assert (both.code, venue.ledger.posts) == (3, 0)
    call = desk.call("submit", *sheets, "--yes", "--quiet", "--expect-rows", 2)

    assert (call.code, venue.ledger.posts) == (0, 2)
    for one in (tried, call):
        assert "m2.csv has the same content as m1.csv" in " ".join(one.err.split())
    assert " ".join(tried.err.split()).count("would be sent") == 1
