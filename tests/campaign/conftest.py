"""What campaigns need; every test records its figures, the closing summary adds them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.campaign.form import FIGURES, Form, chosen
from tests.campaign.journals import FILES, Library, Server
from tests.campaign.office import Launchpad
from tests.journal.conftest import BACKENDS, cluster
from tests.journal.postgres_cluster import Cluster

__all__ = ["cluster"]

AT_ONCE = 4
"""Batches that are killed side by side: most of their time they wait."""

Count = Callable[[Counter[str]], None]


@pytest.fixture
def form() -> Form:
    return chosen()


@pytest.fixture(scope="session")
def launchpads() -> Iterator[list[Launchpad]]:
    made = [Launchpad() for _ in range(AT_ONCE)]
    yield made
    for launchpad in made:
        launchpad.close()


@pytest.fixture(scope="session")
def server(cluster: Cluster) -> Iterator[Server]:
    made = Server(cluster)
    yield made
    made.end()


@pytest.fixture(params=BACKENDS)
def library(request: pytest.FixtureRequest) -> Library:
    """Where the journals of a history are, in each kind of database."""
    if request.param == "sqlite":
        return FILES
    library: Server = request.getfixturevalue("server")
    return library


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Add figures to the summary; they reach it from any worker."""

    def add(figures: Counter[str]) -> None:
        record_property(FIGURES, dict(figures))

    return add
