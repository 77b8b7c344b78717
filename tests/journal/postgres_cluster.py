"""A PostgreSQL server of the tests' own: as an unprivileged user, in a temporary folder.

Where no server's programs are found what needs one is skipped by name, and
ORDERBATCH_TEST_POSTGRES=required makes that a failure instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

from batch.journal.keeping import upgrade

REQUIRED = "ORDERBATCH_TEST_POSTGRES"
PLACES = Path("/usr/lib/postgresql")
PASSWORD = "of-the-tests-alone"
UNPRIVILEGED = "nobody"
IN_MEMORY = Path("/dev/shm")
"""Where a sync costs nothing; what these servers hold need not outlive the power."""


def programs() -> Path | None:
    """Give the folder of the newest server's programs; None where there is none."""
    found = sorted(PLACES.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def database_of(url: str) -> str:
    """Give the name of the database that a URL names."""
    return url.split("/")[3].split("?")[0]


class Cluster:
    """A running server.

    Attributes:
        port: on the loopback address, with a password; its socket in `folder` needs none.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._numbers = count(1)
        self._has_template = False

    def url(self, database: str) -> str:
        """Give the URL of a database by the server's socket."""
        return f"postgresql://tests@/{database}?host={self.folder}&port={self.port}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute a statement as the server's owner."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql.SQL(statement))
            return cursor.fetchall() if cursor.description else []

    def cut_sessions(self, database: str) -> None:
        """End every session with a database, and wait until they have ended."""
        self.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            f"WHERE datname = '{database}'"
        )

    def make_empty(self) -> str:
        """Make a database that nothing is in, and give its URL."""
        name = f"empty_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def make_journal(self) -> str:
        """Make a journal that nothing was recorded in, and give its URL."""
        if not self._has_template:
            self.execute("CREATE DATABASE template_of_journals")
            upgrade(self.url("template_of_journals"))
            self._has_template = True
        name = f"journal_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE template_of_journals")
        return self.url(name)


@contextmanager
def run_cluster(
    settings: Mapping[str, str] | None = None, *, on_disk: bool = False
) -> Iterator[Cluster]:
    """Make and start a server that ends with the block.

    Args:
        on_disk: where a sync costs what it costs elsewhere, too.
    """
    bin_folder = programs()
    assert bin_folder is not None
    user = UNPRIVILEGED if os.name == "posix" and os.geteuid() == 0 else None
    has_memory = IN_MEMORY.is_dir() and os.access(IN_MEMORY, os.W_OK)
    memory = IN_MEMORY if has_memory and not on_disk else None
    with tempfile.TemporaryDirectory(prefix="obpg-", dir=memory) as name:
        folder = Path(name)
        if user is not None:
            shutil.chown(folder, user)
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        if user is not None:
            shutil.chown(secret, user)
        data = folder / "data"

        def call(program: str, *arguments: str) -> None:
            subprocess.run(
                [str(bin_folder / program), *arguments],
                user=user,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )

        call(
            "initdb",
            *("-D", str(data), "-U", "tests", "--auth-local=trust", "--encoding=UTF8"),
            *("--auth-host=scram-sha-256", f"--pwfile={secret}", "--locale=C", "--no-sync"),
        )
        port = _free_port()
        chosen = {
            "unix_socket_directories": str(folder),
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            **(settings or {}),
        }
        with (data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{key} = '{value}'\n" for key, value in chosen.items())
        call("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-w", "start")
        try:
            yield Cluster(folder, port)
        finally:
            call("pg_ctl", "-D", str(data), "-m", "immediate", "stop")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
