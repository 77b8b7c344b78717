"""Journals with a little in them, in every database that can hold one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batch.journal import Journal

BACKENDS: dict[str, Callable[[Path], str]] = {"sqlite": str}
"""Each database, and how a test's own journal is named in it."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture(params=BACKENDS)
def journal(path: Path, request: pytest.FixtureRequest) -> Iterator[Journal]:
    with Journal.open(BACKENDS[request.param](path)) as opened:
        yield opened
