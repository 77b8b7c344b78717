"""Results as people and programs take them home: xlsx, csv, json. Layer 2, the end of the way.

A report that cannot be written never changes what happened to the orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from batch.clock import Clock
from batch.model import BatchRecord, OrderRecord
from batch.report import target as _target
from batch.report.plain import as_document

__all__ = ["FORMATS", "as_document", "check_target", "write"]

FORMATS = (".xlsx", ".csv", ".json")


def check_target(target: Path) -> None:
    """Refuse early, before anything is sent, a report that could never be written.

    Raises:
        ReportError: the suffix is none of `FORMATS`, the folder does not exist or may not be
            written into, or the name is a folder's.
    """
    _target.check_target(target, FORMATS)


def write(target: Path, batch: BatchRecord, orders: Sequence[OrderRecord], *, clock: Clock) -> Path:
    """Write the results of a batch, whole or not at all.

    Args:
        target: its suffix decides the format.
        orders: every row of the batch, in the sheet's order.
        clock: tells when the report was written.

    Returns:
        The path really written. It differs from `target` when that is open in another program:
        then a sibling with the time in its name was written.

    Raises:
        ReportError: nothing was written; an older report of that name is as it was.
    """
    check_target(target)

    def write_content(stream: BinaryIO) -> None:
        match target.suffix.lower():
            case ".csv":
                from batch.report.plain import write_csv

                write_csv(stream, batch, orders)
            case ".json":
                from batch.report.plain import write_json

                write_json(stream, batch, orders)
            case _:
                from batch.report.workbook import write_workbook

                write_workbook(stream, batch, orders, clock.now())

    return _target.put_in_place(target, write_content, clock)
