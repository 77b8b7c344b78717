"""A number format of a workbook → what it does to the reading of a cell. Used by `sheet.workbook`.

A format is code of one to four sections; whether a number is shown as a date is decided by its
letters outside of quotes, brackets and escapes. Formats that have a number and no code mean
another thing in each locale's spreadsheet program, but all of them agree on which are dates.

Source: ECMA-376 part 1, 18.8.30 (numFmt) and 18.8.31; ids 27-36, 50-58 and 67-81 by its tables for
Chinese, Japanese, Korean and Thai.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_DATE_IDS = frozenset(
    {*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)} | {*range(71, 82)}
)
_PERCENT_IDS = frozenset({9, 10, 67, 68})

# Decoration: quoted text, an escaped, spaced or repeated character, and brackets but for those that
# hold a stretch of time, as [h]. An opening quote or bracket without an end takes the rest.
_DECORATION = re.compile(
    r"""
    "[^"]*(?:"|$)
    | [\\_*!]. | [\\_*!]$
    | \[(?!(?:h+|m+|s+)\])[^\]]*(?:\]|$)
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_NAMES = re.compile(r"general|standard", re.IGNORECASE)
_EXPONENT = re.compile(r"e[+-]", re.IGNORECASE)
_DATE_LETTER = re.compile(r"[dmyhs]", re.IGNORECASE)
# Years of an era, eras, Buddhist years, weekdays: words of their own only where no digits are
# shown, because sheets also say `0 EUR` without the quotes.
_CALENDAR_LETTER = re.compile(r"[eg]|b+|a{3,}", re.IGNORECASE)
_DIGIT = re.compile(r"[0#?@]")
_PADDED = re.compile(r"0{2,}")


@dataclass(frozen=True, slots=True)
class CellFormat:
    """What a cell's format does to its reading.

    Attributes:
        width: of a `padded` number such as 00123, in digits.
    """

    kind: Literal["plain", "percent", "date", "padded", "unshown"] = "plain"
    width: int = 0


PLAIN = CellFormat()


def classify(number: int, code: str | None) -> CellFormat:
    """Tell what a number format shows.

    Args:
        number: its id; says what it is where the workbook gives no code for it.
        code: as the workbook defines it; None where it does not.
    """
    if code is None:
        if number in _DATE_IDS:
            return CellFormat("date")
        return CellFormat("percent") if number in _PERCENT_IDS else PLAIN
    sections = _DECORATION.sub("", code).split(";")
    if any(map(_shows_date, sections)):
        return CellFormat("date")
    if any("%" in section for section in sections):
        return CellFormat("percent")
    first = sections[0]
    if _PADDED.fullmatch(first):
        return CellFormat("padded", len(first))
    if code and not _NAMES.search(first) and not _DIGIT.search(first):
        return CellFormat("unshown")
    return PLAIN


def _shows_date(section: str) -> bool:
    letters = _EXPONENT.sub("", _NAMES.sub("", section))
    if _DATE_LETTER.search(letters):
        return True
    return _DIGIT.search(letters) is None and _CALENDAR_LETTER.search(letters) is not None
