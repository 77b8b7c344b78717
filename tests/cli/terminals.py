"""A standard input that is a person."""

from __future__ import annotations


class Terminal:
    """Answers the next question with one line."""

    def __init__(self, line: str) -> None:
        self._line = line

    def isatty(self) -> bool:
        return True

    def readline(self, *_: object) -> str:
        return self._line

    def fileno(self) -> int:
        raise OSError
