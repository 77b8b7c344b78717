"""Where reports go, and writing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from batch.desk.background import background
from batch.desk.session import Session
from batch.desk.verdict import WrongUsage
from batch.errors import Advice, ReportError, hint
from batch.journal import Change, Journal
from batch.model import BatchRecord
from batch.report import (
    FORMATS,
    Placing,
    check_corrections_target,
    check_target,
    write,
    write_corrections,
)
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

    Rows that were not sent yet are withdrawn from the batch first: they are in the person's hands
    then, and a resume that sent them too would send them at two prices. What a process that died
    has withdrawn without finishing its file is written by the next one.

    Raises:
        ReportError: it could not be written; what was withdrawn comes with the next one.
        JournalLocked: another process works on this batch.
    """
    (path,) = target_paths([target], Path(batch.sheet_path), batch.batch_id)
    with journal.hold(batch.batch_id, session.clock.now()):
        unfinished = _handed_back(journal, batch.batch_id)
        orders = [
            replace(order, state=OrderState.PLANNED, message="")
            if order.state is OrderState.SKIPPED and order.row in unfinished
            else order
            for order in journal.orders(batch.batch_id)
        ]
        check_corrections_target(path, batch, orders)
        planned = [
            order.row
            for order in orders
            if order.state is OrderState.PLANNED and order.row not in unfinished
        ]
        words = f"{HANDED_BACK} in {path.name}"
        journal.apply(
            batch.batch_id,
            [
                Change(row, OrderState.PLANNED, OrderEvent.WITHDRAWN, detail=words, message=words)
                for row in planned
            ],
            session.clock.now(),
        )
        try:
            written = write_corrections(path, batch, orders, abandoned=True)
        except ReportError as error:
            left = len(planned) + len(unfinished)
            raise ReportError(
                f"{error}\n{left:,} rows that were not sent are taken out of the batch and wait "
                "for a sheet of corrections: ask for it again.",
                advice=error.advice,
            ) from None
        if written is None:
            session.say("No rows to correct: every row was filled, or is still open or unknown.")
            return None
        journal.note(batch.batch_id, CORRECTIONS_WRITTEN, written.name, session.clock.now())
    session.say(f"Rows to correct: {written}")
    if left := len(planned) + len(unfinished):
        session.warn(
            f"{left:,} of them were not sent yet; they leave only with that sheet now, "
            "no longer with this batch."
        )
    return written


HANDED_BACK = "not sent: handed back for correction"
CORRECTIONS_WRITTEN = "corrections-written"


def _handed_back(journal: Journal, batch_id: str) -> frozenset[int]:
    """Give the rows that were withdrawn for a sheet of corrections which was never finished."""
    rows: set[int] = set()
    for event in journal.events(batch_id):
        if event.kind == CORRECTIONS_WRITTEN:
            rows.clear()
        elif event.row is not None and event.detail.startswith(HANDED_BACK):
            rows.add(event.row)
    return frozenset(rows)


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
