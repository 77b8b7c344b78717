"""Sentences on stderr are broken between words, for the width that the terminal really has."""

from __future__ import annotations

import io
import os
import sys

import pytest

from batch.cli.console import folded
from batch.cli.exits import tell
from batch.cli.terminal import Terminal

SENTENCE = "orders.csv: expected a price above zero in every row of the sheet, found one at minus"


class Screen(io.StringIO):
    """A stderr that is a terminal of so many columns."""

    def __init__(self, *, is_terminal: bool = True) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal

    def fileno(self) -> int:
        return 2


def narrowed(monkeypatch: pytest.MonkeyPatch, columns: int) -> Screen:
    shown = Screen()
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stderr", shown)
    # Only stderr has this width: stdout may be a file.
    sizes = {2: os.terminal_size((columns, 24))}
    monkeypatch.setattr(os, "get_terminal_size", lambda fd=1: sizes[fd])
    return shown


@pytest.mark.parametrize("columns", [24, 40, 80])
def test_errors_fit_the_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    shown = narrowed(monkeypatch, columns)

    tell(SENTENCE)

    lines = shown.getvalue().splitlines()
    assert max(map(len, lines)) <= columns
    assert " ".join(lines) == f"orderbatch: {SENTENCE}"


def test_every_line_of_practice_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = narrowed(monkeypatch, 40)

    Terminal(quiet=False, simulated=True).say(SENTENCE)

    lines = screen.getvalue().splitlines()
    assert len(lines) > 2
    assert all(line.startswith("SIMULATED  ") and len(line) <= 40 for line in lines)


def test_lists_stay_indented_and_what_has_no_space_stays_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    narrowed(monkeypatch, 40)
    path = "/desk/" + "x" * 50

    assert folded(f"In the way:\n  {SENTENCE}\n\n{path}").splitlines() == [
        "In the way:",
        "  orders.csv: expected a price above",
        "  zero in every row of the sheet, found",
        "  one at minus",
        "",
        path,
    ]


def test_columns_that_are_named_count(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = narrowed(monkeypatch, 40)
    monkeypatch.setenv("COLUMNS", "200")
    tell(SENTENCE)

    assert screen.getvalue() == f"orderbatch: {SENTENCE}\n"


def test_nothing_is_broken_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Screen(is_terminal=False)
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr(sys, "stderr", shown)

    tell(SENTENCE)

    assert shown.getvalue() == f"orderbatch: {SENTENCE}\n"
