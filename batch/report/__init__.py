"""Results as people and programs take them home: xlsx, csv, json. Layer 2, the end of the way.

Beside them the spreadsheets that people work on: their own sheet with its problems marked, the
rows to mend, and a blank sheet.

A report that cannot be written never changes what happened to the orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from batch.clock import Clock
from batch.errors import ReportError, Wording
from batch.model import BatchRecord, Column, OrderRecord, Problem, Sheet, shown
from batch.report import target as _target
from batch.report.background import NOTHING_ELSE, Background
from batch.report.mending import rows_to_mend
from batch.report.plain import as_document, batch_facts, csv_lines, ids_that_csv_changes
from batch.report.standing import (
    Standing,
    annotated_mark,
    corrections_mark,
    judge_corrections_csv,
    judge_marked,
    judge_results,
    problems_mark,
    stranger,
)
from batch.report.target import AS_USUAL, Placing, TargetTaken

__all__ = [
    "CORRECTION_FORMATS",
    "DAY_FORMATS",
    "FORMATS",
    "WORKBOOK_FORMATS",
    "Background",
    "MarkedCopy",
    "Placing",
    "TargetTaken",
    "annotate",
    "annotate_results",
    "as_document",
    "batch_facts",
    "check_annotated_target",
    "check_corrections_target",
    "check_csv_ids",
    "check_results_target",
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
DAY_FORMATS = (".xlsx", ".html", ".json")


def check_target(target: Path, formats: tuple[str, ...] = FORMATS) -> None:
    """Refuse early, before anything is sent, a file that could never be written.

    Raises:
        ReportError: the suffix is none of `formats`, the folder does not exist or may not be
            written into, or the name is a folder's.
    """
    _target.check_target(target, formats)


Listing = Callable[[], Sequence[OrderRecord]]
"""Gives every row of a batch as the journal has it, where it is needed."""


def check_results_target(target: Path, batch: BatchRecord | None, listing: Listing) -> None:
    """Refuse early, before anything is sent, a file that these results may not replace.

    Args:
        batch: None where it is not in the journal yet: then no file can be of it.

    Raises:
        TargetTaken: what stands there was not made by orderbatch for this batch.
        ReportError: as `check_target`.
    """
    check_target(target)
    judge = judge_results("", None) if batch is None else _judge_of_results(batch, listing)
    _target.check_standing(target, judge)


def _judge_of_results(batch: BatchRecord, listing: Listing) -> _target.Judge:
    return judge_results(batch.batch_id, lambda: csv_lines(batch, listing()))


def write(
    target: Path,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    *,
    clock: Clock,
    background: Background = NOTHING_ELSE,
    placing: Placing = AS_USUAL,
) -> Path:
    """Write the results of a batch, whole or not at all.

    Args:
        target: its suffix decides the format.
        orders: every row of the batch, in the sheet's order.
        clock: tells when the report was written.
        background: what the rows do not know.

    Returns:
        The path really written. It differs from `target` when that is open in another program,
        or holds something else than results of this batch: then a sibling with the time in its
        name was written.

    Raises:
        ReportError: nothing was written; an older report of that name is as it was.
    """
    _check_name(target, FORMATS)
    if target.suffix.lower() == ".csv":
        check_csv_ids(target, batch.columns, ((o.row, o.values) for o in orders))
    write_content = load(target)
    return _target.put_in_place(
        target,
        lambda stream: write_content(stream, batch, orders, background, clock.now()),
        clock,
        judge=_judge_of_results(batch, lambda: orders),
        placing=placing,
    )


def _check_name(target: Path, formats: tuple[str, ...]) -> None:
    """Check a target once more when it is written; what stands there is looked at then."""
    if not target.is_symlink():
        check_target(target, formats)


def check_csv_ids(
    target: Path, columns: Sequence[Column], rows: Iterable[tuple[int, Sequence[str]]]
) -> None:
    """Refuse a CSV for rows with an ID that a spreadsheet program would take for a formula.

    Such a text gets an apostrophe in a CSV, and would come back as another ID.

    Args:
        rows: the number of each row, and its texts.

    Raises:
        ReportError: there is such an ID.
    """
    found = next(ids_that_csv_changes(columns, rows), None)
    if found is not None:
        row, header, text = found
        raise ReportError(
            f"{target}: expected IDs that a CSV can hold without becoming formulas in a "
            f'spreadsheet program, found "{shown(text)}" in row {row}, {header}; name a file that '
            "ends in .xlsx instead, which holds them as they are"
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


def check_corrections_target(target: Path, batch: BatchRecord | None, listing: Listing) -> None:
    """Refuse early, before anything is sent, a file that these rows to mend may not replace.

    Args:
        batch: None where it is not in the journal yet: then no file can be of it.

    Raises:
        TargetTaken: what stands there was not made by orderbatch for this batch.
        ReportError: as `check_target`.
    """
    from batch.report import corrections

    def judge(path: Path) -> Standing:
        if batch is None:
            return stranger(path)
        columns, rows = corrections.correction_table(batch, listing(), abandoned=True)
        return _judge_of_corrections(target, batch, columns, rows)(path)

    check_target(target, CORRECTION_FORMATS)
    _target.check_standing(target, judge)


def _judge_of_corrections(
    target: Path, batch: BatchRecord, columns: Sequence[Column], rows: Sequence[Sequence[str]]
) -> _target.Judge:
    if target.suffix.lower() != ".csv":
        return judge_marked(corrections_mark(batch.batch_id))
    from batch.report import corrections

    return judge_corrections_csv(corrections.corrections_lines(columns, rows))


def write_corrections(
    target: Path,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    *,
    abandoned: bool = False,
    clock: Clock | None = None,
    placing: Placing = AS_USUAL,
) -> Path | None:
    """Write a sheet of just the rows that may be mended and submitted as new orders.

    These are the rows of which the venue certainly holds nothing and which nothing will send any
    more: INVALID, REFUSED, REJECTED, and EXPIRED or CANCELLED when the venue said that nothing was
    filled. Rows that another batch has sent are never among them.

    Args:
        target: `.xlsx` or `.csv`.
        abandoned: the caller vouches that this batch will never be resumed; only then are the
            rows offered that it did not get to, because `resume` would send them a second time.
        clock: as for `write`; without one a target that cannot be replaced is an error.

    Returns:
        The path written; None, and nothing is written, where no row is to be mended.

    Raises:
        ReportError: nothing was written.
    """
    from batch.report import corrections

    _check_name(target, CORRECTION_FORMATS)
    columns, rows = corrections.correction_table(batch, orders, abandoned=abandoned)
    if not rows:
        return None
    if target.suffix.lower() == ".csv":
        mended = rows_to_mend(orders, abandoned=abandoned)
        check_csv_ids(target, batch.columns, ((o.row, o.values) for o in mended))

    def write_content(stream: BinaryIO) -> None:
        if target.suffix.lower() == ".csv":
            corrections.write_corrections_csv(stream, columns, rows)
        else:
            corrections.write_corrections_workbook(stream, columns, rows, batch.batch_id)

    return _target.put_in_place(
        target,
        write_content,
        clock,
        judge=_judge_of_corrections(target, batch, columns, rows),
        placing=placing,
    )


def write_template(target: Path, *, placing: Placing = AS_USUAL, word: Wording = str) -> Path:
    """Write a blank order workbook that a person can fill in without a manual.

    Raises:
        ReportError: nothing was written.
    """
    from batch.report.template import write_template_workbook

    check_target(target, WORKBOOK_FORMATS)
    return _target.put_in_place(
        target, lambda stream: write_template_workbook(stream, word), placing=placing
    )


def annotate(
    source: Path,
    sheet: Sheet,
    problems: Sequence[Problem],
    target: Path,
    *,
    placing: Placing = AS_USUAL,
) -> MarkedCopy:
    """Write a copy of the person's own sheet with every problem marked where it is.

    Args:
        source: the file that `sheet` was read from; it is never written.
        target: an `.xlsx`, also for a CSV source.

    Raises:
        ReportError: nothing was written; also when `target` is the source, or something else than
            an earlier marked copy of it.
    """
    from batch.report.annotation import write_annotated

    if target.exists() and source.exists() and target.samefile(source):
        raise ReportError(
            f"{target}: this is the sheet itself, which is never written; name another file"
        )
    check_target(target, WORKBOOK_FORMATS)
    remark = ""

    def write_content(stream: BinaryIO) -> None:
        nonlocal remark
        remark = write_annotated(stream, source, sheet, problems)

    path = _target.put_in_place(
        target,
        write_content,
        judge=judge_marked(problems_mark(sheet.path.name)),
        placing=placing,
    )
    return MarkedCopy(path, remark)


def check_annotated_target(target: Path, batch: BatchRecord | None) -> None:
    """Refuse early, before anything is sent, a file that no copy with results may replace.

    Args:
        batch: None where it is not in the journal yet: then no file can be of it.

    Raises:
        TargetTaken: what stands there was not made by orderbatch for this batch.
        ReportError: as `check_target`.
    """
    check_target(target, WORKBOOK_FORMATS)
    _target.check_standing(
        target, stranger if batch is None else judge_marked(annotated_mark(batch.batch_id))
    )


def annotate_results(
    sheet: Sheet,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    target: Path,
    *,
    clock: Clock | None = None,
    placing: Placing = AS_USUAL,
) -> MarkedCopy:
    """Write a copy of the person's own workbook with what became of each row.

    Args:
        sheet: the workbook as it is now, just read; the file is never written.
        clock: as for `write`; without one a target that cannot be replaced is an error.

    Returns:
        The copy; its remark says what it does not have of the original.

    Raises:
        ReportError: nothing was written: it is no workbook, has changed since it was sent, or
            cannot be copied; or `target` is the sheet itself.
    """
    from batch.report.annotated_results import write_annotated_results

    if target.exists() and sheet.path.exists() and target.samefile(sheet.path):
        raise ReportError(
            f"{target}: this is the sheet itself, which is never written; name another file"
        )
    _check_name(target, WORKBOOK_FORMATS)
    lost: list[str] = []

    def write_content(stream: BinaryIO) -> None:
        lost.extend(write_annotated_results(stream, sheet.path, sheet, batch, orders))

    path = _target.put_in_place(
        target,
        write_content,
        clock,
        judge=judge_marked(annotated_mark(batch.batch_id)),
        placing=placing,
    )
    return MarkedCopy(path, f"It does not have: {'; '.join(lost)}." if lost else "")
