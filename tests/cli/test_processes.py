"""What a scheduler sees: exit codes, signals and streams of real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from batch.simulator import Simulator, parse_fault
from tests.cli.conftest import EXPIRED, FILLED, OPEN, Office

BARE = {"PATH": "/usr/bin:/bin"}


def test_exit_0_all_filled(desk: Office) -> None:
    assert desk.run("submit", desk.sheet(FILLED), "--yes").code == 0


def test_exit_1_finished_but_not_all_filled(desk: Office) -> None:
    assert desk.run("submit", desk.sheet(FILLED, EXPIRED), "--yes").code == 1


def test_exit_2_wrong_usage(desk: Office) -> None:
    assert desk.run("submit", desk.sheet(FILLED), "--no-such-option").code == 2


def test_exit_3_the_sheet_is_refused(desk: Office, venue: Simulator) -> None:
    call = desk.run("submit", desk.sheet(FILLED), "--yes", "--expect-rows", 2)

    assert call.code == 3
    assert venue.ledger.posts == 0


def test_exit_4_orders_are_still_open(desk: Office) -> None:
    assert desk.run("submit", desk.sheet(OPEN), "--yes", "--wait", "300ms").code == 4


def test_exit_5_an_order_is_unknown_which_wins_over_open(desk: Office, venue: Simulator) -> None:
    venue.add_fault(parse_fault("drop-before:place:nth=2"))

    call = desk.run("submit", desk.sheet(OPEN, OPEN), "--yes", "--wait", "0", "--max-in-flight", 1)

    assert call.code == 5
    words = " ".join(call.err.split())
    assert words.index("Go on with: orderbatch resume") < words.index("the venue's desk")
    assert "About what that leaves UNKNOWN, ask the venue's desk by client order ID" in words
    assert "orderbatch resolve" in words


IMPATIENT = "import batch.desk.session as s; s.LOGIN_PATIENCE_S = 1.4; s.LOGIN_FIRST_PAUSE_S = 0.1"


@pytest.mark.parametrize("fault", ["status=503:login", "status=429:login"])
def test_exit_6_it_could_not_start_for_now(desk: Office, venue: Simulator, fault: str) -> None:
    venue.add_fault(parse_fault(fault))

    ended = run_broken(desk, IMPATIENT, "submit", desk.sheet(FILLED), "--yes")

    assert ended.returncode == 6
    assert venue.requests.count("login") >= 2
    assert venue.ledger.posts == 0


def test_a_venue_that_comes_back_soon_ends_no_run(desk: Office, venue: Simulator) -> None:
    venue.add_fault(parse_fault("status=503:login:nth=1"))

    ended = run_broken(desk, IMPATIENT, "submit", desk.sheet(FILLED), "--yes")

    assert ended.returncode == 0
    assert "tried again" in ended.stderr


def test_exit_78_it_cannot_start(desk: Office, venue: Simulator) -> None:
    desk.environment["ORDERBATCH_PASSWORD"] = "wrong-pass"

    call = desk.run("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 78
    assert venue.requests.count("login") == 1
    assert venue.ledger.posts == 0


def test_exit_78_a_config_file_that_is_not_there(desk: Office, venue: Simulator) -> None:
    call = desk.run("submit", desk.sheet(FILLED), "--yes", "--config", "nowhere.toml", "--json")

    assert call.code == call.json["exit_code"] == 78
    assert "nowhere.toml" in call.err
    assert venue.ledger.posts == 0


def run_broken(desk: Office, breakage: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command in a process in which something of it is broken."""
    script = f"{breakage}\nfrom batch.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=desk.folder,
        env={**os.environ, **desk.environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


OWN_FAULT = """
from batch.run.following import Following
def fail(*_): raise ZeroDivisionError("private words")
Following.learn_status = Following.follow = fail
"""


def test_exit_70_a_fault_of_our_own_says_how_to_resume(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(FILLED)

    ended = run_broken(desk, OWN_FAULT, "submit", sheet, "--yes")
    again = desk.run("submit", sheet, "--yes")

    assert ended.returncode == 70
    assert "ZeroDivisionError" in ended.stderr
    assert "orderbatch resume " in ended.stderr
    assert "Traceback" not in ended.stderr and "private words" not in ended.stderr
    assert again.code == 0
    assert venue.ledger.posts == 1


FULL_DISK = """
import errno, os
def full(_): raise OSError(errno.ENOSPC, "No space left on device")
os.fsync = full
"""


@pytest.mark.parametrize(("line", "code"), [(FILLED, 70), (OPEN, 4)])
def test_a_report_that_does_not_fit_on_the_disk_never_hides_what_became_of_the_orders(
    desk: Office, line: str, code: int
) -> None:
    sheet = desk.sheet(line)

    ended = run_broken(desk, FULL_DISK, "submit", sheet, "--yes", "--wait", "300ms")

    assert ended.returncode == code
    assert "the disk is full" in ended.stderr
    assert "orderbatch report " in ended.stderr
    assert list(desk.folder.iterdir()) == [sheet]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_exit_130_a_signal_ends_the_wait_in_order(
    desk: Office, venue: Simulator, name: str
) -> None:
    process = desk.start("submit", desk.sheet(OPEN), "--yes", "--report", "r.json")
    wait_for(lambda: venue.requests.count("query") > 0)

    process.send_signal(getattr(signal, name))
    _, err = process.communicate(timeout=20)

    assert process.returncode == 130
    assert "Interrupted" in err and "orderbatch resume " in err
    assert json.loads((desk.folder / "r.json").read_text())["orders"][0]["final_state"] == "OPEN"


def test_a_first_signal_waits_for_answers_to_placings_and_a_second_does_not(
    desk: Office, venue: Simulator
) -> None:
    venue.add_fault(parse_fault("delay=60:place"))
    sheet = desk.sheet(OPEN)
    process = desk.start("submit", sheet, "--yes", "--report", "r.json")
    wait_for(lambda: venue.ledger.posts == 1)

    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=0.7)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=20)
    venue.clear_faults()
    again = desk.run("submit", sheet, "--yes", "--wait", "300ms", "--report", "r.json")

    assert process.returncode == 130
    assert "orderbatch resume " in err
    assert again.code == 4
    assert len(venue.ledger.orders) == 1


