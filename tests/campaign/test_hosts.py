"""A host in trouble in the middle of a batch, and another one that finishes it."""

from __future__ import annotations

import zlib
from pathlib import Path

import pytest

from tests.campaign.conftest import Count
from tests.campaign.form import Form
from tests.campaign.hosts import ROWS, TROUBLES, take_over_once
from tests.journal.conftest import cluster  # noqa: F401
from tests.journal.postgres_cluster import Cluster

pytestmark = pytest.mark.campaign


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_batch_that_another_host_takes_over_doubles_and_loses_nothing(
    trouble: str,
    cluster: Cluster,  # noqa: F811
    tmp_path: Path,
    form: Form,
    count: Count,
) -> None:
    for seed in range(form.rounds_of_points):
        folder = tmp_path / str(seed)
        folder.mkdir()

        found = take_over_once(cluster, folder, trouble, zlib.crc32(f"{trouble}{seed}".encode()))

        count(found)
        told = {name: found[name] for name in ("doubled", "lost", "not told")}
        assert told == {"doubled": 0, "lost": 0, "not told": 0}, found
        # One that is only cut off comes back, and may have ended before the other begins.
        is_done = trouble == "cut off" and found["first ended with 0"] == 1
        assert found["rows"] == ROWS and (is_done or found["take-overs"] == 1), found
