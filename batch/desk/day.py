"""A trading day over all its batches, held against what works at the venue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

from batch.clock import bounds_of_day, trading_day
from batch.config import parse_cut_off
from batch.desk.background import background, zone
from batch.desk.outcome import Outcome, ToldDay
from batch.desk.session import Session
from batch.desk.verdict import Verdict, WrongUsage, verdict_on
from batch.errors import BatchError, ConfigError, ReportError
from batch.journal import BatchSummary, Journal
from batch.model import OrderRecord, VenueOrder
from batch.plan.identity import Login
from batch.report import Background, Placing, check_target
from batch.report.day import Comparison, Day, DayBatch, compare, day_in_words
from batch.report.day_formats import DAY_FORMATS, check_day_target, day_document, write_day
from batch.report.protection import Protection
from batch.states import MAYBE_OPEN, OrderState


def report_day(
    session: Session,
    asked: date | None,
    reports: Sequence[Path],
    *,
    ask_venue: bool,
    force: bool,
) -> Outcome:
    """Gather a trading day, compare it with the venue, and write its reports; see `Desk.day`.

    Raises:
        WrongUsage: a report of another kind than a day can be.
        BatchError: the journal cannot be read, or a file not be written.
    """
    starts = _starts(session)
    day = asked or trading_day(session.clock.now(), starts)
    targets = [_target(path, day) for path in reports]
    protection = Protection(session.kept())
    for target in targets:
        if target.suffix.lower() not in DAY_FORMATS:
            raise WrongUsage(
                f"report {target}: expected a name that ends with {', '.join(DAY_FORMATS)}, found "
                "another ending."
            )
        protection.claim(target, "the report of the day")
        if force:
            check_target(target, DAY_FORMATS)
        else:
            check_day_target(target, day)
    session.warn_of_no_journal()
    with session.open_journal(read_only=True) as journal:
        login = session.known_login()
        found = _gather(session, journal, login, day, starts, ask_venue=ask_venue)
        known, placing = (
            Background(zone=zone(session), word=session.listener.word),
            Placing(force, session.warn),
        )
        written, failures = [], []
        for target in targets:
            try:
                path = write_day(
                    target, found, clock=session.clock, background=known, placing=placing
                )
            except ReportError as error:
                failures.append(str(error))
                continue
            written.append(path)
        if failures:
            raise ReportError("\n".join(failures))
        told = ToldDay(tuple(day_in_words(found)), day_document(found))
        return Outcome(_verdict(found), day=told, files=tuple(written))


def _starts(session: Session) -> tuple[time, ZoneInfo] | None:
    text = session.settings.batch.day_starts
    return None if text is None else parse_cut_off(text)


def _target(path: Path, day: date) -> Path:
    return path / f"day-{day}.xlsx" if path.is_dir() else path


def _gather(
    session: Session,
    journal: Journal,
    login: Login | None,
    day: date,
    starts: tuple[time, ZoneInfo] | None,
    *,
    ask_venue: bool,
) -> Day:
    begin, end = bounds_of_day(day, starts)
    mine = [one for one in journal.batches() if _is_in_scope(one, login)]
    of_day = [one for one in reversed(mine) if begin <= one.batch.created_at < end]
    real = [one for one in of_day if not one.batch.simulated]
    names = {one.batch.batch_id for one in real}
    still_open = list(_open_rows(journal, mine))
    told = {
        one.batch.batch_id: background(session, journal, one.batch)
        for one in [*real, *mine]
        if one.batch.batch_id in names | {record.batch_id for record in still_open}
    }
    return Day(
        day=day,
        begin=begin,
        end=end,
        login=_shown_login(login, real),
        batches=[
            DayBatch(
                one.batch,
                journal.listing(one.batch.batch_id),
                told[one.batch.batch_id].approved_by or "",
            )
            for one in real
        ],
        comparison=_compare(
            session, journal, login, still_open, ask_venue=ask_venue, was_sent=bool(real)
        ),
        carried=[
            record
            for one in mine
            if one.batch.created_at < begin
            for record in still_open
            if record.batch_id == one.batch.batch_id and record.batch_id not in names
        ],
        practice=len(of_day) - len(real),
        alarms=[
            f"Batch {name}: {line}" for name, it in told.items() for line in it.alarms_in_words
        ],
    )


def _is_in_scope(one: BatchSummary, login: Login | None) -> bool:
    """Say whether a batch is of the login's org at its venue; practice counts as anybody's."""
    batch = one.batch
    if login is None or batch.simulated:
        return True
    theirs = Login.of(batch.venue_url, batch.org, batch.user)
    return (theirs.url, theirs.org) == (login.url, login.org)


def _open_rows(journal: Journal, batches: Sequence[BatchSummary]) -> Iterator[OrderRecord]:
    for one in batches:
        if not one.batch.simulated and any(one.states.get(state) for state in MAYBE_OPEN):
            yield from journal.orders(one.batch.batch_id, MAYBE_OPEN)


def _shown_login(login: Login | None, batches: Sequence[BatchSummary]) -> tuple[str, str, str]:
    def listed(names: list[str], otherwise: str) -> str:
        return ", ".join(dict.fromkeys(names)) or otherwise

    found = [one.batch for one in batches]
    return (
        listed([login.url] if login else [one.venue_url for one in found], "(none)"),
        listed([login.org] if login else [one.org for one in found], "(none)"),
        listed([one.user for one in found], login.user if login else "(none)"),
    )


def _compare(
    session: Session,
    journal: Journal,
    login: Login | None,
    still_open: Sequence[OrderRecord],
    *,
    ask_venue: bool,
    was_sent: bool,
) -> Comparison:
    if not ask_venue:
        return Comparison(skipped="nobody wanted the venue to be asked.")
    if login is None:
        missing = ConfigError("the settings name no login (URL, user and org).")
        # Whoever has only practised has no venue that could disagree.
        return Comparison(skipped=str(missing), error=missing if was_sent else None)
    try:
        session.login()
        with session.open_venue(threads=1) as (venue, _):
            active = dict(venue.active())
    # Whatever keeps the venue from being asked, what the journal knows is reported.
    except BatchError as error:
        return Comparison(skipped=str(error), error=error)
    return compare(active, [*still_open, *_known(journal, login, active, still_open)])


def _known(
    journal: Journal,
    login: Login,
    active: dict[str, VenueOrder],
    still_open: Sequence[OrderRecord],
) -> Iterator[OrderRecord]:
    """Give the rows of the journal that have an ID of an active order and are not open."""
    known = {(record.batch_id, record.row) for record in still_open}
    servers = {record.server_order_id for record in still_open}
    looking = journal.looking(login)
    earlier = looking.earlier_orders(
        client_order_ids=[one.client_order_id for one in active.values() if one.client_order_id]
    )
    for server_order_id in active.keys() - servers:
        earlier += looking.of_server_id(server_order_id)
    for batch_id, row in {(one.batch_id, one.row) for one in earlier} - known:
        record = journal.order(batch_id, row)
        if record is not None:
            yield record


def _verdict(day: Day) -> Verdict:
    """Judge a day: a report was written, but somebody may have to look, or go on."""
    states = {record.state for record in day.carried}
    states.update(record.state for record in day.orders())
    comparison = day.comparison
    if day.alarms or comparison.strays or comparison.ended:
        return Verdict.UNKNOWN
    if states & {OrderState.UNKNOWN, OrderState.SENDING}:
        return Verdict.UNKNOWN
    if comparison.error is not None:
        return verdict_on(comparison.error)
    if OrderState.OPEN in states:
        return Verdict.STILL_OPEN
    return Verdict.DONE
