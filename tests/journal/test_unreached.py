"""A server that is not reached, or not trusted: what is said, and whether a retry can help."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import trustme

from batch.errors import JournalAway, JournalError
from batch.journal import Journal
from batch.journal.postgres.faults import explain
from tests.journal.postgres_cluster import UNPRIVILEGED, Cluster, _free_port, programs, run_cluster


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def secured(authority: trustme.CA) -> Iterator[Cluster]:
    """A server that has a certificate for localhost, and is asked for it though it is here."""
    if programs() is None:
        pytest.skip("PostgreSQL: no server's programs (initdb) on this machine")
    with tempfile.TemporaryDirectory() as name:
        folder, mine = Path(name), authority.issue_cert("localhost")
        mine.private_key_pem.write_to_path(str(folder / "key"))
        mine.cert_chain_pems[0].write_to_path(str(folder / "certificate"))
        (folder / "key").chmod(0o600)
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                shutil.chown(path, UNPRIVILEGED)
        files = {"ssl_cert_file": str(folder / "certificate"), "ssl_key_file": str(folder / "key")}
        with run_cluster({"ssl": "on", **files}) as cluster:
            yield cluster


def open_by(cluster: Cluster, host: str, ca: Path) -> None:
    url = f"postgresql://tests@{host}:{cluster.port}/fx?sslmode=verify-full&sslrootcert={ca}"
    Journal.open(f"{url}&hostaddr=127.0.0.1")


@pytest.mark.parametrize("case", ["no file", "another authority", "another name"])
def test_a_server_that_is_not_trusted_is_refused_for_good_and_the_way_out_is_named(
    secured: Cluster, authority: trustme.CA, tmp_path: Path, case: str
) -> None:
    ca = tmp_path / "ca.pem"
    if case != "no file":
        signs = trustme.CA() if case == "another authority" else authority
        signs.cert_pem.write_to_path(str(ca))
    host = "db.example" if case == "another name" else "localhost"

    with pytest.raises(JournalError, match="expected a server that shows whose it is") as caught:
        open_by(secured, host, ca)

    assert caught.value.is_final and not isinstance(caught.value, JournalAway)
    assert "sslrootcert=PATH" in str(caught.value)


def test_of_a_server_that_is_trusted_the_next_thing_is_said(
    secured: Cluster, authority: trustme.CA, tmp_path: Path
) -> None:
    ca = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca))

    with pytest.raises(JournalError, match="expected to be let in"):
        open_by(secured, "localhost", ca)


def test_a_server_that_does_not_answer_is_not_said_to_have_broken_anything() -> None:
    with pytest.raises(JournalAway, match="found that none answers there") as caught:
        Journal.open(f"postgresql://tests@127.0.0.1:{_free_port()}/fx")

    assert not caught.value.is_final
    assert "Look at its host and port" in str(caught.value)


def test_a_server_that_is_away_may_be_the_one_of_two_that_is_trusted() -> None:
    refused = "- host: 'db1', port: '', hostaddr: '10.0.0.1': connection failed: refused"
    distrusted = (
        "- host: 'db2', port: '', hostaddr: '10.0.0.2': SSL error: certificate verify failed"
    )

    first, second = (
        explain("journal x", psycopg.OperationalError("\n".join(["failed", *lines])), 1.0)
        for lines in ((refused, distrusted), (distrusted, distrusted))
    )

    assert isinstance(first, JournalAway)
    assert second.is_final and not isinstance(second, JournalAway)
