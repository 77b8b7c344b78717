"""Taking steps in the lives of rows under a hold, and claiming the next ones.

Where the database is far away a commit is one journey; its rows' states, their number and the hold
are then looked at there, before it commits. What is not as expected is taken once more, one by one,
which tells in words what it is.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, Select, select

from batch.errors import HoldLost
from batch.journal.actor import actor
from batch.journal.groups import Group
from batch.journal.holding import Holds
from batch.journal.mending import persists, settle
from batch.journal.port import Store
from batch.journal.records import (
    Change,
    NonsenseFound,
    Placing,
    read_placing,
    released,
    write_moment,
    write_text,
)
from batch.journal.statements import (
    SELECT_NEXT_PLANNED,
    append_events,
    apply_changes,
    write_claim,
    write_stamp,
    write_step,
)
from batch.journal.tables import EVENTS, ORDERS
from batch.states import BatchEvent, OrderState

LOST_WORD = "the server's word that it was claimed was lost, so no request was made"

UNREADABLE = "what was planned cannot be read, so no request was made"


def _make_request_ids(count: int) -> list[str]:
    """Make IDs of requests, by one look at the system's chance for all of them.

    Each look gives the interpreter away, which a claim then waits for among all the threads that
    talk to the venue.
    """
    chance = os.urandom(16 * count)
    return [
        UUID(bytes=chance[start : start + 16], version=4).hex for start in range(0, 16 * count, 16)
    ]


class Steps:
    """The steps of a journal's rows."""

    def __init__(self, database: Store, holds: Holds) -> None:
        self._database = database
        self._where = database.where
        self._holds = holds

    def apply(self, batch_id: str, changes: Sequence[Change], now: datetime) -> None:
        """Commit steps, all or none; see `Journal.apply`."""
        if not changes:
            return
        left = list(changes)

        def apply() -> None:
            if left and self._take_at_once(batch_id, left, now) is None:
                with self._taking(batch_id, left, now):
                    pass

        def look() -> None:
            if self._is_recorded(batch_id, changes[-1], now):
                left.clear()

        self._settle(batch_id, now, apply, look)

    def claim(
        self, batch_id: str, most: int, now: datetime, changes: Sequence[Change]
    ) -> list[Placing]:
        """Take the next rows that are to be sent; see `Journal.claim`."""
        left, placings, request_ids = list(changes), list[Placing](), list[str]()

        def make_request_ids(count: int) -> list[str]:
            request_ids[:] = _make_request_ids(count)
            return request_ids

        def claim() -> None:
            request_ids.clear()
            rows = self._take_at_once(batch_id, left, now, partial(make_request_ids, most))
            if rows is not None:
                try:
                    placings[:] = [read_placing(row[:-1], row[-1]) for row in rows]
                    return
                except NonsenseFound:
                    self._put_back(batch_id, rows, now)
                    left.clear()
            with self._taking(batch_id, left, now) as (connection, epoch):
                found = connection.execute(
                    SELECT_NEXT_PLANNED, {"in_batch": batch_id, "most": most}
                ).all()
                ids = make_request_ids(len(found))
                placings[:] = [read_placing(row, one) for row, one in zip(found, ids, strict=True)]
                claims = [placing.claimed(now) for placing in placings]
                apply_changes(connection, self._where, batch_id, claims, now, epoch=epoch)

        def look() -> None:
            if claimed := self._claimed_for(batch_id, request_ids):
                # Nobody was given these claims, so nothing left under them.
                left[:] = [released(row.row, row.request_id, LOST_WORD) for row in claimed]
            elif left and self._is_recorded(batch_id, left[-1], now):
                left.clear()

        self._settle(batch_id, now, claim, look)
        return placings

    def _take_at_once(
        self,
        batch_id: str,
        changes: Sequence[Change],
        now: datetime,
        make_request_ids: Callable[[], Sequence[str]] | None = None,
    ) -> list[Sequence[Any]] | None:
        """Take steps and claims in one journey; see `Store.take_at_once`.

        Args:
            make_request_ids: makes as many as rows are to be claimed; None to claim nothing.
        """
        epoch = self._holds.epoch(batch_id)
        if epoch is None:
            return None
        return self._database.take_at_once(
            lambda: Group(
                epoch,
                [write_step(batch_id, change, epoch) for change in changes],
                write_stamp(batch_id, now),
                None if make_request_ids is None else write_claim(batch_id, now, epoch),
                () if make_request_ids is None else make_request_ids(),
            )
        )

    @contextmanager
    def _taking(
        self, batch_id: str, changes: Sequence[Change], now: datetime
    ) -> Iterator[tuple[Connection, int | None]]:
        """Take steps one by one, and commit them when the block ends; the hold is not lost in it.

        Yields:
            The epoch of the hold; None where this process has none, and does not claim.
        """
        with (
            self._leaving_findings(batch_id, changes, now),
            self._database.writing() as connection,
        ):
            epoch = self._holds.epoch(batch_id)
            if epoch is not None:
                epoch = self._holds.require_mine(connection, batch_id)
            apply_changes(connection, self._where, batch_id, changes, now, epoch=epoch)
            yield connection, epoch

    def _put_back(self, batch_id: str, rows: Sequence[Sequence[Any]], now: datetime) -> None:
        """Take back the claims of rows that nobody can send."""
        with self._taking(batch_id, [released(row[0], row[-1], UNREADABLE) for row in rows], now):
            pass

    def _settle(
        self, batch_id: str, now: datetime, step: Callable[[], None], look: Callable[[], None]
    ) -> None:
        """Take a step under a hold, and where its commit is in doubt find out what became of it."""
        if self._holds.epoch(batch_id) is None:
            step()
        else:
            settle(self._database, step, partial(self._holds.renew, batch_id, now), look)

    def _is_recorded(self, batch_id: str, change: Change, now: datetime) -> bool:
        """Say whether a change stands in the history; only when no step of ours is under way."""
        line = (
            *(EVENTS.c.batch_id == batch_id, EVENTS.c.row == change.row),
            *(EVENTS.c.kind == change.event.value, EVENTS.c.at == write_moment(now)),
            *(EVENTS.c.detail == write_text(change.detail), EVENTS.c.actor == actor()),
            EVENTS.c.request_id.is_not_distinct_from(change.request_id),
        )
        return bool(self._find(select(EVENTS.c.id).where(*line).limit(1)))

    def _claimed_for(self, batch_id: str, request_ids: Sequence[str]) -> list[Row[Any]]:
        """Give the rows that were claimed for these requests; only when no step is under way."""
        if not request_ids:
            return []
        claimed = (
            *(ORDERS.c.batch_id == batch_id, ORDERS.c.state == OrderState.SENDING.value),
            ORDERS.c.request_id.in_(request_ids),
        )
        query = select(ORDERS.c.row, ORDERS.c.request_id).where(*claimed).order_by(ORDERS.c.row)
        return self._find(query)

    @persists
    def _find(self, query: Select[Any]) -> list[Row[Any]]:
        with self._database.reading(one_query=True) as connection:
            return list(connection.execute(query))

    @contextmanager
    def _leaving_findings(
        self, batch_id: str, changes: Sequence[Change], now: datetime
    ) -> Iterator[None]:
        """Put into the history, unfenced, what only whoever lost the batch has learnt."""
        try:
            yield
        except HoldLost:
            lines = [
                {
                    "row": change.row,
                    "kind": BatchEvent.LATE_FINDING.value,
                    "state": None,
                    "detail": f"{change.event.value}: server order ID {change.server_order_id}",
                    "request_id": change.request_id,
                }
                for change in changes
                if change.server_order_id is not None
            ]
            if lines:
                with self._database.writing() as connection:
                    append_events(connection, batch_id, now, lines)
            raise
