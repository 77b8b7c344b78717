"""Secrets taken out of whatever an answer says, before anything else reads it.

A server may echo what it was sent in any form: as it is, in a URL, escaped in JSON or HTML, in
Base64 among other bytes, in hexadecimal, broken into lines, or in part. So a text is brought to one
form and searched for every piece of a secret that is at least half of it.
"""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from html import unescape
from math import ceil

from pydantic import SecretStr

MARK = "***"
"""Stands where a secret stood."""

SHORTEST = 4
"""Characters of a piece that is looked for; less of it says nothing, and is found everywhere."""

SHORTEST_IN_DIGITS = 2 * SHORTEST
"""The same in hexadecimal: fewer digits stand in many an order's ID, which is lost if hidden."""

LONGEST = 10_000
"""Characters of a text that are read: nothing that an order needs is as long."""

_LATEST = 8
"""Short-lived secrets that are remembered; an answer may come a renewal late."""
_CACHED = 4_096
_NESTED = 3
"""How many times a character may have been escaped, one way within another."""

_ESCAPE = re.compile(
    r"\\+u(?P<unit>[0-9a-f]{4})|\\+x(?P<byte>[0-9a-f]{2})|%(?P<octet>[0-9a-f]{2})"
    r"|(?P<entity>&(?:#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z]{2,8});)|\\+(?P<char>[/\"'\\])",
    re.IGNORECASE,
)
_ODD = re.compile(r"[\\%&\s]")
_BLANK = re.compile(r"\s+")


class Redactor:
    """Takes a fixed set of secrets out of texts.

    Args:
        public: texts that are no secret though they may be a piece of one, such as the user's
            name; they stay where they are the whole of a text.
    """

    def __init__(self, secrets: Iterable[str], public: Collection[str] = ()) -> None:
        self._public = frozenset(text.lower() for text in public)
        pieces: dict[int, set[str]] = {}
        for secret in secrets:
            for form, shortest in _forms(secret):
                length = max(ceil(len(form) / 2), shortest)
                if len(form) >= shortest:
                    found = pieces.setdefault(length, set())
                    found.update(_pieces(form, length))
        self._pieces = {length: frozenset(found) for length, found in pieces.items()}
        self._shortest = min(self._pieces, default=LONGEST + 1)
        self._known: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        """Give the text with a mark in the place of every secret, and of what is half of one."""
        known = self._known.get(text)
        if known is None:
            text = text[:LONGEST]
            if len(text) < self._shortest:
                return text
            if len(self._known) >= _CACHED:
                self._known.clear()
            known = self._known[text] = self._redacted(text)
        return known

    def _redacted(self, text: str) -> str:
        if text.lower() in self._public:
            return text
        # Most texts of an answer are short and plain, and have nothing to hide.
        if text.isascii() and not _ODD.search(text) and not self._holds_a_piece(text.lower()):
            return text
        plain, spans = _plain(text)
        hidden = bytearray(len(text))
        for length, pieces in self._pieces.items():
            for start in range(len(plain) - length + 1):
                if plain[start : start + length] in pieces:
                    first, last = spans[start][0], spans[start + length - 1][1]
                    hidden[first:last] = b"\1" * (last - first)
        return _marked(text, hidden) if any(hidden) else text

    def _holds_a_piece(self, text: str) -> bool:
        return any(
            text[start : start + length] in pieces
            for length, pieces in self._pieces.items()
            for start in range(len(text) - length + 1)
        )


