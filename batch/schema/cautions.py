"""What is allowed in a sheet but worth a look before it is sent. End of `schema`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from batch.model import TERMS, Order, Problem, TimeInForce
from batch.schema.crossing import NO_CROSSING, crossings, rows_in_words

# The venue's table of what a limit order needs names IOC, GTC and GTT; FOK stands only beside other
# kinds of orders, and DAY nowhere.
# Source: the venue's REST reference, placing an order.
_UNSURE = (TimeInForce.FOK, TimeInForce.DAY)

# `Order.terms()` without a value of its own for each of a million orders.
_terms_of = attrgetter(*TERMS)


def cautions(orders: Sequence[Order]) -> Iterator[Problem]:
    """Tell what a person should look at: one for each kind, pair or row."""
    yield from _unsure_times_in_force(orders)
    yield from _crossing_orders(orders)
    yield from _equal_rows(orders)


def _unsure_times_in_force(orders: Sequence[Order]) -> Iterator[Problem]:
    rows = [order.row for order in orders if order.time_in_force in _UNSURE]
    if rows:
        yield Problem(
            code="time-in-force-unsure",
            row=None,
            column=None,
            field="time_in_force",
            expected="IOC, GTC or GTT, which this venue names for limit orders",
            found=f"FOK or DAY in {rows_in_words(rows)}",
            action="this venue may refuse them",
        )


def _crossing_orders(orders: Sequence[Order]) -> Iterator[Problem]:
    for crossing in crossings(orders):
        yield Problem(
            code="crossing-orders",
            row=None,
            column=None,
            field="price",
            expected=NO_CROSSING,
            found=str(crossing),
            action="they may deal with each other",
        )


def _equal_rows(orders: Sequence[Order]) -> Iterator[Problem]:
    first: dict[object, int] = {}
    for order in orders:
        earlier = first.setdefault(_terms_of(order), order.row)
        if earlier != order.row:
            yield Problem(
                code="equal-row",
                row=order.row,
                column=None,
                field=None,
                expected="to be meant",
                found=f"the same order as in row {earlier}",
                action="each is an order of its own",
            )
