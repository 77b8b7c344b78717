"""Where reports go, and writing them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from batch.desk.background import background
from batch.desk.options import RunningOptions
from batch.desk.session import Session
from batch.desk.verdict import WrongUsage
from batch.errors import Advice, ReportError, hint
from batch.journal import Change, Journal
from batch.model import BatchRecord, OrderRecord, Sheet
from batch.report import (
    CORRECTION_FORMATS,
    FORMATS,
    WORKBOOK_FORMATS,
    Placing,
    check_annotated_target,
    check_corrections_target,
    check_csv_ids,
    check_results_target,
    check_target,
    write,
    write_corrections,
)
from batch.report.mending import why_none_in_words
from batch.report.naming import has_placeholder, target_paths
from batch.report.protection import Kept, Protection
from batch.states import BatchEvent, OrderEvent, OrderState


def write_corrections_sheet(
    session: Session,
    journal: Journal,
    batch: BatchRecord,
    target: Path,
    *,
    force: bool = False,
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
        if not force:
            check_corrections_target(path, batch, lambda: orders)
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
            written = write_corrections(
                path,
                batch,
                orders,
                abandoned=True,
                clock=session.clock,
                placing=Placing(force, session.warn),
            )
        except ReportError as error:
            left = len(planned) + len(unfinished)
            raise ReportError(
                f"{error}\n{left:,} rows that were not sent are taken out of the batch and wait "
                "for a sheet of corrections: ask for it again.",
                advice=error.advice,
            ) from None
        away = [order for order in orders if order.message.startswith(HANDED_BACK)]
        if away:
            session.warn(
                f"{len(away):,} rows of batch {batch.batch_id} went into a sheet of corrections "
                "before, which the report names beside each, and leave only with that one. If it "
                "is lost, put them into a sheet of their own."
            )
        if written is None:
            session.say(f"No rows to correct: {why_none_in_words(orders)}.")
            return None
        journal.note(
            batch.batch_id, BatchEvent.CORRECTIONS_WRITTEN, written.name, session.clock.now()
        )
    session.say(f"Rows to correct: {written}")
    if left := len(planned) + len(unfinished):
        session.warn(
            f"{left:,} of them were not sent yet; they leave only with that sheet now, "
            "no longer with this batch."
        )
    return written


HANDED_BACK = "not sent: handed back for correction"


def _handed_back(journal: Journal, batch_id: str) -> frozenset[int]:
    """Give the rows that were withdrawn for a sheet of corrections which was never finished."""
    rows: set[int] = set()
    for event in journal.events(batch_id):
        if event.kind == BatchEvent.CORRECTIONS_WRITTEN:
            rows.clear()
        elif event.row is not None and event.detail.startswith(HANDED_BACK):
            rows.add(event.row)
    return frozenset(rows)


def check_targets(session: Session, options: RunningOptions, sheets: Sequence[Path]) -> None:
    """Refuse, before anything is read or sent, files that could never be written.

    Raises:
        WrongUsage: the suffix is none of ours, or several sheets would share a file.
        ReportError: a folder is missing or cannot be written into, or a target is an input, the
            journal, a file of the settings, or another target.
    """
    for report in options.reports:
        if os.path.isdir(report):
            continue
        if report.suffix.lower() not in FORMATS:
            raise WrongUsage(
                f"report {report}: expected a name that ends with {', '.join(FORMATS)}, found "
                "another ending."
            )
        if len(sheets) > 1 and not has_placeholder(report):
            raise WrongUsage(
                f"reports: expected a folder, or a name with {{sheet}} or {{batch}}, for "
                f'{len(sheets)} sheets, found "{report}".'
            )
    # What is written for one sheet must not be another one either.
    protection = Protection([*(Kept(sheet, "an order sheet") for sheet in sheets), *session.kept()])
    for number, sheet in enumerate(sheets):
        _claim(protection, options, sheet, f"batch-{number}")


def check_batch_targets(
    session: Session,
    journal: Journal,
    options: RunningOptions,
    sheet: Path,
    batch: BatchRecord,
    *,
    is_new: bool = False,
) -> None:
    """Refuse, before anything of a batch is sent, files that its results may not replace.

    Args:
        is_new: the journal does not have the batch yet, so that no file can be of it.

    Raises:
        ReportError: as `check_targets`; or what stands there was not made for this batch.
    """
    protection = Protection([Kept(sheet, "the order sheet"), *session.kept()])
    reports, corrections, copies = _claim(protection, options, sheet, batch.batch_id)
    if options.force:
        return

    @cache
    def listing() -> Sequence[OrderRecord]:
        return journal.listing(batch.batch_id)

    known = None if is_new else batch
    for path in reports:
        # A practice leaves no journal behind; its results say themselves of which batch they are.
        is_practice = session.simulated and path.suffix.lower() != ".csv"
        check_results_target(path, batch if is_practice else known, listing)
    for path in corrections:
        check_corrections_target(path, known, listing)
    for path in copies:
        check_annotated_target(path, known)


def check_ids(options: RunningOptions, sheet: Sheet) -> None:
    """Refuse, before anything is sent, a CSV for IDs that it cannot hold.

    Raises:
        ReportError: there is such an ID.
    """
    targets = [*options.reports, *([options.corrections] if options.corrections else [])]
    for path in target_paths(targets, sheet.path, "batch") if targets else []:
        if path.suffix.lower() == ".csv":
            check_csv_ids(path, sheet.columns, ((row.number, row.values) for row in sheet.rows))


def _claim(
    protection: Protection, options: RunningOptions, sheet: Path, batch_id: str
) -> tuple[list[Path], list[Path], list[Path]]:
    """Take the files of a batch as targets; give its reports, its corrections and its copy."""

    def paths_of(named: Path | None) -> list[Path]:
        return [] if named is None else target_paths([named], sheet, batch_id)

    reports = target_paths(options.reports, sheet, batch_id)
    corrections, copies = paths_of(options.corrections), paths_of(options.annotate)
    for paths, what, formats in (
        (reports, "a report", FORMATS),
        (corrections, "the rows to mend", CORRECTION_FORMATS),
        (copies, "the copy of the sheet", WORKBOOK_FORMATS),
    ):
        for path in paths:
            protection.claim(path, what)
            check_target(path, formats)
    return reports, corrections, copies


def write_reports(
    session: Session,
    journal: Journal,
    batch: BatchRecord,
    targets: Sequence[Path],
    *,
    force: bool = False,
) -> list[Path]:
    """Write a batch's reports, and give the files that were really written.

    Raises:
        ReportError: after all of them were tried, for those that could not be written.
    """
    placing = Placing(force, session.warn)
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
