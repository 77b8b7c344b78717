"""Log lines for people and for machines: what they hold, and where they go.

Only our own loggers are let through. Nothing that they are given ever holds a secret.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import sys
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from batch.errors import ConfigError
from batch.escaping import escaped, escaped_json, escaped_line

FIELDS = ("batch", "row", "client_order_id", "server_order_id", "request_id")
"""What a record may say beside its words; the names under which JSON lines have it."""

STORY = logging.getLogger("batch.story")
"""What a person is told, and how it began and ended: for the file alone, where nobody looks on."""

# Whatever is said before the options are known is told on the terminal, and there only once.
logging.getLogger("batch").addHandler(logging.NullHandler())

LARGEST_FILE = 10_000_000
OLDER_FILES = 5


class TextFormatter(logging.Formatter):
    """`2026-10-30T16:00:00.000Z INFO filled batch=k3vz7q2m row=7 …`"""

    def format(self, record: logging.LogRecord) -> str:
        known = " ".join(
            f"{name}={escaped_line(str(value))}" for name, value in _fields(record).items()
        )
        words = escaped_line(" ".join(record.getMessage().split()))
        line = f"{_moment(record)} {record.levelname} {record.name} {words}"
        lines = [f"{line} {known}" if known else line]
        if record.exc_info:
            # Set in, so that no line of it looks like one of the log.
            trace = escaped(self.formatException(record.exc_info)).splitlines()
            lines.extend(f"    {part}" for part in trace)
        return "\n".join(lines)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        document = {
            "at": _moment(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            document["trace"] = self.formatException(record.exc_info)
        return escaped_json(json.dumps(document, ensure_ascii=False, default=str))


def set_up_logging(verbose: bool, log_file: Path | None, log_format: str) -> None:
    """Send our own log lines to where the options say; other libraries' stay silent.

    Raises:
        ConfigError: the log file cannot be written.
    """
    logger = logging.getLogger("batch")
    for old in logger.handlers:
        old.close()
    logger.handlers.clear()
    logger.propagate = False
    # A full disk must not talk into what the command says.
    logging.raiseExceptions = False
    handlers = [_file_handler(log_file)] if log_file is not None else []
    if verbose:
        handlers.append(_TerminalHandler())
    for handler in handlers or [logging.NullHandler()]:
        handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
        logger.addHandler(handler)
    logger.setLevel(logging.DEBUG if handlers else logging.CRITICAL)


class _TerminalHandler(logging.StreamHandler[TextIO]):
    """Writes to what stderr is now: while a run is shown, lines stand above it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)
        # The person has been told already.
        self.addFilter(lambda record: record.name != STORY.name)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stderr


def files_of_log(path: Path) -> list[Path]:
    """Give the files of a log: the one that is written, and the older ones."""
    return [path, *(path.with_name(f"{path.name}.{n}") for n in range(1, OLDER_FILES + 1))]


def _file_handler(path: Path) -> logging.Handler:
    from logging.handlers import RotatingFileHandler

    class Handler(RotatingFileHandler):
        def _open(self) -> TextIOWrapper:
            return open(path, "a", encoding="utf-8", opener=_open_plain)

    _require_log(path)
    try:
        return Handler(path, maxBytes=LARGEST_FILE, backupCount=OLDER_FILES, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{path}: expected a log file that can be written, found: {error.strerror}."
        ) from None


def _open_plain(path: str, flags: int) -> int:
    # Not through a link that comes to stand there, and read by nobody else.
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o660)


def _require_log(path: Path) -> None:
    """Refuse to write a log into what is none.

    Raises:
        ConfigError: a link, no plain file, or a file that orderbatch did not make.
    """
    try:
        mode = path.lstat().st_mode
    except OSError:
        return
    if stat.S_ISLNK(mode):
        raise ConfigError(
            f"{path}: expected a log file, found a symbolic link, which is not followed. Name the "
            "file itself."
        )
    if not stat.S_ISREG(mode):
        # Opening a pipe would wait for somebody who reads.
        what = "a folder" if stat.S_ISDIR(mode) else "a pipe, a device or a socket"
        raise ConfigError(f"{path}: expected a log file, found {what}. Name a plain file.")
    try:
        with path.open("rb") as content:
            first = content.readline(_LONGEST_START)
    except OSError:
        return  # opening it to write says what is wrong
    if first and not _START.match(first):
        raise ConfigError(
            f"{path}: expected a log of orderbatch, or a new name, found another file. Name "
            "another file for the log."
        )


_START = re.compile(
    rb'(?:\{"at": ")?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z(?: [A-Z]+ batch|", "level")'
)
_LONGEST_START = 200


def _fields(record: logging.LogRecord) -> dict[str, object]:
    values = ((name, getattr(record, name, None)) for name in FIELDS)
    return {name: value for name, value in values if value is not None}


def _moment(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
