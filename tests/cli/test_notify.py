"""Messages at the end of real commands: who is told what, and that no exit code changes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from batch.simulator import Simulator
from tests.cli.conftest import EXPIRED, FILLED, Office

SAVE = "import sys; open(sys.argv[1], 'w').write(sys.stdin.read())"


def config_of(desk: Office, *command: str, on: str = "attention") -> Path:
    path = desk.folder / "config.toml"
    path.write_text(f'[notify]\ncommand = {json.dumps(list(command))}\non = ["{on}"]\n')
    return path


def test_a_command_is_told_what_needs_attention(desk: Office, venue: Simulator) -> None:
    config = config_of(desk, sys.executable, "-c", SAVE, str(desk.folder / "told"))

    call = desk.call("submit", desk.sheet(FILLED, EXPIRED), "--yes", "--config", config)

    told = json.loads((desk.folder / "told").read_text())
    assert call.code == told["exit_code"] == 1
    (batch,) = told["batches"]
    assert batch["states"] == {"FILLED": 1, "EXPIRED": 1}
    assert batch["rows"] == 2
    assert [Path(path).exists() for path in batch["reports"]] == [True]
    assert "s3cret" not in (desk.folder / "told").read_text()


def test_a_clean_run_is_told_only_where_it_is_wanted(desk: Office) -> None:
    save = (sys.executable, "-c", SAVE, str(desk.folder / "told"))

    desk.call("submit", desk.sheet(FILLED), "--yes", "--config", config_of(desk, *save))
    quiet = (desk.folder / "told").exists()
    config = config_of(desk, *save, on="always")
    desk.call("submit", desk.sheet(FILLED, first_size=5), "--yes", "--config", config)

    assert not quiet
    assert json.loads((desk.folder / "told").read_text())["exit_code"] == 0


def test_a_refusal_is_told_with_its_reason(desk: Office, venue: Simulator) -> None:
    config = config_of(desk, sys.executable, "-c", SAVE, str(desk.folder / "told"))

    call = desk.call("submit", desk.folder / "nosuch.csv", "--yes", "--config", config)

    told = json.loads((desk.folder / "told").read_text())
    assert call.code == told["exit_code"] == 3
    assert "nosuch.csv" in told["error"]


def test_a_practice_is_told_to_nobody(office: Office) -> None:
    config = config_of(office, sys.executable, "-c", SAVE, str(office.folder / "told"), on="always")

    office.call("submit", office.sheet(FILLED), "--simulate", "--yes", "--config", config)

    assert not (office.folder / "told").exists()


@pytest.mark.parametrize("command", [("/no/such/program",), (sys.executable, "-c", "exit(3)")])
def test_what_fails_to_tell_changes_no_exit_code_and_is_said(
    desk: Office, command: tuple[str, ...]
) -> None:
    config = config_of(desk, *command, on="always")

    call = desk.call("submit", desk.sheet(FILLED), "--yes", "--config", config)

    assert call.code == 0
    assert "Nobody was told: settings, [notify] command" in call.err
