"""The database's errors in words; its own texts can carry statements, values and passwords."""

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager

from batch.errors import Advice, JournalError, JournalLocked, hint
from batch.journal.faults import NOTHING, explained

_CAUSES = {
    sqlite3.SQLITE_FULL: (
        "to write it",
        "no space on its disk",
        "Free some space and run the same command again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "to write it",
        "that it or its folder is read-only",
        "Check their permissions and how the disk is mounted.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "to open it",
        "that it, or a file beside it, can neither be opened nor made",
        "Check the permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_IOERR: (
        "to read and write it",
        "a fault of its disk",
        "Check the disk and run the same command again.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "a journal of orderbatch",
        "a file that is not a database",
        "It was not changed.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "an undamaged journal",
        "damage",
        "Keep the file as it is, and put a copy in its place that is as new: an older one does "
        "not know what was sent since, and sending from it would send that again.",
    ),
}


_FINAL = frozenset(
    {
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CORRUPT,
    }
)
"""What does not pass by itself; a full disk may."""

_ADVICE = {
    sqlite3.SQLITE_READONLY: Advice.OR_NAME_JOURNAL,
    sqlite3.SQLITE_CANTOPEN: Advice.OR_NAME_JOURNAL,
    sqlite3.SQLITE_NOTADB: Advice.NAME_JOURNAL,
}


def explain(where: str, code: int) -> JournalError:
    """Give the error for a cause, by SQLite's primary result code."""
    expected, found, action = _CAUSES[code]
    hints = [hint(_ADVICE[code])] if code in _ADVICE else []
    return JournalError(
        f"{where}: expected {expected}, found {found}. {action}",
        is_final=code in _FINAL,
        advice=hints,
    )


def in_words(where: str, busy_timeout_s: float) -> AbstractContextManager[None]:
    """Turn the database's errors into ours.

    Raises:
        JournalLocked: another process kept the whole file locked for longer than the timeout.
        JournalError: anything else; the step at hand is not recorded.
    """
    return explained(
        where,
        sqlite3.Error,
        lambda error: _in_words(where, error, busy_timeout_s),
        lambda: explain(where, sqlite3.SQLITE_CORRUPT),
    )


def _in_words(where: str, error: BaseException | None, busy_timeout_s: float) -> JournalError:
    if isinstance(error, sqlite3.IntegrityError):
        return JournalError(
            f"{where}: expected to record each batch and each client order ID once, found one "
            f"twice ({error}). {NOTHING}"
        )
    # The low byte is the primary code; the others tell its kinds apart.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return JournalLocked(
            f"{where}: expected to have it for a moment, found it locked by another program for "
            f"{busy_timeout_s:g} s. Close that program and run the same command again."
        )
    if code in _CAUSES:
        return explain(where, code)
    return JournalError(f"{where}: expected to read and write it, found: {error}. {NOTHING}")