class Secrets:
    """What an answer must not show, as it becomes known; for any number of threads.

    Args:
        public: texts that are no secret though they may be a piece of one.
    """

    def __init__(self, public: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._lasting: set[str] = set()
        self._latest: deque[str] = deque(maxlen=_LATEST)
        self._public = set(public)
        self._redactor = Redactor(())

    def add(self, secret: SecretStr) -> None:
        """Hide a password from now on."""
        with self._lock:
            if secret.get_secret_value() not in self._lasting:
                self._lasting.add(secret.get_secret_value())
                self._renew()

    def add_passing(self, secret: SecretStr) -> None:
        """Hide a token from now on, until several others came after it."""
        with self._lock:
            if secret.get_secret_value() not in self._latest:
                self._latest.append(secret.get_secret_value())
                self._renew()

    def publish(self, texts: Iterable[str]) -> None:
        """Leave alone what was sent, though it may be a piece of a secret that is known by now."""
        hidden = [text for text in texts if self._redactor(text) != text]
        if hidden:
            with self._lock:
                self._public.update(hidden)
                self._renew()

    def redact(self, text: str) -> str:
        """Take all secrets that are known by now out of a text."""
        return self._redactor(text)

    def _renew(self) -> None:
        self._redactor = Redactor([*self._lasting, *self._latest], self._public)


def redact_values(data: object, redact: Callable[[str], str]) -> object:
    """Take secrets out of a text, or of those in a list, however deep; objects are left alone."""
    if isinstance(data, str):
        return redact(data)
    lists = [data] if isinstance(data, list) else []
    while lists:
        values = lists.pop()
        for place, value in enumerate(values):
            if isinstance(value, str):
                values[place] = redact(value)
            elif isinstance(value, list):
                lists.append(value)
    return data


def _forms(secret: str) -> Iterator[tuple[str, int]]:
    """Give a secret in every form that is more than an escape of single characters.

    Returns:
        Each form, with the length of the shortest piece of it that is looked for.
    """
    yield from ((form, SHORTEST) for form in _in_letters(secret))
    in_digits = binascii.hexlify(secret.encode("utf-8", "surrogatepass")).decode()
    yield in_digits, SHORTEST_IN_DIGITS


def _in_letters(secret: str) -> Iterator[str]:
    content = secret.encode("utf-8", "surrogatepass")
    yield _folded(secret)
    # Of bytes that a URL escapes, each is a character of its own.
    yield _folded(content.decode("latin-1"))
    # Of letters that JSON escapes as two, each half is one.
    yield _folded("".join(map(chr, _units(secret))))
    if " " in secret:
        yield _folded(secret.replace(" ", "+"))
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        for before in range(3):
            text = encode(bytes(before) + content).decode()
            # Only what the secret's own bits decide, whatever stands around it.
            first, last = ceil(before * 8 / 6), (before + len(content)) * 8 // 6
            yield _folded(text[first:last])


def _units(text: str) -> Iterator[int]:
    content = text.encode("utf-16-be", "surrogatepass")
    return (int.from_bytes(content[place : place + 2]) for place in range(0, len(content), 2))


def _pieces(form: str, length: int) -> Iterator[str]:
    for start in range(len(form) - length + 1):
        yield form[start : start + length]


def _folded(text: str) -> str:
    return "".join(_lower(char) for char in _BLANK.sub("", text))


def _lower(char: str) -> str:
    small = char.lower()
    return small if len(small) == 1 else char


def _plain(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Undo escapes of single characters, and leave out blanks and the difference of case.

    Returns:
        The text, and for each of its characters where it stood.
    """
    chars = list(text)
    spans = [(place, place + 1) for place in range(len(text))]
    for _ in range(_NESTED):
        joined = "".join(chars)
        if not _ESCAPE.search(joined):
            break
        chars, spans = _unescaped_once(joined, spans)
    kept = [place for place, char in enumerate(chars) if not char.isspace()]
    return "".join(_lower(chars[place]) for place in kept), [spans[place] for place in kept]


def _unescaped_once(
    text: str, spans: list[tuple[int, int]]
) -> tuple[list[str], list[tuple[int, int]]]:
    chars: list[str] = []
    where: list[tuple[int, int]] = []
    end = 0
    for match in _ESCAPE.finditer(text):
        chars += text[end : match.start()]
        where += spans[end : match.start()]
        chars.append(_meaning(match))
        where.append((spans[match.start()][0], spans[match.end() - 1][1]))
        end = match.end()
    chars += text[end:]
    where += spans[end:]
    return chars, where


def _meaning(match: re.Match[str]) -> str:
    digits = match["unit"] or match["byte"] or match["octet"]
    if digits:
        return chr(int(digits, 16))
    if match["entity"]:
        char = unescape(match["entity"])
        return char if len(char) == 1 else "&"
    return match["char"]


def _marked(text: str, hidden: bytearray) -> str:
    parts: list[str] = []
    for place, char in enumerate(text):
        if not hidden[place]:
            parts.append(char)
        elif place == 0 or not hidden[place - 1]:
            parts.append(MARK)
    return "".join(parts)
