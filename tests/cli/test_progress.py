"""What a person sees while a batch runs, at 80 columns and without a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from batch.cli.progress import Gauge, clock, done_of, stopping_words, table, view, words
from batch.run.options import Snapshot
from batch.simulator import Simulator, parse_fault
from batch.states import OrderState as S
from tests.cli.conftest import FILLED, OPEN, Office


def snapshot(elapsed_s: float, stopped: str = "", paused_s: float = 0.0, **states: int) -> Snapshot:
    counts = {S(name): count for name, count in states.items()}
    return Snapshot(
        states=counts, in_flight=0, elapsed_s=elapsed_s, paused_s=paused_s, stopped=stopped
    )


def gauge_of(*snapshots: Snapshot) -> Gauge:
    gauge = Gauge(wait_s=900)
    for each in snapshots:
        gauge.take(each)
    return gauge


def test_while_rows_leave_the_rate_and_the_time_left_are_told() -> None:
    now = snapshot(4, PLANNED=400, SENDING=16, FILLED=184)

    line = words(now, gauge_of(snapshot(0, PLANNED=600), now))

    assert line == "0:04  400 to send (50/s, about 0:08 left), 16 on their way, 184 FILLED"


def test_the_rate_is_that_of_the_last_seconds() -> None:
    stalled = [snapshot(second, PLANNED=500) for second in range(20, 31)]

    line = words(stalled[-1], gauge_of(snapshot(0, PLANNED=600), *stalled))

    assert line == "0:30  500 to send"


def test_after_the_last_row_the_wait_is_told() -> None:
    sent, later = snapshot(5, OPEN=3), snapshot(65, OPEN=2, FILLED=1, UNKNOWN=1)

    line = words(later, gauge_of(snapshot(0, PLANNED=3), sent, later))

    assert "2 OPEN (followed for 14:00 more)" in line
    assert "1 UNKNOWN (asked about; an answer may be on its way)" in line


@pytest.mark.parametrize(("cancel", "elapsed_s"), [("at-once", 1), ("after-wait", 1000)])
def test_what_is_being_cancelled_is_told(cancel: str, elapsed_s: float) -> None:
    gauge = Gauge(900, cancel)
    for each in (snapshot(0, OPEN=2), now := snapshot(elapsed_s, OPEN=2)):
        gauge.take(each)

    assert "2 OPEN (being cancelled)" in words(now, gauge)


@pytest.mark.parametrize(
    ("now", "remark"),
    [
        (snapshot(3, paused_s=7.6, PLANNED=5), "5 to send (pausing 8 s)"),
        (snapshot(3, stopped="no login", PLANNED=5), "5 to send (not sent by this run)"),
    ],
)
def test_what_holds_rows_back_is_told(now: Snapshot, remark: str) -> None:
    assert remark in words(now, gauge_of(now))


def test_the_table_fits_80_columns() -> None:
    now = snapshot(75, PLANNED=91_234, SENDING=256, OPEN=8_000, FILLED=1_000, UNKNOWN=12)
    out = StringIO()

    Console(file=out, width=80).print(
        table(now, gauge_of(snapshot(65, PLANNED=99_999), now), "SIMULATED  ")
    )

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in out.getvalue()
    assert len(lines) == 7
    assert "1,000 of 100,502 done" in lines[0]


def test_unknown_is_no_alarm_while_an_answer_may_be_on_its_way() -> None:
    states = snapshot(5, UNKNOWN=1), snapshot(60, UNKNOWN=1), snapshot(70, UNKNOWN=1)
    gauge = gauge_of(snapshot(0, SENDING=1), *states[:2])

    assert not gauge.is_stuck
    gauge.take(states[2])
    assert gauge.is_stuck
    assert "1 UNKNOWN (asked about; may need a person)" in words(states[2], gauge)
    gauge.take(later := snapshot(71, FILLED=1))
    assert not gauge.is_stuck
    assert "UNKNOWN" not in words(later, gauge)


def drawn(now: Snapshot, gauge: Gauge) -> str:
    out = StringIO()
    screen = Console(file=out, width=80, force_terminal=True, color_system="standard")
    screen.print(table(now, gauge, "SIMULATED  "))
    return out.getvalue()


def test_unknown_is_red_only_when_it_may_need_a_person() -> None:
    soon, late = snapshot(5, UNKNOWN=1), snapshot(70, UNKNOWN=1)
    red, yellow = "\x1b[1;31m", "\x1b[33m"

    assert red not in drawn(soon, gauge_of(soon))
    assert f"{yellow}SIMULATED  UNKNOWN" in drawn(soon, gauge_of(soon))
    assert f"{red}SIMULATED  UNKNOWN" in drawn(late, gauge_of(soon, late))


def test_filled_amounts_stand_beside_the_counts() -> None:
    sums = {
        "EUR": Decimal("2500000.50"),
        "JPY": Decimal(900_000_000_000),
        "USD": Decimal(40),
        "NOK": Decimal(7),
        "CHF": Decimal(0),
    }
    now = replace(snapshot(9, FILLED=4, PLANNED=1), filled=sums)

    said = words(now, gauge_of(now))
    lines = re.sub(r"\x1b\[[0-9;]*m", "", drawn(now, gauge_of(now))).splitlines()

    assert said.endswith(
        "filled: JPY 900,000,000,000, EUR 2,500,000.50, USD 40, and 1 more currency"
    )
    at = next(at for at, line in enumerate(lines) if "amount filled" in line)
    assert [line.rstrip().split("  ")[-1].strip() for line in lines[at : at + 4]] == [
        "JPY 900,000,000,000",
        "EUR 2,500,000.50",
        "USD 40",
        "and 1 more currency",
    ]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("columns", [24, 40, 59, 60, 80])
def test_no_count_is_cut_off_however_narrow_the_terminal(columns: int) -> None:
    now = snapshot(75, PLANNED=91_234, OPEN=8_000, FILLED=1_000, UNKNOWN=12)
    out = StringIO()

    Console(file=out, width=columns).print(view(now, gauge_of(now), "SIMULATED  ", columns))

    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= columns
    for count in ("91,234", "8,000", "1,000", "12", "1:15"):
        assert count in out.getvalue()


def test_nothing_is_said_of_amounts_before_something_is_filled() -> None:
    now = replace(snapshot(9, OPEN=4), filled={"EUR": Decimal(0)})

    assert "filled" not in words(now, gauge_of(now))
    assert "filled" not in drawn(now, gauge_of(now))


def test_rows_that_are_never_sent_are_no_part_of_the_bar() -> None:
    now = snapshot(1, INVALID=4, SKIPPED=5, FILLED=2, REFUSED=1, OPEN=3, PLANNED=4)

    assert done_of(now) == (3, 10)
    assert "1 REFUSED (waits on a person)" in words(now, gauge_of(now))


@pytest.mark.parametrize(
    ("seconds", "text"), [(-1, "0:00"), (65, "1:05"), (3600, "1:00:00"), (7325.9, "2:02:05")]
)
def test_times_read_as_on_a_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


CTRL_C = b"\x03"


def on_a_terminal(desk: Office, *arguments: str, answer: bytes = b"y\n") -> tuple[int, str]:
    """Run the command on a terminal of 80 columns, and give all that it showed."""
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "batch", *arguments],
        cwd=desk.folder,
        env={**os.environ, **desk.environment, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
        stdin=there,
        stdout=there,
        stderr=there,
        preexec_fn=_have_the_terminal,
    )
    os.close(there)
    shown, quiet_s, is_asked = b"", 0, False
    while quiet_s < 20:
        if not select.select([here], [], [], 1)[0]:
            quiet_s += 1
            if is_asked and answer == CTRL_C:
                os.write(here, answer)  # the first one came before the read had begun
            continue
        quiet_s = 0
        try:
            portion = os.read(here, 65536)
        except OSError:
            break
        if not portion:
            break
        shown += portion
        if b"[y/N]" in portion:
            is_asked = True
            os.write(here, answer)
    code = process.wait(timeout=20)
    os.close(here)
    return code, shown.decode()


def _have_the_terminal() -> None:
    """Let the terminal's keys be signals for this process."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_terminal_sees_a_question_a_live_table_and_the_next_command(
    desk: Office, venue: Simulator
) -> None:
    sheet = desk.sheet(FILLED, OPEN)

    code, shown = on_a_terminal(desk, "submit", sheet.name, "--wait", "1500ms")

    assert code == 4
    assert "Send 2 orders as ops of DESK" in shown
    assert re.search(r"OPEN\s.*followed for 0:0[01] more", shown)
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert re.search(r"Go on with: orderbatch resume \w{8}", plain)
    assert venue.ledger.posts == 2


