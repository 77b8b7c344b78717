"""The journal's file, before it is opened: which one it is, and whether it can be one."""

from __future__ import annotations

import os
import sqlite3
import stat
from pathlib import Path

from batch.errors import Advice, JournalError
from batch.journal.sqlite.faults import explain

BESIDE = ("-wal", "-shm", "-journal", "-last")
"""After the journal's name: what the database has beside it, and the witness (`witness`)."""


def find_file(location: str) -> Path:
    """Give the one true path of a journal.

    Symbolic links are resolved, so that all names of a journal lead to the same locks.

    Args:
        location: a path, or a URL that starts with `sqlite:///`.

    Raises:
        JournalError: another kind of URL, or a path that leads nowhere.
    """
    scheme, is_url, rest = location.partition("://")
    if is_url and (scheme != "sqlite" or not rest.startswith("/") or not rest[1:]):
        # Only the scheme: the rest of a URL may hold a password.
        raise JournalError(
            f"journal {scheme}://…: expected the path of a file, or sqlite:///PATH, found another "
            "URL. A journal is a file, or postgresql://HOST/NAME.",
            is_final=True,
        )
    path = Path(rest[1:] if is_url else location)
    try:
        return path.expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        # RuntimeError: a loop of links, or no home folder; ValueError: a NUL in the name.
        raise JournalError(
            f"journal {path}: expected a path that leads to a file, found: {error}.",
            is_final=True,
            advice=Advice.NAME_JOURNAL,
        ) from None


def files_of(location: str) -> list[Path]:
    """Give the files of a journal, those too that come and go; none for a journal in a server."""
    try:
        path = find_file(location)
    except JournalError:
        return []
    return [path, *(path.with_name(f"{path.name}{end}") for end in BESIDE)]


def is_new(where: str, path: Path) -> bool:
    """Say whether there is nothing in the file yet, or no file.

    Raises:
        JournalError: what is there cannot be a journal, or cannot be one safely.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return True
    except OSError as error:
        raise JournalError(
            f"{where}: expected a file, found: {error.strerror}.",
            is_final=True,
            advice=Advice.NAME_JOURNAL,
        ) from None
    if stat.S_ISDIR(found.st_mode):
        raise JournalError(
            f"{where}: expected a file, found a folder.",
            is_final=True,
            advice=Advice.NAME_JOURNAL,
        )
    if not stat.S_ISREG(found.st_mode):
        raise JournalError(
            f"{where}: expected a file, found a device, pipe or socket.",
            is_final=True,
            advice=Advice.NAME_JOURNAL,
        )
    if found.st_nlink > 1:
        # Locks and the write-ahead file go by the name; under two names two processes would meet
        # in the file without seeing each other.
        raise JournalError(
            f"{where}: expected a file of one name, found {found.st_nlink} (hard links). "
            "Make the other one a copy instead.",
            is_final=True,
        )
    return found.st_size == 0


def make_folder(where: str, path: Path) -> None:
    """Make the journal's folder where there is none."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JournalError(
            f"{where}: expected a folder that can be made, found: {error.strerror}.",
            is_final=True,
            advice=Advice.NAME_JOURNAL,
        ) from None


def make_file(where: str, path: Path) -> None:
    """Make an empty file that its owner alone may read, where there is none.

    What the database makes beside it then has the same permissions.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    except OSError:
        raise explain(where, sqlite3.SQLITE_CANTOPEN) from None


def identity(path: Path) -> tuple[int, int] | None:
    """Say which file stands under a name just now; None where none does."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
