"""Results as people and programs take them home: xlsx, csv, json. Layer 2, the end of the way.

Beside them the spreadsheets that people work on: their own sheet with its problems marked, the
rows to mend, and a blank sheet.

A report that cannot be written never changes what happened to the orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from batch.clock import Clock
from batch.errors import ReportError
from batch.model import BatchRecord, OrderRecord, Problem, Sheet
from batch.report import target as _target
from batch.report.background import NOTHING_ELSE, Background
from batch.report.plain import as_document, batch_facts

__all__ = [
    "CORRECTION_FORMATS",
    "FORMATS",
    "WORKBOOK_FORMATS",
    "Background",
    "MarkedCopy",
    "annotate",
    "as_document",
    "batch_facts",
    "check_target",
    "load",
    "write",
    "write_corrections",
    "write_template",
]


@dataclass(frozen=True, slots=True)
class MarkedCopy:
    """A copy of a person's sheet with its problems marked.

    Attributes:
        remark: why it is the table alone and not their own workbook; empty where it is that.
    """

    path: Path
    remark: str = ""


Writer = Callable[[BinaryIO, BatchRecord, Sequence[OrderRecord], Background, datetime], None]
"""Writes one format: from a batch, its rows, what they do not know, and the time of the report."""

FORMATS = (".xlsx", ".csv", ".json", ".html")
CORRECTION_FORMATS = (".xlsx", ".csv")
WORKBOOK_FORMATS = (".xlsx",)


def check_target(target: Path, formats: tuple[str, ...] = FORMATS) -> None:
    """Refuse early, before anything is sent, a file that could never be written.

    Raises:
        ReportError: the suffix is none of `formats`, the folder does not exist or may not be
            written into, or the name is a folder's.
    """
    _target.check_target(target, formats)


def write(
    target: Path,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    *,
    clock: Clock,
    background: Background = NOTHING_ELSE,
) -> Path:
    """Write the results of a batch, whole or not at all.

    Args:
        target: its suffix decides the format.
        orders: every row of the batch, in the sheet's order.
        clock: tells when the report was written.
        background: what the rows do not know.

    Returns:
        The path really written. It differs from `target` when that is open in another program:
        then a sibling with the time in its name was written.

    Raises:
        ReportError: nothing was written; an older report of that name is as it was.
    """
    check_target(target)
    write_content = load(target)
    return _target.put_in_place(
        target, lambda stream: write_content(stream, batch, orders, background, clock.now()), clock
    )


def load(target: Path) -> Writer:
    """Load what writes this format, and give it.

    A run does so before its first order leaves: nothing that is done to the installation while it
    runs can keep its results from being written.
    """
    match target.suffix.lower():
        case ".csv":
            from batch.report.plain import write_csv

            return lambda stream, batch, orders, *_: write_csv(stream, batch, orders)
        case ".json":
            from batch.report.plain import write_json

            return lambda stream, batch, orders, background, _: write_json(
                stream, batch, orders, background
            )
        case ".html":
            from batch.report.page import write_page

            return write_page
        case _:
            from batch.report.workbook import write_workbook

            return write_workbook


def write_corrections(
    target: Path,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    *,
    abandoned: bool = False,
) -> Path | None:
    """Write a sheet of just the rows that may be mended and submitted as new orders.

    These are the rows of which the venue certainly holds nothing and which nothing will send any
    more: INVALID, REFUSED, REJECTED, and EXPIRED or CANCELLED when the venue said that nothing was
    filled. Rows that another batch has sent are never among them.

    Args:
        target: `.xlsx` or `.csv`.
        abandoned: the caller vouches that this batch will never be resumed; only then are the
            rows offered that it did not get to, because `resume` would send them a second time.

    Returns:
        The path written; None, and nothing is written, where no row is to be mended.

    Raises:
        ReportError: nothing was written.
    """
    from batch.report import corrections

    check_target(target, CORRECTION_FORMATS)
    columns, rows = corrections.correction_table(batch, orders, abandoned=abandoned)
    if not rows:
        return None

    def write_content(stream: BinaryIO) -> None:
        if target.suffix.lower() == ".csv":
            corrections.write_corrections_csv(stream, columns, rows)
        else:
            corrections.write_corrections_workbook(stream, columns, rows)

    return _target.put_in_place(target, write_content)


def write_template(target: Path) -> Path:
    """Write a blank order workbook that a person can fill in without a manual.

    Raises:
        ReportError: nothing was written.
    """
    from batch.report.template import write_template_workbook

    check_target(target, WORKBOOK_FORMATS)
    return _target.put_in_place(target, write_template_workbook)


def annotate(source: Path, sheet: Sheet, problems: Sequence[Problem], target: Path) -> MarkedCopy:
    """Write a copy of the person's own sheet with every problem marked where it is.

    Args:
        source: the file that `sheet` was read from; it is never written.
        target: an `.xlsx`, also for a CSV source.

    Raises:
        ReportError: nothing was written; also when `target` is the source.
    """
    from batch.report.annotation import write_annotated

    check_target(target, WORKBOOK_FORMATS)
    if target.exists() and source.exists() and target.samefile(source):
        raise ReportError(
            f"{target}: this is the sheet itself, which is never written; name another file"
        )

    remark = ""

    def write_content(stream: BinaryIO) -> None:
        nonlocal remark
        remark = write_annotated(stream, source, sheet, problems)

    path = _target.put_in_place(target, write_content)
    return MarkedCopy(path, remark)
