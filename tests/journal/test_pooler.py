"""A real pgbouncer between the program and the server: it is refused with words, in every mode."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from batch.errors import JournalError
from batch.journal import Journal
from batch.journal.keeping import upgrade
from tests.journal.postgres_cluster import UNPRIVILEGED, Cluster, _free_port, database_of

PATIENCE_S = 20.0


@contextmanager
def pooler(cluster: Cluster, mode: str) -> Iterator[int]:
    """Start a pgbouncer before a server, and give its port on the loopback address."""
    program = shutil.which("pgbouncer")
    if program is None:
        pytest.skip("pgbouncer is not on this machine")
    port = _free_port()
    settings = cluster.folder / f"pgbouncer-{mode}.ini"
    settings.write_text(
        f"[databases]\n* = host={cluster.folder} port={cluster.port} user=tests\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = {mode}\n"
    )
    process = subprocess.Popen(
        [program, "-q", str(settings)],
        # It does not run as root.
        user=UNPRIVILEGED if os.geteuid() == 0 else None,
        cwd="/",
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + PATIENCE_S
        while True:
            try:
                psycopg.connect(f"postgresql://tests@127.0.0.1:{port}/postgres").close()
                break
            except psycopg.OperationalError:
                assert process.poll() is None, "pgbouncer does not start"
                assert time.monotonic() < until
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


@pytest.fixture(params=["transaction", "statement", "session"])
def url(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[str]:
    name = database_of(cluster.make_journal())
    with pooler(cluster, request.param) as port:
        yield f"postgresql://tests@127.0.0.1:{port}/{name}"


def test_a_pooler_is_refused_before_anything_is_read_or_made(url: str, tmp_path: Path) -> None:
    for open_it in (Journal.open, lambda where: Journal.open(where, read_only=True), upgrade):
        with pytest.raises(JournalError, match=r"found a pooler \(pgbouncer\) between") as caught:
            open_it(url)

        assert caught.value.is_final
        assert "Name the server's own host and port" in str(caught.value)
