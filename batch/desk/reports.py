"""Where reports go, and writing them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from batch.desk.background import background
from batch.desk.session import Session
from batch.desk.verdict import WrongUsage
from batch.errors import Advice, ReportError, hint
from batch.journal import Change, Journal
from batch.model import BatchRecord
from batch.report import FORMATS, Placing, check_target, write, write_corrections
from batch.states import OrderEvent, OrderState

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


def write_corrections_sheet(
    session: Session, journal: Journal, batch: BatchRecord, target: Path
) -> Path | None:
    """Write the rows of a batch that a person can mend, and say where, or that there are none.

    Rows that were not sent yet are withdrawn from the batch: they are in the person's hands now,
    and a resume that sent them too would send them twice.

    Raises:
        ReportError: it could not be written; nothing was withdrawn.
        JournalLocked: another process works on this batch.
    """
    (path,) = target_paths([target], Path(batch.sheet_path), batch.batch_id)
    with journal.hold(batch.batch_id, session.clock.now()):
        orders = journal.listing(batch.batch_id)
        written = write_corrections(path, batch, orders, abandoned=True)
        if written is None:
            session.say("No rows to correct: every row was filled, or is still open or unknown.")
            return None
        words = f"not sent: handed back for correction in {written.name}"
        withdrawn = [
            Change(order.row, order.state, OrderEvent.WITHDRAWN, detail=words, message=words)
            for order in orders
            if order.state is OrderState.PLANNED
        ]
        journal.apply(batch.batch_id, withdrawn, session.clock.now())
    session.say(f"Rows to correct: {written}")
    if withdrawn:
        session.warn(
            f"{len(withdrawn):,} of them were not sent yet; they leave only with that sheet now, "
            "no longer with this batch."
        )
    return written


def check_targets(reports: Sequence[Path], sheets: Sequence[Path]) -> None:
    """Refuse, before anything is read or sent, reports that could never be written.

    Raises:
        WrongUsage: the suffix is no format's, or several sheets would share a file.
        ReportError: the folder is missing or cannot be written into.
    """
    for report in reports:
        if report.is_dir():
            continue
        if report.suffix.lower() not in FORMATS:
            raise WrongUsage(
                f"report {report}: expected a name that ends with {', '.join(FORMATS)}, found "
                "another ending."
            )
        if len(sheets) > 1 and not any(word in str(report) for word in PLACEHOLDERS):
            raise WrongUsage(
                f"reports: expected a folder, or a name with {{sheet}} or {{batch}}, for "
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
    placing = Placing(say=session.warn)
    orders = journal.listing(batch.batch_id)
    known = background(session, journal, batch)
    written, failures = [], []
    for target in targets:
        try:
            path = write(
                target, batch, orders, clock=session.clock, background=known, placing=placing
            )
        except ReportError as error:
            failures.append(str(error))
            continue
        written.append(path)
    if failures:
        raise ReportError(
            "\n".join(failures) + "\nThe orders are not touched by this.",
            advice=[hint(Advice.REPORT_AGAIN, batch.batch_id)],
        )
    return written
