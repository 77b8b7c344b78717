"""An operator's folder, a practice venue beside it, and commands that are killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any

from batch.simulator import Simulator, SimulatorOptions, parse_fault
from tests.campaign import driver
from tests.campaign.invariants import (
    Failed,
    Reported,
    Taken,
    contradicted,
    doubled,
    lost,
    read_report,
    require,
)

ROOT = Path(__file__).parents[2]
MEMORY = Path("/dev/shm")
"""Files in memory outlive a killed process just as files on a disk do, and cost no disk."""

KILLED = -9
NOT_NOW = 6
TIME_SCALE = 10.0
"""By how much the forked processes' long waits are shortened, and the venue's slowness with it."""

HEADER = "symbol,side,size,price,time_in_force\n"
KINDS = (
    "EUR/USD,Buy,{size},1.2,IOC\n",  # filled at once
    "EUR/USD,Buy,{size},1.2,GTC\n",  # filled at once
    "EUR/USD,Sell,{size},1.2,IOC\n",  # away from the market: expires
    "GBP/USD,Buy,5{size},2.0,IOC\n",  # more than there is: part filled, then expired
)


LOGIN_LIFE_S = 1.5


@dataclass(frozen=True, slots=True)
class Model:
    """A kind of venue, and what its operator has told the program about it.

    Attributes:
        covers_done: the operator has confirmed that asking by client ID finds done orders.
        faults: lines of the simulator's script.
    """

    name: str
    client_id_query: Any = "all"
    client_id_delay_s: float = 0.0
    covers_done: bool = False
    latency_s: float = 0.0
    faults: tuple[str, ...] = ()

    def options(self, time_scale: float) -> SimulatorOptions:
        """Give the simulator's options."""
        return SimulatorOptions(
            user="ops",
            password="s3cret-pass",
            org="DESK",
            time_scale=100.0,
            latency_s=self.latency_s,
            client_id_query=self.client_id_query,
            client_id_delay_s=self.client_id_delay_s / time_scale,
            # An absence counts from the end of the login's life, which somebody has to wait for.
            token_lifetime_s=LOGIN_LIFE_S if self.covers_done else 60.0,
        )


def losing(model: Model, percent: int, seed: int) -> Model:
    """Let a venue lose replies, each in one of the ways in which replies get lost."""
    dice = random.Random(seed)
    untaken = [f"{kind}:place:{percent / 2}%:seed={seed + 2}" for kind in ("503", "reset-before")]
    kinds = ("drop-reply", "reset-after", "cut", "html", "status-after=500", "no-order-id")
    faults = (
        f"{dice.choice(kinds)}:place:{percent}%:seed={seed}",
        f"{dice.choice(kinds)}:place:{percent / 2}%:seed={seed + 1}",
        dice.choice(untaken),
        f"400:place:{percent / 4}%:seed={seed + 3}",
        f"retry-after=0:place:{percent / 2}%:seed={seed + 4}",
        f"{dice.choice(('503', 'drop-before', 'html'))}:find:{percent}%:seed={seed + 5}",
        f"{dice.choice(('503', 'drop-before', 'cut'))}:query:{percent}%:seed={seed + 6}",
    )
    return replace(model, name=f"{model.name}, losing {percent}%", faults=faults)


