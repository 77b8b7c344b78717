"""Batches and rows on a terminal."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from batch.cli import layout
from batch.cli.console import show
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office


@pytest.fixture
def batch(desk: Office) -> str:
    sheet = desk.sheet(FILLED, EXPIRED, OPEN)
    return str(desk.call("submit", sheet, "--yes", "--wait", "300ms", "--json").json["batch"]["id"])


def test_batch_is_shown_with_its_sums_and_what_needs_a_person(desk: Office, batch: str) -> None:
    call = desk.call("show", batch)

    assert call.code == 0
    assert call.out.startswith("3 of 3 orders sent, 1 filled whole. 1 row needs a person.\n")
    assert "EUR 100,000 of 300,003 filled (33.33 %), 200,003 not filled" in call.out
    assert "1 FILLED, 1 EXPIRED, 1 OPEN" in call.out
    assert f"orderbatch cancel {batch} --row 4" in " ".join(call.out.split())
    assert f"{batch}-4" in call.out


@pytest.mark.parametrize("columns", [80, 120])
def test_tables_fit_the_terminal(
    columns: int, desk: Office, batch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.cli.console.PLAIN_WIDTH", columns)

    for command in (("batches",), ("show", batch), ("show", batch, 4)):
        out = desk.call(*command).out
        tables = [line for line in out.splitlines() if "  " in line and ":" not in line[:24]]
        assert tables
        assert max(map(len, tables)) <= columns
    heads = desk.call("batches").out.splitlines()[0]
    assert ("Run key" in heads) is (columns >= layout.WIDE)


def test_row_is_shown_from_its_cells_to_its_last_answer(desk: Office, batch: str) -> None:
    call = desk.call("show", batch, 2)

    assert call.out.startswith(f"Row 2 of batch {batch}: FILLED\n")
    for words in (
        "size:                100000",
        '"symbol": "EUR/USD"',
        "final_state:         FILLED",
        "unfilled_size:       0",
        "claimed",
        "accepted",
        "status FILLED",
    ):
        assert words in call.out
    events = desk.call("show", batch, 2, "--json").json["events"]
    assert [one["event"] for one in events][:2] == ["claimed", "accepted"]
    assert {one["row"] for one in events} == {2}
    assert all(one["request_id"] for one in events)


def test_states_are_said_in_the_reports_words(desk: Office) -> None:
    sheet = desk.sheet(FILLED, "EUR/USD,Buy,-{size},1.0,IOC\n")
    call = desk.call("submit", sheet, "--yes", "--on-invalid", "skip", "--json")
    batch = call.json["batch"]["id"]

    out = desk.call("show", batch, 3).out

    assert out.startswith(f"Row 3 of batch {batch}: INVALID\n")
    assert "Not sent; what would leave\n  (nothing: it was not read as an order)" in out
    assert "what to do:          mend it and send it anew" in out
    assert "PLANNED" not in desk.call("show", batch).out


def test_row_that_the_batch_does_not_have_is_wrong_usage(desk: Office, batch: str) -> None:
    call = desk.call("show", batch, 99)

    assert call.code == 2
    assert "expected a row number of its sheet" in call.err
    assert "found 99" in call.err


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_events_of_a_row_that_the_batch_does_not_have_are_wrong_usage(
    desk: Office, batch: str, as_json: tuple[str, ...]
) -> None:
    call = desk.call("events", batch, "--row", 99, *as_json)

    assert call.code == 2
    assert "expected a row number of its sheet" in call.err
    assert "found 99" in call.err
    assert not as_json or call.json["exit_code"] == 2


def test_batch_as_a_document_is_the_report(desk: Office, batch: str) -> None:
    document = desk.call("show", batch, "--json").json

    assert document["batch"]["totals"]["sent"] == 3
    assert [order["final_state"] for order in document["orders"]] == ["FILLED", "EXPIRED", "OPEN"]
    assert "events" not in document


def test_what_would_act_on_a_terminal_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    show(layout.table(["Note"], [["\x1b[2Jgone"]]))

    assert capsys.readouterr().out == "Note\n\\x1b[2Jgone\n"


def test_batches_are_chosen_by_time_state_and_number(desk: Office, batch: str) -> None:
    other = desk.call(
        "submit", desk.sheet(FILLED, name="b.csv", first_size=500), "--yes", "--json"
    ).json["batch"]["id"]

    def listed(*options: object) -> list[str]:
        return [one["id"] for one in desk.call("batches", "--json", *options).json["batches"]]

    tomorrow = f"{datetime.now() + timedelta(days=1):%Y-%m-%d}"
    assert set(listed()) == {batch, other}
    assert listed("--limit", 1) == [other]
    assert listed("--state", "open") == [batch]
    assert listed("--state", "UNKNOWN") == []
    assert listed("--since", tomorrow) == []
    assert set(listed("--since", f"{datetime.now():%Y-%m-%d}")) == {batch, other}
    assert (
        "The journal holds no batches like that." in desk.call("batches", "--since", tomorrow).err
    )


def test_history_of_one_row_can_be_had_as_a_document(desk: Office, batch: str) -> None:
    document = desk.call("events", batch, "--row", 3, "--json").json

    assert document["batch"] == batch
    assert {one["row"] for one in document["events"]} == {3}
    assert document["events"][-1]["event"] == "expired"
    lines = desk.call("events", batch, "--row", 3).out.splitlines()
    assert len(lines) == len(document["events"]) + 1
