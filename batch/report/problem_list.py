"""What a marked copy says about its problems, whichever way it is made. Part of `report`, layer 2.

Heights and sizes are reckoned here: not every spreadsheet program does so on opening.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from batch.model import Problem, Sheet

MARKED = 5_000
"""Cells with a comment, and lines with a link: Excel takes minutes, or fails, with many more."""
LISTED = 1_000_000
"""Problems on the `Problems` worksheet: what one holds, with room for its head."""

AUTHOR = "orderbatch"
# Without a name a program takes whatever comes first.
FONT = "Calibri"
BAD = "FFC7CE"
HEAD = "1F3A5F"
LINK = "1F4E79"
RULE = "D9D9D9"

COLUMNS = (("Cell", 10), ("Row", 9), ("Column", 22), ("Found", 30), ("Expected", 48), ("To do", 54))
"""The columns of the `Problems` worksheet and their widths in characters."""
ROW_PLACE = 1
HEADING_POINTS, REMARK_POINTS, HEAD_POINTS = 26.0, 18.0, 20.0
_WIDTH = sum(width for _, width in COLUMNS)
_LINE_POINTS, _MOST_POINTS = 15.0, 405.0
# An indent on the left takes its room, and so does the edge on the right; a width counts digits,
# and letters are a little narrower.
_EDGES, _LETTERS = 3, 1.15
_ACROSS = [int(width * _LETTERS) - _EDGES for _, width in COLUMNS]

_COMMENT_WIDEST, _COMMENT_NARROWEST = 46, 14
_COMMENT_LINE, _COMMENT_CHARACTER, _COMMENT_EDGE = 18, 7, 16


def heading(sheet: Sheet, problems: Sequence[Problem]) -> str:
    """Give the title of the `Problems` worksheet."""
    noun = "problem" if len(problems) == 1 else "problems"
    return f"{len(problems):,} {noun} in {sheet.path.name}"


def remarks(problems: Sequence[Problem], marked: int, listed: int) -> Iterator[str]:
    """Say what a copy leaves out for want of room.

    Args:
        marked, listed: how many cells have a comment, and how many problems a line, at the most.
    """
    if len(problems) > marked:
        yield (
            f"The first {marked:,} cells have a comment, and the first {marked:,} lines a link; "
            "all bad cells are coloured."
        )
    if len(problems) > listed:
        yield f"The first {listed:,} are listed."


class Addresses:
    """Where a sheet's problems are to be seen."""

    def __init__(self, sheet: Sheet) -> None:
        self._letters = {column.header: column.letter for column in sheet.columns}
        self._first = sheet.columns[0].letter if sheet.columns else "A"

    def of(self, problem: Problem) -> str:
        """Name the cell to mark: the problem's own, or the first of its row; else nothing."""
        return "" if problem.row is None else f"{self.letter_of(problem)}{problem.row}"

    def letter_of(self, problem: Problem) -> str:
        """Name the column of that cell."""
        return self._letters.get(problem.column or "", self._first)


def line_texts(addresses: Addresses, problem: Problem) -> tuple[str, ...]:
    """Give the texts of a problem's line, one for each of `COLUMNS`."""
    return (
        addresses.of(problem),
        "" if problem.row is None else str(problem.row),
        problem.column or "",
        problem.found,
        problem.expected,
        _action(problem),
    )


def line_points(texts: Iterable[str]) -> float:
    """Give the height of a problem's line, in points, that shows the whole of its texts."""
    return points_of(max(lines_of(place, text) for place, text in enumerate(texts)))


def points_of(lines: int) -> float:
    """Give the height of a line of the list that so many lines of text stand on."""
    return min(lines * _LINE_POINTS + 3, _MOST_POINTS)


def lines_of(place: int, text: str) -> int:
    """Count the lines that a text takes in one of `COLUMNS`."""
    across = _ACROSS[place]
    # As most of many thousands are.
    if len(text) <= across and text.isascii() and "\n" not in text:
        return 1
    return _count_lines(text, across)


def remark_points(remark: str) -> float:
    """Give the height of a sentence that goes over the whole width."""
    return _count_lines(remark, _WIDTH - _EDGES) * REMARK_POINTS


def comment_words(problems: Iterable[Problem]) -> str:
    """Give the words of a cell's comment, a paragraph for each of its problems."""
    return "\n".join(_sentence(problem) for problem in problems)


def comment_size(words: str) -> tuple[int, int]:
    """Give the width and height in pixels of a comment that shows all of its words."""
    longest = max(_columns(line) for line in words.split("\n"))
    across = min(max(longest, _COMMENT_NARROWEST), _COMMENT_WIDEST)
    lines = _count_lines(words, across)
    return (
        across * _COMMENT_CHARACTER + _COMMENT_EDGE,
        lines * _COMMENT_LINE + _COMMENT_EDGE,
    )


def cells_to_mark(sheet: Sheet, problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """Sort problems by the address of the cell that shows them."""
    by_cell: dict[str, list[Problem]] = {}
    addresses = Addresses(sheet)
    for problem in problems:
        if problem.row is not None:
            by_cell.setdefault(addresses.of(problem), []).append(problem)
    return by_cell


def free_title(taken: Iterable[str]) -> str:
    """Name the worksheet of problems unlike any that is there."""
    names = {name.casefold() for name in taken}
    title, attempt = "Problems", 2
    while title.casefold() in names:
        title = f"Problems {attempt}"
        attempt += 1
    return title


def _sentence(problem: Problem) -> str:
    words = f'{problem.column or "row"}: expected {problem.expected}, found "{problem.found}"'
    action = _action(problem)
    return f"{words}; {action}" if action else words


def _action(problem: Problem) -> str:
    parts = [problem.action] if problem.action else []
    return "; ".join([*parts, *map(str, problem.advice)])


# Of many thousands of problems few say something of their own.
@lru_cache(maxsize=10_000)
def _count_lines(text: str, width: int) -> int:
    """Count the lines that a text takes, broken between words."""
    return sum(max(1, len(_wrapped(line, width))) for line in text.split("\n"))


def _wrapped(line: str, width: int) -> list[str]:
    columns = _columns(line)
    if columns <= width:
        return [line]
    # Wide characters take the room of two.
    return textwrap.wrap(line, max(width * len(line) // columns, 1))


def _columns(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
