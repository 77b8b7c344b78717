"""A header's text → the words that count in it. Used by `sheet` only.

What does not count: case, blanks, punctuation, and characters that nobody sees. What does: letters,
digits, and signs that change a meaning, such as `%` and `$`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

# Ignorable by Unicode's own list, though not of a category that says so.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_SIGNS_THAT_ARE_WORDS = str.maketrans({"%": " percent ", "\u2030": " permille ", "#": " no "})
_PUNCTUATION_BESIDE_P = frozenset("^`|~\u00b4\u00a8")
_BREAKS = re.compile(
    r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
)
# Letters of other scripts that look like Latin ones.
_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u043a\u043c"
    "\u0442\u0432\u043d\u03bf\u03b1\u03b9\u03c1\u03c5\u03bd\u03ba\u03c4\u03b5\u0131",
    "aeopcyxijshdqkmtbhoaipuvktei",
)


def words_of(header: str) -> list[str]:
    """Split a header into its words, in lower case: at blanks, punctuation, digits and capitals."""
    text = header.translate(_SIGNS_THAT_ARE_WORDS).translate(_SEEN)
    # Some signs come apart into others only now: an overline into a blank and a mark above it.
    text = unicodedata.normalize("NFKC", text).translate(_SIGNS_THAT_ARE_WORDS).translate(_SEEN)
    return _BREAKS.sub(" ", text).casefold().split()


def normalise(header: str) -> str:
    """Strip a header of what does not count.

    Returns:
        Its words without anything between them; of a header that is all punctuation the header
        itself, so that it is not taken for a blank one; "" for a blank one.
    """
    return "".join(words_of(header)) or "".join(header.translate(_SEEN_SIGNS).split())


def plain(word: str) -> str:
    """Give a word as a person may read it: without accents, in Latin letters."""
    bare = "".join(
        char for char in unicodedata.normalize("NFKD", word) if not unicodedata.combining(char)
    )
    return bare.translate(_LOOKALIKES)


def _seen(char: str) -> str:
    category = unicodedata.category(char)
    if (
        category[0] == "P"
        or category[0] == "Z"
        or char in _PUNCTUATION_BESIDE_P
        or char in "\t\n\r"
    ):
        return " "
    return _seen_sign(char)


def _seen_sign(char: str) -> str:
    """Give what is seen of a character."""
    category = unicodedata.category(char)
    is_mark_of_form = category == "Mn" and "VARIATION SELECTOR" in unicodedata.name(char, "")
    if category in ("Cc", "Cf", "Co", "Cn", "Cs") and not char.isspace():
        return ""
    return "" if is_mark_of_form or char in _FILLERS else char


class _Once(dict[int, str]):
    """What is seen of each character, asked once for each: a sheet may hold millions of them."""

    def __init__(self, ask: Callable[[str], str]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, point: int) -> str:
        seen = self[point] = self._ask(chr(point))
        return seen


_SEEN = _Once(_seen)
_SEEN_SIGNS = _Once(_seen_sign)
