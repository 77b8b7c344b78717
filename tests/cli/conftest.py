"""A desk with a practice venue and a journal, and ways to call the command."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from batch.cli import commands
from batch.cli.exits import guarded
from batch.simulator import Simulator, SimulatorOptions

HEADER = "symbol,side,size,price,time_in_force\n"
FILLED = "EUR/USD,Buy,{size},1.2,IOC\n"
EXPIRED = "EUR/USD,Buy,{size},1.0,IOC\n"
OPEN = "EUR/USD,Buy,{size},1.0,GTC\n"


@dataclass
class Call:
    """How a call of the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The document on stdout."""
        return json.loads(self.out)


@dataclass
class Office:
    """A folder with sheets, the environment of a login, and the command."""

    folder: Path
    environment: dict[str, str]
    call: Callable[..., Call]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def sheet(self, *lines: str, name: str = "orders.csv", first_size: int = 100_000) -> Path:
        """Write a sheet; `{size}` in a line becomes another size in each."""
        path = self.folder / name
        body = "".join(line.format(size=first_size + number) for number, line in enumerate(lines))
        path.write_text(HEADER + body)
        return path

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start the command as a process of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", "batch", *map(str, arguments)],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: object) -> Call:
        """Run the command as a process of its own."""
        out, err = (process := self.start(*arguments)).communicate(timeout=60)
        return Call(process.returncode, out, err)


@pytest.fixture
def office(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Office]:
    """An office whose settings name no venue yet."""
    for name in [name for name in os.environ if name.startswith("ORDERBATCH_")]:
        monkeypatch.delenv(name)
    environment = {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "home"),
        "ORDERBATCH_JOURNAL": str(tmp_path / "journal" / "journal.db"),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "journal").mkdir()
    monkeypatch.chdir(folder)

    def call(*arguments: object) -> Call:
        handlers = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
        words = [str(argument) for argument in arguments]
        try:
            code = guarded(
                lambda: commands.main(words, prog_name="orderbatch", standalone_mode=False)
            )
        finally:
            for name, handler in handlers.items():
                signal.signal(name, handler)
        captured = capfd.readouterr()
        return Call(code, captured.out, captured.err)

    made = Office(folder, environment, call)
    ours = logging.getLogger("batch")
    before = (ours.level, ours.propagate, logging.raiseExceptions)
    yield made
    for handler in ours.handlers[:]:
        ours.removeHandler(handler)
        handler.close()
    ours.level, ours.propagate, logging.raiseExceptions = before
    for process in made.started:
        process.kill()
        process.communicate()


@pytest.fixture
def venue() -> Iterator[Simulator]:
    """A practice venue with a fast market."""
    options = SimulatorOptions(user="ops", password="s3cret-pass", org="DESK", time_scale=10)
    with Simulator(options) as simulator:
        yield simulator


@pytest.fixture
def desk(office: Office, venue: Simulator, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office that is logged in at the practice venue."""
    login = {
        "ORDERBATCH_URL": venue.url,
        "ORDERBATCH_USER": "ops",
        "ORDERBATCH_PASSWORD": "s3cret-pass",
        "ORDERBATCH_ORG": "DESK",
    }
    for name, value in login.items():
        monkeypatch.setenv(name, value)
    office.environment.update(login)
    return office
