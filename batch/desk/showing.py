"""One batch, or the whole story of one row of it."""

from __future__ import annotations

from pathlib import Path

from batch.desk.background import background
from batch.desk.outcome import BatchResult, Outcome
from batch.desk.rows import order_of_row
from batch.desk.session import Session
from batch.desk.verdict import Verdict, verdict_on_states
from batch.model import OrderRecord


def show(session: Session, batch: str, row: int | None) -> Outcome:
    """Give a batch with its rows, or one row with its history; see `Desk.show`.

    Raises:
        WrongUsage: the batch has no such row.
        BatchError: there is no such batch, or the journal cannot be read.
    """
    with session.open_journal(read_only=True) as journal:
        found = journal.batch(batch)
        orders: list[OrderRecord] | None = None
        if row is not None:
            orders = [order_of_row(journal, found.batch, row)]
        result = BatchResult(
            verdict_on_states(found.states, ()),
            Path(found.batch.sheet_path),
            found.batch,
            found.states,
            # A listing of many rows is read when it is gone through; the journal is closed then.
            orders=list(journal.listing(batch)) if orders is None else orders,
            background=background(session, journal, found.batch),
        )
        events = () if row is None else tuple(journal.events(batch, row=row))
        return Outcome(Verdict.DONE, (result,), events=events)
