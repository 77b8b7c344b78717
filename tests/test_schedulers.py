"""The recipes in samples/schedulers, held against the program and the sample settings."""

from __future__ import annotations

import ast
import configparser
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


UNITS = (
    RECIPES / "orderbatch.service",
    RECIPES / "orderbatch.timer",
    SAMPLES / "postgres" / "orderbatch.service",
)
KNOWN_KEYS = {
    "Unit": {"After", "Description", "StartLimitBurst", "StartLimitIntervalSec", "Wants"},
    "Service": {
        "ExecStart",
        "Restart",
        "RestartPreventExitStatus",
        "RestartSec",
        "SuccessExitStatus",
        "TimeoutStopSec",
        "Type",
        "User",
    },
    "Timer": {"AccuracySec", "OnCalendar", "Unit"},
    "Install": {"WantedBy"},
}
"""Sections and keys of systemd.unit(5), .service(5) and .timer(5) that the units have."""


def named(path: Path) -> str:
    return f"{path.parent.name}-{path.name}"


def read_unit(path: Path) -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(strict=True, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text(encoding="utf-8"))
    return {section: dict(parser[section]) for section in parser.sections()}


@pytest.mark.parametrize("path", UNITS, ids=named)
def test_a_unit_has_only_keys_that_systemd_knows_each_in_its_section(path: Path) -> None:
    sections = read_unit(path)

    unknown = {
        f"[{section}] {key}"
        for section, keys in sections.items()
        for key in keys.keys() - KNOWN_KEYS.get(section, set())
    }

    assert unknown == set()
    assert ("Service" in sections, "Timer" in sections) == (
        path.suffix == ".service",
        path.suffix == ".timer",
    )


@pytest.mark.parametrize("path", UNITS[::2], ids=named)
def test_a_service_retries_and_gives_up_as_the_exit_codes_say(path: Path) -> None:
    service = read_unit(path)["Service"]

    assert service["Restart"] == "on-failure"
    assert codes_named(service["SuccessExitStatus"]) == {1}
    assert codes_named(service["RestartPreventExitStatus"]) == {2, 3, 5, 78}
    assert parsed(service["ExecStart"]).params["yes"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
@pytest.mark.parametrize("service", UNITS[::2], ids=named)
def test_systemd_finds_nothing_wrong_with_the_units(service: Path, tmp_path: Path) -> None:
    for path in (service, RECIPES / "orderbatch.timer"):
        # The program and its user are not on this machine, and so would be missed.
        text = path.read_text(encoding="utf-8").replace("/opt/orderbatch/bin/", "/bin/true ")
        (tmp_path / path.name).write_text(text.replace("User=orders", "User=root"))

    ended = subprocess.run(
        ["systemd-analyze", "verify", *(str(path) for path in sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        timeout=60,
    )

    # It has words for other units of the machine, too, and exits 0 after a key that it ignores.
    assert [line for line in ended.stderr.splitlines() if "orderbatch" in line] == []
    assert ended.returncode == 0, ended.stderr


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
