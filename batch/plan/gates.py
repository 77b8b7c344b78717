"""The gates before the first order: what was expected, what is allowed, what the market says.

Each gate is a function from orders to sentences with figures, one for each thing that it refuses;
an empty list lets the orders pass. So all failed gates can be told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from batch.clock import Clock
from batch.config import LimitSettings, parse_cut_off
from batch.errors import LoginFailed, Throttled, VenueError
from batch.model import Order, Side, SpotRate
from batch.report.wording import counted
from batch.schema.crossing import NO_CROSSING, crossings

LISTED = 10
"""How many rows one gate lists."""

RATE_TRIES = 3
RATE_PAUSE_S = 1.0
LONGEST_RATE_PAUSE_S = 10.0


class Rates(Protocol):
    """What the collar asks of a venue."""

    def spot_rate(self, symbol: str) -> SpotRate:
        """Give the spot rate of a symbol."""


@dataclass(frozen=True, slots=True)
class Expectations:
    """What the operator knows of the orders from somewhere else.

    Attributes:
        totals: dealt currency -> the size of all its orders together, bought and sold.
    """

    rows: int | None = None
    totals: Mapping[str, Decimal] = field(default_factory=dict)


def unmet_expectations(orders: Sequence[Order], expected: Expectations) -> list[str]:
    """Compare the orders with what the operator expects of them, to the last digit."""
    failed = []
    if expected.rows is not None and len(orders) != expected.rows:
        failed.append(f"rows: expected {counted(expected.rows, 'order')}, found {len(orders):,}")
    totals = _totals(orders)
    for currency, amount in expected.totals.items():
        found = totals.get(currency, Decimal(0))
        if found != amount:
            failed.append(
                f"total {currency}: expected {amount:,f}, found {found:,f} "
                f"(a difference of {found - amount:+,f})"
            )
    return failed


def exceeded_limits(orders: Sequence[Order], limits: LimitSettings, now: datetime) -> list[str]:
    """Hold the orders of one batch against `[limits]`.

    Args:
        now: for the cut-off; in any time zone.
    """
    failed = []
    if limits.max_rows is not None and len(orders) > limits.max_rows:
        failed.append(
            f"rows: expected at most {counted(limits.max_rows, 'order')}, found {len(orders):,}"
        )
    failed += _oversized_batch(orders, limits.per_batch)
    if limits.per_order:
        failed += _listed(orders, lambda order: _oversized_order(order, limits.per_order))
    if limits.crossing == "refuse":
        failed += [f"crossing: expected {NO_CROSSING}, found {c}" for c in crossings(orders)]
    return [
        *failed,
        *_listed(orders, lambda order: _stray("symbol", order.symbol, limits.symbols)),
        *_listed(orders, lambda order: _stray("account", order.account, limits.accounts)),
        *_listed(
            orders,
            lambda order: _stray("time in force", order.time_in_force, limits.times_in_force),
        ),
        *past_cut_off(limits.cut_off, now),
    ]


def outside_collar(
    orders: Sequence[Order], collar: Decimal, rates: Mapping[str, SpotRate | str]
) -> list[str]:
    """Find limit prices on the wrong side of the market by more than the collar.

    Args:
        collar: a fraction; 0.015 is 1.5 %.
        rates: symbol -> its spot rate, or why there is none, which refuses the symbol's orders.
    """
    failed = [
        f"collar: expected a spot rate of {symbol}, found none: {why}"
        for symbol, why in rates.items()
        if isinstance(why, str)
    ]

    def too_far(order: Order) -> str | None:
        rate = rates[order.symbol]
        if isinstance(rate, str):
            return None
        # Side speaks of the dealt currency: selling NOK on EUR/NOK buys EUR.
        buys_base = (order.side is Side.BUY) == order.symbol.startswith(order.currency)
        name, spot = ("offer", rate.offer) if buys_base else ("bid", rate.bid)
        distance = (order.price - spot if buys_base else spot - order.price) / spot
        if distance <= collar:
            return None
        verb, side = ("buy", "above") if buys_base else ("sell", "below")
        return (
            f"price: expected at most {_percent(collar)} {side} the {name} to {verb} "
            f"{order.symbol[:3]}, found {order.price:f}, {_percent(distance)} {side} {spot:f}"
        )

    return failed + _listed(orders, too_far)


def ask_rates(venue: Rates, symbols: Iterable[str], clock: Clock) -> dict[str, SpotRate | str]:
    """Ask for each symbol's spot rate, once; where there is none, say why.

    Raises:
        LoginFailed: there is no use in asking on.
    """
    return {symbol: _ask_rate(venue, symbol, clock) for symbol in sorted(set(symbols))}


def _ask_rate(venue: Rates, symbol: str, clock: Clock) -> SpotRate | str:
    for last in (*[False] * (RATE_TRIES - 1), True):
        try:
            rate = venue.spot_rate(symbol)
        except LoginFailed:
            raise
        except VenueError as error:
            if last or not _is_passing(error):
                return str(error)
            asked = getattr(error, "retry_after_s", None)
            clock.sleep(min(asked or RATE_PAUSE_S, LONGEST_RATE_PAUSE_S))
        else:
            if 0 < rate.bid <= rate.offer:
                return rate
            return f"the venue says bid {rate.bid:f} and offer {rate.offer:f}"
    raise AssertionError("the last try returns")


def _is_passing(error: VenueError) -> bool:
    return isinstance(error, Throttled) or error.status is None or error.status >= 500


def _oversized_batch(orders: Sequence[Order], most: Mapping[str, Decimal]) -> list[str]:
    if not most:
        return []
    failed = []
    for currency, total in sorted(_totals(orders).items()):
        if currency not in most:
            failed.append(
                f"total {currency}: expected one of {', '.join(sorted(most))}, which have a limit "
                f"in [limits.per_batch], found {total:,f} {currency}"
            )
        elif total > most[currency]:
            failed.append(
                f"total {currency}: expected at most {most[currency]:,f} in a batch, "
                f"found {total:,f}"
            )
    return failed


def _oversized_order(order: Order, most: Mapping[str, Decimal]) -> str | None:
    limit = most.get(order.currency)
    if limit is None:
        return (
            f"currency: expected one of {', '.join(sorted(most))}, which have a limit in "
            f"[limits.per_order], found {order.currency}"
        )
    if order.size > limit:
        return f"size: expected at most {limit:,f} {order.currency}, found {order.size:,f}"
    return None


def _stray(name: str, value: str | None, allowed: Collection[str]) -> str | None:
    if not allowed or value is None or value in allowed:
        return None
    return f"{name}: expected one of {', '.join(allowed)}, found {value}"


def past_cut_off(cut_off: str | None, now: datetime) -> list[str]:
    """Say that the cut-off has passed; empty while it has not, or where there is none."""
    if cut_off is None:
        return []
    at, zone = parse_cut_off(cut_off)
    local = now.astimezone(zone)
    if local.time() < at:
        return []
    return [f"cut-off: expected a time before {cut_off}, found {local:%H:%M:%S} there"]


def _listed(orders: Sequence[Order], find: Callable[[Order], str | None]) -> list[str]:
    found = [(order.row, words) for order in orders if (words := find(order)) is not None]
    lines = [f"row {row}, {words}" for row, words in found[:LISTED]]
    if len(found) > LISTED:
        lines.append(f"and {len(found) - LISTED:,} more rows like these")
    return lines


def _totals(orders: Iterable[Order]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = {}
    for order in orders:
        totals[order.currency] = totals.get(order.currency, Decimal(0)) + order.size
    return totals


def _percent(fraction: Decimal) -> str:
    text = f"{fraction * 100:.2f}".rstrip("0").rstrip(".")
    return f"{text} %"
