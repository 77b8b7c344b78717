"""The benchmark's scripts keep running; no time is judged here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.benchmarks.measuring import ROOT, send_with


@pytest.mark.parametrize("client", ["loop", "threads", "aio"])
def test_a_plain_client_places_each_order_once_and_asks_about_it(client: str) -> None:
    if client == "aio":
        pytest.importorskip("aiohttp")

    sent = send_with(client, count=6, in_flight=2)

    assert sent.venue["counts"] == {"place": 6, "query": 6}


def test_a_section_prints_its_table() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "following", "--scale", "0.01"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "| 20 IOC that end within 300 ms" in ended.stdout


def test_hostile_files_are_measured_beside_a_plain_sheet() -> None:
    command = [sys.executable, "-m", "tests.benchmarks", "hostile", "--scale", "0.001"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "| a plain sheet of 20,000 orders" in ended.stdout
    assert "| 100 bad rows, CSV, --annotate" in ended.stdout


def test_a_journal_in_a_server_is_measured_beside_one_in_a_file() -> None:
    pytest.importorskip("psycopg")
    from tests.journal.postgres_cluster import programs

    if programs() is None:
        pytest.skip("PostgreSQL: no server's programs (initdb) on this machine")
    command = [sys.executable, "-m", "tests.benchmarks", "postgres", "--scale", "0.01"]

    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "| claim of 32, with 32 answers |        1 |" in ended.stdout
    assert "| PostgreSQL, 5 ms away |" in ended.stdout
