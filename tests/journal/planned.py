"""Batches and rows as a plan makes them, with as little said as a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from batch.journal import Change, Journal, PlannedRow
from batch.model import BatchRecord, Column, Login, Order, Side, TimeInForce
from batch.states import OrderEvent, OrderState

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LOGIN = Login("https://venue.example", "ACME", "desk")
COLUMNS = (Column("Pair", "symbol", "A"), Column("Limit", "price", "B"), Column("Desk", None, "C"))


def a_batch(batch_id: str = "abc", *, row_count: int = 1) -> BatchRecord:
    return BatchRecord(
        batch_id=batch_id,
        sheet_path="/desk/orders.xlsx",
        worksheet="Orders",
        columns=COLUMNS,
        row_count=row_count,
        venue_url=LOGIN.url,
        org=LOGIN.org,
        user=LOGIN.user,
        simulated=False,
        created_at=NOW,
    )


def an_order(row: int, *, price: str = "1.0971678") -> Order:
    return Order(
        row=row,
        symbol="EUR/USD",
        side=Side.BUY,
        currency="EUR",
        size=Decimal("1000000"),
        price=Decimal(price),
        time_in_force=TimeInForce.GTC,
    )


def a_row(
    row: int = 2,
    *,
    batch_id: str = "abc",
    state: OrderState = OrderState.PLANNED,
    client_order_id: str | None = None,
    fingerprint: str | None = None,
) -> PlannedRow:
    return PlannedRow(
        row=row,
        values=("EUR/USD", "1.0971678", ""),
        state=state,
        order=an_order(row),
        client_order_id=client_order_id or f"{batch_id}-{row}",
        payload=f'{{"coId": "{batch_id}-{row}"}}',
        fingerprint=fingerprint or f"print-{batch_id}-{row}",
    )


def add(
    journal: Journal,
    batch_id: str = "abc",
    rows: Sequence[PlannedRow] | None = None,
    *,
    content_hash: str | None = None,
    generation: int = 1,
) -> None:
    """Plan a batch, of rows 2 and 3 where nothing else is said."""
    rows = rows if rows is not None else [a_row(n, batch_id=batch_id) for n in (2, 3)]
    with journal.planning(LOGIN, NOW) as planning:
        planning.add(
            a_batch(batch_id, row_count=len(rows)),
            content_hash=content_hash or f"hash-{batch_id}",
            generation=generation,
            rows=rows,
            detail=f"{len(rows)} rows",
        )


def claim(row: int, **fields: object) -> Change:
    return Change(row, OrderState.PLANNED, OrderEvent.CLAIMED, **fields)  # type: ignore[arg-type]


def states(journal: Journal, batch_id: str = "abc") -> dict[int, OrderState]:
    return {record.row: record.state for record in journal.orders(batch_id)}
