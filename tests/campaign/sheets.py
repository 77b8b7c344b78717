"""An order sheet as it stands in a history, and how it is read."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from batch.model import TimeInForce, Validation
from tests.campaign.books import Content
from tests.run.doubles import make_order, make_validation

FIRST_SIZE = 100_000

READINGS = (
    ("EUR", Decimal("1.11720")),
    ("USD", Decimal("1.11720")),
    ("EUR", Decimal("1.11721")),
)
"""Dealt currency by default, and the price by the column that is taken for it: settings."""

_ROW = re.compile(r"\(row (\d+) of [^)]*\)$")


@dataclass
class OrderSheet:
    """A person's file, and the settings by which it is read.

    Attributes:
        lines: size and own client ID by row, as the file stands now.
        note: a cell of every row that is not sent.
        reading: which of `READINGS`; nothing of it stands in a cell.
    """

    lines: dict[int, tuple[int, str | None]]
    note: str = ""
    reading: int = 0

    def __post_init__(self) -> None:
        self._next_size = FIRST_SIZE + 10 * len(self.lines)

    def edit(self, row: int, *, keeps_id: bool) -> None:
        """Change one cell of the sheet.

        Args:
            keeps_id: the row's own client ID stays, as one that starts anew each day.
        """
        _, own = self.lines[row]
        size = self._fresh_size()
        self.lines[row] = (size, own if keeps_id or own is None else f"{own}.{size}")

    def replace_by(self, mended: Corrections, *, is_mended: bool) -> None:
        """Work on with a sheet of corrections.

        Args:
            is_mended: every row of it was changed; otherwise it is sent as it was handed back.
        """
        self.note = f"corrections {mended.path.name}"
        self.lines = {
            number: (self._fresh_size() if is_mended else size, own)
            for number, (size, own) in enumerate(mended.rows.values(), start=2)
        }

    def cells(self) -> Hashable:
        """Give what makes it this content, whatever the settings say."""
        return (tuple(self.lines.items()), self.note)

    def validation(self) -> Validation:
        """Read it."""
        plain = [
            make_order(
                row,
                size=Decimal(size),
                client_order_id=own,
                time_in_force=TimeInForce.GTC if size % 5 == 4 else TimeInForce.IOC,
            )
            for row, (size, own) in self.lines.items()
        ]
        currency, price = READINGS[self.reading]
        made = make_validation(*plain, note=self.note)
        return replace(
            made, orders=tuple(replace(order, currency=currency, price=price) for order in plain)
        )

    def contents(self) -> Mapping[int, Content]:
        """Say what each row's order is, as it is read now."""
        currency, price = READINGS[self.reading]
        return {row: (Decimal(size), currency, price) for row, (size, _) in self.lines.items()}

    def _fresh_size(self) -> int:
        self._next_size += 1
        return self._next_size


@dataclass(frozen=True, slots=True)
class Corrections:
    """A sheet of corrections as it lies in its folder.

    Attributes:
        rows: size and own client ID by the row of the batch that handed it back.
    """

    path: Path
    rows: Mapping[int, tuple[int, str | None]]

    @classmethod
    def read(cls, path: Path) -> Corrections:
        """Read it; nothing is handed back by one that is not there."""
        if not path.exists():
            return cls(path, {})
        rows = {}
        with path.open(newline="", encoding="utf-8-sig") as stream:
            for line in csv.DictReader(stream):
                found = _ROW.search(line["correction_reason"])
                assert found is not None, line
                rows[int(found[1])] = (int(line["size"]), line["client_order_id"] or None)
        return cls(path, rows)


def count_of(rows: Mapping[int, Content]) -> Counter[Content]:
    """Count the rows of each content."""
    return Counter(rows.values())