def test_a_signal_before_anything_was_sent_is_130_too(desk: Office, venue: Simulator) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        desk.environment["ORDERBATCH_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}"
        process = desk.start("submit", desk.sheet(FILLED), "--yes")
        connection, _ = silent.accept()

        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        connection.close()

    assert process.returncode == 130
    assert len(err.strip().splitlines()) == 1
    assert venue.ledger.posts == 0


def shell(desk: Office, words: str, environment: dict[str, str] | None = None) -> int:
    """Run a line of shell in which `orderbatch` is the command; give its exit code."""
    command = f"orderbatch() {{ '{sys.executable}' -m batch \"$@\"; }}; {words}"
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=desk.folder,
        env=environment or {**os.environ, **desk.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=60,
    )
    return ended.returncode


@pytest.mark.parametrize(
    ("line", "order", "code"),
    [
        ("orderbatch submit orders.csv --yes >&-", FILLED, 0),
        ("orderbatch submit orders.csv --yes <&- >&- 2>&-", EXPIRED, 1),
        ("orderbatch submit orders.csv --yes 2>&1 | head -c 0; exit ${PIPESTATUS[0]}", FILLED, 0),
        ("orderbatch submit orders.csv --yes --json | head -c 0; exit ${PIPESTATUS[0]}", OPEN, 4),
        ("orderbatch submit orders.csv --yes 2>/dev/full", FILLED, 0),
    ],
)
def test_nobody_who_listens_changes_nothing(
    desk: Office, venue: Simulator, line: str, order: str, code: int
) -> None:
    desk.sheet(order)

    assert shell(desk, line.replace("--yes", "--yes --wait 300ms")) == code
    assert len(list(desk.folder.glob("orders-results-*.xlsx"))) == 1
    assert venue.ledger.posts == 1


@pytest.mark.parametrize(("order", "code"), [(FILLED, 70), (OPEN, 4)])
def test_data_that_does_not_fit_on_the_disk_is_no_success(
    desk: Office, order: str, code: int
) -> None:
    desk.sheet(order)

    line = "orderbatch submit orders.csv --yes --wait 300ms --json >/dev/full"

    assert shell(desk, line) == code


def test_crons_bare_environment_is_enough(desk: Office, venue: Simulator) -> None:
    password = desk.folder / "password"
    password.write_text("s3cret-pass\n")
    password.chmod(0o600)
    (desk.folder / "config.toml").write_text(
        f'journal = "{desk.folder}/j.db"\n[venue.uat]\nurl = "{venue.url}"\nuser = "ops"\n'
        f'org = "DESK"\npassword_file = "{password}"\n'
    )
    desk.sheet(FILLED)
    root = Path(__file__).parents[2]

    code = shell(
        desk,
        "orderbatch submit orders.csv --yes --config config.toml --venue uat --log-file run.log",
        {**BARE, "PYTHONPATH": str(root)},
    )

    assert code == 0
    assert (desk.folder / "j.db").exists()


def test_hmac_is_chosen_by_the_settings(desk: Office) -> None:
    (desk.folder / "config.toml").write_text('[venue]\nauth = "hmac"\n')
    process = desk.start("simulator", "--port", "0", "--time-scale", "10")
    assert process.stdout is not None
    desk.environment["ORDERBATCH_URL"] = process.stdout.readline().strip()
    sheet = desk.sheet(FILLED)

    call = desk.run("submit", sheet, "--yes", "--config", "config.toml")
    desk.environment["ORDERBATCH_PASSWORD"] = "another"
    again = desk.run("submit", desk.sheet(EXPIRED), "--yes", "--config", "config.toml")

    assert call.code == 0
    assert again.code == 78
    assert "signature does not match" in again.err
