"""Text that is fit for a workbook, and text that is a number. Part of `report`, layer 2."""

from __future__ import annotations

import re
from decimal import Decimal

from batch.model import MOST_DIGITS

TEXT_LIMIT = 32_767

_PLAIN = re.compile(r"(?:0|[1-9]\d*)(?:\.\d+)?", re.ASCII)
_ACTIVE = re.compile(r"\s*[=+\-@]|[\t\r]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_CUT = " … [cut here: a cell holds no more; the whole text is in the .csv and .json reports]"
_CONTROL_PICTURES = 0x2400


def visible(text: str) -> str:
    """Replace what a workbook cannot hold by something that a person sees.

    Control characters become their pictures (NUL becomes ␀), and text beyond the limit of a cell
    is cut with a note.
    """
    text = _FORBIDDEN.sub(_picture, text)
    if 2 * len(text) <= TEXT_LIMIT:
        return text
    # Spreadsheet programs count UTF-16 units, at most two for each character.
    units = text.encode("utf-16-le")
    if len(units) <= 2 * TEXT_LIMIT:
        return text
    return units[: 2 * (TEXT_LIMIT - len(_CUT))].decode("utf-16-le", "ignore") + _CUT


def _picture(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    return "␡" if code == 0x7F else "\ufffd"


def is_active(text: str) -> bool:
    """Tell whether a spreadsheet program would take text for a formula if a person typed it."""
    return _ACTIVE.match(text) is not None


def exact_number(text: str) -> Decimal | None:
    """Read text as a number that a numeric cell holds digit for digit.

    Returns:
        None for everything but plain numbers of at most `MOST_DIGITS` significant digits.
    """
    if not _PLAIN.fullmatch(text):
        return None
    digits = text.replace(".", "").lstrip("0")
    # 30 decimals are the most that a number format can show.
    if len(digits) > MOST_DIGITS or len(text.partition(".")[2]) > 30:
        return None
    return Decimal(text)


def number_format(number: Decimal) -> str:
    """Give the format that shows every digit that the number was written with."""
    exponent = number.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return "#,##0" + ("." + "0" * decimals if decimals else "")
