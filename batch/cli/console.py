"""Printing for people and for scripts."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from batch.escaping import escaped, escaped_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PIECES_AT_ONCE = 10_000

PLAIN_WIDTH = 140
"""Characters a line where there is no terminal that could say how wide it is."""

USUAL_WIDTH = 80
"""Columns of a terminal that does not say how many it has."""

NARROWEST = 20


def has_terminal() -> bool:
    """Say whether there is a person who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def console(*, err: bool = False) -> Console:
    """Give a console on stdout or stderr: colour and the real width on a terminal only."""
    from rich.console import Console

    stream = sys.stderr if err else sys.stdout
    return Console(
        file=stream,
        width=None if stream.isatty() else PLAIN_WIDTH,
        highlight=False,
        markup=False,
        emoji=False,
    )


def folded(words: str, mark: str = "") -> str:
    """Break what goes to stderr between words, so that no terminal breaks it inside one.

    Args:
        mark: stands before every line.

    Returns:
        The lines as they are where stderr is no terminal: a script or a file has no width.
    """
    lines = words.split("\n")
    if sys.stderr.isatty():
        # A few columns cannot hold a sentence; its words are broken by the terminal then.
        width = max(_columns_of_stderr() - len(mark), NARROWEST)
        lines = [part for line in lines for part in _fold(line, width)]
    return "\n".join(mark + line for line in lines)


def _fold(line: str, width: int) -> list[str]:
    indent = line[: len(line) - len(line.lstrip(" "))]
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [line]


def _columns_of_stderr() -> int:
    # Of stderr: stdout may well be a file.
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named):
        return int(named)
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns or USUAL_WIDTH
    except OSError:
        return USUAL_WIDTH


def show(renderable: RenderableType, *, err: bool = False) -> None:
    """Print a table without spaces at the ends of its lines."""
    out = console(err=err)
    with out.capture() as captured:
        out.print(renderable)
    lines = (line.rstrip() for line in captured.get().split("\n"))
    click.echo("\n".join(lines).rstrip("\n"), err=err)


def echo(words: object, *, err: bool = False) -> None:
    """Print a line, or several; nothing in them acts on the terminal."""
    click.echo(escaped(str(words)), err=err)


def print_json(document: dict[str, Any]) -> None:
    """Print the one JSON document of a command on stdout."""
    # Piece by piece: the problems of a large sheet would take a gigabyte as one text.
    pieces = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(document)
    while some := list(islice(pieces, _PIECES_AT_ONCE)):
        click.echo(escaped_json("".join(some)), nl=False)
    click.echo()
