"""A small file beside a journal that says how far the journal had come.

An older copy that was put back, and a file that was moved without its write-ahead file, are sound
databases that lack what was sent last. Only something outside of them can tell.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from batch.errors import Advice, JournalError

SUFFIX = "-last"
"""After the journal's name, as the database's own `-wal` and `-shm`: who moves all, moves it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How far a journal has come.

    Attributes:
        journal_id: told from all others by it, and shared with copies; empty where it has none.
        last: the number of its last line of history; 0 before the first.
        is_copy: it was made as a copy, and nothing was written to it since.
    """

    journal_id: str
    last: int
    is_copy: bool = False


class Witness:
    """The file beside a journal.

    Its owner may empty it: that says that a person answers for the journal as it is.
    """

    def __init__(self, where: str, journal: Path) -> None:
        self._where = where
        self._journal = journal
        self.path = journal.with_name(f"{journal.name}{SUFFIX}")
        self._file: int | None = None
        self._journal_id = ""
        # Before the journal is looked at: what is noted is in the journal then, whoever writes.
        self._noted = self._read()

    def require_whole(self, found: Extent | None, *, read_only: bool) -> None:
        """Make sure that a journal is as new as it was when it was last written to.

        Args:
            found: what the journal says of itself; None where there is none.
            read_only: nothing is sent from it, so that it may stand alone.

        Raises:
            JournalError: it is older, another one, gone, or may lack what was written last.
        """
        noted = self._noted
        if noted is None:
            # Looked for again: another process may have just made both.
            if found is not None and found.journal_id and not read_only and self._read() is None:
                self._require_company(found)
            return
        if noted.last == 0:
            # Nothing had happened yet; or a person answers for it.
            return
        if found is None:
            raise self._refusal(
                f"the journal that {self.path.name} beside it speaks of, found that it is gone",
                f"Put it back. If it may be forgotten, delete {self.path.name}",
            )
        if found.journal_id != noted.journal_id or found.last < noted.last:
            is_same = found.journal_id == noted.journal_id
            less = f"found only {found.last}" if is_same else "found another journal, or an older"
            raise self._refusal(
                f"{noted.last} lines of history, as {self.path.name} beside it says, {less}: it is "
                "a copy of earlier, or was put here without its write-ahead file",
                "Put back the newest one with all files beside it. If a person has made sure at "
                f"the venue that nothing was sent since, empty {self.path.name}",
            )

    def begin(self, extent: Extent) -> None:
        """Open the file for noting, and make it where there is none.

        Raises:
            JournalError: it cannot be written.
        """
        mode = stat.S_IMODE(os.stat(self._journal).st_mode)
        try:
            is_new = not self.path.exists()
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT, mode)
            if is_new:
                os.chmod(self.path, mode)
        except OSError as error:
            raise JournalError(
                f"{self._where}: expected to write {self.path.name} beside it, found: "
                f"{error.strerror}. Check the permissions of the file and its folder.",
                is_final=True,
            ) from None
        self._journal_id = extent.journal_id
        self.note(extent.last)
        with suppress(OSError):
            os.fsync(self._file)

    @property
    def is_open(self) -> bool:
        """Say whether it notes something."""
        return self._file is not None

    def note(self, last: int) -> None:
        """Note how far the journal has come; only what it has made durable already."""
        if self._file is None:
            return
        # A disk that is full must not undo what is durable; the journal is then the newer one.
        with suppress(OSError):
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, f"{self._journal_id} {last:020d}\n".encode())

    def close(self) -> None:
        """Make what was noted durable, and let go of the file."""
        if self._file is None:
            return
        with suppress(OSError):
            os.fsync(self._file)
        os.close(self._file)
        self._file = None

    def _read(self) -> Extent | None:
        try:
            text = self.path.read_text(encoding="utf-8")
        except (OSError, ValueError):
            return None
        journal_id, _, last = text.strip().partition(" ")
        if not text.strip():
            return Extent("", 0)
        return Extent(journal_id, int(last)) if last.isascii() and last.isdecimal() else None

    def _require_company(self, found: Extent) -> None:
        ahead = self._journal.with_name(f"{self._journal.name}-wal")
        with suppress(OSError):
            if os.stat(ahead).st_size > 0:
                return
        if found.is_copy:
            return
        raise self._refusal(
            f"the files that belong beside it ({self.path.name}, and {ahead.name} where a process "
            "died), found it alone: whether it has what was sent last cannot be told",
            "Move all of them together. If a person has made sure at the venue that nothing was "
            f"sent since, make an empty file {self.path.name} beside it",
        )

    def _refusal(self, words: str, action: str) -> JournalError:
        return JournalError(
            f"{self._where}: expected {words}. What it does not know of would be sent again, so "
            f"nothing was sent. {action}.",
            is_final=True,
            advice=Advice.COPY_JOURNAL,
        )
