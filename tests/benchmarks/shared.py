"""The journal in a server beside one in a file: journeys a step, and orders a second."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from batch.journal import Change, Journal
from batch.states import OrderEvent, OrderState
from tests.benchmarks.measuring import Sent, submit
from tests.benchmarks.table import render
from tests.journal.planned import NOW, a_row, add

if TYPE_CHECKING:
    from tests.journal.postgres_cluster import Cluster
    from tests.journal.proxy import Proxy

AWAY_S = 0.005
"""So far away is the server of another building, there and back."""

GROUP = 32


def postgres(folder: Path, scale: float) -> str:
    """Send 2,000 IOC orders at 50 ms with 32 in flight with each journal in turn, three times."""
    # Not everybody who measures has the driver.
    from tests.journal.postgres_cluster import PASSWORD, run_cluster
    from tests.journal.proxy import proxy_to

    count = max(int(2000 * scale), 20)
    with run_cluster(on_disk=True) as cluster, _let_in(PASSWORD), proxy_to(cluster) as line:
        journeys = _journeys(cluster, line)
        with proxy_to(cluster, delay_s=AWAY_S / 2) as far:
            places: dict[str, Callable[[], str]] = {
                "SQLite": lambda: "",
                "PostgreSQL, loopback": lambda: _by_tcp(cluster),
                f"PostgreSQL, {AWAY_S * 1000:g} ms away": lambda: far.url(cluster.make_journal()),
            }
            runs: dict[str, list[Sent]] = {name: [] for name in places}
            for _ in range(3 if scale >= 1 else 1):
                for name, place in places.items():
                    runs[name].append(
                        submit(folder, count=count, in_flight=32, journal=place(), latency_ms=50.0)
                    )
    return f"{journeys}\n" + render(
        f"{count:,} IOC orders, 50 ms, 32 in flight, first order to last answer (medians)",
        ("journal", "orders/s", "of SQLite's", "each run", "of the limit", "CPU an order"),
        [_compared(name, sent, runs["SQLite"]) for name, sent in runs.items()],
    )


def _compared(name: str, sent: list[Sent], file: list[Sent]) -> tuple[str, ...]:
    rates = [one.count / one.send_s for one in sent]
    shares = [one.send_s / other.send_s for one, other in zip(file, sent, strict=True)]
    return (
        name,
        f"{statistics.median(rates):.0f}",
        f"{statistics.median(shares):.2f}",
        " ".join(f"{share:.2f}" for share in shares),
        f"{statistics.median(one.limit_s / one.send_s for one in sent):.0%}",
        f"{statistics.median(one.cpu_ms_an_order for one in sent):.2f} ms",
    )


def _journeys(cluster: Cluster, line: Proxy) -> str:
    """Count how often each kind of step waits for the server, when all is prepared."""
    with Journal.open(line.url(cluster.make_journal())) as journal:
        add(journal, rows=[a_row(row) for row in range(2, 2 + 20 * GROUP)])
        with journal.hold("abc", NOW):
            learnt: list[Change] = []

            def claim() -> None:
                claimed = journal.claim("abc", GROUP, NOW, learnt)
                learnt[:] = [
                    Change(one.row, OrderState.SENDING, OrderEvent.ACCEPTED, server_order_id="S")
                    for one in claimed
                ]

            def record() -> None:
                journal.apply("abc", learnt, NOW)
                learnt[:] = [Change(one.row, OrderState.OPEN, OrderEvent.FILLED) for one in learnt]

            steps: dict[str, Callable[[], object]] = {
                f"claim of {GROUP}, with {GROUP} answers": claim,
                f"record of {GROUP}": record,
                "beat": lambda: journal.holds.beat("abc", NOW),
                "look at stops and wishes": lambda: (
                    journal.stops.standing("abc"),
                    journal.cancels.standing("abc"),
                ),
            }
            counts = []
            for name, step in steps.items():
                for _ in range(2 if step is record else 10):
                    before = line.journeys
                    step()
                counts.append((name, str(line.journeys - before)))
    return render("Journeys to the server and back", ("step", "journeys"), counts)


def _by_tcp(cluster: Cluster) -> str:
    from tests.journal.postgres_cluster import database_of

    name = database_of(cluster.make_journal())
    return f"postgresql://tests@127.0.0.1:{cluster.port}/{name}"


@contextmanager
def _let_in(password: str) -> Iterator[None]:
    before = os.environ.get("PGPASSWORD")
    os.environ["PGPASSWORD"] = password
    try:
        yield
    finally:
        if before is None:
            del os.environ["PGPASSWORD"]
        else:
            os.environ["PGPASSWORD"] = before
