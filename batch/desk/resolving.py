"""Recording what a person found out about an order of which nothing is known."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Literal

from batch.desk.outcome import BatchResult, Outcome
from batch.desk.session import Session
from batch.desk.trades import read_trades
from batch.desk.turns import in_turn
from batch.desk.verdict import Verdict
from batch.errors import GateError, VenueError
from batch.journal import Journal
from batch.run.resolving import declare_not_placed, declare_placed
from batch.states import OrderState
from batch.venue.port import Questions


def resolve(session: Session, batch: str, row: int, finding: str | Literal[False]) -> str:
    """Record a finding, checked with the venue if it can be reached.

    Args:
        finding: the server ID under which the venue holds the order; False for "never placed".

    Returns:
        What was recorded, in words.

    Raises:
        GateError: the finding cannot be; nothing was recorded.
    """
    with _checked(session, batch) as (journal, venue):
        return _declare(session, journal, batch, row, finding, venue)


def resolve_by_trades(session: Session, batch: str, trades: Path) -> Outcome:
    """Record of each UNKNOWN order that was traded that the venue holds it.

    Raises:
        GateError: the file of trades cannot be understood; nothing was recorded.
    """
    traded = read_trades(trades)
    recorded, refused, left = 0, 0, 0
    with _checked(session, batch) as (journal, venue):
        unknown = list(journal.orders(batch, [OrderState.UNKNOWN, OrderState.SENDING]))
        for order in unknown:
            servers = traded.get(order.client_order_id or "", ())
            if not servers:
                left += 1
                continue
            try:
                if len(servers) > 1:
                    raise GateError(
                        f"batch {batch}, row {order.row}: expected trades of one order under "
                        f"client order ID {order.client_order_id}, found {len(servers)}: "
                        f"{', '.join(servers)}. Nothing was recorded of it. Ask the venue's desk "
                        "which of them is this order."
                    )
                words = declare_placed(journal, batch, order.row, servers[0], venue, session.clock)
            except GateError as error:
                refused += 1
                session.listener.fail(error)
            else:
                recorded += 1
                session.say(f"Row {order.row}: {words}.")
        result = BatchResult(
            Verdict.DONE, batch=journal.batch_record(batch), states=journal.batch(batch).states
        )
    words = f"{recorded:,} of {len(unknown):,} UNKNOWN orders were traded, and are recorded"
    if left:
        words += (
            f"; {left:,} stay UNKNOWN: {trades.name} has no trade of theirs, which proves nothing"
        )
    return Outcome(Verdict.REFUSED if refused else Verdict.DONE, (result,), words=words)


@contextmanager
def _checked(session: Session, batch: str) -> Iterator[tuple[Journal, Questions | None]]:
    """Hold a batch, with the venue that can check what is found out; None where it is away."""
    with session.open_journal() as journal:
        record = journal.batch_record(batch)
        session.require_venue_of(record.venue_url, record.org, record.user)
        with journal.hold(batch, session.clock.now()), ExitStack() as stack:
            venue: Questions | None = None
            try:
                opened, _ = stack.enter_context(session.open_venue(1))
                venue = in_turn(session, journal, batch, opened)
            except VenueError as error:
                session.warn(f"The finding is not checked with the venue: {error}", *error.advice)
            yield journal, venue


def _declare(
    session: Session,
    journal: Journal,
    batch: str,
    row: int,
    finding: str | Literal[False],
    venue: Questions | None,
) -> str:
    if finding is False:
        return declare_not_placed(journal, batch, row, venue, session.clock)
    return declare_placed(journal, batch, row, finding, venue, session.clock)
