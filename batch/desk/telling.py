"""What is told when a run has ended: the outcome of a command as a message."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from batch.desk.notify import Message, tell
from batch.desk.outcome import BatchResult, Outcome
from batch.desk.session import Session
from batch.desk.standing import counts, counts_in_words
from batch.desk.verdict import Verdict
from batch.errors import BatchError
from batch.report.wording import counted


def tell_of(outcome: Outcome, session: Session) -> None:
    """Tell whoever the settings name what a command came to; nothing that fails here matters.

    What was a practice is nobody's business, and without settings there is nobody to tell.
    """
    if session.simulated:
        return
    try:
        settings = session.settings.notify
    except BatchError:
        return
    if settings.command or settings.urls:
        html = _page(outcome, session) if settings.urls else None
        for words in tell(message_of(outcome, html), settings):
            session.say(f"Nobody was told: {words}.")


def message_of(outcome: Outcome, html: str | None = None) -> Message:
    """Put an outcome into words for somebody who was not there."""
    lines = [_line(result) for result in outcome.batches]
    if outcome.error is not None:
        lines.append(str(outcome.error))
    lines = lines or ["Nothing was sent."]
    title = lines[0].splitlines()[0] if len(lines) == 1 else f"{len(lines)} sheets"
    code = outcome.verdict
    return Message(
        title=f"orderbatch, exit code {code.value}: {title}"[:200],
        text="\n".join([*lines, f"Exit code {code.value}."]),
        document={
            "exit_code": code.value,
            "error": None if outcome.error is None else str(outcome.error),
            "batches": [_document(result) for result in outcome.batches],
        },
        is_clean=code is Verdict.DONE,
        html=html,
        reports=outcome.reports,
    )


def _line(result: BatchResult) -> str:
    name = _name(result)
    if result.batch is None:
        if result.error is not None:
            return str(result.error)
        problems = len(result.validation.problems) if result.validation else 0
        return f"{name}: refused, {problems:,} problems. Nothing was sent."
    standing = counts_in_words(result.states)
    rows = counted(result.batch.row_count, "row")
    said = [f"Batch {result.batch.batch_id} of {name}, {rows}: {standing}."]
    return "\n".join([*said, *(f"ALARM: {alarm.words}." for alarm in result.alarms)])


def _name(result: BatchResult) -> str:
    if result.batch is not None:
        return Path(result.batch.sheet_path).name
    return result.sheet.name if result.sheet is not None else "a sheet"


def _document(result: BatchResult) -> Mapping[str, Any]:
    batch = result.batch
    return {
        "sheet": None if result.sheet is None else str(result.sheet),
        "batch": None if batch is None else {"id": batch.batch_id, "run": batch.run_key},
        "rows": None if batch is None else batch.row_count,
        "states": {state.value: count for state, count in counts(result.states).items()},
        "alarms": [alarm.words for alarm in result.alarms],
        "reports": [str(path) for path in result.reports],
        "error": None if result.error is None else str(result.error),
        "exit_code": result.verdict.value,
    }


def _page(outcome: Outcome, session: Session) -> str | None:
    """Give the one batch's report as a page; None where there is not exactly one."""
    from batch.desk.reports import write_reports

    if len(outcome.batches) != 1 or (batch := outcome.batches[0].batch) is None:
        return None
    try:
        with (
            tempfile.TemporaryDirectory(prefix="orderbatch-", ignore_cleanup_errors=True) as folder,
            session.open_journal(read_only=True) as journal,
        ):
            (path,) = write_reports(session, journal, batch, [Path(folder) / "page.html"])
            return path.read_text(encoding="utf-8")
    except (BatchError, OSError, ValueError):
        return None  # the words alone will do
