"""What the journal must have of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from batch.journal.groups import Group


class Store(Protocol):
    """An open database of one thread, with the journal's tables in it.

    Attributes:
        where: the journal's name in messages; never holds a password.
        ttl_s: after how long without a word of its holder a batch is free; None where the
            operating system frees it when its holder dies, and `hold` keeps others out.
        is_given_up: a server that was away was waited for long enough; see `mending`.
    """

    where: str
    ttl_s: float | None
    is_given_up: bool

    def reading(self, *, one_query: bool = False) -> AbstractContextManager[Connection]:
        """Look at one state of the journal; hinders nobody, waits for nobody, changes nothing.

        Args:
            one_query: there will be no second one, so that a server needs to be asked only once.

        Raises:
            JournalAway: the session broke.
            JournalError: it cannot be read; in words.
        """

    def writing(self) -> AbstractContextManager[Connection]:
        """Begin, commit; roll back on everything that can be raised.

        When the block has ended without an error, what it wrote outlives the machine's power.

        Raises:
            JournalLocked: others did not let go of it in time.
            JournalAway: the session broke before the end; nothing of the block is recorded.
            JournalInDoubt: it broke at the end, and whether anything is recorded is not known.
            JournalError: nothing of the block is recorded.
        """

    def take_at_once(self, write: Callable[[], Group]) -> list[Sequence[Any]] | None:
        """Take steps and claim the next rows in one journey, where the database is so far away.

        Args:
            write: gives them; called only where there is such a way.

        Returns:
            What `SELECT_NEXT_PLANNED` tells of each row that was claimed, and its request ID; as
            durable as what was written. None where nothing is recorded, because there is no such
            way, or not all was as the steps expect it: taken one by one they tell what was not.

        Raises:
            JournalError: as by `writing`.
        """

    def answer_lightly(self, statement: str, values: Mapping[str, Any]) -> Any:
        """Execute one statement on its own and give its one value; the power may undo it.

        Nothing waits until it is on a disk, so it is for what only coordinates living processes.
        """

    def keep_out(self, connection: Connection, key: str) -> None:
        """Let nobody else who writes go past the same key until the transaction ends."""

    def moment(self, connection: Connection, now: datetime) -> datetime:
        """Give the time by which hosts compare times: this machine's where there is one alone."""

    def hold(self, batch_id: str, since: datetime) -> AbstractContextManager[None]:
        """Be the only process on a batch until the block ends.

        Raises:
            JournalLocked: another process works on it.
        """

    def close(self) -> None:
        """Let go of it."""