class Launchpad:
    """A process that forks the command; see `tests.campaign.launchpad`.

    Args:
        environment: of its own, and so of what it forks.
    """

    def __init__(self, environment: Mapping[str, str] = MappingProxyType({})) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.campaign.launchpad"],
            cwd=ROOT,
            # One thread, or the forks would not be clean.
            env={
                **os.environ,
                "OPENBLAS_NUM_THREADS": "1",
                "OMP_NUM_THREADS": "1",
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._out.readline() == "ready\n"

    @property
    def _out(self) -> IO[str]:
        assert self._process.stdout is not None
        return self._process.stdout

    def launch(self, **order: Any) -> int:
        """Run the command once and give its exit code, below 0 for a signal."""
        return int(self._ask(order)["code"])

    def start(self, **order: Any) -> Launched:
        """Start the command."""
        return Launched(self, int(self._ask({"start": order})["pid"]))

    def code_of(self, pid: int) -> int | None:
        """Give how a command that was started has ended; None while it lives."""
        code: int | None = self._ask({"tell": pid})["code"]
        return code

    def _ask(self, order: Mapping[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        print(json.dumps(order), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._out.readline())
        return answer

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@dataclass
class Launched:
    """A command that a launchpad started, with the verbs of `subprocess.Popen`."""

    launchpad: Launchpad
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """Give how it ended; None while it lives."""
        if self.returncode is None:
            self.returncode = self.launchpad.code_of(self.pid)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, if it lives, and see it end."""
        self.send_signal(signal.SIGKILL)
        while self.poll() is None:
            time.sleep(0.005)


@dataclass
class Office:
    """A folder with a sheet, a venue, and the command.

    Attributes:
        launchpad: forks the commands; without it each is a process of its own.
        mutant: a deliberate bug in every command; see `tests.campaign.mutants`.
        figures: what happened, for the closing summary.
    """

    folder: Path
    venue: Simulator
    model: Model
    sizes: dict[int, Decimal]
    launchpad: Launchpad | None = None
    mutant: str = ""
    figures: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)

    @property
    def sheet(self) -> Path:
        return self.folder / "orders.csv"

    @property
    def report(self) -> Path:
        return self.folder / "results.json"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def run(self, *arguments: str, death: str = "", killed_after_s: float | None = None) -> int:
        """Run a command to its end or its death.

        Args:
            death: where the process dies; see `tests.campaign.deaths`.
            killed_after_s: when it is killed, wherever it is.
        """
        words = [*arguments, "--report", str(self.report), "--wait", "20s", "--max-in-flight", "6"]
        environment = self.environment(death)
        if self.launchpad is None:
            code = self._run_alone(words, environment, killed_after_s)
        else:
            code = self.launchpad.launch(
                arguments=words,
                environment=environment,
                folder=str(self.folder),
                log=str(self.log),
                killed_after_s=killed_after_s,
            )
        self.figures["kills"] += code == KILLED
        self.figures["processes"] += 1
        self.story.append(f"{arguments[0]} {death or killed_after_s or ''} -> {code}")
        return code

    def start(self, *arguments: str, death: str = "") -> subprocess.Popen[bytes]:
        """Start a command as a process of its own."""
        module = "tests.campaign.driver" if death or self.mutant else "batch"
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env={**os.environ, **self.environment(death)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _run_alone(
        self, words: Sequence[str], environment: dict[str, str], killed_after_s: float | None
    ) -> int:
        process = self.start(*words, death=environment[driver.DEATH])
        try:
            return process.wait(killed_after_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def environment(self, death: str = "") -> dict[str, str]:
        """Give the settings of a command."""
        return {
            "HOME": str(self.folder),
            "XDG_CONFIG_HOME": str(self.folder),
            "ORDERBATCH_URL": self.venue.url,
            "ORDERBATCH_USER": "ops",
            "ORDERBATCH_PASSWORD": "s3cret-pass",
            "ORDERBATCH_ORG": "DESK",
            "ORDERBATCH_JOURNAL": str(self.journal),
            "ORDERBATCH_CONFIG": str(self.folder / "config.toml"),
            driver.DEATH: death,
            driver.MUTANT: self.mutant,
            driver.TIME_SCALE: str(TIME_SCALE) if self.launchpad else "",
        }

    def submit(self, **how: Any) -> int:
        """Submit the sheet, or go on with it."""
        return self.run("submit", str(self.sheet), "--yes", **how)

    def go_on(self, dice: random.Random, **how: Any) -> int:
        """Do what an operator does after a crash: the same again, or `resume`."""
        batch = self.batch_id()
        if batch is None or dice.random() < 0.5:
            return self.submit(**how)
        return self.run("resume", batch, **how)

    def finish(self) -> list[Reported]:
        """Go on until nothing is left to do, and give the last report."""
        report: list[Reported] = []
        for _ in range(8):
            code = self.submit()
            if code == NOT_NOW and self.model.faults:
                continue  # this venue gives no answer now and then, and nothing was sent
            if code not in (0, 1, 4, 5):
                raise Failed(
                    f"exit {code} at the end\n{self.story}\n{self.log.read_text()[-3000:]}"
                )
            report = self.read_report()
            states = {line.final_state for line in report}
            if not states & self._unfinished:
                return report
        return report

    def check(self) -> None:
        """Finish the batch, and hold the report against the venue's books."""
        report = self.finish()
        taken = self.taken()
        states = Counter(line.final_state for line in report)
        wrong = [*doubled(taken), *lost(report, self.sizes), *contradicted(report, taken)]
        if states["NOT_SENT"]:
            wrong.append(f"{states['NOT_SENT']} rows were never sent")
        if self.model.covers_done and states["UNKNOWN"]:
            wrong.append(f"{states['UNKNOWN']} rows are left UNKNOWN")
        require(wrong, [self.model, *self.story])
        self.count_what_went_wrong()
        self.figures["batches"] += 1
        self.figures["orders at the venue"] += len(taken)
        self.figures["rows"] += len(report)
        self.figures["UNKNOWN left"] += states["UNKNOWN"]

    @property
    def _unfinished(self) -> set[str]:
        return {"NOT_SENT", "OPEN", *(["UNKNOWN"] if self.model.covers_done else [])}

    def read_report(self) -> list[Reported]:
        """Read the report; a half written one does not exist, whenever somebody looks."""
        return read_report(json.loads(self.report.read_text()))

    def count_what_went_wrong(self) -> None:
        """Add to the figures which faults struck, and what the kills left behind."""
        for line in self.venue._script._lines:
            fault = line.fault
            name = f"{fault.kind}={fault.value}" if fault.value else fault.kind
            self.figures[f"fault {name} at {fault.operation}"] += line.struck.total()
        connection = sqlite3.connect(self.journal)
        lost = "SELECT count(*) FROM events WHERE kind = 'lost' AND detail LIKE 'found claimed%'"
        self.figures["rows found on their way at a start"] += connection.execute(lost).fetchone()[0]
        connection.close()

    def batch_id(self) -> str | None:
        """Give the ID of the batch; None before the plan was committed."""
        if not self.journal.exists():
            return None
        connection = sqlite3.connect(self.journal, timeout=10.0)
        try:
            found = connection.execute("SELECT batch_id FROM batches").fetchall()
        except sqlite3.OperationalError:  # killed before there were tables
            return None
        finally:
            connection.close()
        return found[0][0] if found else None

    def taken(self) -> list[Taken]:
        """Give what the venue took."""
        return taken_by(self.venue)


def taken_by(venue: Simulator) -> list[Taken]:
    """Give what a venue took."""
    return [
        Taken(
            server_order_id=entry.order_id,
            client_order_id=entry.client_order_id,
            size=Decimal(str(json.loads(entry.body, parse_float=Decimal)["size"])),
            status=entry.status,
            filled_size=entry.filled_size,
        )
        for entry in venue.ledger.orders
    ]


@contextmanager
def open_office(
    model: Model,
    rows: int,
    *,
    launchpad: Launchpad | None = None,
    mutant: str = "",
) -> Iterator[Office]:
    """Open an office with a sheet of so many rows at a venue of this model."""
    time_scale = TIME_SCALE if launchpad else 1.0
    folder = Path(tempfile.mkdtemp(prefix="campaign-", dir=MEMORY if MEMORY.is_dir() else None))
    options = model.options(time_scale)
    try:
        with Simulator(options) as venue:
            for fault in model.faults:
                venue.add_fault(parse_fault(fault))
            office = Office(folder, venue, model, {}, launchpad, mutant)
            lines = []
            for row in range(2, rows + 2):
                line = KINDS[row % len(KINDS)].format(size=100_000 + row)
                lines.append(line)
                office.sizes[row] = Decimal(line.split(",")[2])
            office.sheet.write_text(HEADER + "".join(lines))
            (folder / "config.toml").write_text(
                "journal_on_memory_drive = true\n"
                "[venue]\n"
                f"settle_s = {6.0 / time_scale}\n"
                "read_timeout_s = 5.0\n"
                "deadline_s = 8.0\n"
                f"client_id_query_covers_done_orders = {str(model.covers_done).lower()}\n"
            )
            yield office
    finally:
        shutil.rmtree(folder, ignore_errors=True)
