"""A large batch is read from the journal once for its report, whatever the format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batch import report
from batch.model import BatchRecord, OrderRecord
from tests.report.conftest import StoppedClock


class Counted(list[OrderRecord]):
    """Rows that count how often they were gone through."""

    passes = 0

    def __iter__(self) -> Iterator[OrderRecord]:
        # As the journal: nothing is read before the first row is asked for.
        self.passes += 1
        yield from super().__iter__()


@pytest.mark.parametrize("suffix", [".xlsx", ".csv", ".json", ".html"])
def test_rows_are_gone_through_once(
    batch: BatchRecord, orders: list[OrderRecord], tmp_path: Path, suffix: str
) -> None:
    # A sheet without IDs of its own: a CSV looks through those before anything is written.
    columns = tuple(replace(c, field=None) for c in batch.columns)
    rows = Counted(orders)

    report.write(
        tmp_path / f"results{suffix}", replace(batch, columns=columns), rows, clock=StoppedClock()
    )

    assert rows.passes == 1


def test_a_csv_with_a_letter_beyond_ascii_in_its_last_row_still_begins_with_its_mark(
    batch: BatchRecord, orders: list[OrderRecord], tmp_path: Path
) -> None:
    last = replace(orders[-1], message="déjà vu")

    path = report.write(tmp_path / "results.csv", batch, [*orders[:-1], last], clock=StoppedClock())

    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.count(b"\xef\xbb\xbf") == 1
    assert content.decode("utf-8-sig").splitlines()[-1].count("déjà vu") == 1
