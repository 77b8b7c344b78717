"""PostgreSQL on machines of a network: with certificates, with a stand-by, and killed.

The roles, the rights and the tables are made as `samples/postgres` says.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import trustme

from batch.journal.keeping import upgrade
from tests.campaign.network import Network
from tests.journal.postgres_cluster import PASSWORD, UNPRIVILEGED, programs

SAMPLES = Path(__file__).parents[2] / "samples" / "postgres"

PORT = 5432
SENDER = "orderbatch_sender"
NAME = "orderbatch"

START_PATIENCE_S = 60.0
STOP_PATIENCE_S = 20.0

_SETTINGS = """
listen_addresses = '*'
port = {port}
ssl = on
ssl_cert_file = '{folder}/certificate'
ssl_key_file = '{folder}/key'
hba_file = '{folder}/hba'
unix_socket_directories = '{folder}'
shared_buffers = '16MB'
max_wal_size = '64MB'
max_connections = 40
logging_collector = off
"""

_WHO_IS_LET_IN = """
local all all trust
local replication all trust
hostssl all all 10.98.0.0/24 scram-sha-256
hostssl replication all 10.98.0.0/24 scram-sha-256
"""


class Server:
    """A server of the database on a machine.

    Attributes:
        folder: its own; its socket lies there, by which its owner gets in from any machine.
    """

    def __init__(self, network: Network, machine: str, folder: Path) -> None:
        self.machine = machine
        self.folder = folder
        self._network = network
        self._data = folder / "data"

    def prepare(self, authority: trustme.CA, *other_addresses: str) -> None:
        """Make the folder, with a certificate for the machine's address and for other ones."""
        self.folder.mkdir()
        mine = authority.issue_cert(self._network.address(self.machine), *other_addresses)
        (self.folder / "key").write_bytes(mine.private_key_pem.bytes())
        (self.folder / "key").chmod(0o600)
        (self.folder / "certificate").write_bytes(b"".join(p.bytes() for p in mine.cert_chain_pems))
        (self.folder / "hba").write_text(_WHO_IS_LET_IN)
        authority.cert_pem.write_to_path(self.folder / "ca")
        for path in (self.folder, *self.folder.iterdir()):
            shutil.chown(path, UNPRIVILEGED)

    def make(self) -> None:
        """Make a new cluster, which is not started."""
        secret = self.folder / "secret"
        secret.write_text(PASSWORD)
        shutil.chown(secret, UNPRIVILEGED)
        words = ("-U", "tests", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        self._call("initdb", "-D", str(self._data), f"--pwfile={secret}", *words)
        self._configure()

    def copy_at_rest(self, other: Server) -> None:
        """Begin as a copy of a cluster that is stopped."""
        shutil.copytree(other._data, self._data, symlinks=True)
        for path in (self._data, *self._data.rglob("*")):
            shutil.chown(path, UNPRIVILEGED)
        self._configure()

    def copy_of(self, primary: Server) -> None:
        """Become the stand-by of a server that runs, and start."""
        of = f"host={primary.folder} port={PORT} user=tests"
        self._call("pg_basebackup", "-D", str(self._data), "-d", of, "-X", "stream", "-c", "fast")
        address = self._network.address(primary.machine)
        self._configure(
            f"primary_conninfo = 'host={address} port={PORT} user=tests password={PASSWORD} "
            f"sslmode=verify-full sslrootcert={self.folder}/ca connect_timeout=5'\n"
            # Once promoted it has no stand-by of its own to wait for.
            "synchronous_standby_names = ''\nwal_retrieve_retry_interval = '500ms'\n"
        )
        (self._data / "standby.signal").touch()
        shutil.chown(self._data / "standby.signal", UNPRIVILEGED)
        self.start()

    def _configure(self, more: str = "") -> None:
        settings = _SETTINGS.format(port=PORT, folder=self.folder) + more
        (self._data / "postgresql.auto.conf").write_text(settings)

    def require_stand_by(self) -> None:
        """Let each commit wait for a stand-by from now on."""
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        self.execute("SELECT pg_reload_conf()")
        until = time.monotonic() + START_PATIENCE_S
        look = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
        while self.execute(look) != [(1,)]:
            assert time.monotonic() < until, "the stand-by does not come"
            time.sleep(0.05)

    def start(self) -> None:
        """Start, after a death, too."""
        until = time.monotonic() + START_PATIENCE_S
        while True:
            try:
                self._call("pg_ctl", "-D", str(self._data), "-l", str(self.folder / "log"), "start")
                return
            except subprocess.CalledProcessError:
                # The children of a postmaster that was killed are about to end.
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)

    def stop(self) -> None:
        """Stop at once, if it runs."""
        with suppress(subprocess.CalledProcessError):
            self._call("pg_ctl", "-D", str(self._data), "-m", "immediate", "stop")

    def kill(self) -> None:
        """Kill the postmaster; its children learn of it, and end."""
        os.kill(self._postmaster(), signal.SIGKILL)

    def kill_all(self) -> None:
        """Kill every process of it, as when the machine's power goes."""
        postmaster = self._postmaster()
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        for number in (postmaster, *map(int, children)):
            with suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def _postmaster(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def promote(self) -> None:
        """Let a stand-by be the primary."""
        self._call("pg_ctl", "-D", str(self._data), "-w", "promote")

    def pids_of(self, machine: str) -> list[int]:
        """Give the server's processes that serve a machine."""
        address = self._network.address(machine)
        look = f"SELECT pid FROM pg_stat_activity WHERE client_addr = '{address}'"
        return [int(str(pid)) for (pid,) in self.execute(look)]

    def cut_sessions_of(self, machine: str) -> None:
        """End a machine's sessions."""
        for pid in self.pids_of(machine):
            self.execute(f"SELECT pg_terminate_backend({pid})")

    def cancel_waiting(self) -> int:
        """Cancel every commit that waits for a stand-by; give how many."""
        waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        return len(self.execute(f"SELECT pg_cancel_backend(pid) {waiting}"))

    def url(self, user: str, database: str) -> str:
        """Give the URL of a database by the server's socket."""
        return f"postgresql://{user}@/{database}?host={self.folder}&port={PORT}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute a statement as the server's owner, who waits for no stand-by."""
        with psycopg.connect(self.url("tests", database), autocommit=True) as connection:
            connection.execute("SET synchronous_commit = local")
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def make_journal(self) -> None:
        """Make the roles, the tables and the rights, as the samples say."""
        self._call("psql", "-q", "-f", str(SAMPLES / "roles.sql"), self.url("tests", "postgres"))
        self.execute(f"ALTER ROLE {SENDER} PASSWORD '{PASSWORD}'")
        upgrade(self.url("orderbatch_owner", NAME))
        owner = self.url("orderbatch_owner", NAME)
        self._call("psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(SAMPLES / "grants.sql"), owner)

    def _call(self, program: str, *arguments: str) -> None:
        bin_folder = programs()
        assert bin_folder is not None
        with self._network.inside(self.machine):
            subprocess.run(
                [str(bin_folder / program), *arguments],
                user=UNPRIVILEGED,
                cwd=self.folder,
                env={**os.environ, "HOME": str(self.folder)},
                check=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                # What a server inherits it keeps open, so nothing here may be a pipe.
                stderr=subprocess.DEVNULL,
                timeout=STOP_PATIENCE_S + START_PATIENCE_S,
            )
