"""What the journal holds, given out again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from pathlib import Path

from batch.desk.annotating import check_copy, write_copy
from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.reports import (
    check_batch_targets,
    write_corrections_sheet,
    write_reports,
)
from batch.desk.session import Session
from batch.desk.standing import counts
from batch.desk.verdict import Verdict, verdict_on_states
from batch.report.naming import target_paths
from batch.run.alarms import read_alarms


def report(session: Session, batch: str, how: RunningOptions) -> BatchResult:
    """Write a batch's report again; see `Desk.report`.

    Raises:
        BatchError: there is no such batch, or a file could not be written.
    """
    with session.open_journal(read_only=how.corrections is None) as journal:
        found = journal.batch(batch)
        record = found.batch
        sheet = Path(record.sheet_path)
        if how.annotate is not None:
            check_copy(how.annotate, [sheet])
        check_batch_targets(session, journal, how, sheet, record)
        if how.corrections is not None:
            write_corrections_sheet(session, journal, record, how.corrections, force=how.force)
        targets = target_paths(how.reports, sheet, batch)
        written = write_reports(session, journal, record, targets, force=how.force)
        if how.annotate is not None:
            written.append(write_copy(session, journal, record, how.annotate, force=how.force))
    return BatchResult(Verdict.DONE, sheet, record, found.states, reports=tuple(written))


def correct(session: Session, batch: str, target: Path) -> BatchResult:
    """Write the rows of a batch that can be mended; see `Desk.correct`.

    Raises:
        BatchError: there is no such batch, or the file could not be written.
    """
    with session.open_journal() as journal:
        record = journal.batch(batch).batch
        written = write_corrections_sheet(session, journal, record, target)
        states = journal.batch(batch).states
    files = () if written is None else (written,)
    return BatchResult(Verdict.DONE, Path(record.sheet_path), record, states, reports=files)


def batches(
    session: Session, since: datetime | None, states: Collection[str], limit: int | None
) -> tuple[BatchResult, ...]:
    """Give the batches in the journal, newest first; see `Desk.batches`.

    Raises:
        BatchError: the journal cannot be read.
    """
    session.warn_of_no_journal()
    with session.open_journal(read_only=True) as journal:
        wanted = {state.upper() for state in states}
        chosen = [
            found
            for found in journal.batches()
            if (since is None or found.batch.created_at >= since)
            and (not wanted or wanted & counts(found.states).keys())
        ]
        return tuple(
            BatchResult(
                verdict_on_states(found.states, ()),
                Path(found.batch.sheet_path),
                found.batch,
                found.states,
                alarms=read_alarms(journal, found.batch.batch_id).standing,
            )
            for found in chosen[:limit]
        )
