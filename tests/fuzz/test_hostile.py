"""Whole processes against files that cost a careless reader minutes or gigabytes.

Held by ratios to a plain sheet of 20,000 orders, so that a slow machine is no failure. Nor is one
that has other work, and so is slow at one moment and quick at the next: what seems dear is measured
again, beside a plain sheet of the same moment.
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

MOST_TIMES_A_PLAIN_SHEET = 7.0
"""Ten seconds, where a plain sheet takes one and a half."""
MOST_TRIES = 3
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


@dataclass(frozen=True)
class Plain:
    """A plain sheet, and what it cost when it was first checked."""

    path: Path
    cost: Cost


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    folder = tmp_path_factory.mktemp("plain")
    orders = (cells(client_order_id=f"A-{n}") for n in range(PLAIN_ORDERS))
    path = write_xlsxwriter(folder / "orders.xlsx", [HEADER, *orders])
    cost = check(path, folder)
    assert cost.code == 0
    return Plain(path, cost)


def require_little(plain: Plain, path: Path, folder: Path, *more: str) -> Cost:
    """Check a sheet, and once more beside the plain one where it seems to cost too much."""
    beside, ratios = plain.cost, list[float]()
    while True:
        cost = check(path, folder, *more)
        assert cost.memory_kb < MOST_MEMORY_KB
        ratios.append(cost.cpu_s / beside.cpu_s)
        if ratios[-1] < MOST_TIMES_A_PLAIN_SHEET:
            return cost
        assert len(ratios) < MOST_TRIES, f"times a plain sheet: {ratios}"
        beside = check(plain.path, folder)


@pytest.mark.campaign
@pytest.mark.parametrize("name", [write.__name__ for write in HOSTILE])
def test_a_hostile_file_costs_little_more_than_a_plain_sheet(
    tmp_path: Path, plain: Plain, name: str
) -> None:
    path = tmp_path / "orders.xlsx"
    # In a process of its own: what it takes would count as the memory of the next one, too.
    words = f"import pathlib, tests.fuzz.hostile as h; h.{name}(pathlib.Path({str(path)!r}))"
    subprocess.run([sys.executable, "-c", words], check=True)

    assert require_little(plain, path, tmp_path).code in (0, 3)


@pytest.mark.campaign
def test_fifty_thousand_bad_rows_are_marked_for_little_more_than_a_plain_sheet(
    tmp_path: Path, plain: Plain
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(csv_text(*(line(size=f"-{n}", price="x") for n in range(1, 50_001))))

    marked = tmp_path / "marked.xlsx"

    cost = require_little(plain, path, tmp_path, "--annotate", str(marked), "--force")

    assert cost.code == 3
    assert marked.stat().st_size > 1_000_000
