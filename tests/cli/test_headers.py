"""Headers that are not known, as a person and a script meet them."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import HEADER, Office

ORDER = "EUR/USD,Buy,100000,1.2,IOC"


def sheet_with(office: Office, headers: str, cells: str) -> Path:
    path = office.folder / "orders.csv"
    path.write_text(f"{HEADER.strip()},{headers}\n{ORDER},{cells}\n")
    return path


def test_row_35_check_and_submit_refuse_a_suspicious_header_and_send_nothing(
    office: Office,
) -> None:
    path = sheet_with(office, "Dealt Curency", "USD")

    for command in (("check", path), ("submit", path, "--simulate", "--yes")):
        call = office.call(*command)

        assert call.code == 3
        assert '"Dealt Curency" (F), which may mean currency' in call.err
        assert "--ignore-column" in call.err


def test_row_35_not_even_with_on_invalid_skip(office: Office) -> None:
    path = sheet_with(office, "Stop Price", "1.1")

    call = office.call("submit", path, "--simulate", "--yes", "--on-invalid", "skip")

    assert call.code == 3


def test_row_35_check_json_has_suspicious_headers_as_problems(office: Office) -> None:
    call = office.call(
        "check", sheet_with(office, "Account No,Trader,Status", "1,Ana,NEW"), "--json"
    )

    assert (call.code, call.json["exit_code"], call.json["code"]) == (3, 3, "suspicious-header")
    assert [(p["code"], p["column"], p["field"]) for p in call.json["problems"]] == [
        ("suspicious-header", "Account No", "account"),
        ("suspicious-header", "Status", None),
    ]


def test_check_json_says_why_a_sheet_is_refused_as_a_whole(office: Office) -> None:
    path = office.folder / "orders.csv"
    path.write_text("symbol,side,size\nEUR/USD,Buy,1\n")

    call = office.call("check", path, "--json")

    assert (call.code, call.json["code"]) == (3, "missing-column")
    assert "price; time_in_force" in call.json["error"]


def test_columns_that_are_not_sent_are_named_once(office: Office) -> None:
    path = sheet_with(office, "Trader,Desk,Note", "Ana,FX,x")

    for command in (("check", path), ("submit", path, "--simulate", "--yes")):
        call = office.call(*command)

        assert call.code == 0
        assert call.err.count("orders.csv: not sent: Trader, Desk\n") == 1


def test_check_json_has_columns_that_are_not_sent_as_notes(office: Office) -> None:
    call = office.call("check", sheet_with(office, "Trader,Desk", "Ana,FX"), "--json")

    assert [(w["code"], w["column"]) for w in call.json["warnings"]] == [
        ("not-sent", "Trader"),
        ("not-sent", "Desk"),
    ]
    assert call.json["warnings"][0]["message"] == "orders.csv: not sent: Trader"


def test_many_columns_that_are_not_sent_are_counted(office: Office) -> None:
    names = ",".join(f"foo {number}" for number in range(25))

    call = office.call("check", sheet_with(office, names, "," * 24))

    assert "foo 19 and 5 more; see --json\n" in call.err


def test_ignored_columns_are_carried_along_without_a_word(office: Office) -> None:
    path = sheet_with(office, "Stop Price,Dealt Curency", "1.1,USD")
    ways_out = ("--ignore-column", "stop price", "--ignore-column", "Dealt Curency")

    checked = office.call("check", path, *ways_out)
    sent = office.call("submit", path, "--simulate", "--yes", "--report", "r.csv", *ways_out)

    assert (checked.code, sent.code) == (0, 0)
    assert "not sent" not in checked.err + sent.err
    assert "1.1,USD" in (office.folder / "r.csv").read_text(encoding="utf-8-sig")


def test_the_settings_can_ignore_a_column_for_everybody(office: Office) -> None:
    config = office.folder / "config.toml"
    config.write_text('[sheet]\nignore = ["Stop Price"]\n')

    call = office.call("check", sheet_with(office, "Stop Price", "1.1"), "--config", config)

    assert call.code == 0


def test_a_column_to_be_ignored_that_is_not_there_is_told(office: Office) -> None:
    call = office.call("check", sheet_with(office, "Desk", "FX"), "--ignore-column", "Dsk")

    assert call.code == 0
    assert 'a column "Dsk", which is to be ignored, found "none". Check how it is spelt' in call.err


def test_row_36_an_order_type_that_is_not_limit_refuses_its_row(office: Office) -> None:
    path = sheet_with(office, "Order Type", "MKT")

    call = office.call("submit", path, "--simulate", "--yes", "--on-invalid", "skip")

    assert call.code == 3
    assert "Limit, LMT or L" in call.err