@pytest.mark.parametrize("command", ["submit", "cancel"])
def test_ctrl_c_at_a_question_ends_it_at_once(desk: Office, venue: Simulator, command: str) -> None:
    sheet = desk.sheet(FILLED, OPEN)
    words = [sheet.name]
    if command == "cancel":
        words = [desk.call("submit", sheet, "--yes", "--wait", "0", "--json").json["batch"]["id"]]
    posts = venue.ledger.posts

    code, shown = on_a_terminal(desk, command, *words, answer=CTRL_C)

    assert code == 130
    assert "interrupted" in shown
    assert (venue.ledger.posts, venue.requests.count("cancel")) == (posts, 0)


def test_log_lines_stand_above_the_live_table(desk: Office, venue: Simulator) -> None:
    sheet = desk.sheet(*[FILLED] * 3, OPEN)

    _, shown = on_a_terminal(desk, "submit", sheet.name, "--wait", "2s", "--verbose")

    live = shown[shown.index("done") :]
    starts = [found.start() for found in re.finditer(r"\d{4}-\d\d-\d\dT[\d:.]+Z [A-Z]+ ", live)]
    assert starts
    for start in starts:
        # On a new line, or where the table was erased.
        assert live[:start].endswith(("\n", "\x1b[2K")), live[start - 40 : start + 40]


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (0, "stopping: no answer is on its way."),
        (1, "stopping: 1 answer on its way; Ctrl-C again leaves it"),
        (1200, "stopping: 1,200 answers on their way; Ctrl-C again leaves them"),
    ],
)
def test_what_a_stopping_run_waits_for_is_told(count: int, told: str) -> None:
    now = replace(snapshot(9, SENDING=count), interrupted=True, on_their_way=count)

    assert stopping_words(now) == told


