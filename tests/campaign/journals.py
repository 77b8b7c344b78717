"""Where the journals of a history are: in files, or in a server that hosts share.

Each history begins with empty ones. For one in a file the empty file is copied, because making its
tables takes longer than a short history. In a server all rows are taken out, which takes a
millisecond; a new database would take forty, and emptying the tables as such takes four.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from itertools import count
from pathlib import Path
from typing import Protocol
from unittest import mock

from batch.journal import Journal
from tests.campaign.mortal import MortalJournal, Trouble
from tests.campaign.sessions import empty, open_store
from tests.journal.postgres_cluster import Cluster
from tests.run.doubles import FakeClock

HERE, THERE = "here", "there"
"""Two working folders, with a journal each."""


PATIENCE_S = 600
"""A server on a busy machine is slow, which is not to be taken for one that is away."""


class Journals(Protocol):
    """The journals of one history.

    Attributes:
        is_shared: hosts share them: a batch outlives the process that has it by a while, and
            another process can take it from one that is alive.
    """

    is_shared: bool

    def open(self, folder: str, trouble: Trouble | None = None) -> MortalJournal:
        """Open a folder's journal for a process that these troubles await."""

    def look(self, folder: str) -> MortalJournal:
        """Give a folder's journal to somebody who only looks, all through the history.

        Opening it anew for each look would take a good part of the time.
        """

    def living(self) -> AbstractContextManager[None]:
        """Let a process live in the block, by a name that no other one has."""

    def close(self) -> None:
        """Leave nothing behind."""


class Library(Protocol):
    """Where each history gets its journals from."""

    def begin(self, folder: Path, clock: FakeClock) -> Journals:
        """Give a history empty journals.

        Args:
            folder: for its files.
            clock: of everybody in it.
        """

    def going_on_from(self, folder: Path) -> Library:
        """Give one whose histories begin with the batch that the last one left in `HERE`.

        No history of this library may begin between them.

        Args:
            folder: of that history.
        """


class Files:
    """Journals in files, each in a folder of its own."""

    is_shared = False

    def __init__(self, origin: Path, folder: Path, clock: FakeClock) -> None:
        self._origin = origin
        self._folder = folder
        self._clock = clock
        self._looked_at: dict[str, MortalJournal] = {}

    def open(self, folder: str, trouble: Trouble | None = None) -> MortalJournal:
        path = self._folder / folder
        if not path.exists():
            # All of it together: a journal that is moved alone is refused.
            shutil.copytree(self._origin, path)
        return MortalJournal.open_mortal(str(path / "journal.db"), self._clock, trouble)

    def look(self, folder: str) -> MortalJournal:
        if folder not in self._looked_at:
            self._looked_at[folder] = self.open(folder)
        return self._looked_at[folder]

    def living(self) -> AbstractContextManager[None]:
        return nullcontext()  # a lock of the operating system tells them apart

    def close(self) -> None:
        for journal in self._looked_at.values():
            journal.close()


class FileLibrary:
    """Gives journals in files.

    Args:
        origin: the folder of the one of which each is a copy; None for an empty one.
    """

    def __init__(self, origin: Path | None = None) -> None:
        self._origin = origin

    def begin(self, folder: Path, clock: FakeClock) -> Journals:
        return Files(self._origin or _empty_journal(), folder, clock)

    def going_on_from(self, folder: Path) -> Library:
        origin = _temporary_folder()
        shutil.copytree(folder / HERE, origin, dirs_exist_ok=True)
        return FileLibrary(origin)


FILES = FileLibrary()


class Server:
    """Journals in a server, one after the other history's; it is a library, too."""

    is_shared = True

    def __init__(self, cluster: Cluster) -> None:
        self._locations = {
            folder: f"{cluster.make_journal()}&connect_timeout={PATIENCE_S}"
            for folder in (HERE, THERE)
        }
        self._emptied_by = {folder: open_store(url) for folder, url in self._locations.items()}
        self._looked_at: dict[str, MortalJournal] = {}
        self._used: set[str] = set()
        self._clock = FakeClock()
        self._numbers = count(1)

    def begin(self, folder: Path, clock: FakeClock, kept: str | None = None) -> Journals:
        for name in self._used:
            empty(self._emptied_by[name], kept if name == HERE else None)
        self._used.clear()
        self._clock = clock
        return self

    def going_on_from(self, folder: Path) -> Library:
        (summary,) = self.look(HERE).batches()
        return _GoingOn(self, summary.batch.batch_id)

    def open(self, folder: str, trouble: Trouble | None = None) -> MortalJournal:
        self._used.add(folder)
        return MortalJournal.open_mortal(self._locations[folder], self._clock, trouble)

    def look(self, folder: str) -> MortalJournal:
        if folder not in self._looked_at:
            self._looked_at[folder] = self.open(folder)
        return self._looked_at[folder]

    @contextmanager
    def living(self) -> Iterator[None]:
        name = f"somebody@host/{next(self._numbers):08x} process 1"
        with (
            mock.patch("batch.journal.actor._name", lambda _: name),
            mock.patch("batch.journal.mending.time", self._clock),
            mock.patch("batch.journal.postgres.database.COMMIT_PATIENCE_S", PATIENCE_S),
        ):
            yield

    def close(self) -> None:
        """Leave everything for the next history to empty."""

    def end(self) -> None:
        """End all sessions."""
        for store in self._emptied_by.values():
            store.close()
        for journal in self._looked_at.values():
            journal.close()


class _GoingOn:
    """A server's journals, which begin with a batch in them."""

    def __init__(self, server: Server, kept: str) -> None:
        self._server = server
        self._kept = kept

    def begin(self, folder: Path, clock: FakeClock) -> Journals:
        return self._server.begin(folder, clock, self._kept)

    def going_on_from(self, folder: Path) -> Library:
        return self


@cache
def _empty_journal() -> Path:
    folder = _temporary_folder()
    Journal.open(str(folder / "journal.db")).close()
    return folder


def _temporary_folder() -> Path:
    folder = tempfile.mkdtemp(prefix="history-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)
