"""Reading and validating a sheet without sending anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batch.desk.options import ReadingOptions
from batch.desk.outcome import Outcome
from batch.desk.reading import read_and_validate
from batch.desk.session import Session
from batch.desk.verdict import Verdict
from batch.errors import ReportError
from batch.plan.approval import approval_code
from batch.plan.gates import exceeded_limits
from batch.plan.identity import identify
from batch.report import Placing
from batch.report import annotate as write_marked
from batch.report.protection import Kept, Protection


def check(
    session: Session,
    sheet: Path,
    reading: ReadingOptions,
    *,
    annotate: Path | None,
    again: bool,
    run: str | None,
    force: bool,
) -> Outcome:
    """Read and validate a sheet; see `Desk.check`.

    Raises:
        BatchError: the sheet as a whole cannot be used, or a setting is wrong.
    """
    validation = read_and_validate(sheet, reading, session)
    login = session.known_login()
    code = None
    failed = exceeded_limits(validation.orders, session.settings.limits, session.clock.now())
    verdict = Verdict.REFUSED if validation.problems or failed else Verdict.DONE
    if login is not None and verdict is Verdict.DONE:
        identity = identify(validation.sheet, login, session.run_key(run, sheet))
        code = approval_code(validation, identity, again=again)
    outcome = Outcome(
        verdict, validation=validation, gates=tuple(failed), approval_code=code, login=login
    )
    if annotate is None:
        return outcome
    try:
        Protection([Kept(sheet, "the order sheet"), *session.kept()]).claim(annotate, "the copy")
        placing = Placing(force)
        copy = write_marked(sheet, validation.sheet, validation.problems, annotate, placing=placing)
    except ReportError as error:
        # Whatever becomes of the copy, the problems are told.
        return replace(outcome, verdict=verdict or Verdict.CANNOT_START, error=error)
    return replace(outcome, marked=copy)
