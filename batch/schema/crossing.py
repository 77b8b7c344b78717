"""Orders of one sheet that would deal with each other. Used by `schema`, and by the gates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from batch.model import Order, Side, row_list

NO_CROSSING = "no buy at or above a sell of the same pair and account"
_MOST_RUNS = 10


@dataclass(frozen=True, slots=True)
class Crossing:
    """Buys at or above sells of the same pair and account.

    Attributes:
        account: as a message names it; "" where the orders name none.
        buys, sells: row numbers of all orders that cross another one.
        highest_buy, lowest_sell: limit prices; the first is not below the second.
    """

    symbol: str
    account: str
    buys: Sequence[int]
    sells: Sequence[int]
    highest_buy: Decimal
    lowest_sell: Decimal

    def __str__(self) -> str:
        account = f" for {self.account}" if self.account else ""
        return (
            f"{self.symbol}{account}: buys of {self.symbol[:3]} up to {self.highest_buy:f} in "
            f"{rows_in_words(self.buys)}, sells of it from {self.lowest_sell:f} in "
            f"{rows_in_words(self.sells)}"
        )

    @property
    def rows(self) -> list[int]:
        """Row numbers of all of them, in ascending order."""
        return sorted((*self.buys, *self.sells))


def crossings(orders: Iterable[Order]) -> list[Crossing]:
    """Find orders that cross, by pair and account, in the order of their first rows.

    A side speaks of the dealt currency: selling USD on EUR/USD buys EUR.
    """
    groups: dict[tuple[str, str | None, str | None], tuple[list[Order], list[Order]]] = {}
    for order in orders:
        buys, sells = groups.setdefault((order.symbol, order.org, order.account), ([], []))
        buys_base = (order.side is Side.BUY) == order.symbol.startswith(order.currency)
        (buys if buys_base else sells).append(order)
    found = []
    for (symbol, org, account), (buys, sells) in groups.items():
        if not (buys and sells):
            continue
        highest = max(order.price for order in buys)
        lowest = min(order.price for order in sells)
        if highest >= lowest:
            found.append(
                Crossing(
                    symbol,
                    f"{account} of {org}" if account else "",
                    [order.row for order in buys if order.price >= lowest],
                    [order.row for order in sells if order.price <= highest],
                    highest,
                    lowest,
                )
            )
    return sorted(found, key=lambda crossing: crossing.rows[0])


def rows_in_words(numbers: Sequence[int]) -> str:
    """Name rows, the first of many."""
    return f"row{'s' if len(numbers) > 1 else ''} {row_list(numbers, _MOST_RUNS)}"
