"""The parts of the benchmark; each runs its processes and gives a table."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.benchmarks import large
from tests.benchmarks.measuring import (
    ORDERBATCH,
    Sent,
    environment,
    loaded,
    run,
    send_with,
    submit,
    write_sheet,
)
from tests.benchmarks.shared import postgres
from tests.benchmarks.table import render

IN_FLIGHT = {5: (1, 16, 32, 64), 50: (16, 32, 64), 200: (16, 32, 64)}
"""By latency in milliseconds."""
SECONDS = {5: 3, 50: 9, 200: 13}
"""How long a run takes at the limit, by latency. The first order goes alone and is asked about,
and some are asked about once more at its end, which takes as many latencies for two orders as for
two thousand."""
MOST_AT_5_MS = 2000
FEW = 20
STILL_OPEN = 4


def fast_enough(folder: Path, scale: float) -> str:
    """Show that the venue is not what is measured: what it serves when it holds nothing back."""
    count = max(int(5000 * scale), 50)
    flat_out = send_with("aio", count=count, in_flight=64)
    busy_s = flat_out.venue["cpu_s"]
    served = flat_out.venue["requests"] / flat_out.send_s
    return render(
        "The venue itself, without latency, asked by aiohttp with 64 in flight",
        ("requests/s served", "CPU of the venue a request", "most that it could serve"),
        [
            (
                f"{served:,.0f}",
                f"{busy_s / flat_out.venue['requests'] * 1e6:.0f} µs",
                f"{flat_out.venue['requests'] / busy_s:,.0f}/s",
            )
        ],
    )


def throughput(folder: Path, scale: float) -> str:
    """Hold orderbatch to the physical limit and to three plain clients, in ten settings."""
    lines = []
    fixed_s = _fixed_cpu_s(folder, scale)
    for latency_ms, levels in IN_FLIGHT.items():
        few = max(int(1000 / latency_ms * 1.5 * scale), 4)
        plain = send_with("loop", count=few, in_flight=1, latency_ms=latency_ms)
        for in_flight in levels:
            count = _count(latency_ms, in_flight, scale)
            # Where the venue is slow, threads are as quick as anything.
            threads = (
                _share(
                    send_with("threads", count=count, in_flight=in_flight, latency_ms=latency_ms)
                )
                if latency_ms == min(IN_FLIGHT)
                else "-"
            )
            aio = send_with("aio", count=count, in_flight=in_flight, latency_ms=latency_ms)
            ours = submit(folder, count=count, in_flight=in_flight, latency_ms=latency_ms)
            lines.append(
                (
                    f"{latency_ms} ms",
                    str(in_flight),
                    f"{count:,}",
                    f"{count / ours.limit_s:,.0f}",
                    _share(ours),
                    f"{ours.share_between:.0%}",
                    _share(aio),
                    threads,
                    f"{_rate(ours) / _rate(plain):.1f} x",
                    f"{ours.requests_an_order:.2f}",
                    f"{max(ours.usage.cpu_s - fixed_s, 0.0) * 1000 / count:.1f} ms",
                    f"{aio.cpu_ms_an_order:.1f} ms",
                    f"{ours.usage.peak_mb:.0f} MB",
                )
            )
    return render(
        "Orders a second as a share of the physical limit, first order to last answer; "
        f"CPU of orderbatch beside {fixed_s:.2f} s for a process with {FEW} orders",
        (
            "latency",
            "in flight",
            "orders",
            "limit, orders/s",
            "orderbatch",
            "between its looks",
            "aiohttp",
            "requests, threads",
            "to a plain loop",
            "requests an order",
            "CPU an order",
            "aiohttp's",
            "peak memory",
        ),
        lines,
    )


def busy(folder: Path, scale: float) -> str:
    """Send at 50 ms with one core taken away; with nothing else to do stands in `throughput`."""
    in_flight = 64
    count = _count(50, in_flight, scale)
    with loaded(1):
        ours = submit(folder, count=count, in_flight=in_flight, latency_ms=50)
        aio = send_with("aio", count=count, in_flight=in_flight, latency_ms=50)
    return render(
        f"50 ms with {in_flight} in flight: share of the physical limit with one core loaded",
        ("orders", "orderbatch", "between its looks", "aiohttp"),
        [(f"{count:,}", _share(ours), f"{ours.share_between:.0%}", _share(aio))],
    )


def cost(folder: Path, scale: float) -> str:
    """Part the CPU of an order in the run from what a process costs whatever it sends."""
    few, many = FEW, max(int(3000 * scale), 2 * FEW)
    runs: list[tuple[float, float]] = []
    for _ in range(3 if scale >= 1 else 1):
        small = submit(folder, count=few, in_flight=32, latency_ms=5)
        large = submit(folder, count=many, in_flight=32, latency_ms=5)
        more_s = large.usage.cpu_s - small.usage.cpu_s
        runs.append((small.usage.cpu_s, more_s * 1000 / (many - few)))
    fixed_s, each_ms = (statistics.median(values) for values in zip(*runs, strict=True))
    return render(
        "CPU at 5 ms with 32 in flight (medians)",
        (
            f"a process with {few} orders",
            f"each order more, up to {many:,}, with its row in sheet, journal and report",
        ),
        [(f"{fixed_s:.2f} s", f"{each_ms:.2f} ms")],
    )


def headline(folder: Path, scale: float) -> str:
    """Send 2,000 IOC orders at 50 ms with 32 in flight, three times each, medians."""
    count = max(int(2000 * scale), 20)
    given = {"count": count, "in_flight": 32, "latency_ms": 50.0}
    runs: dict[str, list[Sent]] = {"orderbatch": [], "aiohttp": [], "requests, threads": []}
    for _ in range(3 if scale >= 1 else 1):
        runs["orderbatch"].append(submit(folder, **given))  # type: ignore[arg-type]
        runs["aiohttp"].append(send_with("aio", **given))  # type: ignore[arg-type]
        runs["requests, threads"].append(send_with("threads", **given))  # type: ignore[arg-type]
    lines = [
        (
            name,
            f"{_median(sent, lambda s: s.start_s):.2f} s",
            f"{_median(sent, lambda s: s.send_s):.2f} s",
            f"{_median(sent, lambda s: s.share):.1%}",
            f"{_median(sent, lambda s: s.rest_s):.2f} s",
            f"{_median(sent, lambda s: s.limit_s / s.rest_s):.1%}",
            f"{_median(sent, lambda s: s.requests_an_order):.2f}",
            f"{_median(sent, lambda s: s.cpu_ms_an_order):.2f} ms",
            f"{_median(sent, lambda s: s.usage.peak_mb):.0f} MB",
        )
        for name, sent in runs.items()
    ]
    return render(
        f"{count:,} IOC orders, 50 ms, 32 in flight: physical limit "
        f"{runs['aiohttp'][0].limit_s:.2f} s (medians)",
        (
            "client",
            "start-up",
            "first order to last answer",
            "of the limit",
            "first order to the end of the process",
            "of the limit",
            "requests an order",
            "CPU an order",
            "peak memory",
        ),
        lines,
    )


def following(folder: Path, scale: float) -> str:
    """Count requests, and how late ends are noticed."""
    count = max(int(1500 * scale), 20)
    quick = submit(folder, count=count, in_flight=32, latency_ms=50, life_s=0.3, spread=97)
    # Ten orders end in each second; the others stay open.
    resting, wait_s = max(int(1000 * scale), 20), max(16 * scale, 1.0)
    slow = submit(
        folder,
        count=resting,
        in_flight=32,
        time_in_force="GTC",
        options=("--wait", f"{wait_s:g}s"),
        expected=STILL_OPEN,
        latency_ms=50,
        life_s=resting / 10,
        spread=resting,
    )
    return render(
        "Following",
        ("orders", "placed", "asked singly", "asked for all", "an order", "notice, median"),
        [
            _asked(f"{count:,} IOC that end within 300 ms", quick),
            _asked(f"{resting:,} GTC, 10 end each second, for {wait_s:g} s", slow),
        ],
    )


def pace(folder: Path, scale: float) -> str:
    """Send at a venue that allows 50 requests a second: told so, and finding out."""
    count = max(int(200 * scale), 20)
    lines = []
    for name, options, retry_after_s in (
        ("finds out", (), 0),
        ("finds out, Retry-After: 1", (), 1),
        ("--rate 50", ("--rate", "50"), 0),
    ):
        sent = submit(
            folder,
            count=count,
            in_flight=16,
            options=options,
            latency_ms=20,
            rate=50,
            retry_after_s=retry_after_s,
        )
        refused = sent.venue["refused_at"]
        late = sum(at > 5 for at in refused)
        least_s = 2 * count / 50
        lines.append(
            (
                name,
                f"{least_s:.1f} s",
                f"{sent.send_s:.1f} s",
                f"{sent.send_s / least_s:.0%}",
                str(len(refused)),
                f"{late} ({late / sent.venue['requests']:.2%})",
            )
        )
    return render(
        f"{count:,} orders at a venue that allows 50 requests a second",
        ("how", "least time", "taken", "of it", "429s", "429s after 5 s"),
        lines,
    )


def start_up(folder: Path, scale: float) -> str:
    """Time the start of a process, in multiples of a bare Python's."""
    sheet = write_sheet(folder / "fifty.csv", 50)
    repeats = 7 if scale >= 1 else 1
    settings = environment("http://127.0.0.1:1", folder)
    commands = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "orderbatch --help": [*ORDERBATCH, "--help"],
        "orderbatch check, 50 rows": [*ORDERBATCH, "check", str(sheet)],
    }
    lines: list[tuple[str, ...]] = []
    bare_s = 0.0
    for name, command in commands.items():
        runs = [run(command, environment=settings) for _ in range(repeats)]
        wall_s = statistics.median(usage.wall_s for usage in runs)
        cpu_s = statistics.median(usage.cpu_s for usage in runs)
        bare_s = bare_s if lines else wall_s
        lines.append((name, f"{wall_s:.3f} s", f"{wall_s / bare_s:.1f} x", f"{cpu_s:.3f} s"))
    return render("Start-up (medians)", ("command", "time", "bare starts", "CPU"), lines)


