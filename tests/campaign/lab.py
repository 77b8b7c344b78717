"""Four hosts, two servers of the database and a venue, each a machine of its own on one network.

Whoever speaks to the database or to the venue does so through TLS, with certificates that an
authority of the lab's own has signed; and each host has a home, settings and a clock of its own.
"""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

from batch.simulator import Simulator, SimulatorOptions
from tests.campaign import driver
from tests.campaign.network import Network
from tests.campaign.office import MEMORY, Launched, Launchpad
from tests.campaign.servers import NAME, SENDER, Server
from tests.journal.postgres_cluster import PASSWORD

CLOCKS = {"a": "", "b": "+1d", "c": "", "d": "-1d"}
"""Host -> how far its clock is off, as libfaketime writes it."""

PRIMARY, STAND_BY = "db1", "db2"
MOVING_ADDRESS = "10.98.0.100"

SECRET = "s3cret-pass"

TOKEN_LIFE_S = 5.0
"""As short as a busy machine lets a token be of use."""

LATENCY_S = 0.4
"""So long that whoever gets into trouble mostly has something on its way."""
MARKET_SPEED = 10.0

_SETTINGS = """
journal = "{journal}"
journal_password_file = "journal-password"
host_label = "{label}"
[venue]
url = "{venue}"
user = "ops"
org = "DESK"
password_file = "venue-password"
ca_bundle = "{ca}"
read_timeout_s = 5.0
deadline_s = 8.0
settle_s = 20.0
client_id_query_covers_done_orders = true
"""

_SLEEP = """
import select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
"""
"""Under libfaketime 0.9.10 the sleep by an absolute time that Python asks for is refused."""


def clock_shifter() -> Path | None:
    """Give the library that shifts a process's clock (Debian's libfaketime); None without one."""
    return next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)


class VenueBehindTls(Simulator):
    """The practice venue at an address of its own, as a venue is: nothing in the clear."""

    def __init__(self, context: ssl.SSLContext, address: str, token_life_s: float) -> None:
        options = SimulatorOptions(
            user="ops",
            password=SECRET,
            org="DESK",
            time_scale=MARKET_SPEED,
            latency_s=LATENCY_S,
            token_lifetime_s=token_life_s,
        )
        super().__init__(options, host=address, port=443)
        self._context = context

    def wrap(self) -> None:
        """Speak TLS from now on, as soon as it listens; each shakes hands in its own thread."""
        server = self._server
        assert server is not None
        server.socket = self._context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )

    @property
    def url(self) -> str:
        return f"https://{self._address[0]}"


@dataclass
class Host:
    """A machine that orderbatch runs on.

    Attributes:
        name: of its machine, and its label in the journal.
        launchpad: forks its processes, which are there and have its clock.
        shift: how far that is off.
        mutant: a deliberate bug in every command; see `tests.campaign.mutants`.
    """

    name: str
    folder: Path
    launchpad: Launchpad
    shift: str
    mutant: str = ""

    @property
    def log(self) -> Path:
        return self.folder / "log"

    @property
    def report(self) -> Path:
        return self.folder / "results.json"

    def settle_in(self, journal: str, venue: str, ca: Path) -> None:
        """Write the settings."""
        self.folder.mkdir()
        settings = _SETTINGS.format(journal=journal, venue=venue, ca=ca, label=self.name)
        (self.folder / "config.toml").write_text(settings)
        for name, words in (("journal-password", PASSWORD), ("venue-password", SECRET)):
            (self.folder / name).write_text(words)
            (self.folder / name).chmod(0o600)

    def start(self, *words: str, pause: str = "") -> Launched:
        """Start a command on it.

        Args:
            pause: where the process stands still; see `tests.campaign.pauses`.
        """
        with self.log.open("a") as log:
            log.write(f"\n$ {' '.join(words)} {pause}\n")
        return self.launchpad.start(
            arguments=[*words, "--report", str(self.report), "--force", "--wait", "30s"],
            environment={
                "HOME": str(self.folder),
                "XDG_CONFIG_HOME": str(self.folder),
                "ORDERBATCH_CONFIG": str(self.folder / "config.toml"),
                driver.PAUSE: pause,
                driver.MUTANT: self.mutant,
            },
            folder=str(self.folder),
            log=str(self.log),
        )


