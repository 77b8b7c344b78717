"""A person's finding about an UNKNOWN order, or one with an alarm; checked with the venue, too."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from batch.clock import Clock
from batch.errors import Advice, GateError, Hint, VenueError, hint
from batch.journal import Change, Journal
from batch.model import Login, OrderRecord, VenueOrder
from batch.run.alarms import read_alarms
from batch.run.comparing import (
    NEVER_ANOTHER,
    NothingToCompare,
    another_than_sent,
    difference,
    difference_if_echoed,
    stands_for_row,
)
from batch.run.past import read_past
from batch.run.proof import MARGIN_S
from batch.run.wording import status_words
from batch.states import FINAL, BatchEvent, OrderEvent, OrderState, next_state
from batch.venue.port import Questions

UNKNOWN_LIFE_S = 3600.0
"""Where nobody knows how long a request can live, a person's "not placed" counts so much later."""


def declare_placed(
    journal: Journal,
    batch_id: str,
    row: int,
    server_order_id: str,
    venue: Questions | None,
    clock: Clock,
) -> str:
    """Record that the venue holds an order under this server ID.

    Args:
        venue: None when it cannot be reached; the finding then stands unchecked.

    Returns:
        What was recorded, in words.

    Raises:
        GateError: the row is not UNKNOWN and no alarm stands for it, another row has this server
            ID, or the venue says otherwise; nothing was recorded.
    """
    order = _order(journal, batch_id, row, clock)
    _require_unclaimed(journal, order, server_order_id)
    answer, check = None, "not checked: the venue is out of reach"
    if venue is not None:
        try:
            answer = venue.query(server_order_id)
        except VenueError as error:
            check = f"not checked: {error}"
        else:
            other = _require_same(journal, order, server_order_id, answer)
            check = "; ".join(filter(None, ("checked with the venue", stands_for_row(other))))
    words = f"a person found it at the venue as {server_order_id}; {check}"
    if order.state is not OrderState.UNKNOWN:
        # As it stands already: nothing changes but that somebody has looked.
        journal.note(batch_id, BatchEvent.ALARM_ENDED, words, clock.now(), row=row)
        return words
    changes = [
        Change(
            row,
            OrderState.UNKNOWN,
            OrderEvent.DECLARED_PLACED,
            detail=words,
            server_order_id=server_order_id,
            message=words,
        )
    ]
    if answer is not None:
        assert order.order is not None
        event = answer.event
        message = "; ".join(part for part in (words, status_words(answer, order.order)) if part)
        is_end = next_state(OrderState.OPEN, event) in FINAL
        changes.append(
            Change(
                row,
                OrderState.OPEN,
                event,
                detail=f"status {answer.status}",
                request_id=answer.request_id,
                venue_status=answer.status,
                filled_size=answer.filled_size,
                average_price=answer.average_price if answer.filled_size else None,
                execution_id=answer.execution_id,
                message=message,
                finished_at=clock.now() if is_end else None,
            )
        )
    journal.apply(batch_id, changes, clock.now())
    return words


def declare_not_placed(
    journal: Journal, batch_id: str, row: int, venue: Questions | None, clock: Clock
) -> str:
    """Record that the venue never took an order; the next `resume` sends it.

    Returns:
        What was recorded, in words.

    Raises:
        GateError: the row is not UNKNOWN, or the venue holds it, or its request may still be on
            its way; nothing was recorded.
    """
    order = _order(journal, batch_id, row, clock)
    if order.state is not OrderState.UNKNOWN:
        raise GateError(
            f"batch {batch_id}, row {row}: expected the server order ID under which the venue "
            f"holds this {order.final_state} order, {order.server_order_id}, found that it was "
            "never placed. Nothing was recorded.",
            advice=[hint(Advice.END_ALARM, batch_id, row)],
        )
    _require_fence_passed(journal, order, clock)
    assert order.client_order_id is not None
    check = "not checked: the venue is out of reach"
    if venue is not None:
        try:
            found = venue.find(order.client_order_id)
        except VenueError as error:
            check = f"not checked: {error}"
        else:
            if found:
                raise GateError(
                    f"batch {batch_id}, row {row}: expected that the venue does not hold client "
                    f"order ID {order.client_order_id}, found it there as server order ID "
                    f"{found[0].server_order_id}. Nothing was recorded.",
                    advice=[hint(Advice.RESUME_ROW, batch_id)],
                )
            check = "the venue does not find it either"
    words = f"a person found that the venue never took it; {check}"
    change = Change(
        row, OrderState.UNKNOWN, OrderEvent.DECLARED_NOT_PLACED, detail=words, message=words
    )
    journal.apply(batch_id, [change], clock.now())
    return words


