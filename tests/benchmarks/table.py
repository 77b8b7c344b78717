"""Tables for a terminal and for a README, the same text for both."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from pathlib import Path


def render(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Give a Markdown table whose columns line up."""
    widths = [max(len(line[at]) for line in (header, *rows)) for at in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([f"\n### {title}\n", line(header), line(rule), *map(line, rows)])


def machine() -> str:
    """Name the machine and what else it is doing."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return (
        f"{os.cpu_count()} cores ({models[0] if models else platform.processor()}), "
        f"{platform.system()}, Python {platform.python_version()}; load at the start {load}"
    )
