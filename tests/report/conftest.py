"""A batch with every final state, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch import report
from batch.model import BatchRecord, Column, Order, OrderRecord, Side, TimeInForce
from batch.states import OrderState as S

PLANNED_AT = datetime(2026, 10, 30, 16, 5, 1, tzinfo=UTC)
HEADERS = (
    ("Client Order ID", "client_order_id"),
    ("Ccy Pair", "symbol"),
    ("Side", "side"),
    ("Dealt Ccy", "currency"),
    ("Amount", "size"),
    ("Limit Price", "price"),
    ("TIF", "time_in_force"),
    ("Note", "note"),
    ("Desk", None),
)
STATES = (
    S.FILLED,
    S.EXPIRED,
    S.REJECTED,
    S.CANCELLED,
    S.REFUSED,
    S.INVALID,
    S.PLANNED,
    S.SKIPPED,
    S.OPEN,
    S.UNKNOWN,
    S.SENDING,
    S.FILLED,
)
_NEVER_SENT = (S.INVALID, S.PLANNED, S.SKIPPED)
_NO_SERVER_ID = (*_NEVER_SENT, S.REFUSED, S.UNKNOWN, S.SENDING)


Write = Callable[..., Workbook]


def worksheet(workbook: Workbook, name: str) -> Worksheet:
    found = workbook[name]
    assert isinstance(found, Worksheet)
    return found


def texts_of(sheet: Worksheet) -> str:
    return "\n".join(
        str(value) for row in sheet.iter_rows(values_only=True) for value in row if value
    )


class StoppedClock:
    """Always the same moment."""

    def now(self) -> datetime:
        return datetime(2026, 10, 30, 16, 9, 30, 123_000, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("a report has nothing to wait for")


def make_columns(headers: Sequence[tuple[str, str | None]]) -> tuple[Column, ...]:
    return tuple(
        Column(header, field, chr(ord("A") + place % 26))
        for place, (header, field) in enumerate(headers)
    )


def make_order(row: int, state: S, **changes: object) -> OrderRecord:
    """Make a record as the journal would hold it for a row in this state."""
    identity = f"TRS-{row:03}"
    sent = state not in _NEVER_SENT
    filled = {S.FILLED: "1000000", S.EXPIRED: "250000", S.REJECTED: "0", S.OPEN: "0"}
    size = "-3" if state is S.INVALID else "1000000"
    record = OrderRecord(
        batch_id="e3k7-q2mp",
        row=row,
        values=(identity, "EUR/USD", "Buy", "EUR", size, "1.39270", "IOC", "payroll", "FX"),
        state=state,
        order=None
        if state is S.INVALID
        else Order(
            row=row,
            symbol="EUR/USD",
            side=Side.BUY,
            currency="EUR",
            size=Decimal(size),
            price=Decimal("1.39270"),
            time_in_force=TimeInForce.IOC,
            client_order_id=identity,
        ),
        client_order_id=None if state is S.INVALID else identity,
        server_order_id=None if state in _NO_SERVER_ID else str(4820276000 + row),
        filled_size=Decimal(filled[state]) if state in filled else None,
        average_price=Decimal("1.39250") if state in (S.FILLED, S.EXPIRED) else None,
        message="" if state is S.FILLED else f"why row {row} is {state}",
        submitted_at=PLANNED_AT + timedelta(milliseconds=123) if sent else None,
        finished_at=PLANNED_AT + timedelta(seconds=2) if state is S.FILLED else None,
        request_id=f"req-{row}" if sent else None,
    )
    return replace(record, **changes)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
def make_batch() -> Callable[..., BatchRecord]:
    def make(**changes: object) -> BatchRecord:
        batch = BatchRecord(
            batch_id="e3k7-q2mp",
            sheet_path="/desk/eod.xlsx",
            worksheet="Orders",
            columns=make_columns(HEADERS),
            row_count=len(STATES),
            venue_url="https://venue.example.com",
            org="ACME",
            user="ops1",
            simulated=False,
            created_at=PLANNED_AT,
        )
        return replace(batch, **changes)  # type: ignore[arg-type]

    return make


@pytest.fixture
def batch(make_batch: Callable[..., BatchRecord]) -> BatchRecord:
    return make_batch()


@pytest.fixture
def orders() -> list[OrderRecord]:
    """One order in each state, from row 4 of the sheet on."""
    return [make_order(row, state) for row, state in enumerate(STATES, start=4)]


@pytest.fixture
def write(tmp_path: Path, make_batch: Callable[..., BatchRecord], clock: StoppedClock) -> Write:
    def write_and_load(orders: list[OrderRecord], **changes: object) -> Workbook:
        path = report.write(tmp_path / "out.xlsx", make_batch(**changes), orders, clock=clock)
        return load_workbook(path)

    return write_and_load
