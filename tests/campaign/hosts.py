"""Two hosts, as processes, with one journal in a server: one takes over what the other began."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from batch.errors import JournalError
from batch.journal import Journal
from batch.simulator import Simulator, SimulatorOptions
from batch.states import FINAL, OrderState
from tests.journal.postgres_cluster import Cluster, database_of

ROWS = 60
HEADER = "symbol,side,size,price,time_in_force\n"
SETTINGS = "[venue]\nclient_id_query_covers_done_orders = true\n"
TOKEN_LIFE_S = 3.0
PATIENCE_S = 90.0

TROUBLES = ("killed", "paused", "paused and cut off", "cut off")


def take_over_once(cluster: Cluster, folder: Path, trouble: str, seed: int) -> Counter[str]:
    """Let a host begin a batch, get it into trouble, let another finish it, and count."""
    dice = random.Random(seed)
    url = cluster.make_journal()
    options = SimulatorOptions(
        user="ops",
        password="s3cret-pass",
        org="DESK",
        time_scale=10,
        latency_s=0.05,
        token_lifetime_s=TOKEN_LIFE_S,
    )
    sheet = folder / "orders.csv"
    sheet.write_text(HEADER + "".join(f"EUR/USD,Buy,{100_000 + n},1.2,IOC\n" for n in range(ROWS)))
    (folder / "config.toml").write_text(SETTINGS)
    with Simulator(options) as venue:
        first = _start(folder, venue, url, "submit", str(sheet), "--yes", "--max-in-flight", "4")
        others: list[subprocess.Popen[str]] = []
        try:
            _wait_for(lambda: venue.ledger.posts > dice.randrange(1, ROWS // 2))
            if trouble == "killed":
                first.kill()
            if trouble.startswith("paused"):
                first.send_signal(signal.SIGSTOP)
            if trouble.endswith("cut off"):
                _cut(cluster, url)
            # Only now: meanwhile the first one would come to its end.
            with Journal.open(url, read_only=True) as journal:
                (summary,) = journal.batches()
            batch_id = summary.batch.batch_id
            second = _start(folder, venue, url, "resume", batch_id, "--take-over")
            others.append(second)
            if trouble.startswith("paused"):
                # Woken before, on a busy machine, it would end the batch itself.
                _wait_for(lambda: second.poll() is not None or _has_taken_over(cluster, url))
                time.sleep(dice.uniform(0.0, 5.0))
                first.send_signal(signal.SIGCONT)
            second.communicate(timeout=PATIENCE_S)
            first.communicate(timeout=PATIENCE_S)
            # Whatever the troubles left open, a last start finds out.
            last = _start(folder, venue, url, "resume", batch_id, "--take-over")
            others.append(last)
            last.communicate(timeout=PATIENCE_S)
        finally:
            for process in (first, *others):
                process.kill()
                process.communicate()
        with Journal.open(url, read_only=True) as journal:
            rows = list(journal.orders(batch_id))
            holds = journal.holds.of(batch_id)
        groups = venue.ledger.by_client_id()
        return Counter(
            {
                "take-overs": int(len(holds) > 1),
                "doubled": len(venue.ledger.duplicates()),
                "lost": sum(
                    1 for row in rows if (row.state in FINAL) and row.client_order_id not in groups
                ),
                "not told": sum(
                    1 for row in rows if row.state in (OrderState.PLANNED, OrderState.SENDING)
                ),
                "unknown": sum(1 for row in rows if row.state is OrderState.UNKNOWN),
                "rows": len(rows),
                f"first ended with {first.returncode}": 1,
            }
        )


def _start(folder: Path, venue: Simulator, url: str, *words: str) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "ORDERBATCH_URL": venue.url,
        "ORDERBATCH_USER": "ops",
        "ORDERBATCH_PASSWORD": "s3cret-pass",
        "ORDERBATCH_ORG": "DESK",
        "ORDERBATCH_JOURNAL": url,
        "ORDERBATCH_CONFIG": str(folder / "config.toml"),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "batch", *words],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _has_taken_over(cluster: Cluster, url: str) -> bool:
    name = database_of(url)
    return cluster.execute("SELECT max(epoch) FROM holds", name) != [(1,)]


def _cut(cluster: Cluster, url: str) -> None:
    cluster.cut_sessions(database_of(url))


def _wait_for(holds: object) -> None:
    assert callable(holds)
    until = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > until:
            raise JournalError("expected the first host to send, found that it does not")
        time.sleep(0.01)
