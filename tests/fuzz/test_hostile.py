"""Whole processes against files that cost a careless reader minutes or gigabytes.

Held by ratios to a plain sheet of 20,000 orders, so that a slow machine is no failure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fuzz.hostile import HOSTILE
from tests.sheet.writing import HEADER, cells, csv_text, line, write_xlsxwriter

MOST_TIMES_A_PLAIN_SHEET = 6.0
MOST_MEMORY_KB = 600_000
PLAIN_ORDERS = 20_000


@dataclass(frozen=True)
class Cost:
    code: int
    cpu_s: float
    memory_kb: int


def check(path: Path, folder: Path, *more: str) -> Cost:
    """Run `orderbatch check` on a sheet in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "batch", "check", str(path), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "ORDERBATCH_JOURNAL": str(folder / "journal.db")},
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Cost:
    folder = tmp_path_factory.mktemp("plain")
    orders = (cells(client_order_id=f"A-{n}") for n in range(PLAIN_ORDERS))
    cost = check(write_xlsxwriter(folder / "orders.xlsx", [HEADER, *orders]), folder)
    assert cost.code == 0
    return cost


@pytest.mark.campaign
@pytest.mark.parametrize("name", [write.__name__ for write in HOSTILE])
def test_a_hostile_file_costs_little_more_than_a_plain_sheet(
    tmp_path: Path, plain: Cost, name: str
) -> None:
    path = tmp_path / "orders.xlsx"
    # In a process of its own: what it takes would count as the memory of the next one, too.
    words = f"import pathlib, tests.fuzz.hostile as h; h.{name}(pathlib.Path({str(path)!r}))"
    subprocess.run([sys.executable, "-c", words], check=True)

    cost = check(path, tmp_path)

    assert cost.code in (0, 3)
    assert cost.cpu_s < MOST_TIMES_A_PLAIN_SHEET * plain.cpu_s
    assert cost.memory_kb < MOST_MEMORY_KB


@pytest.mark.campaign
def test_fifty_thousand_bad_rows_are_marked_for_little_more_than_a_plain_sheet(
    tmp_path: Path, plain: Cost
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(*(line(size=f"-{n}", price="x") for n in range(1, 50_001))))

    cost = check(path, tmp_path, "--annotate", str(tmp_path / "marked.xlsx"))

    assert cost.code == 3
    assert (tmp_path / "marked.xlsx").stat().st_size > 1_000_000
    assert cost.cpu_s < MOST_TIMES_A_PLAIN_SHEET * plain.cpu_s
    assert cost.memory_kb < MOST_MEMORY_KB
