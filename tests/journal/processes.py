"""Other processes, led by the tests line by line over their standard input."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PRELUDE = """
import sys
from batch.errors import JournalError
from batch.journal import Change, Journal
from batch.states import OrderEvent, OrderState
from tests.journal.planned import LOGIN, NOW, a_batch, a_row, add, claim, states

def say(words):
    print(words, flush=True)

def wait():
    return sys.stdin.readline().strip()

path = sys.argv[1]
"""


@contextmanager
def another(path: Path, script: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script in a process of its own, which is dead when the block ends."""
    with subprocess.Popen(
        [sys.executable, "-c", PRELUDE + script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def hear(process: subprocess.Popen[str]) -> str:
    """Wait for the next line that the process says; empty when it has ended."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str], words: str = "go on") -> None:
    """Give the process a line."""
    assert process.stdin is not None
    process.stdin.write(f"{words}\n")
    process.stdin.flush()
