"""What becomes of an order: decided at placing, read off the clock ever after. Side module.

An order's state is a pure function of the order and the time, so no order needs a timer.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from batch.simulator.options import SimulatorOptions
from batch.simulator.orders import LimitOrder

NEW_AFTER_S = 0.1
PART_FILL_AFTER_S = 0.2
SETTLED_AFTER_S = 0.3
CANCEL_TAKES_S = 0.1
"""Market seconds: `SimulatorOptions.time_scale` of them pass in a real one."""

FINAL_STATUSES = frozenset({"FILLED", "EXPIRED", "REJECTED"})

_CENT = Decimal("0.01")
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The foreseeable life of an order.

    Attributes:
        final_status: None for an order that rests until it is cancelled.
        settles_after_s: market seconds from placing to the last change; for a resting order the
            change to NEW.
        part_filled_size: what is done already while the order is still NEW.
        filled_size: what is done at the end.
        reason: why it was rejected; else empty.
    """

    final_status: str | None
    settles_after_s: float
    size: Decimal
    part_filled_size: Decimal = _NOTHING
    filled_size: Decimal = _NOTHING
    price: Decimal = _NOTHING
    reason: str = ""

    def status_at(self, age_s: float) -> str:
        """Give the status at an age in market seconds."""
        if self.final_status is not None and age_s >= self.settles_after_s:
            return self.final_status
        return "NEW" if age_s >= NEW_AFTER_S else "RECEIVED"

    def filled_at(self, age_s: float) -> Decimal:
        """Give the filled size at an age in market seconds, in the dealt currency."""
        if self.final_status is not None and age_s >= self.settles_after_s:
            return self.filled_size
        return self.part_filled_size if age_s >= PART_FILL_AFTER_S else _NOTHING

    def changed_at(self, age_s: float) -> float:
        """Give the age of the last change up to an age, both in market seconds."""
        changes = [NEW_AFTER_S, self.settles_after_s]
        if self.part_filled_size:
            changes.append(PART_FILL_AFTER_S)
        return max((change for change in changes if change <= age_s), default=0.0)


def foresee(order: LimitOrder, mid: Decimal, options: SimulatorOptions) -> Outcome:
    """Say what will become of an order.

    Args:
        mid: the market's mid rate of the order's symbol.
    """
    # Amounts of the options are in the base currency, the order's in the dealt one.
    rate = Decimal(1) if order.deals_base else mid
    if order.size > options.max_size * rate:
        return Outcome(
            "REJECTED",
            NEW_AFTER_S,
            order.size,
            reason=f"size is above the limit of {options.max_size:f} {order.symbol[:3]}",
        )
    marketable = order.price >= mid if order.buys_base else order.price <= mid
    if not marketable:
        return _away(order, options)
    liquid = min(order.size, (options.liquidity * rate).quantize(_CENT, ROUND_DOWN).normalize())
    whole = liquid == order.size
    impatient = order.time_in_force in {"IOC", "FOK"}
    if not whole and (order.time_in_force == "FOK" or (impatient and liquid < order.min_size)):
        return Outcome("EXPIRED", SETTLED_AFTER_S, order.size)
    return Outcome(
        "EXPIRED" if impatient and not whole else "FILLED",
        SETTLED_AFTER_S,
        order.size,
        part_filled_size=_NOTHING if whole or liquid < order.min_size else liquid,
        filled_size=liquid if impatient else order.size,
        price=mid,
    )


def _away(order: LimitOrder, options: SimulatorOptions) -> Outcome:
    match order.time_in_force:
        case "GTC":
            return Outcome(None, NEW_AFTER_S, order.size)
        case "GTT":
            settles_after_s = float(order.expiry_s or 0)
        case "DAY":
            settles_after_s = options.day_length_s
        case _:
            settles_after_s = SETTLED_AFTER_S
    return Outcome("EXPIRED", settles_after_s, order.size)
