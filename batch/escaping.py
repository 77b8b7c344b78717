"""Words that others chose, made harmless to show: in a message, a log, a table, a report. Layer 0.

A status, an order's ID, a cell, a header or a file's name may hold what a terminal obeys (ESC, BEL,
the C1 set), what starts a new line of a log, or what turns the order of letters round. Whatever is
shown or logged goes through here; what is compared, sent or journalled stays as it came.
"""

from __future__ import annotations

import re

# Controls but for tab and line feed, a carriage return that hides the line before it, separators of
# lines and paragraphs, marks and overrides of the writing direction, annotations, letters that only
# tag others, and halves of letters, which no stream can encode.
_ACTIVE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e007f]|\r(?!\n)"
)
_LINES = re.compile(r"[\t\r\n]")


def escaped(text: str) -> str:
    """Show what somebody's terminal or program would act on, such as ESC, as `\\x1b`.

    Lines stay lines: this is for words of several lines, and for the cells of a report.
    """
    # Nothing that acts can be printed, and nearly every text can.
    return text if text.isprintable() else _ACTIVE.sub(_escape, text)


def escaped_line(text: str) -> str:
    """Show the same on one line, with line breaks and tabs as `\\n` and `\\t`."""
    return _LINES.sub(_escape, escaped(text))


def shown(text: str, limit: int = 60) -> str:
    """Give a cell's text as a message may quote it: on one line, shortened, nothing invisible."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escaped_char(char) for char in text)


def escaped_json(document: str) -> str:
    """Write in a JSON text what somebody's terminal would act on as JSON itself escapes it."""
    return _ACTIVE.sub(_escape_in_json, document)


def _escape(match: re.Match[str]) -> str:
    return _escaped_char(match[0])


def _escaped_char(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _escape_in_json(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(
        f"\\u{units[place] << 8 | units[place + 1]:04x}" for place in range(0, len(units), 2)
    )
