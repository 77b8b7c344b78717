"""A batch that is handed from host to host, each of which gets into trouble; then it is counted.

Several processes can be at the batch at once: one that lives on, or wakes up, does not know that
another host has taken it over. Whatever was broken is mended after a while, or at the end.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import repeat
from pathlib import Path

import psycopg

from tests.campaign.invariants import (
    Failed,
    Taken,
    contradicted,
    doubled,
    lost,
    read_report,
    require,
)
from tests.campaign.lab import Host, Site, clock_shifter
from tests.campaign.office import HEADER, KINDS, Launched, taken_by
from tests.campaign.servers import NAME

ROWS_A_TAKE_OVER = 14
PACE = ("--rate", "1", "--max-in-flight", "4")
"""So slow that there is something left to send for the last of the hosts."""

PATIENCE_S = 240.0
GLANCE_S = 0.05
BETWEEN_STARTS_S = 2.0
MOST_WAITS = 4
MOST_OF_A_HOLD_S = 13.0
"""It costs nothing to try again and again, but time on this machine."""

MOST_LAST_STARTS = 6

FINISHED = (0, 1)
NOT_NOW = 6
INTERRUPTED = 130
IN_TROUBLE = (*FINISHED, 4, 5, NOT_NOW, INTERRUPTED)
"""How a process may end whose database, or venue, is away, or whose batch another one has."""


@dataclass
class Runner:
    """A process on a host.

    Attributes:
        is_to_lose: it woke up in the middle of its work, when another host had the batch.
    """

    host: Host
    process: Launched
    words: str
    was_killed: bool = False
    is_judged: bool = False
    is_to_lose: bool = False

    @property
    def pid(self) -> int:
        return self.process.pid

    def is_still(self) -> bool:
        """Say whether it stands still, as after SIGSTOP."""
        with suppress(OSError):
            return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False


@dataclass
class Relay:
    """One batch's way from host to host.

    Attributes:
        batch_id: empty until it was planned.
        story: what happened when, for whoever has to find out why.
        is_stopped: says that nobody waits for it any more.
    """

    site: Site
    dice: random.Random
    rows: int
    figures: Counter[str] = field(default_factory=Counter)
    story: list[str] = field(default_factory=list)
    runners: list[Runner] = field(default_factory=list)
    batch_id: str = ""
    is_stopped: Callable[[], bool] = lambda: False
    began: float = field(default_factory=time.monotonic)
    _due: list[tuple[float, str, Callable[[], None]]] = field(default_factory=list)
    _session: psycopg.Connection[tuple[object, ...]] | None = None

    # Before and after

    def write_sheet(self) -> Path:
        """Write the sheet, on a folder that all hosts see."""
        path = self.site.folder / "orders.csv"
        lines = [KINDS[row % len(KINDS)].format(size=100_000 + row) for row in self._rows]
        path.write_text(HEADER + "".join(lines))
        return path

    @property
    def _rows(self) -> range:
        return range(2, self.rows + 2)

    def end(self) -> None:
        """Mend everything, let one more host go on until nothing is left to do, and count."""
        self.mend_all()
        host = self.site.hosts[self.dice.choice(sorted(self.site.hosts))]
        for _ in range(MOST_LAST_STARTS):
            last = self.start(host, "resume", self.batch_id, "--take-over", is_fast=True)
            code = self.let_end(last)
            if code in FINISHED:
                break
        for runner in self.runners:
            self.let_end(runner)
        self._check(host.report, code)

    def wake_too_late(self, point: str) -> list[str]:
        """Let a host stand still at a point until another one has ended the batch, then wake it.

        Returns:
            What was doubled by that.
        """
        sleeper, other = (self.site.hosts[name] for name in ("a", "c"))
        sheet = self.write_sheet()
        # Not at the first order: there must be one that is done, or no absence is proven.
        first = self.start(sleeper, "submit", str(sheet), "--yes", pause=f"{point}:3")
        if not self.wait_until_at_it(first):
            raise Failed(f"{first.pid} does not begin\n{self.tell()}")
        self.wait(first.is_still, f"{first.pid} comes to {point}")
        self.site.primary.cut_sessions_of(sleeper.name)
        code = self.let_end(self.start(other, "resume", self.batch_id, "--take-over", is_fast=True))
        if code not in FINISHED:
            raise Failed(f"the batch did not end: {code}\n{self.tell()}")
        first.process.send_signal(signal.SIGCONT)
        self.let_end(first)
        return doubled(self.taken())

    def _check(self, path: Path, code: int) -> None:
        report = read_report(json.loads(path.read_text()))
        taken = self.taken()
        states = Counter(line.final_state for line in report)
        sizes = {
            row: Decimal(KINDS[row % len(KINDS)].format(size=100_000 + row).split(",")[2])
            for row in self._rows
        }
        wrong = [*doubled(taken), *lost(report, sizes), *contradicted(report, taken)]
        wrong += [
            f"{states[name]} rows are {name} at the end"
            for name in ("NOT_SENT", "OPEN")
            if states[name]
        ]
        if code not in FINISHED and not states["UNKNOWN"]:
            wrong.append(f"the last start ended with {code}")
        found = self._look(
            "SELECT count(*) FROM events WHERE kind = 'lost' AND detail LIKE 'found claimed%'"
        )
        self.figures["rows found on their way at a start"] += int(str(found[0][0])) if found else 0
        self.figures["batches"] += 1
        self.figures["batches without libfaketime, all clocks right"] += clock_shifter() is None
        self.figures["orders at the venue"] += len(taken)
        self.figures["rows"] += len(report)
        self.figures["doubled"] += len(doubled(taken))
        self.figures["lost"] += len(lost(report, sizes))
        self.figures["UNKNOWN at the end"] += states["UNKNOWN"]
        if states["UNKNOWN"]:
            wrong.append(f"{states['UNKNOWN']} rows are UNKNOWN at the end")
        require(wrong, self.tell())

    def taken(self) -> list[Taken]:
        """Give what the venue took."""
        return taken_by(self.site.venue)

    def tell(self) -> str:
        """Give the story, and the last words of each host."""
        logs = (
            f"--- {host.name} {host.shift}\n{host.log.read_text()[-2500:]}"
            for host in self.site.hosts.values()
            if host.log.exists()
        )
        return "\n".join([*self.story, *logs])

    def clear(self) -> None:
        """Let no process live, and nothing be cut."""
        with suppress(OSError, subprocess.SubprocessError):
            self.mend_all()
        for runner in self.runners:
            runner.process.kill()
        if self._session is not None:
            self._session.close()

    # Processes

    def start(self, host: Host, *words: str, pause: str = "", is_fast: bool = False) -> Runner:
        """Start a command on a host."""
        process = host.start(*words, *(() if is_fast else PACE), pause=pause)
        runner = Runner(host, process, words[0])
        self.runners.append(runner)
        self.note(f"{host.name}: {' '.join(words)} {pause} as {runner.pid}")
        self.figures["processes"] += 1
        return runner

    def let_end(self, runner: Runner) -> int:
        """Wait for the end of a process, and judge it."""
        self.wait(lambda: runner.process.poll() is not None, f"{runner.pid} ends")
        return self.judge(runner)

    def judge(self, runner: Runner) -> int:
        """Hold how a process ended against the design's exit codes."""
        code = runner.process.poll()
        assert code is not None
        if runner.is_judged:
            return code
        runner.is_judged = True
        self.note(f"{runner.host.name}: {runner.pid} ended with {code}")
        self.figures[f"ended with {code}"] += 1
        allowed: Iterable[int] = IN_TROUBLE
        if runner.was_killed:
            allowed = (-signal.SIGKILL,)
        elif runner.is_to_lose:
            allowed = (INTERRUPTED,)
        if code not in allowed:
            raise Failed(f"{runner.pid} ended with {code}\n{self.tell()}")
        return code

    # From host to host

    def take_over(self, host: Host, *, at_once: bool, pause: str = "") -> Runner | None:
        """Let a host go on with the batch, however often it has to try.

        Args:
            at_once: by `--take-over`; otherwise when the one before was not heard of for a while.

        Returns:
            None when the batch is over.
        """
        until = time.monotonic() + PATIENCE_S
        rests_s = itertools.chain([] if at_once else [MOST_OF_A_HOLD_S], repeat(BETWEEN_STARTS_S))
        for attempt in itertools.count():
            # Whoever was silent may have come back, and then it has the batch for long.
            by_force = at_once or attempt >= MOST_WAITS
            words = ["resume", self.batch_id, *(["--take-over"] if by_force else [])]
            runner = self.start(host, *words, pause=pause)
            if self.wait_until_at_it(runner):
                self.figures["take-overs"] += 1
                self.figures[f"take-overs {'at once' if by_force else 'after a wait'}"] += 1
                return runner
            if self.judge(runner) in FINISHED:
                return None
            if time.monotonic() > until:
                break
            self.rest(next(rests_s))
        raise Failed(f"{host.name} does not get the batch\n{self.tell()}")

    def wait_until_at_it(self, runner: Runner) -> bool:
        """Wait until a process has the batch; say whether it came to that."""
        self.wait(
            lambda: self.has_had(runner) or runner.process.poll() is not None,
            f"{runner.pid} is at the batch",
        )
        return self.has_had(runner)

    def has_had(self, runner: Runner) -> bool:
        """Say whether a process has, or had, the batch."""
        found = self._look("SELECT batch_id, holder FROM holds")
        for batch_id, holder in found or ():
            if re.search(rf"@{runner.host.name}/\w+ process {runner.pid}$", str(holder)):
                self.batch_id = str(batch_id)
                return True
        return False

    def was_followed(self, runner: Runner) -> bool:
        """Say whether another process has come to the batch after one, as far as can be told."""
        later = self.runners[self.runners.index(runner) + 1 :]
        return any(self.has_had(other) for other in later)

    def serves(self) -> bool:
        """Say whether the database answers."""
        return self._look("SELECT 1") is not None

    def _look(self, statement: str) -> list[tuple[object, ...]] | None:
        try:
            if self._session is None:
                url = self.site.primary.url("tests", NAME)
                self._session = psycopg.connect(url, autocommit=True, connect_timeout=3)
            return self._session.execute(statement.encode()).fetchall()
        except psycopg.Error:
            if self._session is not None:
                self._session.close()
                self._session = None
            return None

    # Time

    def note(self, words: str) -> None:
        """Put down what happens."""
        posts = self.site.venue.ledger.posts
        self.story.append(f"{time.monotonic() - self.began:7.2f} {posts:3} {words}")

    def later(self, words: str, mend: Callable[[], None], seconds: float | None = None) -> None:
        """Have something mended: soon, after the next host has begun, or long after."""
        if seconds is None:
            low, high = self.dice.choice(((0.3, 3.0), (4.0, 12.0), (15.0, 40.0)))
            seconds = self.dice.uniform(low, high)
        self._due.append((time.monotonic() + seconds, words, mend))

    def tend(self) -> None:
        """Mend what is due."""
        if self.is_stopped():
            raise Failed("stopped")
        now = time.monotonic()
        due = [entry for entry in self._due if entry[0] <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        for _, words, mend in due:
            self.note(words)
            mend()

    def mend_all(self) -> None:
        """Mend everything now."""
        due, self._due = self._due, []
        for _, words, mend in due:
            self.note(words)
            mend()

    def wait(self, holds: Callable[[], bool], words: str, seconds: float = PATIENCE_S) -> None:
        """Wait until something is so.

        Raises:
            Failed: it does not come to be.
        """
        until = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > until:
                raise Failed(f"expected that {words}\n{self.tell()}")
            self.tend()
            time.sleep(GLANCE_S)

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.tend()
            time.sleep(GLANCE_S)

    def let_work(self, runner: Runner) -> None:
        """Let the batch go on for a random while."""
        more = self.site.venue.ledger.posts + self.dice.randrange(8)
        until = time.monotonic() + self.dice.uniform(0.2, 6.0)
        self.wait(
            lambda: (
                self.site.venue.ledger.posts >= more
                or time.monotonic() >= until
                or runner.process.poll() is not None
            ),
            "it goes on",
        )
