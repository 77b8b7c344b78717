"""Asking again and recording what the back office knows: `reconcile` and `resolve --trades`."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from batch.run import run
from batch.simulator import Simulator, parse_fault
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office


def test_reconcile_of_a_batch_that_is_as_the_venue_says(desk: Office) -> None:
    name = desk.call(
        "submit", desk.sheet(FILLED, EXPIRED, OPEN), "--yes", "--json", "--wait", "1s"
    ).json["batch"]["id"]

    call = desk.call("reconcile", name, "--json")

    assert call.code == 0
    assert (call.json["asked"], call.json["differences"]) == (3, [])
    assert "3 orders asked about, 0 differ" in desk.call("reconcile", name).err


def test_reconcile_tells_what_differs_and_changes_nothing(desk: Office, venue: Simulator) -> None:
    name = desk.call("submit", desk.sheet(FILLED), "--yes", "--json").json["batch"]["id"]
    before = desk.call("events", name).out
    venue.add_fault(parse_fault("other-price:query"))

    call = desk.call("reconcile", name)

    assert call.code == 5
    assert "terms" in call.out and "price" in call.out
    assert desk.call("events", name).out == before


@pytest.mark.parametrize("form", ["csv", "json", "log"])
def test_no_report_says_that_nothing_of_an_unknown_order_was_filled(
    desk: Office, venue: Simulator, form: str
) -> None:
    venue.add_fault(parse_fault("other-price:place:nth=2"))

    call = desk.call(
        *("submit", desk.sheet(FILLED, FILLED), "--yes", "--json", "--max-in-flight", 1),
        *("--report", "r.csv", "--log-file", "log.jsonl"),
    )

    assert call.code == 5
    assert [str(held.status) for held in venue.ledger.orders] == ["FILLED", "FILLED"]
    unknown = call.json["orders"][1]
    if form == "csv":
        with Path("r.csv").open(encoding="utf-8-sig", newline="") as file:
            unknown = list(csv.DictReader(file))[1]
    assert unknown["final_state"] == "UNKNOWN"
    if form == "log":
        assert "UNKNOWN, filled: not known" in Path("log.jsonl").read_text("utf-8")
    else:
        assert not unknown["filled_size"]


def test_reconcile_of_an_unknown_batch(desk: Office) -> None:
    assert desk.call("reconcile", "nosuch").code == 78


@pytest.fixture
def unknown(desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A batch of two orders that the venue took, and of which only the venue knows."""
    monkeypatch.setattr(run, "WITHOUT_WAIT_S", 0.2)
    venue.add_fault(parse_fault("drop-reply:place"))
    venue.add_fault(parse_fault("status=500:find:per-order:after=1"))
    call = desk.call(
        *("submit", desk.sheet(FILLED, EXPIRED), "--yes", "--json", "--wait", "0"),
        *("--max-in-flight", 1),
    )
    assert call.code == 5
    assert [order["final_state"] for order in call.json["orders"]] == ["UNKNOWN", "UNKNOWN"]
    return str(call.json["batch"]["id"])


def test_a_batch_with_an_unknown_order_is_not_reconciled(
    desk: Office, venue: Simulator, unknown: str
) -> None:
    venue.clear_faults()
    venue.add_fault(parse_fault("404:find"))

    call = desk.call("reconcile", unknown)

    words = " ".join(call.err.split())
    assert call.code == 5
    assert "2 orders asked about, 0 differ from the journal." in words
    assert (
        f"2 orders of it are UNKNOWN in the journal. Go on with: orderbatch resume {unknown}"
        in (words)
    )
    assert desk.call("reconcile", unknown, "--json").json["exit_code"] == 5


def trade(venue: Simulator, place: int) -> dict[str, str]:
    held = venue.ledger.orders[place]
    return {"coId": str(held.client_order_id), "orderId": str(held.order_id)}


def reported(desk: Office, name: str) -> list[dict[str, Any]]:
    shown = desk.call("report", name, "--report", "again.json")
    assert shown.code == 0
    orders: list[dict[str, Any]] = json.loads(Path("again.json").read_text())["orders"]
    return orders


def states(desk: Office, name: str) -> list[str]:
    return [order["final_state"] for order in reported(desk, name)]


@pytest.mark.parametrize("form", ["json", "csv"])
def test_trades_prove_that_orders_were_placed(
    desk: Office, venue: Simulator, unknown: str, form: str
) -> None:
    first = trade(venue, 0)
    extract = desk.folder / f"trades.{form}"
    if form == "json":
        extract.write_text(
            json.dumps([{**first, "tradeId": "FXI1"}, {"coId": "other", "orderId": 7}])
        )
    else:
        extract.write_text(f"tradeId;orderId;coId\nFXI1;{first['orderId']};{first['coId']}\n")

    call = desk.call("resolve", unknown, "--trades", extract)

    assert call.code == 0
    assert "1 of 2 UNKNOWN orders were traded" in call.err
    assert "1 stay UNKNOWN" in call.err and "proves nothing" in call.err
    assert states(desk, unknown) == ["FILLED", "UNKNOWN"]
    assert "declared-placed" in desk.call("events", unknown).out
    taken, left = reported(desk, unknown)
    assert taken["execution_id"].startswith(first["orderId"])
    assert left["execution_id"] is None


def test_a_finding_that_cannot_be_is_refused(desk: Office, venue: Simulator, unknown: str) -> None:
    first, second = trade(venue, 0), trade(venue, 1)
    extract = desk.folder / "trades.json"
    extract.write_text(
        json.dumps(
            [
                {**first, "orderId": second["orderId"]},
                {**second, "orderId": "1"},
                second,
            ]
        )
    )

    call = desk.call("resolve", unknown, "--trades", extract)

    assert call.code == 3
    assert "found another under server order ID" in call.err
    assert "expected trades of one order" in call.err
    assert states(desk, unknown) == ["UNKNOWN", "UNKNOWN"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "an empty file"),
        ("a,b\n1,2\n", "one column coId"),
        ('{"coId": "A", "orderId": "1"}', "a JSON array"),
        ("[1]", "a JSON array"),
        ('[{"coId": "A"}]', "none that has both"),
        ("[{", "JSON, whole"),
        ('coId,orderId\n"A', "CSV, whole"),
    ],
)
def test_a_file_that_is_no_extract_of_trades_is_refused(
    desk: Office, unknown: str, content: str, words: str
) -> None:
    (desk.folder / "trades").write_text(content)

    call = desk.call("resolve", unknown, "--trades", "trades")

    assert call.code == 3
    assert words in call.err


def test_trades_that_are_not_there_or_no_text_are_refused(desk: Office, unknown: str) -> None:
    (desk.folder / "binary").write_bytes(b"\xff\xfe\x00")

    assert desk.call("resolve", unknown, "--trades", "nowhere").code == 3
    assert desk.call("resolve", unknown, "--trades", "binary").code == 3


@pytest.mark.parametrize(
    "options",
    [(), ("2",), ("2", "--trades", "x"), ("--not-placed",), ("2", "--placed", "1", "--not-placed")],
)
def test_a_finding_is_one_finding(desk: Office, options: tuple[str, ...]) -> None:
    assert desk.call("resolve", "k3vz7q2m", *options).code == 2
