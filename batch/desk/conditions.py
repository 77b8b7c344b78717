"""What else must hold before the first order: no stop, an open market, a sheet as it was made."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from batch.desk.session import Session
from batch.errors import Advice, Hint, hint
from batch.journal import Journal, Stop
from batch.model import Validation
from batch.plan.calendar import why_closed
from batch.plan.gates import Expectations, unmet_expectations
from batch.sheet.companion import read_companion


def standing_stops(journal: Journal, batch_ids: Collection[str] = ()) -> list[Stop]:
    """Give the stops that stand for all, or for one of these batches."""
    return [
        stop
        for stop in journal.stops.standing()
        if stop.batch_id is None or stop.batch_id in batch_ids
    ]


def stopped_by(stops: Iterable[Stop]) -> list[str]:
    """Say who stopped what."""
    return [
        f"stop: expected that orders may be sent, found that {stop.by} stopped "
        f"{'everything' if stop.batch_id is None else f'batch {stop.batch_id}'} at "
        f"{stop.at:%Y-%m-%d %H:%M} UTC"
        for stop in stops
    ]


def how_to_release(stops: Iterable[Stop]) -> list[Hint]:
    """Say how these are lifted."""
    named = dict.fromkeys(stop.batch_id for stop in stops)
    return [hint(Advice.RELEASE_STOP, *([name] if name else [])) for name in named]


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
