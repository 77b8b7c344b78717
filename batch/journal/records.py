"""What goes into the journal and comes out of it, and how each becomes the other."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import Row

from batch.model import BatchRecord, Column, EventRecord, Order, OrderRecord, Side, TimeInForce
from batch.states import OrderEvent, OrderState, next_state

P = ParamSpec("P")
R = TypeVar("R")


class NonsenseFound(Exception):
    """A sound file holds what this program never writes."""


def finds_nonsense(read: Callable[P, R]) -> Callable[P, R]:
    """Let a reader of records tell damaged ones from faults of the program."""

    @wraps(read)
    def reader(*args: P.args, **named: P.kwargs) -> R:
        try:
            return read(*args, **named)
        except (ValueError, TypeError, ArithmeticError, RecursionError):
            raise NonsenseFound from None

    return reader


@dataclass(frozen=True, slots=True)
class PlannedRow:
    """A row as the plan wants it recorded.

    Attributes:
        state: PLANNED, INVALID or SKIPPED.
        order, client_order_id, payload, fingerprint: None for an INVALID row.
    """

    row: int
    values: tuple[str, ...]
    state: OrderState
    order: Order | None = None
    client_order_id: str | None = None
    payload: str | None = None
    fingerprint: str | None = None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One step in the life of a row; None leaves a field as it is.

    Attributes:
        state: the state that the row must be in; the change fails if it is not.
        detail: for the row's history.
    """

    row: int
    state: OrderState
    event: OrderEvent
    detail: str = ""
    request_id: str | None = None
    venue_status: str | None = None
    server_order_id: str | None = None
    filled_size: Decimal | None = None
    average_price: Decimal | None = None
    execution_id: str | None = None
    message: str | None = None
    submitted_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Placing:
    """A row that was claimed: it may leave once, as exactly this request.

    Attributes:
        payload: the exact text that is to leave.
        request_id: of this one request; made with the claim.
        fingerprint: of the order, as it was planned.
    """

    row: int
    client_order_id: str
    payload: str
    order: Order
    request_id: str = ""
    fingerprint: str = ""

    def claimed(self, now: datetime) -> Change:
        """Give the step that claims it."""
        return claimed(self.row, self.client_order_id, self.request_id, now)


def claimed(row: int, client_order_id: str, request_id: str, now: datetime) -> Change:
    """Give the step that claims a row for a request."""
    return Change(
        row=row,
        state=OrderState.PLANNED,
        event=OrderEvent.CLAIMED,
        detail=f"client order ID {client_order_id}",
        request_id=request_id,
        message="",
        submitted_at=now,
    )


def released(row: int, request_id: str, why: str) -> Change:
    """Give the step that takes a claim back, of which no request has left."""
    return Change(
        row=row,
        state=OrderState.SENDING,
        event=OrderEvent.RELEASED,
        detail=why,
        request_id=request_id,
        message=f"not sent: {why}",
    )


@dataclass(frozen=True, slots=True)
class BatchSummary:
    """A batch and how many of its rows are in each state."""

    batch: BatchRecord
    states: dict[OrderState, int]


@dataclass(frozen=True, slots=True)
class EarlierOrder:
    """An order of another batch that a new row may duplicate.

    Attributes:
        user: whose it is; of the same org.
        run_key: of its batch.
        fingerprint: stands for its terms, so that equal orders have equal ones.
    """

    batch_id: str
    row: int
    user: str
    run_key: str
    state: OrderState
    fingerprint: str
    client_order_id: str
    server_order_id: str | None
    filled_size: Decimal | None
    submitted_at: datetime | None


def write_change(batch_id: str, change: Change, epoch: int | None) -> dict[str, Any]:
    is_claim = change.event is OrderEvent.CLAIMED
    return {
        "in_batch": batch_id,
        "in_row": change.row,
        "from_state": change.state.value,
        "to_state": next_state(change.state, change.event).value,
        "new_venue_status": write_text(change.venue_status),
        "new_server_order_id": write_text(change.server_order_id),
        "new_filled_size": write_digits(change.filled_size),
        "new_average_price": write_digits(change.average_price),
        "new_execution_id": write_text(change.execution_id),
        "new_message": write_text(change.message),
        "new_submitted_at": write_moment(change.submitted_at),
        "new_finished_at": write_moment(change.finished_at),
        # The order keeps the ID of its placing, which is made with the claim; later questions
        # have theirs in the history.
        "new_request_id": change.request_id if is_claim else None,
        "new_claim_epoch": epoch if is_claim else None,
    }


@finds_nonsense
def read_batch(row: Row[Any]) -> BatchRecord:
    return BatchRecord(
        batch_id=row.batch_id,
        sheet_path=row.sheet_path,
        worksheet=row.worksheet,
        columns=tuple(Column(*column) for column in json.loads(row.columns)),
        row_count=row.row_count,
        venue_url=row.url,
        org=row.venue_org,
        user=row.user,
        simulated=row.simulated,
        created_at=_as_moment(row.created_at),
        run_key=row.run_key,
    )


