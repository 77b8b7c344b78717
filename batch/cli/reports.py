"""Where reports go, and writing them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batch.errors import ReportError

if TYPE_CHECKING:
    from batch.cli.session import Session
    from batch.journal import Journal
    from batch.model import BatchRecord

PLACEHOLDERS = ("{sheet}", "{batch}")


def target_paths(reports: Sequence[Path], sheet: Path, batch_id: str) -> list[Path]:
    """Give the files to write for one batch.

    Args:
        reports: what the operator named: files, folders, or names with `{sheet}` or `{batch}`;
            empty for the default name beside the sheet.
    """
    default = f"{sheet.stem}-results-{batch_id}.xlsx"
    if not reports:
        return [sheet.absolute().parent / default]
    paths = []
    for report in reports:
        if report.is_dir():
            paths.append(report / default)
            continue
        text = str(report)
        for placeholder, value in zip(PLACEHOLDERS, (sheet.stem, batch_id), strict=True):
            text = text.replace(placeholder, value)
        paths.append(Path(text))
    return paths


def check_targets(reports: Sequence[Path], sheets: Sequence[Path]) -> None:
    """Refuse, before anything is read or sent, reports that could never be written.

    Raises:
        click.UsageError: the suffix is none of the three, or several sheets would share a file.
        ReportError: the folder is missing or cannot be written into.
    """
    from batch.report import FORMATS, check_target

    for report in reports:
        if report.is_dir():
            continue
        if report.suffix.lower() not in FORMATS:
            raise click.UsageError(
                f'--report: expected a name that ends with {", ".join(FORMATS)}, found "{report}".'
            )
        if len(sheets) > 1 and not any(word in str(report) for word in PLACEHOLDERS):
            raise click.UsageError(
                f"--report: expected a folder, or a name with {{sheet}} or {{batch}}, for "
                f'{len(sheets)} sheets, found "{report}".'
            )
    for sheet in sheets:
        for path in target_paths(reports, sheet, "batch"):
            check_target(path)


def write_reports(
    session: Session, journal: Journal, batch: BatchRecord, targets: Sequence[Path]
) -> list[Path]:
    """Write a batch's reports, and give the files that were really written.

    Raises:
        ReportError: after all of them were tried, for those that could not be written.
    """
    from batch.report import write

    orders = list(journal.orders(batch.batch_id))
    written, failures = [], []
    for target in targets:
        try:
            path = write(target, batch, orders, clock=session.clock)
        except ReportError as error:
            failures.append(str(error))
            continue
        if path != target:
            session.warn(f"{target} is open in another program; the report is {path}")
        written.append(path)
    if failures:
        raise ReportError(
            "\n".join(failures) + "\nThe orders are not touched by this. Write the report again: "
            f"orderbatch report {batch.batch_id} --report PATH"
        )
    return written
