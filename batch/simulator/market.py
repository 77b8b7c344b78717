"""The simulated market: one mid rate a symbol, which never moves. Side module.

Source: ECB euro foreign exchange reference rates of 2026-10-30, and cross rates of them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Self

_TABLE = "market-2026-10-30.csv"


@dataclass(frozen=True, slots=True)
class Market:
    """Mid rates by symbol, in units of the term currency for one of the base."""

    mids: Mapping[str, Decimal]

    @classmethod
    def reference(cls) -> Self:
        """Read the table that comes with the package."""
        text = files(__package__).joinpath(_TABLE).read_text("utf-8")
        rows = csv.DictReader(text.splitlines())
        return cls({row["symbol"]: Decimal(row["mid"]) for row in rows})

    def mid(self, symbol: str) -> Decimal | None:
        """Give the mid rate; None for a symbol that is not traded here."""
        return self.mids.get(symbol)

    def bid_and_offer(self, symbol: str) -> tuple[Decimal, Decimal] | None:
        """Give a spread of one pip around the mid; None for a symbol that is not traded here."""
        mid = self.mids.get(symbol)
        if mid is None:
            return None
        half_spread = 5 * _unit_of_last_digit(mid)
        return mid - half_spread, mid + half_spread


def _unit_of_last_digit(number: Decimal) -> Decimal:
    exponent = number.as_tuple().exponent
    return Decimal((0, (1,), exponent if isinstance(exponent, int) else 0))