def write_order(batch_id: str, venue_id: int, planned: PlannedRow) -> dict[str, Any]:
    order = planned.order
    return {
        "batch_id": batch_id,
        "row": planned.row,
        "venue_id": venue_id,
        "sheet_values": json.dumps(planned.values),
        "state": planned.state.value,
        "client_order_id": planned.client_order_id,
        "fingerprint": planned.fingerprint,
        "payload": planned.payload,
        "message": write_text(planned.message),
        "symbol": order and order.symbol,
        "side": order and order.side.value,
        "currency": order and order.currency,
        "size": order and write_digits(order.size),
        "price": order and write_digits(order.price),
        "time_in_force": order and order.time_in_force.value,
        "expiry_time_s": order and order.expiry_time_s,
        "min_size": order and write_digits(order.min_size),
        "org": order and order.org,
        "account": order and order.account,
        "own_client_order_id": order and order.client_order_id,
    }


TERM_COLUMNS = (
    *("symbol", "side", "currency", "size", "price", "time_in_force", "own_client_order_id"),
    *("expiry_time_s", "min_size", "org", "account"),
)
"""What `_read_terms` takes, in this order: by place, because a report looks up thirty names a row
otherwise."""

ORDER_COLUMNS = (
    *("row", *TERM_COLUMNS, "batch_id", "sheet_values", "state", "client_order_id", "payload"),
    *("venue_status", "server_order_id", "filled_size", "average_price", "execution_id"),
    *("message", "submitted_at", "finished_at", "request_id", "claim_epoch"),
)
"""What `read_order` takes, in this order."""

PLACING_COLUMNS = ("row", *TERM_COLUMNS, "client_order_id", "payload", "fingerprint")
"""What `read_placing` takes, in this order."""

_TERMS_END = 1 + len(TERM_COLUMNS)


@finds_nonsense
def read_order(found: Sequence[Any]) -> OrderRecord:
    (
        batch_id,
        sheet_values,
        state,
        client_order_id,
        payload,
        venue_status,
        server_order_id,
        filled_size,
        average_price,
        execution_id,
        message,
        submitted_at,
        finished_at,
        request_id,
        claim_epoch,
    ) = found[_TERMS_END:]
    symbol = found[1]
    return OrderRecord(
        batch_id=batch_id,
        row=found[0],
        values=tuple(json.loads(sheet_values)),
        state=OrderState(state),
        order=None if symbol is None else _read_terms(found[:_TERMS_END]),
        client_order_id=client_order_id,
        payload=payload,
        venue_status=venue_status,
        server_order_id=server_order_id,
        filled_size=read_digits(filled_size),
        average_price=read_digits(average_price),
        execution_id=execution_id,
        message=message,
        submitted_at=read_moment(submitted_at),
        finished_at=read_moment(finished_at),
        request_id=request_id,
        claim_epoch=claim_epoch,
    )


@finds_nonsense
def read_placing(found: Sequence[Any], request_id: str) -> Placing:
    """Give a row that is claimed, with the ID of the request that will carry it."""
    client_order_id, payload, fingerprint = found[_TERMS_END:]
    if client_order_id is None or payload is None:
        raise ValueError("a planned row without what it would send")
    return Placing(
        row=found[0],
        client_order_id=client_order_id,
        payload=payload,
        order=_read_terms(found[:_TERMS_END]),
        request_id=request_id,
        fingerprint=fingerprint or "",
    )


def _read_terms(found: Sequence[Any]) -> Order:
    row, symbol, side, currency, size, price, time_in_force, own_id, *others = found
    expiry, min_size, org, account = others
    return Order(
        row=row,
        symbol=symbol,
        side=Side(side),
        currency=currency,
        size=Decimal(size),
        price=Decimal(price),
        time_in_force=TimeInForce(time_in_force),
        client_order_id=own_id,
        expiry_time_s=expiry,
        min_size=read_digits(min_size),
        org=org,
        account=account,
    )


@finds_nonsense
def read_earlier(row: Any) -> EarlierOrder:
    return EarlierOrder(
        batch_id=row.batch_id,
        row=row.row,
        user=row.user,
        run_key=row.run_key,
        state=OrderState(row.state),
        fingerprint=row.fingerprint,
        client_order_id=row.client_order_id,
        server_order_id=row.server_order_id,
        filled_size=read_digits(row.filled_size),
        submitted_at=read_moment(row.submitted_at),
    )


@finds_nonsense
def read_event(row: Row[Any]) -> EventRecord:
    return EventRecord(
        batch_id=row.batch_id,
        row=row.row,
        at=_as_moment(row.at),
        kind=row.kind,
        state=None if row.state is None else OrderState(row.state),
        detail=row.detail,
        request_id=row.request_id,
        actor=row.actor,
    )


def write_digits(number: Decimal | None) -> str | None:
    return None if number is None else format(number, "f")


def write_text(text: str | None) -> str | None:
    """Give a text that every database takes.

    Half characters come from file names of another encoding and from broken workbooks.
    """
    return None if text is None else text.encode("utf-8", "backslashreplace").decode("utf-8")


def read_digits(digits: str | None) -> Decimal | None:
    return None if digits is None else Decimal(digits)


def write_moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds")


def read_moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _as_moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
