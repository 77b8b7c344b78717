"""The README's own commands, run as they stand there (installing aside)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line.removeprefix("$ ")
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]
SET_UP = "python3 -m venv .venv && .venv/bin/python -m pip install --quiet "


def without_set_up(command: str) -> list[str]:
    """Give what a command runs after it has installed, as words for this interpreter."""
    assert command.startswith(SET_UP), command
    words = command.split(" && ")[-1].split()
    return [re.sub(r"^\.venv/bin/", f"{Path(sys.executable).parent}/", word) for word in words]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with what a fresh clone has and the first command uses."""
    shutil.copytree(
        ROOT / "samples", tmp_path / "samples", ignore=shutil.ignore_patterns("*-results-*")
    )
    return tmp_path


def test_the_first_screen_has_the_two_commands() -> None:
    first_screen = "\n".join(README.splitlines()[:24])

    assert all(command in first_screen for command in COMMANDS[:2])
    assert [command.startswith(SET_UP) for command in COMMANDS[:2]] == [True, True]


def test_the_first_command_runs_the_main_job_and_shows_what_the_readme_shows(clone: Path) -> None:
    shown = re.search(
        r"\$ orderbatch submit samples/orders\.xlsx --simulate --yes\n(.*?)```", README, re.DOTALL
    )
    assert shown is not None

    ended = subprocess.run(
        without_set_up(COMMANDS[0]),
        cwd=clone,
        env={"PATH": os.environ["PATH"], "HOME": str(clone / "home")},
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )

    assert ended.returncode == 4, ended.stderr
    assert ended.stderr.splitlines()[:3] == shown[1].splitlines()[:3]
    (report,) = (clone / "samples").glob("orders-results-*.xlsx")
    assert ended.stdout.strip() == str(report)
    header, *rows = openpyxl.load_workbook(report)["Results"].iter_rows(values_only=True)
    states = {row[header.index("final_state")] for row in rows}
    assert len(rows) == 14
    assert states == {"FILLED", "EXPIRED", "REJECTED", "REFUSED", "OPEN"}


def test_the_second_command_is_the_one_that_ci_runs_and_finds_the_tests() -> None:
    words = without_set_up(COMMANDS[1])
    # Whatever measures this run must not be started, and its data erased, by the inner one.
    environment = {name: text for name, text in os.environ.items() if "PYTEST" not in name}
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    ended = subprocess.run(
        [*words, "--collect-only", "-p", "no:cacheprovider", "tests/test_readme.py"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert words[1:3] == ["-m", "pytest"]
    assert "README.md" in ci
    assert ended.returncode == 0, ended.stdout


def test_every_command_and_option_that_it_shows_exists() -> None:
    from batch.cli import commands

    for command in COMMANDS:
        match = re.search(r"(?:^|/)orderbatch (\w+)(.*)", command)
        if match is None:
            continue
        known = commands.load(match[1])
        options = {name for parameter in known.params for name in parameter.opts}
        assert set(re.findall(r"--[\w-]+", match[2])) <= options, command
