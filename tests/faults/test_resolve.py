"""What a person does about an order that nobody knows of, from the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Call
from tests.faults.conftest import FaultDesk, Open, states


@pytest.fixture
def desk(open_desk: Open) -> FaultDesk:
    """A desk at a venue that never finds an order by its client ID."""
    return open_desk(client_id_query="none", token_lifetime_s=0.5)


def lose(desk: FaultDesk, fault: str) -> None:
    """Submit rows A, LOST, B; the answer about LOST, in row 3, does not come."""
    desk.add_faults(f"{fault}:place:id=LOST:first=1")

    call = desk.submit(desk.sheet("A", "LOST", "B"))

    assert call.code == 5
    assert states(call) == {"A": "FILLED", "LOST": "UNKNOWN", "B": "FILLED"}


def server_id(desk: FaultDesk, name: str) -> str:
    (entry,) = desk.venue.ledger.by_client_id()[name]
    return entry.order_id


def test_the_closing_words_of_a_run_name_the_way_out(desk: FaultDesk) -> None:
    desk.add_faults("drop-reply:place:id=LOST")

    call = desk.office.call("submit", desk.sheet("LOST"), "--yes")

    assert call.code == 5
    assert f"orderbatch resolve {desk.newest()} ROW --placed SERVER_ID" in call.err


def test_an_order_that_was_found_is_taken_over_and_the_batch_finished(desk: FaultDesk) -> None:
    lose(desk, "drop-reply")
    batch_id, found = desk.newest(), server_id(desk, "LOST")

    said = desk.office.call("resolve", batch_id, 3, "--placed", found)
    call = desk.resume()

    assert said.code == 0
    assert f"Batch {batch_id}, row 3" in said.err and "checked with the venue" in said.err
    assert call.code == 0
    orders = call.json["orders"]
    assert {order["client_order_id"]: order["server_order_id"] for order in orders}["LOST"] == found
    assert desk.venue.ledger.posts == 3
    assert all(order["execution_id"].startswith(order["server_order_id"]) for order in orders)
    history = desk.office.call("events", batch_id).out
    assert "declared-placed" in history and found in history


def say_not_placed(desk: FaultDesk, row: int) -> Call:
    """Say it as soon as it may be said: when the login that the request left with is dead."""
    for _ in range(100):
        call = desk.office.call("resolve", desk.newest(), row, "--not-placed")
        if "say it again after that" not in call.err:
            return call
    raise AssertionError(call.err)


def test_an_order_that_was_never_taken_is_sent_once_by_the_next_resume(desk: FaultDesk) -> None:
    lose(desk, "drop-before")

    said = say_not_placed(desk, 3)
    assert desk.venue.ledger.posts == 3
    calls = [desk.resume() for _ in range(2)]

    assert said.code == 0
    assert [call.code for call in calls] == [0, 0]
    assert desk.venue.ledger.posts == 4
    desk.require_each_once()
    assert "declared-not-placed" in desk.office.call("events", desk.newest()).out


def test_the_order_of_another_row_is_refused(desk: FaultDesk) -> None:
    lose(desk, "drop-reply")

    call = desk.office.call("resolve", desk.newest(), 3, "--placed", server_id(desk, "A"))

    assert call.code == 3
    assert f"{server_id(desk, 'A')} is the one of batch {desk.newest()} row 2" in call.err
    assert desk.resume().code == 5


def test_an_order_that_the_venue_does_not_know_is_refused(desk: FaultDesk) -> None:
    lose(desk, "drop-reply")

    call = desk.office.call("resolve", desk.newest(), 3, "--placed", "123")

    assert call.code == 3
    assert "does not know server order ID 123" in call.err


def test_a_row_whose_end_is_known_needs_no_finding(desk: FaultDesk) -> None:
    lose(desk, "drop-reply")

    call = desk.office.call("resolve", desk.newest(), 2, "--not-placed")

    assert call.code == 3
    assert "expected an UNKNOWN order, found FILLED" in call.err
    assert desk.resume().code == 5
    assert desk.venue.ledger.posts == 3


def test_a_finding_is_recorded_unchecked_while_the_venue_is_away(
    desk: FaultDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batch.desk.session.LOGIN_PATIENCE_S", 0.0)
    lose(desk, "drop-reply")
    batch_id, found = desk.newest(), server_id(desk, "LOST")
    desk.venue.set_down(True)

    said = desk.office.call("resolve", batch_id, 3, "--placed", found)
    desk.venue.set_down(False)

    assert said.code == 0
    assert "not checked" in said.err
    assert desk.resume().code == 0
    assert desk.venue.ledger.posts == 3


def test_a_batch_that_a_process_works_on_is_not_resolved(desk: FaultDesk) -> None:
    desk.add_faults("drop-reply:place:id=LOST", "delay=4:place:id=SLOW")
    process = desk.start("submit", desk.sheet("LOST", "SLOW"), "--yes")
    with desk.when(lambda: desk.venue.ledger.posts == 2, lambda: None):
        pass

    call = desk.office.call("resolve", desk.newest(), 2, "--not-placed")

    assert call.code == 6
    assert f"process {process.pid}" in call.err
    process.kill()


@pytest.mark.parametrize("words", [(), ("--placed", "1", "--not-placed")], ids=["neither", "both"])
def test_exactly_one_finding_must_be_said(desk: FaultDesk, words: tuple[str, ...]) -> None:
    call = desk.office.call("resolve", "abc", 2, *words)

    assert call.code == 2
    assert "exactly one" in call.err
