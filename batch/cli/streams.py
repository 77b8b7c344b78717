"""Standard streams that cannot change what a command did: closed, broken or full ones included."""

from __future__ import annotations

import errno
import io
import os
import sys
from typing import Any


class SteadyStream(io.TextIOWrapper):
    """Text to a stream whose other end may go away.

    Attributes:
        failure: why something could not be written; None as long as all was, or where the reader
            left by itself.
    """

    failure: OSError | None = None

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            self._lose(error)
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        # A reader who has seen enough (`| head`) is no failure.
        if error.errno != errno.EPIPE:
            self.failure = error
        # What is buffered goes nowhere now, and neither does what is still to come.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def steady_streams() -> None:
    """Make the standard streams of this process safe to use, whatever it was given."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # A free number would go to the next file that is opened, such as the journal, and
            # what is meant for the stream would be written into that.
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _steady(sys.stdout, 1)
    sys.stderr = _steady(sys.stderr, 2)


def lost_output() -> OSError | None:
    """Give why something on stdout could not be written; None when all was."""
    sys.stdout.flush()
    sys.stderr.flush()
    return getattr(sys.stdout, "failure", None)


def _steady(stream: Any, number: int) -> SteadyStream:
    if stream is None:
        return SteadyStream(os.fdopen(number, "wb", closefd=False), encoding="utf-8")
    return SteadyStream(
        encoding=stream.encoding,
        # A name that the terminal cannot show is no reason to break down.
        errors="backslashreplace",
        line_buffering=stream.line_buffering,
        buffer=stream.detach(),
    )
