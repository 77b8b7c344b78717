"""Nothing that others wrote acts on a terminal, a log or a reader's eye."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.escaping import escaped, escaped_json, escaped_line, shown

HOSTILE = {
    "retitles a terminal": ("\x1b]0;owned\x07", "\\x1b]0;owned\\x07"),
    "C1 form of the same": ("\x9d0;owned\x9c", "\\x9d0;owned\\x9c"),
    "hides a line": ("FILLED\rREJECTED", "FILLED\\rREJECTED"),
    "backspaces": ("12\x08\x08 3", "12\\x08\\x08 3"),
    "turns letters round": ("\u202e0001\u202c", "\\u202e0001\\u202c"),
    "isolates": ("\u2066a\u2069\u200f", "\\u2066a\\u2069\\u200f"),
    "other line ends": ("a\u2028b\x85c\x0bd\x0ce", "a\\u2028b\\x85c\\x0bd\\x0ce"),
    "half a letter": ("a\udcffb", "a\\udcffb"),
    "tags": ("a\U000e0041", "a\\U000e0041"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_what_acts_is_shown_instead(case: str) -> None:
    text, expected = HOSTILE[case]

    assert escaped(text) == escaped_line(text) == expected


@pytest.mark.parametrize("text", ["", "Zürich 東京", "a\nb\tc\r\nd", "5 000", "👩‍💻"])
def test_what_only_is_written_stays(text: str) -> None:
    assert escaped(text) == text


def test_line_stays_one_line() -> None:
    assert escaped_line("a\n2026-10-30T16:00:00.000Z INFO filled\tb\r\n") == (
        "a\\n2026-10-30T16:00:00.000Z INFO filled\\tb\\r\\n"
    )


def test_quoted_cell_has_nothing_invisible() -> None:
    assert shown("a\u200bb\n\x1b") == "a\\u200bb\\n\\x1b"
    assert shown("x" * 100) == "x" * 59 + "…"


@given(st.text())
def test_nothing_that_acts_is_left(text: str) -> None:
    for line in (escaped(text), escaped_line(text), escaped_json(json.dumps(text))):
        assert not any(
            unicodedata.category(char) in ("Cc", "Cs") and char not in "\t\r\n" for char in line
        )
        line.encode()
    assert len(escaped_line(text).splitlines()) <= 1


@given(st.text())
def test_json_says_the_same_as_before(text: str) -> None:
    document = escaped_json(json.dumps({text: text}, ensure_ascii=False))

    assert json.loads(document) == {text: text}
    document.encode()
