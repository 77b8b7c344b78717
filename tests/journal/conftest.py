"""Journals with a little in them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.journal import Journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal.open(str(path)) as opened:
        yield opened
