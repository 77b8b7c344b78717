"""What else must hold before the first order: no stop, an open market, a sheet as it was made."""

from __future__ import annotations

from batch.desk.session import Session
from batch.journal import Journal
from batch.model import Validation
from batch.plan.calendar import why_closed
from batch.plan.gates import Expectations, unmet_expectations
from batch.sheet.companion import read_companion


def standing_stop(journal: Journal) -> list[str]:
    """Say who stopped everything, if somebody did and it was not lifted."""
    return [
        f"stop: expected that orders may be sent, found that {stop.by} stopped everything at "
        f"{stop.at:%Y-%m-%d %H:%M} UTC"
        for stop in journal.stops.standing()
        if stop.batch_id is None
    ][:1]


def closed_market(session: Session) -> list[str]:
    """Say why the market is closed, where that refuses a sheet; otherwise only warn."""
    if session.simulated:
        return []
    calendar = session.settings.calendar
    why = why_closed(calendar, session.clock.now())
    if why is None:
        return []
    words = f"calendar: expected an open market, found that {why}"
    if calendar.closed == "refuse":
        return [words]
    session.warn(f"{words}. The orders are sent all the same.")
    return []


def unmet_companion(validation: Validation) -> list[str]:
    """Hold a sheet against its companion file, if it has one.

    Raises:
        SheetError: the companion file cannot be understood.
    """
    sheet = validation.sheet
    companion = read_companion(sheet.path)
    if companion is None:
        return []
    failed = unmet_expectations(
        validation.orders, Expectations(companion.rows, dict(companion.totals))
    )
    if companion.sha256 is not None and companion.sha256 != sheet.sha256:
        failed.append(
            f"sha256: expected {companion.sha256}, found {sheet.sha256}: these are not the bytes "
            "that it was made for"
        )
    return [f"{companion.path.name}, {words}" for words in failed]
