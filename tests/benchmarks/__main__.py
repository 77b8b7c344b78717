"""`python -m tests.benchmarks`: all of it in under five minutes; `--help` for less or more."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.sections import MORE, SECTIONS
from tests.benchmarks.table import machine


def main() -> None:
    """Run the sections that were asked for, and print their tables as they come."""
    known = {**SECTIONS, **MORE}
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="SECTION",
        help=f"any of {', '.join(known)}; default: {', '.join(SECTIONS)}",
    )
    parser.add_argument("--all", action="store_true", help=f"also {', '.join(MORE)}")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="how much of the orders to send; below 1 the figures mean little",
    )
    given = parser.parse_args()
    if unknown := [name for name in given.sections if name not in known]:
        parser.error(f"expected {', '.join(known)}, found {', '.join(unknown)}")
    names = given.sections or list(known if given.all else SECTIONS)
    started_at = time.monotonic()
    sys.stdout.write(f"{machine()}\n")
    for name in names:
        with tempfile.TemporaryDirectory(prefix="orderbatch-bench-") as folder:
            sys.stdout.write(f"{known[name](Path(folder), given.scale)}\n")
            sys.stdout.flush()
    sys.stdout.write(f"\nTook {time.monotonic() - started_at:.0f} s.\n")


if __name__ == "__main__":
    main()