Section = Callable[[Path, float], str]

SECTIONS: dict[str, Section] = {
    "venue": fast_enough,
    "start-up": start_up,
    "cost": cost,
    "throughput": throughput,
    "busy": busy,
    "following": following,
    "pace": pace,
}
"""What one command runs, in under five minutes."""

MORE: dict[str, Section] = {
    "headline": headline,
    "postgres": postgres,
    "sheets": large.sheets,
    "hostile": large.hostile,
    "volume": large.volume,
}
"""Only when asked for by name, or with --all."""


def _count(latency_ms: int, in_flight: int, scale: float) -> int:
    """Give as many orders as fit into some seconds, so that the first and last weigh little."""
    a_second = in_flight / (2 * latency_ms / 1000)
    count = a_second * SECONDS[latency_ms]
    return max(int((min(count, MOST_AT_5_MS) if latency_ms == 5 else count) * scale), 4)


def _fixed_cpu_s(folder: Path, scale: float) -> float:
    runs = [
        submit(folder, count=FEW, in_flight=FEW).usage.cpu_s for _ in range(3 if scale >= 1 else 1)
    ]
    return statistics.median(runs)


def _rate(sent: Sent) -> float:
    return sent.count / sent.send_s


def _share(sent: Sent) -> str:
    return f"{sent.share:.0%}"


def _median(sent: Sequence[Sent], of: Callable[[Sent], float]) -> float:
    return statistics.median(of(one) for one in sent)


def _asked(name: str, sent: Sent) -> tuple[str, ...]:
    counts = sent.venue["counts"]
    return (
        name,
        *(str(counts.get(kind, 0)) for kind in ("place", "query", "active")),
        f"{sent.requests_an_order:.2f}",
        f"{sent.venue['notice_median_s']:.2f} s",
    )
