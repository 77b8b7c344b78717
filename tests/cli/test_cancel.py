"""`cancel`, and what is cancelled when a wait ends."""

from __future__ import annotations

import sys

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import FILLED, OPEN, Office
from tests.cli.terminals import Terminal


def submitted(desk: Office, *lines: str) -> str:
    """Submit a sheet without waiting, and give its batch."""
    call = desk.call("submit", desk.sheet(*lines), "--yes", "--wait", "300ms", "--json")
    return str(call.json["batch"]["id"])


def test_open_orders_are_cancelled_followed_and_reported(desk: Office, venue: Simulator) -> None:
    batch = submitted(desk, OPEN, FILLED, OPEN)

    call = desk.call("cancel", batch, "--yes", "--json")

    assert call.code == 1
    states = [order["final_state"] for order in call.json["orders"]]
    assert states == ["CANCELLED", "FILLED", "CANCELLED"]
    assert venue.requests.count("cancel") == 2
    assert venue.ledger.posts == 3
    history = desk.call("events", batch).out
    assert history.count("\tcancel-asked\t") == 2


def test_cancelled_can_be_as_good_as_filled(desk: Office) -> None:
    batch = submitted(desk, OPEN)

    assert desk.call("cancel", batch, "--yes", "--accept", "cancelled").code == 0


def test_a_batch_without_open_orders_has_nothing_to_cancel(desk: Office, venue: Simulator) -> None:
    batch = submitted(desk, FILLED)

    call = desk.call("cancel", batch, "--yes")

    assert call.code == 0
    assert "nothing to cancel" in call.err
    assert venue.requests.count("cancel") == 0


def test_without_a_terminal_and_without_yes_nothing_is_cancelled(
    desk: Office, venue: Simulator
) -> None:
    batch = submitted(desk, OPEN)

    call = desk.run("cancel", batch)

    assert call.code == 2
    assert "--yes" in call.err
    assert venue.requests.count("cancel") == 0


@pytest.mark.parametrize(("answer", "code", "cancels"), [("n\n", 130, 0), ("y\n", 1, 1)])
def test_a_terminal_is_asked(
    desk: Office,
    venue: Simulator,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
    cancels: int,
) -> None:
    batch = submitted(desk, OPEN)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))

    call = desk.call("cancel", batch)

    assert call.code == code
    assert f"Cancel 1 order of batch {batch} as ops of DESK" in call.err
    assert venue.requests.count("cancel") == cancels


def test_submit_cancels_what_is_open_when_the_wait_ends(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, OPEN)

    call = desk.call("submit", sheet, "--yes", "--wait", "500ms", "--cancel-open", "--json")

    assert call.code == 1
    assert [o["final_state"] for o in call.json["orders"]] == ["FILLED", "CANCELLED"]


def test_a_simulation_at_rest_is_cancelled_too(office: Office) -> None:
    sheet = office.sheet(FILLED, OPEN)

    call = office.call("submit", sheet, "--simulate", "--yes", "--cancel-open", "--json")

    assert call.code == 1
    assert [o["final_state"] for o in call.json["orders"]] == ["FILLED", "CANCELLED"]


def test_resume_cancels_too(desk: Office) -> None:
    batch = submitted(desk, OPEN)

    call = desk.call("resume", batch, "--wait", "300ms", "--cancel-open", "--json")

    assert call.json["batch"]["states"] == {"CANCELLED": 1}
