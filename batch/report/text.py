"""Text that is fit for a workbook, and text that is a number. Part of `report`, layer 2."""

from __future__ import annotations

import re
from decimal import Decimal

from batch.escaping import escaped
from batch.model import MOST_DIGITS

TEXT_LIMIT = 32_767

_PLAIN = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_ACTIVE = re.compile(r"\s*[=+\-@]|[\t\r]")
_CUT = " … [cut here: a cell holds no more; the whole text is in the .csv and .json reports]"


def visible(text: str) -> str:
    """Replace what a workbook cannot hold by something that a person sees.

    Control characters, and what turns letters round, are shown escaped (NUL becomes \\x00), and
    text beyond the limit of a cell is cut with a note.
    """
    text = escaped(text)
    if 2 * len(text) <= TEXT_LIMIT:
        return text
    # Spreadsheet programs count UTF-16 units, at most two for each character.
    units = text.encode("utf-16-le")
    if len(units) <= 2 * TEXT_LIMIT:
        return text
    return units[: 2 * (TEXT_LIMIT - len(_CUT))].decode("utf-16-le", "ignore") + _CUT


def is_active(text: str) -> bool:
    """Tell whether a spreadsheet program would take text for a formula if a person typed it."""
    return _ACTIVE.match(text) is not None


def exact_number(text: str) -> Decimal | None:
    """Read text as a number that a numeric cell holds digit for digit.

    Returns:
        None for everything but plain numbers of at most `MOST_DIGITS` significant digits.
    """
    return Decimal(text) if is_exact_number(text) else None


def is_exact_number(text: str) -> bool:
    """Say whether text is a number that a numeric cell holds digit for digit."""
    if not _PLAIN.fullmatch(text):
        return False
    if len(text) <= MOST_DIGITS:
        return True
    whole, _, decimals = text.partition(".")
    digits = (whole + decimals).lstrip("0")
    # 30 decimals are the most that a number format can show.
    return len(digits) <= MOST_DIGITS and len(decimals) <= 30


def number_format(decimals: int) -> str:
    """Give the format that shows so many decimals."""
    return "#,##0" + ("." + "0" * decimals if decimals else "")
