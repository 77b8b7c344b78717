"""Processes that die, inside of one that does not.

A process here is the code between opening the journal and its end. It dies by an exception that
nothing catches, its uncommitted work is lost, and the calls that it had on their way reach the
venue or do not.
"""

from __future__ import annotations

import os
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, cast
from unittest import mock

import psycopg
from sqlalchemy import Connection, Dialect

from batch.errors import JournalError
from batch.journal import Change, Journal, Placing
from batch.journal.groups import Group
from batch.journal.postgres import database as postgres
from batch.journal.postgres.schema import require_current
from batch.journal.sqlite import database as sqlite
from batch.run.work import Call, Done
from tests.campaign.books import Books
from tests.run.doubles import Begun, FakeClock

POINTS = ("before-apply", "in-transaction", "applied", "before-call", "after-call", "in-round")
"""Where a process can die: around a commit of steps, inside of any transaction, around a call to
the venue, and between two rounds of a run."""

CUTS = ("begun", "asked", "answered")
"""Where the session of a process with a server can break, while the process lives: when a
transaction has begun, when its commit is asked for, and when the server has done that."""

TO_CLAIM = " to claim"
"""After one of `CUTS`: counted are the transactions that claim rows alone."""


class Died(BaseException):
    """The process is gone; nothing that it had not committed ever happened."""


class DiskFull(JournalError):
    """The journal could not be written."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What goes wrong while a process lives.

    Attributes:
        words: what becomes of its placings; see `tests.campaign.books.WORDS`.
        silent: how many of its questions get no answer.
        point: where it dies, one of `POINTS`; None for nowhere.
        passing: at which passing of that point.
        disk_full: the journal cannot be written at that point, instead of a death.
        stopped_at: after how many rounds somebody presses Ctrl-C; None for never.
        stops: how often.
        halted_at: after how many rounds somebody stops it from another terminal; None for never.
        overtaken_at: after how many rounds it stands still, until another process has taken its
            batch over and done all that it could; None for never. Only where hosts share a journal.
        cut: where its session with the server breaks, one of `CUTS`, or one of them with
            `TO_CLAIM`; None for nowhere.
        cut_passing: at which passing of that point.
        seed: of everything else: which calls are quick, and which of a dead process arrive.
    """

    words: tuple[str, ...] = ()
    silent: int = 0
    point: str | None = None
    passing: int = 1
    disk_full: bool = False
    stopped_at: int | None = None
    stops: int = 1
    halted_at: int | None = None
    overtaken_at: int | None = None
    cut: str | None = None
    cut_passing: int = 1
    seed: int = 0


class Life:
    """One process's time until it dies.

    Attributes:
        is_over: it died; nothing that it does from now on has an effect.
        is_claiming: it is about to commit a claim.
    """

    def __init__(self, trouble: Trouble) -> None:
        self._trouble = trouble
        self._passings: Counter[str] = Counter()
        self.is_over = False
        self.is_claiming = False

    def pass_by(self, point: str) -> None:
        """Die here, if it is time."""
        self._passings[point] += 1
        trouble = self._trouble
        if (point, self._passings[point]) == (trouble.point, trouble.passing):
            if trouble.disk_full and point in ("before-apply", "in-transaction"):
                raise DiskFull("disk full")
            self.die()

    def die(self) -> None:
        """Die here."""
        self.is_over = True
        raise Died

    def require(self) -> None:
        """Let a dead process do nothing more."""
        if self.is_over:
            raise Died

    def is_cut(self, point: str) -> bool:
        """Say whether its session with the server breaks here."""
        trouble = self._trouble
        if self.is_claiming and trouble.cut == point + TO_CLAIM:
            point += TO_CLAIM
        self._passings[point] += 1
        return (point, self._passings[point]) == (trouble.cut, trouble.cut_passing)


class MortalFile(sqlite.Database):
    """A database in a file whose process can die inside of its transactions."""

    life = Life(Trouble())
    _statements: ClassVar[dict[Any, Any]] = {}
    _dialect: ClassVar[Dialect | None] = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Compiling the same statements anew for each process would take most of the time.
        self._connection.execution_options(compiled_cache=self._statements)
        MortalFile._dialect = self._dialect or self._connection.dialect
        self._connection.dialect = MortalFile._dialect

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        self.life.require()
        with super().writing() as connection:
            yield connection
            self.life.pass_by("in-transaction")


