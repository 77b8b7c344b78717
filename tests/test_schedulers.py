"""The recipes in samples/schedulers, held against the program and the sample settings."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from datetime import time
from pathlib import Path

import click
import pytest

from batch.cli import commands
from batch.config import load, parse_cut_off

SAMPLES = Path(__file__).parents[1] / "samples"
RECIPES = SAMPLES / "schedulers"


def read(name: str) -> str:
    return (RECIPES / name).read_text(encoding="utf-8")


def parsed(command: str) -> click.Context:
    """Have click read a command line as it stands, without running it."""
    words = [word.strip("'\"") for word in command.split()]
    assert words[1] == "submit"
    return commands.load("submit").make_context("submit", words[2:])


CRON_LINES = [line for line in read("crontab").splitlines() if re.match(r"[0-9*]", line)]


@pytest.mark.parametrize("line", CRON_LINES)
def test_a_cron_line_runs_as_it_stands(line: str) -> None:
    *times, command = line.split(None, 5)

    assert len(times) == 5
    # cron takes a bare % for the end of the command.
    assert "%" not in command
    assert command.startswith("/")
    parameters = parsed(command).params
    paths = [*parameters["sheets"], parameters["config"], parameters["log_file"]]
    assert all(Path(path).is_absolute() for path in paths)
    assert parameters["yes"]


def test_the_second_cron_line_is_the_first_once_more() -> None:
    first, second = (line.split(None, 5)[5] for line in CRON_LINES)

    assert first == second


def of_unit(name: str, key: str) -> str:
    found = re.search(rf"^{key}=(.*)$", read(name), re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_service_starts_a_line_that_the_program_knows() -> None:
    command = of_unit("orderbatch.service", "ExecStart")

    assert Path(command.split()[0]).is_absolute()
    assert parsed(command).params["yes"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for name in ("orderbatch.service", "orderbatch.timer"):
        # The program stands elsewhere on this machine, and so would be missed.
        text = read(name).replace("/opt/orderbatch/bin/orderbatch", "/bin/true")
        (tmp_path / name).write_text(text.replace("User=orders", "User=root"), encoding="utf-8")

    ended = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "orderbatch.timer")],
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert str(tmp_path) not in ended.stderr, ended.stderr


def test_the_timer_leaves_time_before_the_samples_own_cut_off() -> None:
    settings = load(config_path=SAMPLES / "config.toml", default_dir=Path(), environment={})
    assert settings.limits.cut_off is not None
    cut_off, zone = parse_cut_off(settings.limits.cut_off)

    days, at, timers_zone = of_unit("orderbatch.timer", "OnCalendar").split()

    assert (days, timers_zone) == ("Mon..Fri", zone.key)
    assert time.fromisoformat(at) < cut_off
    # Nobody reads a code out to a timer.
    assert not settings.approval.required


def codes_named(text: str) -> set[int]:
    return {int(code) for code in re.findall(r"\d+", text)}


def test_all_recipes_give_up_at_the_same_codes() -> None:
    (assigned,) = (
        node
        for node in ast.walk(ast.parse(read("airflow_dag.py")))
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "A_PERSON_MUST_LOOK"
    )

    prevented = codes_named(of_unit("orderbatch.service", "RestartPreventExitStatus"))

    assert prevented == set(ast.literal_eval(assigned.value)) == {2, 3, 5, 78}


def test_airflow_starts_a_line_that_the_program_knows() -> None:
    listed = next(
        node for node in ast.walk(ast.parse(read("airflow_dag.py"))) if isinstance(node, ast.List)
    )
    words = [
        element.value if isinstance(element, ast.Constant) else "2026-10-30"
        for element in listed.elts
    ]

    parameters = parsed(" ".join(str(word) for word in words)).params

    assert parameters["yes"]


def test_the_windows_line_is_one_that_the_program_knows() -> None:
    found = re.search(r'/TR "(.*)"', read("task-scheduler.cmd"))

    assert found is not None
    assert parsed(found[1]).params["yes"]