@dataclass
class Site:
    """What one batch needs of a lab: servers that nothing was recorded in, a venue, hosts."""

    network: Network
    folder: Path
    primary: Server
    venue: VenueBehindTls
    hosts: dict[str, Host]
    stand_by: Server | None = None
    by_address: bool = False


@dataclass
class Lab:
    """Machines, and a server that is ready to be copied."""

    network: Network
    folder: Path
    authority: trustme.CA
    ready: Server
    launchpads: dict[str, Launchpad]
    _sites: int = field(default=0)

    @contextmanager
    def site(
        self,
        *,
        with_stand_by: bool = False,
        by_address: bool = False,
        token_life_s: float = TOKEN_LIFE_S,
    ) -> Iterator[Site]:
        """Set up for one batch.

        Args:
            by_address: hosts know one address of the journal, which moves, in place of two servers.
        """
        self._sites += 1
        folder = self.folder / str(self._sites)
        folder.mkdir()
        network = self.network
        with ExitStack() as at_end:
            at_end.callback(shutil.rmtree, folder, ignore_errors=True)
            primary = Server(network, PRIMARY, folder / PRIMARY)
            primary.prepare(self.authority, MOVING_ADDRESS)
            primary.copy_at_rest(self.ready)
            at_end.callback(primary.stop)
            primary.start()
            stand_by = None
            if with_stand_by:
                stand_by = Server(network, STAND_BY, folder / STAND_BY)
                stand_by.prepare(self.authority, MOVING_ADDRESS)
                at_end.callback(stand_by.stop)
                stand_by.copy_of(primary)
                primary.require_stand_by()
            addresses = ",".join(network.address(name) for name in (PRIMARY, STAND_BY))
            if by_address:
                network.move_address(MOVING_ADDRESS, PRIMARY)
                at_end.callback(network.drop_address, MOVING_ADDRESS)
                addresses = MOVING_ADDRESS
            venue = at_end.enter_context(self._open_venue(token_life_s))
            journal = f"postgresql://{SENDER}@{addresses}/{NAME}?sslrootcert={self.ca}"
            hosts = {
                name: Host(name, folder / name, launchpad, CLOCKS[name] if clock_shifter() else "")
                for name, launchpad in self.launchpads.items()
            }
            for host in hosts.values():
                host.settle_in(journal, venue.url, self.ca)
            yield Site(network, folder, primary, venue, hosts, stand_by, by_address)

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @contextmanager
    def _open_venue(self, token_life_s: float) -> Iterator[VenueBehindTls]:
        address = self.network.address("venue")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(address).configure_cert(context)
        venue = VenueBehindTls(context, address, token_life_s)
        with self.network.inside("venue"):
            venue.start()
        try:
            venue.wrap()
            yield venue
        finally:
            venue.stop()


@contextmanager
def open_lab() -> Iterator[Lab]:
    """Build a lab; nothing of it is left afterwards."""
    authority = trustme.CA()
    with ExitStack() as at_end:
        folder = Path(tempfile.mkdtemp(prefix="lab-", dir=MEMORY if MEMORY.is_dir() else None))
        at_end.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        network = at_end.enter_context(Network([*CLOCKS, PRIMARY, STAND_BY, "venue"]))
        ready = Server(network, PRIMARY, folder / "ready")
        ready.prepare(authority)
        try:
            ready.make()
            ready.start()
            ready.make_journal()
        finally:
            ready.stop()
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(_SLEEP)
        launchpads: dict[str, Launchpad] = {}
        for name, shift in CLOCKS.items():
            with network.inside(name):
                launchpads[name] = Launchpad(_shifted(shift, folder / "site") if shift else {})
            at_end.callback(launchpads[name].close)
        yield Lab(network, folder, authority, ready, launchpads)


def _shifted(shift: str, site: Path) -> dict[str, str]:
    library = clock_shifter()
    if library is None:
        return {}
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME": shift,
        # Nobody sets the clock that lifetimes are measured by.
        "DONT_FAKE_MONOTONIC": "1",
        "PYTHONPATH": str(site),
    }