def _order(journal: Journal, batch_id: str, row: int, clock: Clock) -> OrderRecord:
    """Give an order that waits for a finding: UNKNOWN, or with an alarm and a server ID."""
    journal.batch_record(batch_id)
    order = journal.order(batch_id, row)
    if order is None:
        raise GateError(f"batch {batch_id}: expected one of its rows, found row {row}.")
    if order.state is OrderState.SENDING:
        # The process that claimed it is gone, or this batch could not be held.
        lost = Change(
            row,
            OrderState.SENDING,
            OrderEvent.LOST,
            detail="found claimed: the process that claimed it is gone",
            message="the process ended before the venue's answer was recorded",
        )
        journal.apply(batch_id, [lost], clock.now())
        return replace(order, state=OrderState.UNKNOWN)
    if order.state is OrderState.UNKNOWN:
        return order
    has_alarm = order.server_order_id is not None and read_alarms(journal, batch_id).of(row)
    if not has_alarm:
        raise GateError(
            f"batch {batch_id}, row {row}: expected an UNKNOWN order, found {order.final_state}. "
            "Only what is not known, or has an alarm, needs a person's finding; nothing was "
            "recorded."
        )
    return order


def _require_fence_passed(journal: Journal, order: OrderRecord, clock: Clock) -> None:
    """Make sure that no request for a row can still arrive: what nobody finds today may come."""
    lives = read_past(journal, order.batch_id).of(order.row)
    if lives.dead_by is not None:
        until = lives.dead_by + timedelta(seconds=MARGIN_S)
    elif order.submitted_at is not None:
        until = order.submitted_at.astimezone(UTC) + timedelta(seconds=UNKNOWN_LIFE_S)
    else:
        return
    if clock.now() < until:
        raise GateError(
            f"batch {order.batch_id}, row {order.row}: expected that no request for it can still "
            "be on its way, found that the login with which it was sent may be good until "
            f"{until:%Y-%m-%d %H:%M:%S} UTC. Nothing was recorded; say it again after that, if the "
            "venue's desk does not find it then either."
        )


def _require_unclaimed(journal: Journal, order: OrderRecord, server_order_id: str) -> None:
    where = f"batch {order.batch_id}, row {order.row}"
    if not server_order_id.strip():
        raise GateError(f"{where}: expected a server order ID, found none. Nothing was recorded.")
    if order.server_order_id and order.state is not OrderState.UNKNOWN:
        if server_order_id != order.server_order_id:
            raise GateError(
                f"{where}: expected the server order ID that this {order.final_state} order has, "
                f"{order.server_order_id}, found {server_order_id}. Nothing was recorded."
            )
        return
    batch = journal.batch_record(order.batch_id)
    look = journal.looking(Login.of(batch.venue_url, batch.org, batch.user))
    for other in look.of_server_id(server_order_id):
        if (other.batch_id, other.row) == (order.batch_id, order.row):
            continue
        raise GateError(
            f"{where}: expected the server order ID of an order that is not known yet, found "
            f"that {server_order_id} is the one of batch {other.batch_id} row {other.row}. "
            "Nothing was recorded."
        )


def _require_same(
    journal: Journal, order: OrderRecord, server_order_id: str, answer: VenueOrder | None
) -> str:
    """Make sure that this is the order of the row.

    Returns:
        How it differs all the same, in words, where an alarm has said exactly this and a person
        can say that it stands for the row; "" where it does not differ.
    """
    where = f"batch {order.batch_id}, row {order.row}"
    if answer is None:
        raise GateError(
            f"{where}: expected an order that the venue knows, found that it does not know "
            f"server order ID {server_order_id}. Nothing was recorded."
        )
    assert order.order is not None
    terms, is_own = order.order.terms(), answer.client_order_id == order.client_order_id
    advice: list[Hint] = []
    try:
        wrong = difference(terms, answer)
        if wrong and is_own and not difference(terms, answer, NEVER_ANOTHER):
            told = {alarm.words for alarm in read_alarms(journal, order.batch_id).of(order.row)}
            for words in (wrong, difference_if_echoed(terms, answer)):
                if another_than_sent(order, words) in told:
                    return wrong
            advice = [hint(Advice.RESUME_ROW, order.batch_id)]
    except NothingToCompare as nothing:
        wrong = str(nothing)
    if not is_own:
        wrong = f"client order ID: sent {order.client_order_id}, found {answer.client_order_id}"
    if wrong:
        raise GateError(
            f"{where}: expected the order that was sent, found another under server order ID "
            f"{server_order_id} ({wrong}). Nothing was recorded.",
            advice=advice,
        )
    return ""
