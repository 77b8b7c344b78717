"""What stands in a report's columns, the same for every format. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

from batch.model import BatchRecord, OrderRecord
from batch.report.fills import told_size, unfilled_size

RESULTS = (
    "client_order_id",
    "server_order_id",
    "final_state",
    "filled_size",
    "average_price",
    "message",
    "submitted_at",
    "finished_at",
    "request_id",
    "unfilled_size",
    "execution_id",
)
SIMULATED = "SIMULATED"


def result_names(batch: BatchRecord) -> tuple[str, ...]:
    """Name the report's own columns: `row` and the results.

    Returns:
        Names, none of which a header of the sheet uses too.
    """
    taken = {column.header for column in batch.columns}
    names = []
    for name in ("row", *RESULTS):
        while name in taken:
            name = f"result_{name}"
        taken.add(name)
        names.append(name)
    return tuple(names)


def column_names(batch: BatchRecord) -> tuple[str, ...]:
    """Name all columns: `row`, the sheet's own, then the results."""
    first, *results = result_names(batch)
    return (first, *(column.header for column in batch.columns), *results)


def timestamp(moment: datetime | None) -> str | None:
    """Write a moment as ISO 8601 in UTC, to the millisecond."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def result_texts(
    batch: BatchRecord,
    order: OrderRecord,
    moment: Callable[[datetime | None], str | None] = timestamp,
) -> tuple[str | None, ...]:
    """Give the results of a row as text; None for what does not exist or is not known.

    Args:
        moment: writes a moment.
    """
    return (
        order.client_order_id,
        order.server_order_id,
        order.final_state.value,
        plain_number(told_size(order)),
        plain_number(order.average_price),
        message(batch, order),
        moment(order.submitted_at),
        moment(order.finished_at),
        order.request_id,
        plain_number(unfilled_size(order)),
        order.execution_id,
    )


def line_texts(batch: BatchRecord, order: OrderRecord) -> tuple[str | None, ...]:
    """Give a whole line as text: one for each of `column_names`."""
    return (str(order.row), *sheet_values(batch, order), *result_texts(batch, order))


def sheet_values(batch: BatchRecord, order: OrderRecord) -> tuple[str, ...]:
    """Give the row's own cells, one for each column of the sheet.

    Raises:
        ValueError: the record does not fit its batch; written anyway, values would stand under
            the wrong header.
    """
    if len(order.values) != len(batch.columns):
        raise ValueError(
            f"batch {batch.batch_id}, row {order.row}: expected {len(batch.columns)} values, "
            f"found {len(order.values)}"
        )
    return order.values


def message(batch: BatchRecord, order: OrderRecord) -> str:
    """Give the row's message; in a simulated batch each one says so, in every format."""
    if not batch.simulated:
        return order.message
    return f"{SIMULATED}: {order.message}" if order.message else SIMULATED


def plain_number(number: Decimal | None) -> str | None:
    """Write a number digit for digit, never with an exponent."""
    return None if number is None else format(number, "f")
