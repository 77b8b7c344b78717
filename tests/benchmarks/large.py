"""The parts of the benchmark about large sheets, hostile ones, and many orders."""

from __future__ import annotations

import sys
from pathlib import Path

from batch.journal import Journal
from tests.benchmarks.measuring import ORDERBATCH, environment, rows, run, submit, write_sheet
from tests.benchmarks.table import render
from tests.fuzz.hostile import HOSTILE

REFUSED = 3
PLAIN = 20_000


def sheets(folder: Path, scale: float) -> str:
    """Check large sheets, good and all bad."""
    count = max(int(100_000 * scale), 100)
    lines = []
    for good in (True, False):
        paths = [write_sheet(folder / f"large-{good}.csv", count, good=good)]
        paths.append(_write_workbook(folder / f"large-{good}.xlsx", count, good=good))
        for path in paths:
            usage = run(
                [*ORDERBATCH, "check", str(path)],
                environment=environment("http://127.0.0.1:1", folder),
                expected=0 if good else REFUSED,
            )
            lines.append(
                (
                    f"{path.suffix[1:].upper()}, {'good' if good else 'every row bad'}",
                    f"{usage.wall_s:.1f} s",
                    f"{usage.peak_mb:.0f} MB",
                )
            )
    return render(f"orderbatch check of {count:,} rows", ("sheet", "time", "peak memory"), lines)


def volume(folder: Path, scale: float) -> str:
    """Send 100,000 orders: does time or memory grow with what was sent already? And report them."""
    few, many = max(int(2_000 * scale), 50), max(int(100_000 * scale), 500)
    small = submit(folder, count=few, in_flight=32)
    large = submit(folder, count=many, in_flight=32)
    journal_bytes = sum(path.stat().st_size for path in folder.glob("journal.db*"))
    tenths = large.venue["tenths_s"]
    sent = render(
        f"{many:,} orders without latency, 32 in flight",
        (
            "orders/s",
            "last tenth to first tenth",
            "peak memory",
            f"more than for {few:,}, an order",
            "journal, an order",
        ),
        [
            (
                f"{many / large.send_s:,.0f}",
                f"{tenths[-1] / tenths[0]:.2f}",
                f"{large.usage.peak_mb:.0f} MB",
                f"{(large.usage.peak_mb - small.usage.peak_mb) * 1024 / (many - few):.2f} KB",
                f"{journal_bytes / many:,.0f} bytes",
            )
        ],
    )
    return f"{sent}\n{_reports(folder, many)}"


def _reports(folder: Path, count: int) -> str:
    """Have the report of the journal's only batch written again, by a process each."""
    journal = folder / "journal.db"
    with Journal.open(str(journal), read_only=True) as opened:
        (summary,) = opened.batches()
    lines = []
    for ending in ("xlsx", "csv", "json"):
        usage = run(
            [
                *ORDERBATCH,
                "report",
                summary.batch.batch_id,
                *("--journal", str(journal), "--report", str(folder / f"again.{ending}")),
            ],
            environment=environment("http://127.0.0.1:1", folder),
        )
        lines.append(
            (
                ending.upper(),
                f"{usage.wall_s:.1f} s",
                f"{usage.cpu_s:.1f} s",
                f"{usage.peak_mb:.0f} MB",
            )
        )
    return render(
        f"orderbatch report of {count:,} orders", ("as", "time", "CPU", "peak memory"), lines
    )


def hostile(folder: Path, scale: float) -> str:
    """Check files that would cost a careless reader minutes or gigabytes, beside a plain sheet."""
    plain = run(
        [*ORDERBATCH, "check", str(_write_workbook(folder / "plain.xlsx", PLAIN, good=True))],
        environment=environment("http://127.0.0.1:1", folder),
    )
    lines: list[tuple[str, ...]] = [
        ("a plain sheet of 20,000 orders", "1.0", f"{plain.peak_mb:.0f} MB", "read")
    ]
    for write in HOSTILE if scale >= 1 else HOSTILE[:2]:
        path = folder / "hostile.xlsx"
        words = f"h.{write.__name__}(pathlib.Path({str(path)!r}))"
        run([sys.executable, "-c", f"import pathlib, tests.fuzz.hostile as h; {words}"])
        usage = run(
            [*ORDERBATCH, "check", str(path)],
            environment=environment("http://127.0.0.1:1", folder),
            expected=(0, REFUSED),
        )
        lines.append(
            (
                write.__name__.replace("_", " "),
                f"{usage.cpu_s / plain.cpu_s:.1f}",
                f"{usage.peak_mb:.0f} MB",
                "refused" if usage.code == REFUSED else "read",
            )
        )
    lines += _marked(folder, max(int(90_000 * scale), 100), plain.cpu_s)
    return render("Hostile files", ("orderbatch check of", "CPU, x plain", "memory", ""), lines)


def _marked(folder: Path, count: int, plain_cpu_s: float) -> list[tuple[str, ...]]:
    bad = folder / "bad.csv"
    bad.write_text(
        "Symbol,Side,Currency,Size,Price,Time in force\n"
        + "".join(f"EUR/XX{n % 7},Hold,GBP,-{n},abc,GTX\n" for n in range(count))
    )
    lines: list[tuple[str, ...]] = []
    for path in (bad, _write_workbook(folder / "bad.xlsx", count, good=False)):
        usage = run(
            [
                *ORDERBATCH,
                "check",
                str(path),
                "--annotate",
                str(folder / f"{path.name}.marked.xlsx"),
            ],
            environment=environment("http://127.0.0.1:1", folder),
            expected=REFUSED,
        )
        lines.append(
            (
                f"{count:,} bad rows, {path.suffix[1:].upper()}, --annotate",
                f"{usage.cpu_s / plain_cpu_s:.1f}",
                f"{usage.peak_mb:.0f} MB",
                "refused",
            )
        )
    return lines


def _write_workbook(path: Path, count: int, *, good: bool) -> Path:
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Orders")
        sheet.write_row(0, 0, ["symbol", "side", "size", "price", "time_in_force", "note"])
        for number, cells in enumerate(rows(count, "IOC", good=good), start=1):
            sheet.write_row(number, 0, cells)
    return path
