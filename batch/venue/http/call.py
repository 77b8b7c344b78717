"""The call that a thread makes just now: how far it came, and when it must end."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from typing import Any


class Stage(Enum):
    """How far a call came, as far as a connection told."""

    UNTOLD = 0
    UNSENT = 1
    SENDING = 2


class Call(threading.local):
    """The call that this thread makes just now; its connection reads and writes it.

    Attributes:
        ends_at: monotonic time.
        parked: the connection of this thread's last whole answer, until that was looked at.
    """

    ends_at: float = 0.0
    stage: Stage = Stage.UNTOLD
    parked: Parked | None = None


call = Call()


@dataclass(frozen=True, slots=True)
class Parked:
    """A connection on its way back to the pool."""

    pool: Any
    connection: Any

    def keep(self) -> None:
        """Let it be used again."""
        self.pool.parked.discard(self.connection)
        self.pool.take_back(self.connection)

    def drop(self) -> None:
        """Close it."""
        self.pool.parked.discard(self.connection)
        self.connection.close()


class DeadlinePassed(TimeoutError):
    """The call took as long as it may."""
