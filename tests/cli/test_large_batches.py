"""Batches whose rows are not kept in memory: each command tells of them while it can read them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office

Words = Callable[[str], tuple[object, ...]]

TOLD: dict[str, tuple[int, Words]] = {
    "show": (0, lambda batch: ("show", batch)),
    "show, a row": (0, lambda batch: ("show", batch, 2)),
    "report": (0, lambda batch: ("report", batch, "--report", "r.json", "--report", "r.xlsx")),
    "corrections": (0, lambda batch: ("report", batch, "--corrections", "mend.xlsx")),
    "batches": (0, lambda _: ("batches",)),
    "events": (0, lambda batch: ("events", batch)),
    "day": (4, lambda _: ("day", "--report", "day.json", "--report", "day.xlsx")),
    "reconcile": (0, lambda batch: ("reconcile", batch)),
    "resume": (4, lambda batch: ("resume", batch, "--wait", "100ms")),
    "cancel": (1, lambda batch: ("cancel", batch, "--yes")),
    "stop": (1, lambda batch: ("stop", batch, "--cancel")),
}
WITHOUT_DOCUMENT = {"report", "corrections", "stop"}


@pytest.fixture(autouse=True)
def nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("batch.journal.store.KEPT_IN_MEMORY", 1)


@pytest.mark.parametrize("as_json", [False, True])
def test_submit_tells_how_a_large_batch_ended(
    desk: Office, venue: Simulator, as_json: bool
) -> None:
    words = ("--json",) if as_json else ()

    call = desk.call("submit", desk.sheet(FILLED, EXPIRED, FILLED), "--yes", *words)
    again = desk.call("submit", desk.folder / "orders.csv", "--yes", *words)

    assert (call.code, again.code, venue.ledger.posts) == (1, 1, 3)
    if as_json:
        for one in (call, again):
            assert [order["row"] for order in one.json["orders"]] == [2, 3, 4]


@pytest.mark.parametrize(
    ("kind", "as_json"),
    [(k, j) for k in TOLD for j in (False, True) if not (j and k in WITHOUT_DOCUMENT)],
)
def test_every_command_tells_of_a_large_batch(
    desk: Office, venue: Simulator, kind: str, as_json: bool
) -> None:
    sheet = desk.sheet(FILLED, EXPIRED, OPEN)
    sent = desk.call("submit", sheet, "--yes", "--wait", "300ms", "--report", "first.json")
    assert sent.code == 4
    batch = json.loads((desk.folder / "first.json").read_text())["batch"]["id"]
    code, words = TOLD[kind]

    call = desk.call(*words(batch), *(["--json"] if as_json else []))

    assert (call.code, venue.ledger.posts) == (code, 3), call.err
    if as_json and kind != "events":
        assert call.json
