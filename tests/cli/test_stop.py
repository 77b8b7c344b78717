"""Stopping from another terminal, with real processes; what left is counted at the venue."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import FILLED, OPEN, Call, Office


def wait_for(posts: int, venue: Simulator) -> None:
    ends_at = time.monotonic() + 20.0
    while venue.ledger.posts < posts:
        assert time.monotonic() < ends_at, "the process does not send"
        time.sleep(0.01)


def stopped(desk: Office, venue: Simulator, *words: str) -> tuple[Call, int]:
    """Start a slow run, stop it, and give how it ended and what had left when it was stopped."""
    sheet = desk.sheet(*[FILLED] * 400)
    process = desk.start("submit", sheet, "--yes", "--rate", "40", "--report", "r.json")
    wait_for(5, venue)
    assert desk.call("stop", *words).code == 0
    sent = venue.ledger.posts
    out, err = process.communicate(timeout=30)
    return Call(process.returncode, out, err), sent


def test_a_running_process_stops_within_two_seconds_and_says_who_stopped_it(
    desk: Office, venue: Simulator
) -> None:
    call, sent = stopped(desk, venue, "--all")

    assert call.code == 130
    assert "stopped by" in call.err
    assert venue.ledger.posts <= sent + 2 * 40 + 16
    assert venue.ledger.posts < 400
    assert (desk.folder / "r.json").exists()


def test_while_all_is_stopped_new_sheets_are_refused_and_a_release_lets_them_pass(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(FILLED)
    asked = desk.call("stop", "--all")

    refused = desk.call("submit", sheet, "--yes")
    lifted = desk.call("stop", "--all", "--release")
    passed = desk.call("submit", sheet, "--yes")

    assert (asked.code, refused.code, lifted.code, passed.code) == (0, 3, 0, 0)
    assert "orderbatch stop --all --release" in asked.err
    assert "orderbatch stop --all --release" in refused.err
    assert venue.ledger.posts == 1


def submitted(desk: Office, *lines: str) -> str:
    call = desk.call("submit", desk.sheet(*lines), "--yes", "--wait", "0", "--json")
    return str(call.json["batch"]["id"])


def test_what_no_process_follows_is_cancelled_here(desk: Office, venue: Simulator) -> None:
    batch = submitted(desk, OPEN, OPEN)

    call = desk.call("stop", batch, "--cancel")

    assert call.code == 1
    assert "2 CANCELLED" in call.err


def count_open(venue: Simulator) -> int:
    return sum(held.status == "NEW" for held in venue.ledger.orders)


@pytest.mark.parametrize("what", ["the batch", "everything"])
def test_a_process_that_sends_is_waited_for_until_what_is_open_is_cancelled(
    desk: Office, venue: Simulator, what: str
) -> None:
    process = desk.start("submit", desk.sheet(*[OPEN] * 400), "--yes", "--rate", "40")
    wait_for(5, venue)
    (line,) = desk.call("batches").out.splitlines()[-1:]
    (batch,) = re.findall(r"\b[a-z0-9]{8}\b", line)[:1]

    call = desk.call("stop", "--all" if what == "everything" else batch, "--cancel")
    process.communicate(timeout=30)

    words = " ".join(call.err.split())
    assert call.code == 4  # for what was not sent, the batch can go on
    assert "CANCELLED" in words and "may be open yet" not in words
    assert f"{what.capitalize()} is stopped: that process sends nothing more" in words
    assert "may still be sent" not in words
    assert "stop --all --cancel" not in words and f"stop {batch} --cancel" not in words
    assert process.returncode == 130
    assert venue.ledger.posts < 400
    assert count_open(venue) == 0


def test_open_orders_of_another_login_are_left_and_are_no_success(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = submitted(desk, OPEN)
    monkeypatch.setenv("ORDERBATCH_USER", "somebody")

    calls = [desk.call("stop", which, "--cancel") for which in (batch, "--all")]

    assert [call.code for call in calls] == [4, 4]
    assert all(f"Batch {batch} has 1 open order of another login" in call.err for call in calls)
    assert venue.requests.count("cancel") == 0


def test_a_process_that_only_follows_cancels_what_it_follows(
    desk: Office, venue: Simulator
) -> None:
    batch = submitted(desk, OPEN, OPEN)
    desk.call("stop", batch)
    process = desk.start("resume", batch, "--wait", "60s")
    asked = venue.requests.count("query") + venue.requests.count("active")
    ends_at = time.monotonic() + 20.0
    while venue.requests.count("query") + venue.requests.count("active") == asked:
        assert time.monotonic() < ends_at and process.poll() is None
        time.sleep(0.01)

    call = desk.call("stop", batch, "--cancel")
    open_then = count_open(venue)
    _, err = process.communicate(timeout=20)

    assert (call.code, open_then) == (1, 0)
    assert "that process has been told, and cancels 2 orders" in " ".join(call.err.split())
    assert "2 CANCELLED" in err
    assert process.returncode == 1
    assert venue.requests.count("cancel") == 2


def test_a_resume_of_a_stopped_batch_follows_and_sends_nothing(
    desk: Office, venue: Simulator
) -> None:
    call, _ = stopped(desk, venue, "--all")
    batch = call.err.split("Batch ")[1].split()[0]
    sent = venue.ledger.posts

    resumed = desk.call("resume", batch, "--wait", "1s")

    assert "Nothing more is sent; what was sent is followed" in resumed.err
    assert venue.ledger.posts == sent
    assert resumed.code == 4
    words = " ".join(resumed.err.split())
    assert words.index("orderbatch stop --all --release") < words.index("Then go on with: ")
    assert "stands, so nothing is sent. Lift it first, if that is right" in words


def test_a_release_of_what_was_not_stopped_says_so(desk: Office) -> None:
    batch = submitted(desk, FILLED)

    call = desk.call("stop", batch, "--release")

    assert call.code == 0
    assert f"There was no stop of batch {batch} to lift" in call.err


@pytest.mark.parametrize("words", [(), ("--all", "x"), ("--all", "--release", "--cancel")])
def test_what_makes_no_sense_is_wrong_usage(desk: Office, words: tuple[str, ...]) -> None:
    assert desk.call("stop", *words).code == 2


def test_a_batch_that_is_not_there_is_named(desk: Office) -> None:
    call = desk.call("stop", "nosuch")

    assert call.code in (6, 78)
    assert '"nosuch"' in call.err
    assert Path(desk.environment["ORDERBATCH_JOURNAL"]).exists()


def test_a_journal_that_is_not_there_is_named_before_anything_is_claimed_of_it(
    desk: Office, venue: Simulator
) -> None:
    name = desk.folder / "mistyped.db"

    cancelled = desk.call("cancel", "--all", "--yes", "--journal", name)
    listed = desk.call("batches", "--journal", name)
    day = desk.call("day", "--no-venue", "--journal", name)
    assert not name.exists()
    stopped = desk.call("stop", "--all", "--journal", name)

    assert (cancelled.code, listed.code, day.code, stopped.code) == (78, 0, 0, 0)
    for call in (cancelled, listed, day, stopped):
        assert name.name in " ".join(call.err.split())
    assert "expected the journal of what was sent" in " ".join(cancelled.err.split())
    assert "Whoever sends by another one is not stopped" in " ".join(stopped.err.split())


def test_a_journal_that_is_there_is_not_spoken_of(desk: Office, venue: Simulator) -> None:
    desk.call("submit", desk.sheet(FILLED), "--yes")

    for words in (("batches",), ("day", "--no-venue"), ("stop", "--all")):
        assert "no journal at" not in " ".join(desk.call(*words).err.split())
