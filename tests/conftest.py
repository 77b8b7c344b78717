"""The campaign's closing summary.

It stands here because the process that prints it, beside those that run the tests, reads only this
conftest of them all.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.campaign.form import FIGURES, chosen


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
