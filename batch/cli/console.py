"""Printing for people and for scripts."""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from batch.escaping import escaped, escaped_json

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_PIECES_AT_ONCE = 10_000

PLAIN_WIDTH = 140
"""Characters a line where there is no terminal that could say how wide it is."""


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
