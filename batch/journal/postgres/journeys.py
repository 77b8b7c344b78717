"""One journey to a server and back: a transaction's statements and its commit, sent together."""

from __future__ import annotations

import selectors
import time
from collections.abc import Sequence
from itertools import count
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import PyFormat, Transformer

from batch.journal.postgres.at_once import Statement

_NUMBERS = count(1)

_WELL = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)
_SKIPPED = pq.ExecStatus.PIPELINE_ABORTED


class Journey:
    """A transaction that is sent as a whole, and the answers to it as they come."""

    def __init__(
        self,
        driver: psycopg.Connection[Any],
        statements: Sequence[Statement],
        known: dict[bytes, bytes],
    ) -> None:
        """Make ready; nothing is sent yet.

        Args:
            known: the statements that the session has prepared, by their names; those of this
                journey are added when the server has said so.
        """
        self._driver = driver
        self._wire = driver.pgconn
        self._known = known
        self._new = {
            # A name that was never used: whether the server has forgotten one is not known.
            words: b"ob_%d" % next(_NUMBERS)
            for words in dict.fromkeys(one.words for one in statements)
            if words not in known
        }
        self._sent = [(one.words, _as_texts(driver, one.values)) for one in statements]
        self._answers: list[pq.abc.PGresult] = []
        self._ends_left = 2 if self._new else 1

    def begin(self, begin: str) -> None:
        """Send everything.

        Raises:
            psycopg.Error: the connection broke.
        """
        wire = self._wire
        wire.enter_pipeline_mode()
        for words, name in self._new.items():
            wire.send_prepare(name, words)
        if self._new:
            # To prepare one begins a transaction of its own, within which none can be begun.
            wire.pipeline_sync()
        wire.send_query_params(begin.encode(), None)
        for words, values in self._sent:
            wire.send_query_prepared(self._new.get(words) or self._known[words], values)
        # What they are answered is told at once, and not only when the commit ends.
        wire.send_flush_request()
        wire.send_query_params(b"COMMIT", None)
        wire.pipeline_sync()

    def ends_within(self, before_s: float, commit_s: float) -> bool:
        """Wait for the answers; say whether all have come.

        Args:
            before_s: the patience with what is to be done before the commit.
            commit_s: the patience with the commit.

        Raises:
            psycopg.Error, OSError: the connection broke.
        """
        wire = self._wire
        until = time.monotonic() + before_s
        is_committing = False
        with selectors.DefaultSelector() as selector:
            key = selector.register(wire.socket, selectors.EVENT_READ)
            while self._ends_left:
                if not is_committing and len(self._answers) >= self._place_of_commit:
                    is_committing, until = True, time.monotonic() + commit_s
                wanted = selectors.EVENT_READ
                if wire.flush():
                    wanted |= selectors.EVENT_WRITE
                if wanted != key.events:
                    key = selector.modify(wire.socket, wanted)
                if not wire.is_busy():
                    self._take_answer()
                elif (left_s := until - time.monotonic()) <= 0:
                    return False
                elif selector.select(left_s):
                    wire.consume_input()
        wire.exit_pipeline_mode()
        for (words, name), answer in zip(self._new.items(), self._answers, strict=False):
            if _is_well(answer):
                self._known[words] = name
        return True

    @property
    def refusal(self) -> pq.abc.PGresult | None:
        """What the server said of the first statement that it did not execute."""
        before = self._answers[: self._place_of_commit]
        return next((one for one in before if not _is_well(one) and one.status != _SKIPPED), None)

    @property
    def commit(self) -> pq.abc.PGresult:
        """What the server said of the commit."""
        return self._answers[self._place_of_commit]

    def rows(self) -> list[tuple[Any, ...]]:
        """Give what the last statement found."""
        reader = Transformer(self._driver)
        found = self._answers[self._place_of_commit - 1]
        reader.set_pgresult(found)
        return reader.load_rows(0, found.ntuples, tuple)

    @property
    def _place_of_commit(self) -> int:
        return len(self._new) + 1 + len(self._sent)

    def _take_answer(self) -> None:
        answer = self._wire.get_result()
        if answer is None:  # the end of what is told of one statement
            if self._wire.status == pq.ConnStatus.BAD:
                raise psycopg.OperationalError("the connection broke")
        elif answer.status == pq.ExecStatus.PIPELINE_SYNC:
            self._ends_left -= 1
        else:
            self._answers.append(answer)


def _is_well(answer: pq.abc.PGresult) -> bool:
    return answer.status in _WELL


def _as_texts(driver: psycopg.Connection[Any], values: Sequence[Any]) -> Sequence[Any]:
    return Transformer(driver).dump_sequence(values, [PyFormat.TEXT] * len(values))
