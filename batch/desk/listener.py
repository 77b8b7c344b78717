"""Whom the desk tells what it does, and whom it asks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from batch.errors import BatchError, Hint

if TYPE_CHECKING:
    from batch.desk.outcome import BatchResult
    from batch.model import Order, Validation
    from batch.run.options import Snapshot


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked before something cannot be undone.

    Attributes:
        orders: what would be sent; empty where it is about something else.
        lines: what a person should know before saying yes, a line each.
    """

    words: str
    orders: Sequence[Order] = ()
    lines: Sequence[str] = ()


class Watch(Protocol):
    """Looks at a run from time to time."""

    def __call__(self, snapshot: Snapshot) -> None:
        """Take in how the run stands."""


class Listener(Protocol):
    """Takes in what a command has to tell, as it happens."""

    def say(self, words: str, *advice: Hint) -> None:
        """Take in how it goes."""

    def warn(self, words: str, *advice: Hint) -> None:
        """Take in what must be known, however little somebody wants to hear."""

    def fail(self, error: BatchError) -> None:
        """Take in why something was not done, where the command goes on with something else."""

    def ask(self, question: Question) -> bool:
        """Say whether a person wants it."""

    def password(self, whose: str) -> str:
        """Give the password that the settings do not have; "" where there is nobody to ask."""

    def preview(self, question: Question) -> None:
        """Take in what would be asked, where nobody is."""

    def word(self, hint: Hint) -> str:
        """Put a piece of advice into words that the person who is told understands."""

    def watch(self, wait_s: float, cancel: str) -> AbstractContextManager[Watch]:
        """Give what looks at a run until the block ends.

        Args:
            wait_s: how long open orders are followed after the last row has left.
            cancel: when they are cancelled: `never`, `at-once` or `after-wait`.
        """

    def check(self, validation: Validation) -> None:
        """Take in what is wrong with a sheet, or worth a look."""

    def conclude(self, result: BatchResult) -> None:
        """Take in what one batch came to."""


class Silence:
    """Listens to nothing, and says yes to nothing."""

    def say(self, words: str, *advice: Hint) -> None:
        pass

    def warn(self, words: str, *advice: Hint) -> None:
        pass

    def fail(self, error: BatchError) -> None:
        pass

    def ask(self, question: Question) -> bool:
        return False

    def password(self, whose: str) -> str:
        return ""

    def preview(self, question: Question) -> None:
        pass

    def word(self, hint: Hint) -> str:
        return str(hint)

    @contextmanager
    def watch(self, wait_s: float, cancel: str) -> Iterator[Watch]:
        yield lambda snapshot: None

    def check(self, validation: Validation) -> None:
        pass

    def conclude(self, result: BatchResult) -> None:
        pass
