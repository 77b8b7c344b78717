"""One session at the server: its transactions, its commits that count, its errors in words."""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg import pq
from psycopg.types.string import StrDumperUnknown
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import StaticPool

from batch.errors import JournalError, JournalInDoubt
from batch.journal.groups import Group
from batch.journal.postgres.at_once import FORGOTTEN, NOT_AS_EXPECTED, write_statements
from batch.journal.postgres.faults import broken, explain, in_words
from batch.journal.postgres.journeys import Journey
from batch.journal.postgres.naming import Place

OLDEST = 150000
"""The oldest server that is known to do all of this."""

COMMIT_PATIENCE_S = 10.0
"""A commit that waits for longer, as one does whose stand-by is gone, is not waited for."""

CANCEL_PATIENCE_S = 3.0

_BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
"""Each statement sees what was committed before it, so whoever waited for a lock sees what the one
before has done."""

TTL_S = 15.0
"""A hold whose process was not heard of for so long may be taken over by any host."""


class _WithoutNul(StrDumperUnknown):
    """Writes U+0000, which PostgreSQL's text cannot hold, as an escape."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", "\\x00"))


class Database:
    """A session of one thread that begins and commits explicitly.

    Attributes:
        where: the journal's name in messages.
    """

    ttl_s: float | None = TTL_S
    is_given_up = False

    def __init__(self, place: Place, *, busy_timeout_s: float) -> None:
        """Connect; nothing is read or changed yet.

        Args:
            busy_timeout_s: how long to wait for another session's lock.
        """
        self.where = place.where
        self._place = place
        self._busy_timeout_s = busy_timeout_s
        self._is_read_only = False
        self._is_at_work = False
        self._require: Callable[[Connection], None] = lambda _: None
        self._notices: list[str] = []
        self._prepared: dict[bytes, bytes] = {}
        self._engine = create_engine(
            "postgresql+psycopg://",
            creator=self._connect,
            poolclass=StaticPool,
            isolation_level="AUTOCOMMIT",
            hide_parameters=True,
        )
        with self._in_words():
            self._connection = self._engine.connect()

    def close(self) -> None:
        """End the session."""
        with self._in_words():
            self._connection.close()
            self._engine.dispose()

    @contextmanager
    def reading(self, *, one_query: bool = False) -> Iterator[Connection]:
        """Look at one state of the journal; hinders nobody and waits for nobody."""
        if one_query and not self._is_at_work:
            with self._in_words():
                self._require_session()
                try:
                    yield self._connection
                except BaseException:
                    self._roll_back()
                    raise
                self._connection.commit()
            return
        try:
            begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
            with self._transaction(begin) as connection:
                yield connection
        except JournalInDoubt:
            # Of what only looked nothing can be in doubt.
            raise broken(self.where) from None

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Begin, commit; roll back on everything that can be raised, Ctrl-C included.

        Raises:
            JournalInDoubt: whether it was recorded is not known.
        """
        self._require_writable()
        with self._transaction(_BEGIN) as connection:
            yield connection

    def take_at_once(self, write: Callable[[], Group]) -> list[Sequence[Any]] | None:
        """Take steps and claim the next rows in one journey; None where not all is as expected.

        Raises:
            JournalInDoubt: whether it was recorded is not known.
        """
        self._require_writable()
        if self._is_at_work:
            raise self._nested()
        group = write()
        with self._in_words():
            self._require_session()
            journey = Journey(self._driver(), write_statements(group), self._prepared)
            self._travel(journey)
            if (refusal := journey.refusal) is not None:
                error = psycopg.errors.error_from_result(refusal)
                if error.sqlstate is None:
                    raise self._doubt("that the connection broke before the answer")
                self._roll_back()
                if error.sqlstate in (NOT_AS_EXPECTED, FORGOTTEN):
                    return None
                raise explain(self.where, error, self._busy_timeout_s)
            self._require_committed(journey.commit)
            return list(journey.rows()) if group.claim is not None else []

    def answer_lightly(self, statement: str, values: Mapping[str, Any]) -> Any:
        """Execute one statement on its own, in one journey, and give its one value."""
        if self._is_at_work:
            raise self._nested()
        with self._in_words():
            self._require_session()
            try:
                answer = self._connection.execute(text(statement), values).scalar_one()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._connect_anew()
                answer = self._connection.execute(text(statement), values).scalar_one()
            self._connection.commit()
            return answer

    def keep_out(self, connection: Connection, key: str) -> None:
        """Let nobody else go past the same key until the transaction ends."""
        connection.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}
        )

    def moment(self, connection: Connection, now: datetime) -> datetime:
        """Give the server's time, which is one for all hosts."""
        found = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        assert isinstance(found, datetime)
        return found.astimezone(UTC)

    def hold(self, batch_id: str, since: datetime) -> AbstractContextManager[None]:
        """Do nothing: here the row of the hold keeps two processes apart."""
        return nullcontext()

    def require(self, check: Callable[[Connection], None]) -> None:
        """Have a check made of each new session: what answers after a break may be another server.

        Args:
            check: raises JournalError.
        """
        with self.reading() as connection:
            check(connection)
        self._require = check

    def forbid_changes(self) -> None:
        """Refuse to change anything from now on."""
        self._is_read_only = True

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        if self._is_at_work:
            # The server would take the inner one's commit for that of both.
            raise self._nested()
        with self._in_words():
            self._require_session()
            self._is_at_work = True
            try:
                self._begin(begin)
                yield self._connection
            except BaseException:
                self._roll_back()
                raise
            else:
                self._commit()
            finally:
                self._is_at_work = False

    def _travel(self, journey: Journey) -> None:
        """Send a journey and wait for its answers; the connection is as good as before then."""
        self._notices.clear()
        try:
            journey.begin(_BEGIN)
            has_ended = journey.ends_within(
                self._busy_timeout_s + COMMIT_PATIENCE_S, COMMIT_PATIENCE_S
            )
            if not has_ended:
                self._driver().cancel_safe(timeout=CANCEL_PATIENCE_S)
                has_ended = journey.ends_within(CANCEL_PATIENCE_S, CANCEL_PATIENCE_S)
        except (psycopg.Error, OSError):
            raise self._doubt("that the connection broke before the answer") from None
        except BaseException:
            self._connection.invalidate()
            raise
        if not has_ended:
            raise self._doubt("no answer")

    def _require_writable(self) -> None:
        if self._is_read_only:
            raise JournalError(f"{self.where}: expected only to look at it. Nothing was recorded.")

    def _nested(self) -> JournalError:
        return JournalError(
            f"{self.where}: expected one transaction at a time, found a fault of our own."
        )

    def _begin(self, begin: str) -> None:
        try:
            self._connection.exec_driver_sql(begin)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            # The session ended between two transactions, so nothing is in doubt; and what holds a
            # batch is a row, which outlives it.
            self._connect_anew()
            self._connection.exec_driver_sql(begin)

    def _require_session(self) -> None:
        one = self._connection
        # Closed: it was to be made anew before, and the server did not let it in.
        if one.closed or one.invalidated or self._driver().closed:
            self._connect_anew()

    def _connect_anew(self) -> None:
        self._connection.close()
        self._engine.dispose()
        self._connection = self._engine.connect()
        try:
            self._require(self._connection)
            self._connection.commit()
        except BaseException:
            self._connection.close()
            self._engine.dispose()
            raise

    def _roll_back(self) -> None:
        self._prepared.clear()  # the driver may have the server forget them
        if self._connection.closed:
            return  # it broke before the first step, and the server did not let this one in again
        try:
            if not self._connection.invalidated:
                self._driver().rollback()
            self._connection.rollback()
        except (psycopg.Error, SQLAlchemyError):
            # The server undoes what a broken session had begun; the first error says more.
            self._connection.invalidate()

    def _commit(self) -> None:
        driver = self._driver()
        self._notices.clear()
        try:
            answer = _ask(driver, b"COMMIT", COMMIT_PATIENCE_S)
            if answer is None:
                driver.cancel_safe(timeout=CANCEL_PATIENCE_S)
                answer = _ask(driver, None, CANCEL_PATIENCE_S)
        except (psycopg.Error, OSError):
            raise self._doubt("that the connection broke before the answer") from None
        if answer is None:
            raise self._doubt("no answer")
        self._require_committed(answer)
        self._connection.commit()

    def _require_committed(self, answer: pq.abc.PGresult) -> None:
        """Make sure that a commit's answer says that it counts."""
        if answer.status != pq.ExecStatus.COMMAND_OK:
            self._roll_back()
            raise explain(
                self.where,
                psycopg.errors.error_from_result(answer),
                self._busy_timeout_s,
            )
        if answer.command_status == b"ROLLBACK":
            raise JournalError(
                f"{self.where}: expected to commit, found that the server undid it. Nothing of "
                "this step was recorded."
            )
        if "01000" in self._notices:
            # It answers as after any commit; the copy on the stand-by is what lacks.
            raise self._doubt("that the stand-by server did not confirm it")

    def _doubt(self, found: str) -> JournalInDoubt:
        self._connection.invalidate()
        return JournalInDoubt(
            f"{self.where}: expected the server's word that a step was recorded, found {found}. "
            "Whether it was recorded is not known, so nothing is sent of it. Go on when the server "
            "answers: what was recorded is looked at first."
        )

    def _connect(self) -> psycopg.Connection[Any]:
        driver = psycopg.connect(**self._place.parameters, autocommit=True)
        try:
            # Before the first transaction, which not every pooler lets begin.
            _require_session_of_its_own(driver, self.where)
        except BaseException:
            driver.close()
            raise
        self._prepared = {}
        driver.adapters.register_dumper(str, _WithoutNul)
        driver.add_notice_handler(lambda notice: self._notices.append(notice.sqlstate or ""))
        # A process that is stopped in the middle of a transaction keeps its locks no longer.
        driver.execute(f"SET lock_timeout = {int(self._busy_timeout_s * 1000) or 1}")
        driver.execute("SET idle_in_transaction_session_timeout = '10s'")
        driver.execute("SET tcp_keepalives_idle = 5")
        driver.execute("SET tcp_keepalives_interval = 3")
        driver.execute("SET tcp_keepalives_count = 3")
        return driver

    def _driver(self) -> psycopg.Connection[Any]:
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        return driver

    def _in_words(self) -> AbstractContextManager[None]:
        return in_words(self.where, self._busy_timeout_s)


