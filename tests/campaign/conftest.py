"""The campaign's figures: every test records its own, the closing summary adds them up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.campaign.form import Form, chosen
from tests.campaign.office import Launchpad

FIGURES = "campaign-figures"

AT_ONCE = 4
"""Batches that are killed side by side: most of their time they wait."""

Count = Callable[[Counter[str]], None]


@pytest.fixture
def form() -> Form:
    return chosen()


@pytest.fixture(scope="session")
def launchpads() -> Iterator[list[Launchpad]]:
    made = [Launchpad() for _ in range(AT_ONCE)]
    yield made
    for launchpad in made:
        launchpad.close()


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Add figures to the summary; they reach it from any worker."""

    def add(figures: Counter[str]) -> None:
        record_property(FIGURES, dict(figures))

    return add


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
