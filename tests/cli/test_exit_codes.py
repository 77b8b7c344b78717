"""The table of exit codes, walked with real processes: each line in each of its kinds."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batch.simulator import Simulator, parse_fault
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office
from tests.cli.test_processes import IMPATIENT, run_broken, wait_for

INVALID = "EUR/USD,Hold,{size},1.2,IOC\n"

Case = Callable[[Office, Simulator], list[object]]
"""Prepares an office, and gives the arguments of the process that is judged."""


def _submit(*lines: str, more: tuple[object, ...] = ()) -> Case:
    return lambda desk, _: ["submit", desk.sheet(*lines), "--yes", *more]


def _twice(desk: Office, _: Simulator) -> list[object]:
    desk.call("submit", desk.sheet(FILLED, FILLED), "--yes", "--quiet")
    return ["submit", desk.sheet(FILLED, FILLED, FILLED, name="edited.csv"), "--yes"]


def _while_all_is_stopped(desk: Office, _: Simulator) -> list[object]:
    desk.call("stop", "--all")
    return ["submit", desk.sheet(FILLED), "--yes"]


def _that_did_not_come(desk: Office, _: Simulator) -> list[object]:
    (desk.folder / "in").mkdir()
    return ["submit", desk.folder / "in", "--yes", "--expect-sheet", "eod-*.csv"]


def _a_finding_about_what_is_done(desk: Office, _: Simulator) -> list[object]:
    batch = desk.call("submit", desk.sheet(FILLED), "--yes", "--json").json["batch"]["id"]
    return ["resolve", batch, 2, "--not-placed"]


def _a_refused_sheet_beside_a_good_one(desk: Office, _: Simulator) -> list[object]:
    good, bad = desk.sheet(FILLED), desk.sheet(INVALID, name="bad.csv")
    return ["submit", good, bad, "--yes"]


def _an_unknown_order_beside_an_open_one(desk: Office, venue: Simulator) -> list[object]:
    venue.add_fault(parse_fault("drop-before:place:nth=1"))
    first, second = desk.sheet(FILLED), desk.sheet(OPEN, name="second.csv", first_size=5_000)
    return ["submit", first, second, "--yes", "--wait", "0"]


def _without_a_venue(desk: Office, _: Simulator) -> list[object]:
    desk.environment["ORDERBATCH_URL"] = ""
    return ["submit", desk.sheet(FILLED), "--yes"]


def _with_a_damaged_journal(desk: Office, _: Simulator) -> list[object]:
    _journal(desk).parent.mkdir(exist_ok=True)
    _journal(desk).write_bytes(b"no database" * 1000)
    return ["submit", desk.sheet(FILLED), "--yes"]


def _with_a_newer_journal(desk: Office, _: Simulator) -> list[object]:
    desk.call("batches")
    desk.call("submit", desk.sheet(FILLED), "--yes", "--expect-rows", 2)
    with contextlib.closing(sqlite3.connect(_journal(desk))) as file:
        file.execute("UPDATE journal_meta SET value = '99' WHERE name LIKE '%version%'")
        file.commit()
    return ["submit", desk.sheet(FILLED), "--yes"]


def _with_a_journal_in_no_folder(desk: Office, _: Simulator) -> list[object]:
    return ["submit", desk.sheet(FILLED), "--yes", "--journal", "nowhere/journal.db"]


def _cancel(*words: object) -> Case:
    def case(desk: Office, _: Simulator) -> list[object]:
        call = desk.call("submit", desk.sheet(OPEN, OPEN), "--yes", "--wait", "0", "--json")
        return ["cancel", call.json["batch"]["id"], "--yes", *words]

    return case


def _about_a_batch_that_is_not_there(desk: Office, _: Simulator) -> list[object]:
    return ["resume", "nowhere1"]


def _journal(desk: Office) -> Path:
    return Path(desk.environment["ORDERBATCH_JOURNAL"])


WALK: dict[str, tuple[int, Case]] = {
    "0: all filled": (0, _submit(FILLED)),
    "0: a state that --accept names": (
        0,
        _submit(FILLED, EXPIRED, more=("--accept", "expired")),
    ),
    "1: expired": (1, _submit(FILLED, EXPIRED)),
    "1: skipped as invalid": (1, _submit(FILLED, INVALID, more=("--on-invalid", "skip"))),
    "0: cancelled, where --accept names it": (0, _cancel("--accept", "cancelled")),
    "1: cancelled": (1, _cancel()),
    "2: a row that is not there": (2, _cancel("--row", 9)),
    "4: one of two is cancelled": (4, _cancel("--row", 2)),
    "2: an option that is not there": (2, _submit(FILLED, more=("--no-such-option",))),
    "2: --again without --run": (2, _submit(FILLED, more=("--again",))),
    "3: invalid": (3, _submit(FILLED, INVALID)),
    "3: a duplicate": (3, _twice),
    "3: a gate": (3, _submit(FILLED, more=("--expect-rows", 2))),
    "3: not approved": (3, _submit(FILLED, more=("--approved", "aaaa-bbbb"))),
    "3: stopped": (3, _while_all_is_stopped),
    "3: not come": (3, _that_did_not_come),
    "3: a finding that is not taken": (3, _a_finding_about_what_is_done),
    "3: one of two sheets is refused": (3, _a_refused_sheet_beside_a_good_one),
    "4: open": (4, _submit(OPEN, more=("--wait", "300ms"))),
    "5: unknown, beside an open one": (5, _an_unknown_order_beside_an_open_one),
    "78: no venue": (78, _without_a_venue),
    "78: a damaged journal": (78, _with_a_damaged_journal),
    "78: a newer journal": (78, _with_a_newer_journal),
    "78: a journal in a folder that is not there": (78, _with_a_journal_in_no_folder),
    "78: an unknown batch": (78, _about_a_batch_that_is_not_there),
}


@pytest.mark.parametrize("kind", WALK)
def test_each_line_of_the_table(desk: Office, venue: Simulator, kind: str) -> None:
    code, case = WALK[kind]
    arguments = case(desk, venue)
    posts = venue.ledger.posts

    call = desk.run(*arguments)

    assert call.code == code, call.err
    assert "Traceback" not in call.err
    if code in (2, 78) or (code == 3 and "two sheets" not in kind):
        assert venue.ledger.posts == posts
        assert call.err.strip()


def test_6_the_venue_takes_no_connection(desk: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    desk.environment["ORDERBATCH_URL"] = f"http://127.0.0.1:{port}"

    ended = run_broken(desk, IMPATIENT, "submit", desk.sheet(FILLED), "--yes")

    assert ended.returncode == 6
    assert "Traceback" not in ended.stderr


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


SHORT_OF_PATIENCE = """
from batch.journal.store import Journal
Journal.open.__func__.__kwdefaults__["busy_timeout_s"] = 0.1
"""


def test_6_the_journal_is_locked(desk: Office, venue: Simulator) -> None:
    desk.call("submit", desk.sheet(FILLED), "--yes")
    posts = venue.ledger.posts
    with _locked(_journal(desk)):
        other = desk.sheet(FILLED, name="other.csv", first_size=7_000)
        ended = run_broken(desk, SHORT_OF_PATIENCE, "submit", other, "--yes")

    assert ended.returncode == 6, ended.stderr
    assert venue.ledger.posts == posts


def test_130_stopped_from_another_process(desk: Office, venue: Simulator) -> None:
    process = desk.start("submit", desk.sheet(OPEN), "--yes", "--wait", "60s")
    wait_for(lambda: venue.requests.count("query") > 0)

    stopped = desk.run("stop", "--all")
    _, err = process.communicate(timeout=30)

    assert stopped.code == 0
    assert process.returncode == 130
    assert "stop" in err


def test_a_repeated_result_exits_as_it_did(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED, EXPIRED)
    codes = [run("submit", sheet, "--yes", "--quiet").code for run in (desk.call, desk.run)]

    assert codes == [1, 1]
    assert venue.ledger.posts == 2
