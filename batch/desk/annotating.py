"""The person's own workbook, given back with what became of each row."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from batch.desk.session import Session
from batch.desk.verdict import WrongUsage
from batch.errors import ReportError, SheetError
from batch.journal import Journal
from batch.model import BatchRecord, Sheet
from batch.report import (
    WORKBOOK_FORMATS,
    Placing,
    annotate_results,
    check_target,
)
from batch.report.naming import target_paths
from batch.sheet import Limits, read

TEXT_FILES = frozenset({".csv", ".tsv", ".txt"})


def check_copy(target: Path, sheets: Sequence[Path]) -> None:
    """Refuse, before anything is read or sent, a copy that could never be written.

    Raises:
        WrongUsage: another suffix than a workbook's, a sheet that is a text file, or several
            sheets would share a file.
        ReportError: the folder is missing or cannot be written into, or it is the sheet itself.
    """
    # Loaded before the first order leaves: nothing that is done to the installation while a batch
    # runs can keep the copy from being written.
    importlib.import_module("batch.report.annotated_results")
    if target.suffix.lower() not in WORKBOOK_FORMATS:
        raise WrongUsage(
            f"copy {target}: expected a name that ends with {', '.join(WORKBOOK_FORMATS)}, found "
            "another ending."
        )
    for sheet in sheets:
        if sheet.suffix.lower() in TEXT_FILES:
            raise WrongUsage(
                f"copy {target}: expected an order sheet that is a workbook, found {sheet.name}, "
                "a text file, which has neither formats nor formulas to keep. A report as a "
                "workbook has its columns and the results."
            )
    paths = [_target(target, sheet, "batch") for sheet in sheets]
    if len(set(paths)) < len(paths):
        raise WrongUsage(
            f"copy {target}: expected a name with {{sheet}} or {{batch}} for {len(sheets)} "
            "sheets, found one that they would share."
        )
    for sheet, path in zip(sheets, paths, strict=True):
        check_target(path, WORKBOOK_FORMATS)
        if path.exists() and sheet.exists() and path.samefile(sheet):
            raise ReportError(
                f"{path}: this is the sheet itself, which is never written; name another file"
            )


def write_copy(
    session: Session,
    journal: Journal,
    batch: BatchRecord,
    target: Path,
    *,
    force: bool = False,
) -> Path:
    """Write the copy, and say what it does not have of the original.

    Raises:
        ReportError: nothing was written: the sheet is gone, has changed or cannot be copied.
    """
    source = Path(batch.sheet_path)
    path = _target(target, source, batch.batch_id)
    orders = journal.listing(batch.batch_id)
    copy = annotate_results(
        _read_again(session, batch, source, len(orders)),
        batch,
        orders,
        path,
        clock=session.clock,
        placing=Placing(force, session.warn),
    )
    if copy.remark:
        session.warn(copy.remark)
    return copy.path


def _target(target: Path, sheet: Path, batch_id: str) -> Path:
    (path,) = target_paths([target], sheet, batch_id)
    return path


def _read_again(
    session: Session,
    batch: BatchRecord,
    source: Path,
    rows: int,
) -> Sheet:
    settings = session.settings.sheet
    # What was sent is on record: no header is in doubt any more.
    carried = [column.header for column in batch.columns if column.field is None]

    def read_with(hidden_rows: Literal["include", "skip"]) -> Sheet:
        return read(
            source,
            worksheet=batch.worksheet,
            hidden_rows=hidden_rows,
            columns=settings.columns,
            constant_fields=settings.defaults,
            ignore=(*settings.ignore, *carried),
            limits=Limits.for_rows(session.settings.limits.max_rows or 0),
        )

    try:
        sheet = read_with("include")
        return sheet if len(sheet.rows) == rows else read_with("skip")
    except SheetError as error:
        raise ReportError(f"no copy with the results: {error}") from error