def _require_session_of_its_own(driver: psycopg.Connection[Any], where: str) -> None:
    """Make sure that what answers is the server, of a version that will do, and no pooler.

    A pooler that hands out one session to several processes shares their locks, too.
    """
    (pid,) = driver.execute("SELECT pg_backend_pid()").fetchone() or (None,)
    if pid != driver.info.backend_pid:
        raise JournalError(
            f"{where}: expected to speak to the server itself, found a pooler (pgbouncer) between. "
            "Its sessions are shared, and so are their locks. Nothing was sent. Name the server's "
            "own host and port.",
            is_final=True,
        )
    if driver.info.server_version < OLDEST:
        raise JournalError(
            f"{where}: expected PostgreSQL {OLDEST // 10000} or newer, found "
            f"{driver.info.server_version // 10000}. Nothing was sent.",
            is_final=True,
        )


def _ask(
    driver: psycopg.Connection[Any], command: bytes | None, patience_s: float
) -> pq.abc.PGresult | None:
    """Send a command, or none any more, and give the answer; None where there is none in time."""
    wire = driver.pgconn
    if command is not None:
        wire.send_query(command)
        wire.flush()
    deadline = time.monotonic() + patience_s
    first: pq.abc.PGresult | None = None
    with selectors.DefaultSelector() as selector:
        selector.register(wire.socket, selectors.EVENT_READ)
        while True:
            # Asked for while there is none, an answer would be waited for without end.
            while wire.is_busy():
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    return None
                if selector.select(left_s):
                    wire.consume_input()
            answer = wire.get_result()
            if answer is None:
                return first
            first = first or answer