def test_the_live_view_says_that_it_stops(desk: Office) -> None:
    now = replace(snapshot(9, PLANNED=5, SENDING=2), interrupted=True, on_their_way=2)

    shown = drawn(now, gauge_of(now))

    assert "not sent by this run" in shown
    assert "Ctrl-C again leaves them" in shown


def interrupted(desk: Office, venue: Simulator, terminal: bool) -> str:
    """Send a batch whose answers do not come, and press Ctrl-C twice; give what was shown."""
    venue.add_fault(parse_fault("delay=60:place:after=1"))
    here, there = pty.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "batch", "submit", desk.sheet(OPEN, OPEN, OPEN).name, "--yes"],
        cwd=desk.folder,
        env={**os.environ, **desk.environment, "TERM": "xterm", "COLUMNS": "80", "LINES": "24"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=there,
        start_new_session=True,
    )
    os.close(there)
    ends_at = time.monotonic() + 20
    while venue.ledger.posts < 3:  # the first order goes alone, and is answered
        assert time.monotonic() < ends_at
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    pressed, shown, answered_s = time.monotonic(), b"", float("inf")
    while select.select([here], [], [], 20)[0]:
        try:
            portion = os.read(here, 65536)
        except OSError:
            break
        if not portion:
            break
        shown += portion
        if b"stopping: " in shown and answered_s == float("inf"):
            answered_s = time.monotonic() - pressed
            process.send_signal(signal.SIGINT)
    os.close(here)
    assert process.wait(timeout=20) == 130
    assert answered_s < 2.0
    return shown.decode()


@pytest.mark.parametrize("terminal", [True, False])
def test_ctrl_c_is_answered_at_once(desk: Office, venue: Simulator, terminal: bool) -> None:
    shown = interrupted(desk, venue, terminal)

    assert "stopping: 2 answers on their way; Ctrl-C again leaves them" in shown
    assert shown.count("stopping: ") == 1
    assert shown.index("stopping: ") < shown.index("Interrupted: nothing more was sent")


def test_a_password_that_nobody_set_is_asked_for_on_a_terminal_and_not_shown(
    desk: Office, venue: Simulator
) -> None:
    del desk.environment["ORDERBATCH_PASSWORD"]
    environment = {name: said for name, said in os.environ.items() if "PASSWORD" not in name}
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "batch", "submit", desk.sheet(FILLED).name, "--yes"],
        cwd=desk.folder,
        env={**environment, **desk.environment, "TERM": "dumb"},
        stdin=there,
        stdout=there,
        stderr=there,
        start_new_session=True,
    )
    os.close(there)
    shown = b""
    while select.select([here], [], [], 20)[0]:
        try:
            portion = os.read(here, 65536)
        except OSError:
            break
        if not portion:
            break
        shown += portion
        if b"Password of ops of DESK" in portion:
            time.sleep(0.2)  # until it no longer echoes
            os.write(here, b"s3cret-pass\n")
    os.close(here)

    assert process.wait(timeout=20) == 0
    assert shown.count(b"Password of ") == 1
    assert b"s3cret" not in shown
    assert venue.ledger.posts == 1


def test_without_a_terminal_nobody_is_asked_for_a_password(desk: Office, venue: Simulator) -> None:
    desk.environment["ORDERBATCH_PASSWORD"] = ""

    call = desk.run("submit", desk.sheet(FILLED), "--yes")

    assert call.code == 78
    assert "found no ORDERBATCH_PASSWORD" in call.err
    assert "Password of" not in call.err
