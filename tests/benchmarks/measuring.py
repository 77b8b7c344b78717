"""Running a process against the benchmarks' venue, and what it took."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Usage:
    """What a process took, start to end.

    Attributes:
        cpu_s: user and system together.
        peak_mb: the most memory that it held (resident).
    """

    started_at: float
    wall_s: float
    cpu_s: float
    peak_mb: float
    code: int
    output: str


@dataclass
class Sent:
    """What a client took to send orders, and what the venue saw of it.

    Attributes:
        start_s: from the start of the process to the first order's arrival.
        send_s: from there to the last answer.
        rest_s: from the first order's arrival to the end of the process, so with its report.
    """

    usage: Usage
    venue: dict[str, Any]
    count: int
    in_flight: int
    latency_s: float

    @property
    def start_s(self) -> float:
        return float(self.venue["first_at"]) - self.usage.started_at

    @property
    def send_s(self) -> float:
        return float(self.venue["last_at"]) - float(self.venue["first_at"])

    @property
    def share(self) -> float:
        """The part of the physical limit that was reached, from the first order on."""
        return self.limit_s / self.send_s

    @property
    def share_between(self) -> float:
        """The same from the second order to the last answer about one.

        The first order may have gone alone, and after the last answer the venue may be asked once
        more whether it has an order twice; both cost latencies, however many orders there are.
        """
        between_s = float(self.venue["told_at"]) - float(self.venue["second_at"])
        return self.limit_s * (self.count - 1) / self.count / between_s

    @property
    def rest_s(self) -> float:
        return self.usage.wall_s - self.start_s

    @property
    def limit_s(self) -> float:
        """The least time that two requests an order can take with so many in flight."""
        return 2 * self.latency_s * self.count / self.in_flight

    @property
    def requests_an_order(self) -> float:
        return float(self.venue["requests"]) / self.count

    @property
    def cpu_ms_an_order(self) -> float:
        return self.usage.cpu_s * 1000 / self.count


@dataclass
class Process:
    """The venue while it runs; `seen` is filled when it has ended."""

    url: str
    seen: dict[str, Any] = field(default_factory=dict)


def run(
    arguments: Sequence[str],
    *,
    environment: dict[str, str] | None = None,
    expected: int | tuple[int, ...] = 0,
) -> Usage:
    """Run a process to its end and measure it.

    Args:
        expected: the exit code that it ends with, or each that it may end with.

    Raises:
        RuntimeError: it ended with another exit code than expected.
    """
    with tempfile.TemporaryFile("w+") as output:
        started_at = time.monotonic()
        process = subprocess.Popen(
            arguments,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        wall_s = time.monotonic() - started_at
        output.seek(0)
        text = output.read()
    if process.returncode not in (expected if isinstance(expected, tuple) else (expected,)):
        raise RuntimeError(f"{' '.join(arguments)} ended with {process.returncode}:\n{text}")
    return Usage(
        started_at=started_at,
        wall_s=wall_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        code=process.returncode,
        output=text,
    )


@contextmanager
def loaded(cores: int) -> Iterator[None]:
    """Keep so many cores busy until the block ends."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@contextmanager
def venue(**settings: float) -> Iterator[Process]:
    """Run the venue in a process of its own until the block ends."""
    options = [
        text
        for name, value in settings.items()
        for text in (f"--{name.replace('_', '-')}", f"{value:g}")
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.venue", *options],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        running = Process(f"http://127.0.0.1:{int(process.stdout.readline())}")
        yield running
        process.stdin.close()
        running.seen.update(json.loads(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def send_with(client: str, *, count: int, in_flight: int, **settings: float) -> Sent:
    """Have one of the plain clients send orders."""
    with venue(**settings) as running:
        usage = run(
            [
                sys.executable,
                "-m",
                f"tests.benchmarks.clients.{client}",
                running.url,
                str(count),
                *([] if client == "loop" else [str(in_flight)]),
            ]
        )
    return Sent(usage, running.seen, count, in_flight, settings.get("latency_ms", 0.0) / 1000)


def submit(
    folder: Path,
    *,
    count: int,
    in_flight: int,
    time_in_force: str = "IOC",
    options: Sequence[str] = (),
    journal: str = "",
    expected: int = 0,
    **settings: float,
) -> Sent:
    """Have orderbatch submit a sheet, as a whole process with a journal and a report.

    Args:
        journal: an empty one; in a file of the folder where none is given.
    """
    sheet = write_sheet(folder / "orders.csv", count, time_in_force)
    journal = journal or str(folder / "journal.db")
    # The report of the run before is nobody's result.
    for stale in (*folder.glob("journal.db*"), folder / "report.xlsx"):
        stale.unlink(missing_ok=True)
    with venue(**settings) as running:
        usage = run(
            [
                *ORDERBATCH,
                "submit",
                str(sheet),
                "--yes",
                "--journal",
                journal,
                *([] if "--report" in options else ["--report", str(folder / "report.xlsx")]),
                "--max-in-flight",
                str(in_flight),
                *options,
            ],
            environment=environment(running.url, folder),
            expected=expected,
        )
    return Sent(usage, running.seen, count, in_flight, settings.get("latency_ms", 0.0) / 1000)


ORDERBATCH = (sys.executable, "-m", "batch")


def environment(url: str, folder: Path) -> dict[str, str]:
    """Give the settings that a run needs, and keep the user's own out."""
    (folder / "config.toml").touch()
    return {
        "ORDERBATCH_CONFIG": str(folder / "config.toml"),
        "ORDERBATCH_URL": url,
        "ORDERBATCH_USER": "bench",
        "ORDERBATCH_PASSWORD": "bench",
        "ORDERBATCH_ORG": "BENCH",
    }


def write_sheet(path: Path, count: int, time_in_force: str = "IOC", *, good: bool = True) -> Path:
    """Write an order sheet of so many rows, all good or all bad."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["symbol", "side", "size", "price", "time_in_force", "note"])
        writer.writerows(rows(count, time_in_force, good=good))
    return path


def rows(count: int, time_in_force: str, *, good: bool) -> Iterator[list[object]]:
    """Give the cells of so many orders."""
    for number in range(count):
        size, price = 100_000 + number, f"1.{10000 + number % 80000}"
        cells = [size, price] if good else [-size, "abc"]
        side = "Buy" if number % 2 else "Sell"
        yield ["EUR/USD", side, *cells, time_in_force, f"bench {number}"]
