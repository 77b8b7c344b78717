"""What must be true however a batch was interrupted, counted at the venue and not by ourselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

FINAL_STATUSES = frozenset({"FILLED", "EXPIRED", "REJECTED", "CANCELLED"})
NOTHING_AT_VENUE = frozenset({"NOT_SENT", "REFUSED", "INVALID"})


@dataclass(frozen=True, slots=True)
class Taken:
    """An order in the venue's books; its size tells which row it came from.

    Attributes:
        status: as it stands; everything that is not final still works.
    """

    server_order_id: str
    client_order_id: str
    size: Decimal
    status: str
    filled_size: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Reported:
    """A line of the report."""

    row: int
    client_order_id: str
    size: Decimal
    final_state: str
    server_order_id: str | None = None
    filled_size: Decimal | None = None


class Broken(AssertionError):
    """The promise was broken."""


class Failed(AssertionError):
    """The program failed by a fault of its own.

    Not the same as a broken promise: a deliberate bug that only makes it fail proves nothing.
    """


def read_report(document: Mapping[str, Any]) -> list[Reported]:
    """Read the lines of a JSON report."""
    return [
        Reported(
            row=order["row"],
            client_order_id=order["client_order_id"] or "",
            size=Decimal(order["size"]),
            final_state=order["final_state"],
            server_order_id=order["server_order_id"] or None,
            filled_size=Decimal(order["filled_size"]) if order["filled_size"] else None,
        )
        for order in document["orders"]
    ]


def doubled(taken: Iterable[Taken]) -> list[str]:
    """Name what the venue took twice, by client ID or by content."""
    orders = list(taken)
    ids = Counter(order.client_order_id for order in orders)
    sizes = Counter(order.size for order in orders)
    return [
        *(f"client order ID {name} was taken {n} times" for name, n in ids.items() if n > 1),
        *(f"the row of size {size} was taken {n} times" for size, n in sizes.items() if n > 1),
    ]


def lost(report: Sequence[Reported], sizes: Mapping[int, Decimal]) -> list[str]:
    """Name the rows that the report lacks, has twice, or has as something else."""
    found = Counter((line.row, line.size) for line in report)
    wanted = Counter(sizes.items())
    return [
        *(f"row {row} of size {size} is not in the report" for row, size in wanted - found),
        *(f"row {row} of size {size} is too much in the report" for row, size in found - wanted),
    ]


def contradicted(
    report: Iterable[Reported], taken: Iterable[Taken], *, at_end: bool = True
) -> list[str]:
    """Name what the report claims and the venue's books contradict.

    Args:
        report: the lines that the orders in `taken` can belong to.
        at_end: nothing moves any more, and the report was written after that.
    """
    lines = {line.client_order_id: line for line in report}
    by_server_id = {order.server_order_id: order for order in taken}
    wrong = []
    for order in by_server_id.values():
        line = lines.get(order.client_order_id)
        if line is None:
            wrong.append(f"order {order} is in no line of the report")
        elif line.final_state in NOTHING_AT_VENUE:
            wrong.append(f"the venue holds {order}, and the report says {line}")
        elif line.server_order_id and line.server_order_id != order.server_order_id:
            wrong.append(f"the venue holds {order}, and the report names another: {line}")
    for line in lines.values():
        if line.final_state in NOTHING_AT_VENUE or line.final_state == "UNKNOWN":
            continue
        held = by_server_id.get(line.server_order_id or "")
        if held is None:
            wrong.append(f"the venue does not hold what the report claims: {line}")
        elif (held.client_order_id, held.size) != (line.client_order_id, line.size):
            wrong.append(f"the report claims {held} for {line}")
        else:
            wrong += _misstated(line, held, at_end=at_end)
    return wrong


def _misstated(line: Reported, held: Taken, *, at_end: bool) -> list[str]:
    has_ended = held.status in FINAL_STATUSES
    if line.final_state == "OPEN":
        return [f"{held} has ended, and the report says {line}"] if has_ended and at_end else []
    if line.final_state != held.status or (line.filled_size or 0) != held.filled_size:
        return [f"{held} is reported as {line}"]
    return []


def require(wrong: Sequence[str], story: object) -> None:
    """Raise when anything is wrong.

    Args:
        story: what led there, for whoever has to repeat it.
    """
    if wrong:
        raise Broken("\n".join([*wrong[:10], f"({len(wrong)} in all)", str(story)]))
