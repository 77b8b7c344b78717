"""Journals with a little in them, in every database that can hold one."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.journal import Journal
from batch.journal.postgres.database import Database
from tests.journal.postgres_cluster import REQUIRED, Cluster, programs, run_cluster
from tests.journal.proxy import Proxy, proxy_to

BACKENDS = ("sqlite", "postgres")


def take_one_by_one(patches: pytest.MonkeyPatch) -> None:
    """Have steps taken one by one, as where they are not as a journey expects them."""
    patches.setattr(Database, "take_at_once", lambda *_: None)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test over every backend, unless it looks at the file itself."""
    if "location" in metafunc.fixturenames:
        of_a_file = "path" in inspect.signature(metafunc.function).parameters
        metafunc.parametrize("location", BACKENDS[:1] if of_a_file else BACKENDS, indirect=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A server of this process's own, started when the first test wants it."""
    if programs() is None:
        if os.environ.get(REQUIRED) == "required":
            pytest.fail("PostgreSQL: expected a server's programs (initdb), found none")
        pytest.skip("PostgreSQL: no server's programs (initdb) on this machine")
    with run_cluster() as running:
        yield running


@pytest.fixture
def url(cluster: Cluster) -> str:
    """A journal in the server."""
    return cluster.make_journal()


@pytest.fixture
def proxy(cluster: Cluster) -> Iterator[Proxy]:
    with proxy_to(cluster) as line:
        yield line


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The place of a journal in the backend at hand."""
    if request.param == "sqlite":
        return str(tmp_path / "journal.db")
    running: Cluster = request.getfixturevalue("cluster")
    return running.make_journal()


@pytest.fixture
def journal(location: str) -> Iterator[Journal]:
    with Journal.open(location) as opened:
        yield opened
