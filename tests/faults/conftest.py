"""A desk whose every order has a name, so that a fault can be aimed at it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from batch.run import proof, tracking
from batch.simulator import Simulator, SimulatorOptions, parse_fault
from tests.cli.conftest import Call, Office, office

__all__ = ["desk", "office"]

ROOT = Path(__file__).parents[2]
HEADER = "client_order_id,symbol,side,size,price,time_in_force,expiry_time\n"
AGES_S = 30.0

DYING = """
from tests.campaign import deaths
deaths.arm({death!r})
from batch.cli import main
main()
"""


@dataclass
class FaultDesk:
    """A practice venue, its settings, and the command.

    Attributes:
        sent: the client IDs of the sheet that was written last.
    """

    office: Office
    venue: Simulator
    monkeypatch: pytest.MonkeyPatch
    sent: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What a process of the desk has in its environment."""
        return {**os.environ, **self.office.environment, "PYTHONPATH": str(ROOT)}

    def configure(self, **venue: float | bool | str) -> None:
        """Write `[venue]` of the config file."""
        path = self.office.folder / "config.toml"
        lines = [f"{name} = {str(value).lower()}\n" for name, value in venue.items()]
        path.write_text("[venue]\n" + "".join(lines))
        self.monkeypatch.setenv("ORDERBATCH_CONFIG", str(path))

    def add_faults(self, *texts: str) -> None:
        """Add lines to the venue's script."""
        for text in texts:
            self.venue.add_fault(parse_fault(text))

    def sheet(self, *names: str, line: str = "EUR/USD,Buy,{size},1.2,IOC,") -> Path:
        """Write a sheet with a row for each client ID; each has another size."""
        path = self.office.folder / "orders.csv"
        rows = [f"{name},{line}\n".format(size=100_000 + n) for n, name in enumerate(names)]
        path.write_text(HEADER + "".join(rows))
        self.sent = list(names)
        return path

    def submit(self, sheet: Path, *options: object) -> Call:
        """Submit a sheet, with the results on stdout."""
        return self.office.call("submit", sheet, "--yes", "--json", *options)

    def resume(self, *options: object) -> Call:
        """Resume the newest batch."""
        return self.office.call("resume", self.newest(), "--json", *options)

    def newest(self) -> str:
        """Give the ID of the newest batch."""
        return str(self.office.call("batches", "--json").json["batches"][0]["id"])

    def start(self, *arguments: object, death: str = "") -> subprocess.Popen[str]:
        """Start the command as a process, one that dies at a point if so wanted."""
        command = ["-c", DYING.format(death=death)] if death else ["-m", "batch"]
        process = subprocess.Popen(
            [sys.executable, *command, *map(str, arguments)],
            cwd=self.office.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.office.started.append(process)
        return process

    def run(self, *arguments: object, death: str = "") -> Call:
        """Run the command as a process to its end."""
        process = self.start(*arguments, death=death)
        out, err = process.communicate(timeout=60)
        if death:
            assert process.returncode == -signal.SIGKILL, err
        return Call(process.returncode, out, err)

    def require_each_once(self) -> None:
        """Require that the venue holds every row of the sheet, each once."""
        taken = Counter(entry.client_order_id for entry in self.venue.ledger.orders)
        assert taken == Counter(self.sent)

    @contextmanager
    def when(self, condition: Callable[[], bool], act: Callable[[], object]) -> Iterator[None]:
        """Do something beside a block, as soon as a condition holds."""
        happened = threading.Event()

        def watch() -> None:
            until = time.monotonic() + AGES_S
            while not condition() and time.monotonic() < until:
                time.sleep(0.002)
            if condition():
                act()
                happened.set()

        watcher = threading.Thread(target=watch)
        watcher.start()
        yield
        watcher.join(AGES_S)
        assert happened.is_set()


def states(call: Call) -> dict[str, str]:
    """Give the final state of each client ID."""
    return {order["client_order_id"]: order["final_state"] for order in call.json["orders"]}


def messages(call: Call) -> Mapping[str, str]:
    """Give the message of each client ID."""
    return {order["client_order_id"]: order["message"] for order in call.json["orders"]}


Open = Callable[..., FaultDesk]


@pytest.fixture
def open_desk(office: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Open a desk at a venue with options of its own; it accepts duplicates."""
    venues: list[Simulator] = []
    # The five seconds between two answers that prove an absence, and their like.
    monkeypatch.setattr(proof, "ABSENT_APART_S", 0.3)
    monkeypatch.setattr(proof, "MARGIN_S", 0.2)
    monkeypatch.setattr(tracking, "ASK_AGAIN_S", 0.1)

    def open_one(**options: object) -> FaultDesk:
        chosen = {"time_scale": 20.0, **options}
        login = SimulatorOptions(user="ops", password="s3cret-pass", org="DESK", **chosen)  # type: ignore[arg-type]
        venue = Simulator(login).start()
        venues.append(venue)
        office.environment.update(
            {
                "ORDERBATCH_URL": venue.url,
                "ORDERBATCH_USER": "ops",
                "ORDERBATCH_PASSWORD": "s3cret-pass",
                "ORDERBATCH_ORG": "DESK",
            }
        )
        for name, value in office.environment.items():
            monkeypatch.setenv(name, value)
        made = FaultDesk(office, venue, monkeypatch)
        made.configure(settle_s=0.3)
        return made

    yield open_one
    for venue in venues:
        venue.stop()


@pytest.fixture
def desk(open_desk: Open) -> FaultDesk:
    """A desk at a friendly venue."""
    return open_desk()
