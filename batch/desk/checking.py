"""Reading and validating a sheet without sending anything."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batch.desk.options import ReadingOptions
from batch.desk.outcome import Outcome
from batch.desk.reading import read_and_validate
from batch.desk.session import Session
from batch.desk.verdict import Verdict, verdict_on
from batch.errors import BatchError, ConfigError, JournalError, ReportError
from batch.model import Validation
from batch.plan.approval import approval_code
from batch.plan.gates import exceeded_limits
from batch.plan.identity import Identity, identify
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
    identity = None
    if login is not None:
        identity = identify(validation.sheet, login, session.run_key(run, sheet))
    code = None
    unread: BatchError | None = None
    failed = exceeded_limits(validation.orders, session.settings.limits, session.clock.now())
    try:
        failed += _exceeded_today(session, validation, identity, again=again)
    except (ConfigError, JournalError) as error:
        unread = error  # the problems are told all the same
    verdict = Verdict.REFUSED if validation.problems or failed else Verdict.DONE
    if unread is not None:
        verdict = verdict or verdict_on(unread)
    if identity is not None and verdict is Verdict.DONE:
        code = approval_code(validation, identity, again=again)
    outcome = Outcome(
        verdict,
        validation=validation,
        gates=tuple(failed),
        approval_code=code,
        login=login,
        error=unread,
    )
    if annotate is None:
        return outcome
    try:
        Protection([Kept(sheet, "the order sheet"), *session.kept()]).claim(annotate, "the copy")
        placing = Placing(force)
        copy = write_marked(sheet, validation.sheet, validation.problems, annotate, placing=placing)
    except ReportError as error:
        # Whatever becomes of the copy, the problems are told.
        return replace(outcome, verdict=verdict or verdict_on(error), error=unread or error)
    return replace(outcome, marked=copy)


def _exceeded_today(
    session: Session, validation: Validation, identity: Identity | None, *, again: bool
) -> list[str]:
    """Hold a sheet against the day's limits, with what was sent today as far as that is known.

    Raises:
        ConfigError, JournalError: the journal is there, and cannot be read.
    """
    if session.day_with_limits() is None:
        return []
    # Whoever has no such limits does not wait for the journal.
    from batch.desk.gating import exceeded_today

    if identity is None or not session.has_journal():
        return exceeded_today(session, validation.orders, None)
    with session.open_journal(read_only=True) as journal:
        look = journal.looking(identity.login)
        if look.generations(identity.content, identity.run_key) and not again:
            return []  # it is counted already, and is not sent once more
        return exceeded_today(session, validation.orders, look)