class MortalSession(postgres.Database):
    """A session with a server that breaks, or whose process dies, inside of its transactions.

    Attributes:
        clock: the server's.
    """

    life = Life(Trouble())
    clock = FakeClock()
    _is_writing = False

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        self.life.require()
        self._is_writing = True
        try:
            with super().writing() as connection:
                self._break_at("begun")
                yield connection
                self._pass_by("in-transaction")
                self._break_at("asked")
        finally:
            self._is_writing = False

    def take_at_once(self, write: Callable[[], Group]) -> list[Sequence[Any]] | None:
        self.life.require()
        # What breaks while it is on its way, and does not arrive, breaks before it leaves.
        self._break_at("begun")
        self._pass_by("in-transaction")
        self._break_at("asked")
        rows = super().take_at_once(write)
        if rows is not None and self.life.is_cut("answered"):
            self.cut()
            raise self._doubt("that the connection broke before the answer")
        return rows

    def moment(self, connection: Connection, now: datetime) -> datetime:
        return self.clock.now()

    def cut(self) -> None:
        """Break the session, as a network does, in the middle of whatever is under way."""
        one = self._connection
        if one.closed or one.invalidated or self._driver().closed:
            return
        with socket.socket(fileno=os.dup(self._driver().pgconn.socket)) as wire:
            wire.shutdown(socket.SHUT_RDWR)

    def _connect(self) -> psycopg.Connection[Any]:
        driver = super()._connect()
        # However slow the machine is, it is no process that stands still.
        driver.execute("SET idle_in_transaction_session_timeout = 0")
        driver.execute("SET lock_timeout = '10min'")
        return driver

    def _commit(self) -> None:
        super()._commit()
        if self._is_writing and self.life.is_cut("answered"):
            self.cut()
            raise self._doubt("that the connection broke before the answer")

    def _pass_by(self, point: str) -> None:
        try:
            self.life.pass_by(point)
        except Died:
            self.cut()  # the server is not told in good order
            raise

    def _break_at(self, point: str) -> None:
        if self.life.is_cut(point):
            self.cut()


_LOOKED_AT: set[str] = set()


def _require_once(connection: Connection, where: str) -> None:
    # To look at all tables takes half of the time that opening a session does, and here nobody
    # changes them.
    if where not in _LOOKED_AT:
        require_current(connection, where)
        _LOOKED_AT.add(where)


class MortalJournal(Journal):
    """A journal whose process can die around its commits."""

    life = Life(Trouble())

    @classmethod
    def open_mortal(
        cls, location: str, clock: FakeClock, trouble: Trouble | None = None
    ) -> MortalJournal:
        """Open it for a process that these troubles await.

        Args:
            clock: a server's.
        """
        with (
            mock.patch("batch.journal.sqlite.opening.Database", MortalFile),
            mock.patch("batch.journal.postgres.opening.Database", MortalSession),
            mock.patch("batch.journal.postgres.opening.require_current", _require_once),
        ):
            journal = cls.open(location, allow_memory=True)
        database = journal._database
        assert isinstance(journal, cls) and isinstance(database, MortalFile | MortalSession)
        if isinstance(database, MortalSession):
            database.clock = clock
        journal.begin(Life(trouble or Trouble()))
        return journal

    def begin(self, life: Life) -> None:
        """Begin a process's life."""
        assert isinstance(self._database, MortalFile | MortalSession)
        self.life = self._database.life = life

    def close(self) -> None:
        if self.life.is_over and isinstance(self._database, MortalSession):
            self._database.cut()
        super().close()

    def apply(self, batch_id: str, changes: Any, now: datetime) -> None:
        if not changes:
            return
        self.life.pass_by("before-apply")
        super().apply(batch_id, cast("list[Change]", changes), now)
        self.life.pass_by("applied")

    def claim(self, batch_id: str, most: int, now: datetime, changes: Any = ()) -> list[Placing]:
        self.life.pass_by("before-apply")
        self.life.is_claiming = True
        try:
            placings = super().claim(batch_id, most, now, cast("list[Change]", changes))
        finally:
            self.life.is_claiming = False
        self.life.pass_by("applied")
        return placings


class Wires:
    """Makes calls: some at once, some later, their answers in any order.

    A call that is made later has begun, so that only the network holds it; or it waits for a free
    thread, and its gate is still to be asked.
    """

    def __init__(self, clock: FakeClock, life: Life, dice: random.Random, books: Books) -> None:
        self._clock = clock
        self._books = books
        self._life = life
        self._dice = dice
        self._waiting: list[Call[Any]] = []
        self._begun: list[Begun] = []
        self._ended: list[Done[Any]] = []

    def submit(self, call: Call[Any]) -> None:
        fate = self._dice.random()
        if fate < 0.25:
            self._waiting.append(call)
        elif fate < 0.5:
            self._begun.append(Begun(call))
        else:
            self._ended.append(self._end(Begun(call)))

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        if not (self._waiting or self._begun or self._ended):
            # Never nothing: a loop that asked for no time at all would not end.
            self._clock.sleep(max(timeout_s, 0.001))
            return []
        self._clock.sleep(self._dice.choice((0.01, 0.1)))
        free = [item for item in self._waiting if self._dice.random() < 0.7]
        self._waiting = [item for item in self._waiting if item not in free]
        self._begun += [Begun(call) for call in free]
        now = [item for item in self._begun if self._dice.random() < 0.7]
        self._begun = [item for item in self._begun if item not in now]
        self._ended += [self._end(begun) for begun in now]
        self._dice.shuffle(self._ended)
        cut = self._dice.randint(1, max(len(self._ended), 1))
        arrived, self._ended = self._ended[:cut], self._ended[cut:]
        return arrived

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """End, while calls may be on their way: each reaches the venue, then or later, or never."""
        for begun in self._begun:
            if isinstance(begun.call.subject, Placing) and self._dice.random() < 0.5:
                self._books.transit_s = self._dice.choice((0.0, 1.0, 8.0, 19.0, 45.0))
                begun.end()
        self._books.transit_s = 0.0
        self._waiting, self._begun = [], []

    def _end(self, begun: Begun) -> Done[Any]:
        self._life.pass_by("before-call")
        done = begun.end()
        self._life.pass_by("after-call")
        return done
