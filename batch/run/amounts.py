"""How much of a batch is filled, by dealt currency, kept up with each answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Context, Decimal, localcontext

from batch.model import OrderRecord
from batch.states import OrderState

HAVE_FILLS = (
    OrderState.OPEN,
    OrderState.UNKNOWN,
    OrderState.FILLED,
    OrderState.CANCELLED,
    OrderState.EXPIRED,
    OrderState.REJECTED,
)
"""The states in which the venue may have said that something of an order was filled."""

_EXACT = Context(prec=400)
"""The default context rounds after 28 digits; sizes may differ more."""


class Filled:
    """Sums of what the venue said was filled.

    Args:
        records: the orders as an earlier run left them.
    """

    def __init__(self, records: Iterable[OrderRecord] = ()) -> None:
        self._sums: dict[str, Decimal] = {}
        for record in records:
            if record.order is not None:
                self.replace(record.order.currency, None, record.filled_size)

    def replace(self, currency: str, before: Decimal | None, now: Decimal | None) -> None:
        """Count what is filled of an order now, in place of what was filled before."""
        if before == now:
            return
        with localcontext(_EXACT):
            change = (now or Decimal(0)) - (before or Decimal(0))
            self._sums[currency] = self._sums.get(currency, Decimal(0)) + change

    @property
    def sums(self) -> Mapping[str, Decimal]:
        """What is filled, by dealt currency."""
        return self._sums
