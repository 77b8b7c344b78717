"""What all tests have in common: a place on a disk, signals, and the campaign's closing summary.

All stand here because the process that leads and prints, beside those that run the tests, reads
only this conftest of them all.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections import Counter
from pathlib import Path

import pytest

from batch.journal.sqlite.drives import memory_system
from tests.campaign.form import FIGURES, chosen

ON_A_DISK = "/var/tmp"
"""What outlives the power by the standard of file systems, unlike /tmp on many machines."""


def pytest_configure() -> None:
    """Let temporary folders lie on a disk, and let signals end what is started."""
    # A journal in memory is refused.
    if memory_system(Path(tempfile.gettempdir()).resolve()) is not None:
        os.environ["TMPDIR"] = ON_A_DISK
        tempfile.tempdir = None
    # `nohup`, and a shell's `&`, have these ignored, which every process that is started inherits.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.name == "posix" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was done and what was found."""
    total: Counter[str] = Counter()
    seconds = 0.0
    for reports in terminalreporter.stats.values():
        for report in reports:
            if not isinstance(report, pytest.TestReport) or report.when != "call":
                continue
            figures = [value for name, value in report.user_properties if name == FIGURES]
            seconds += report.duration if figures else 0.0
            for figure in figures:
                assert isinstance(figure, dict)
                total.update(figure)
    if total:
        terminalreporter.section(f"campaign, {chosen().name} form")
        for name, number in sorted(total.items()):
            terminalreporter.line(f"{name}: {number:,}")
        terminalreporter.line(f"seconds in these tests: {seconds:,.0f}")
