"""Tables for a terminal: they fit 80 columns, and use more where there are more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from batch.escaping import escaped_line

if TYPE_CHECKING:
    from rich.table import Table

WIDE = 112
"""From so many columns on a table shows what a narrow one leaves out."""


def width() -> int:
    """Give how many columns there are on stdout."""
    from batch.cli.console import console

    return console().width


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()
) -> Table:
    """Lay out rows of texts; what in them would act on a terminal is shown instead.

    Args:
        right: the columns whose texts are numbers.
    """
    from rich.table import Table
    from rich.text import Text

    laid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        # A number that is broken is another number.
        laid.add_column(
            head,
            justify="right" if head in right else "left",
            no_wrap=head in right,
            overflow="fold",
        )
    for row in rows:
        laid.add_row(*(Text(escaped_line(text)) for text in row))
    return laid
