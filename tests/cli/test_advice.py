"""What may be done is said in options and commands, and only on the topmost floor."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import batch
from batch.cli import commands
from batch.cli.advice import in_words, words_of
from batch.errors import Advice, GateError, Hint, hint

PACKAGE = Path(batch.__file__).parent
COMMANDS = "|".join([*commands.load_all(), "journal", "approve", "stop", "show", "day", "help"])
NAMED = re.compile(rf"(?<![\w-])--[a-z][a-z-]+|\borderbatch (?:{COMMANDS})\b")

APART = ("cli", "simulator")
"""The command line itself, and the venue that it starts; the latter has options of its own."""


def sources() -> list[Path]:
    return [p for p in PACKAGE.rglob("*.py") if p.relative_to(PACKAGE).parts[0] not in APART]


def test_no_option_or_command_is_named_below_the_command_line() -> None:
    named = {
        f"{path.relative_to(PACKAGE).as_posix()}:{node.lineno}": found[0]
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if (found := NAMED.search(node.value))
    }
    assert named == {}
    assert len(sources()) > 50


@pytest.mark.parametrize("advice", Advice)
def test_every_piece_of_advice_has_words_of_the_command_line(advice: Advice) -> None:
    words = in_words(hint(advice, "k3vz7q2m", 17))
    assert words != advice
    assert not NAMED.search(advice)
    assert "{" not in words.replace("'{date}'", "")


def test_every_option_and_command_in_the_advice_exists() -> None:
    known = {name for c in commands.load_all().values() for p in c.params for name in p.opts}
    later = {"--ignore-column", "--run", "--key", "--release"}
    for advice in Advice:
        named = re.findall(r"--[a-z][a-z-]+", in_words(hint(advice, "k3vz7q2m", 17)))
        assert set(named) <= known | later, advice


def test_an_error_is_said_with_its_advice() -> None:
    error = GateError(
        "expected A, found B. Nothing was sent.",
        advice=[Hint(Advice.SKIP_SENT), hint(Advice.FINISH_FIRST, "k3vz7q2m", "abcdefgh")],
    )
    assert str(error) == "expected A, found B. Nothing was sent."
    assert words_of(error) == (
        "expected A, found B. Nothing was sent. To send only the others: --skip-sent. "
        "Finish it first: orderbatch resume k3vz7q2m, orderbatch resume abcdefgh"
    )
    assert GateError("x", advice=Advice.AGAIN).advice == (Hint(Advice.AGAIN),)


def test_advice_reads_well_without_a_command_line() -> None:
    assert str(hint(Advice.RESUME, "k3vz7q2m")) == "go on with this batch (k3vz7q2m)"
    assert str(Hint(Advice.OR_PRACTISE)) == "or practise at the simulated venue"
