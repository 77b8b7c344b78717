"""`cancel`, and what is cancelled when a wait ends."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batch.journal import Journal
from batch.simulator import Simulator, parse_fault
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


def wait_until(condition: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < ends_at, "it does not come to that"
        time.sleep(0.02)


def running(desk: Office, *lines: str, posts: int, venue: Simulator) -> subprocess.Popen[str]:
    """Start a process that follows a batch of open orders, and wait until all have left."""
    sheet = desk.sheet(*lines)
    process = desk.start("submit", sheet, "--yes", "--wait", "60s", "--report", "theirs.json")
    wait_until(lambda: venue.ledger.posts == posts)
    return process


def batch_of(desk: Office) -> str:
    (line,) = desk.call("batches").out.splitlines()[-1:]
    found = re.search(r"[a-z0-9]{8}", line)
    assert found is not None, line
    return found[0]


def test_the_process_that_runs_a_batch_cancels_exactly_the_rows_that_are_wanted(
    desk: Office, venue: Simulator
) -> None:
    process = running(desk, OPEN, OPEN, OPEN, OPEN, posts=4, venue=venue)
    batch = batch_of(desk)

    call = desk.call("cancel", batch, "--row", 3, "--row", 5, "--yes")

    assert process.poll() is None
    assert "that process has been told, and cancels 2 orders" in call.err.replace("\n", " ")
    assert "Row 3: CANCELLED." in call.err and "Row 5: CANCELLED." in call.err
    assert "runs it, and writes its report" in call.err.replace("\n", " ")
    assert "orderbatch resume" not in call.err
    assert call.code == 4
    assert venue.requests.count("cancel") == 2

    rest = desk.call("cancel", batch, "--yes")
    process.communicate(timeout=20)

    assert rest.code == process.returncode == 1
    assert venue.requests.count("cancel") == 4
    assert venue.ledger.posts == 4
    assert (desk.folder / "theirs.json").exists()
    events = desk.call("events", batch).out
    assert events.count("\tcancel-wanted\t") == events.count("\tcancel-asked\t") == 4


def test_one_row_alone_is_cancelled_and_followed(desk: Office, venue: Simulator) -> None:
    batch = submitted(desk, OPEN, OPEN, OPEN)

    call = desk.call("cancel", batch, "--row", 3, "--yes", "--json")

    assert call.code == 4
    assert call.json["batch"]["states"] == {"OPEN": 2, "CANCELLED": 1}
    assert call.json["orders"][1]["final_state"] == "CANCELLED"
    assert venue.requests.count("cancel") == 1


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [(FILLED, "Row 2 is FILLED already; there is nothing to cancel", 0)],
)
def test_a_row_that_is_not_open_is_left_and_named(
    desk: Office, venue: Simulator, line: str, words: str, code: int
) -> None:
    batch = submitted(desk, line)

    call = desk.call("cancel", batch, "--row", 2, "--yes")

    assert call.code == code
    assert words in call.err
    assert venue.requests.count("cancel") == 0


def test_a_row_that_was_not_sent_is_left_and_named(desk: Office, venue: Simulator) -> None:
    venue.add_fault(parse_fault("drop-before:place"))
    sheet = desk.sheet(*[OPEN] * 9)
    call = desk.call(
        *("submit", sheet, "--yes", "--max-in-flight", 1, "--wait", "0", "--json"),
    )
    batch = call.json["batch"]["id"]
    assert call.json["orders"][8]["final_state"] == "NOT_SENT"

    asked = desk.call("cancel", batch, "--row", 10, "--yes")

    assert "Row 10 was not sent yet; there is nothing to cancel" in asked.err
    assert venue.requests.count("cancel") == 0


def test_a_row_that_the_batch_does_not_have_is_wrong_usage(desk: Office, venue: Simulator) -> None:
    batch = submitted(desk, OPEN)

    call = desk.call("cancel", batch, "--row", 2, "--row", 77, "--yes")

    assert call.code == 2
    assert "which has 1 row with orders, found 77" in call.err.replace("\n", " ")
    assert venue.requests.count("cancel") == 0


@pytest.mark.parametrize("words", [(), ("x", "--all"), ("--all", "--row", "2")])
def test_what_makes_no_sense_is_wrong_usage(desk: Office, words: tuple[str, ...]) -> None:
    assert desk.call("cancel", *words, "--yes").code == 2


def test_all_is_every_batch_of_this_login_here_and_elsewhere(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = running(desk, OPEN, OPEN, posts=2, venue=venue)
    one = desk.sheet(OPEN, name="other.csv", first_size=300_000)
    desk.call("submit", one, "--yes", "--wait", "0")

    call = desk.call("cancel", "--all", "--yes", "--json")
    process.communicate(timeout=20)

    assert call.code == call.json["exit_code"] == 1
    counted = sorted(len(document["orders"]) for document in call.json["batches"])
    assert counted == [1, 2]
    assert venue.requests.count("cancel") == 3
    assert process.returncode == 1

    again = desk.call("cancel", "--all", "--yes")
    assert (again.code, venue.requests.count("cancel")) == (0, 3)
    assert "there is nothing to cancel" in again.err


def test_all_leaves_other_logins_alone_and_names_them(
    desk: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = submitted(desk, OPEN)
    monkeypatch.setenv("ORDERBATCH_USER", "somebody")

    call = desk.call("cancel", "--all", "--yes")

    assert call.code == 0
    assert f"Batch {batch} has 1 open order of another login, ops of DESK" in call.err
    assert venue.requests.count("cancel") == 0


def test_of_a_batch_that_still_sends_the_rest_goes_on_and_the_way_to_keep_it_back_is_said(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(*[OPEN] * 200)
    process = desk.start("submit", sheet, "--yes", "--rate", "20", "--wait", "0")
    wait_until(lambda: venue.ledger.posts >= 5)
    batch = batch_of(desk)

    call = desk.call("cancel", batch, "--yes", "--wait", "0")
    words = " ".join(call.err.split())

    assert "were not sent yet, and may still be sent by that process" in words
    assert f"orderbatch stop {batch} --cancel" in words
    desk.call("stop", batch, "--cancel")
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert venue.ledger.posts < 200
    assert desk.call("show", batch, "--json").json["batch"]["states"].get("OPEN") is None


def test_what_a_dead_process_was_told_is_done_by_the_next_one_which_says_so(
    desk: Office, venue: Simulator
) -> None:
    process = running(desk, OPEN, OPEN, posts=2, venue=venue)
    batch = batch_of(desk)
    wait_until(lambda: desk.call("show", batch, "--json").json["batch"]["states"] == {"OPEN": 2})
    process.kill()
    process.wait()
    with Journal.open(desk.environment["ORDERBATCH_JOURNAL"]) as journal:
        moment = journal.batch_record(batch).created_at
        journal.cancels.ask(batch, [3], moment)

    call = desk.call("resume", batch, "--wait", "300ms", "--json")

    assert call.json["batch"]["states"] == {"OPEN": 1, "CANCELLED": 1}
    assert "1 order of it is to be cancelled, as " in " ".join(call.err.split())
    assert Path(call.json["reports"][0]).exists()


def stopped_holder(desk: Office, venue: Simulator) -> tuple[subprocess.Popen[str], str]:
    """Have a process that follows two orders and does not move."""
    process = running(desk, OPEN, OPEN, posts=2, venue=venue)
    batch = batch_of(desk)
    wait_until(lambda: desk.call("show", batch, "--json").json["batch"]["states"] == {"OPEN": 2})
    process.send_signal(signal.SIGSTOP)
    return process, batch


def is_wanted(desk: Office, batch: str) -> bool:
    with Journal.open(desk.environment["ORDERBATCH_JOURNAL"], read_only=True) as journal:
        return len(journal.cancels.standing(batch)) == 2


def test_who_waits_takes_over_from_a_process_that_dies(desk: Office, venue: Simulator) -> None:
    holder, batch = stopped_holder(desk, venue)
    asker = desk.start("cancel", batch, "--yes")
    wait_until(lambda: is_wanted(desk, batch))

    holder.kill()
    _, err = asker.communicate(timeout=30)

    assert asker.returncode == 1
    assert "it is done here now" in " ".join(err.split())
    assert "2 CANCELLED" in err
    assert venue.requests.count("cancel") == 2
    assert venue.ledger.posts == 2


def test_who_stops_waiting_is_told_that_it_is_done_all_the_same(
    desk: Office, venue: Simulator
) -> None:
    holder, batch = stopped_holder(desk, venue)
    asker = desk.start("cancel", batch, "--yes")
    wait_until(lambda: is_wanted(desk, batch))
    assert asker.stderr is not None
    while "that process has been told" not in (line := asker.stderr.readline()):
        assert line  # it waits from here on

    asker.send_signal(signal.SIGINT)
    _, err = asker.communicate(timeout=30)
    holder.send_signal(signal.SIGCONT)
    holder.communicate(timeout=30)

    assert asker.returncode == 130
    assert "the process that runs the batch has been told" in " ".join(err.split())
    assert holder.returncode == 1
    assert venue.requests.count("cancel") == 2


def test_a_wait_that_ends_before_it_is_done_says_that_it_stays_wanted(
    desk: Office, venue: Simulator
) -> None:
    holder, batch = stopped_holder(desk, venue)

    call = desk.call("cancel", batch, "--yes", "--wait", "600ms")
    words = " ".join(call.err.split())
    holder.send_signal(signal.SIGCONT)
    holder.communicate(timeout=30)

    assert call.code == 4
    assert "stay marked to be cancelled by whoever runs the batch, now or later" in words
    assert holder.returncode == 1


def test_of_an_unknown_order_it_is_said_that_only_a_run_that_asks_about_it_cancels_it(
    desk: Office, venue: Simulator
) -> None:
    venue.add_fault(parse_fault("drop-before:place:nth=2"))
    batch = submitted(desk, OPEN, OPEN)
    states = desk.call("show", batch, "--json").json["batch"]["states"]
    assert states == {"OPEN": 1, "UNKNOWN": 1}

    with (
        Journal.open(desk.environment["ORDERBATCH_JOURNAL"]) as journal,
        journal.hold(batch, journal.batch_record(batch).created_at),
    ):
        call = desk.call("cancel", batch, "--yes", "--wait", "600ms")

    words = " ".join(call.err.split())
    assert "1 order of these is UNKNOWN. That process cancels one of them only where it" in words
    assert f"Batch {batch}: 1 order may be open yet, and stays marked to be cancelled" in words
    assert (
        f"Batch {batch}: 1 order is UNKNOWN, and stays marked: the run of the batch that" in words
    )
    assert f"so that it may need the next one. Go on with: orderbatch resume {batch}" in words
