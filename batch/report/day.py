"""A trading day: all its batches, held against what works at the venue. Part of `report`.

The venue's list of active orders is the one witness beside the journal: an order that works there
and that the journal does not know is nobody's, and an open one that is not listed has ended
without our knowing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from batch.errors import Advice, BatchError, Wording, hint
from batch.model import BatchRecord, OrderRecord, VenueOrder
from batch.report.background import Background, in_utc
from batch.report.fills import filled_size
from batch.report.totals import Survey, survey
from batch.report.wording import Head, amount_lines, counted, duration, headline
from batch.states import FinalState


@dataclass(frozen=True, slots=True)
class DayBatch:
    """A batch of the day.

    Attributes:
        orders: every row, in the sheet's order.
        approved_by: who approved it, as was recorded; "" where nobody did, or nobody was named.
    """

    batch: BatchRecord
    orders: Sequence[OrderRecord]
    approved_by: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The journal held against the venue's list of active orders.

    Attributes:
        skipped: why they were not compared; empty where they were.
        error: what kept them from being compared; None where they were, or nobody wanted it.
        strays: work at the venue, and the journal does not know them.
        ended: work at the venue, and the journal has them at their end.
        gone: OPEN in the journal, and the venue does not list them.
        active: how many orders the venue listed.
    """

    skipped: str = ""
    error: BatchError | None = None
    strays: tuple[VenueOrder, ...] = ()
    ended: tuple[OrderRecord, ...] = ()
    gone: tuple[OrderRecord, ...] = ()
    active: int = 0


@dataclass(frozen=True, slots=True)
class Day:
    """What there is to report.

    Attributes:
        begin, end: its first moment, and that of the next day.
        logins: venue, org and users whose batches these are.
        batches: planned on this day, the oldest first.
        carried: rows of earlier days that are OPEN or UNKNOWN now.
        practice: practice batches of the day, which are left out.
        alarms: what must not be of the batches and rows among these, and stands, each in a line.
    """

    day: date
    begin: datetime
    end: datetime
    login: tuple[str, str, str]
    batches: Sequence[DayBatch]
    comparison: Comparison
    carried: Sequence[OrderRecord] = ()
    practice: int = 0
    alarms: Sequence[str] = ()

    def orders(self) -> Iterator[OrderRecord]:
        """Give all rows of the day's batches."""
        return chain.from_iterable(one.orders for one in self.batches)

    def batch_of(self, record: OrderRecord) -> BatchRecord:
        """Give the batch of one of the day's rows."""
        return next(one.batch for one in self.batches if one.batch.batch_id == record.batch_id)


@dataclass(frozen=True, slots=True)
class Finding:
    """A line of what does not agree, or is left over from an earlier day."""

    what: str
    client_order_id: str
    server_order_id: str
    order: str
    to_do: str


def compare(active: Mapping[str, VenueOrder], known: Iterable[OrderRecord]) -> Comparison:
    """Hold the venue's list of active orders against the journal.

    Args:
        active: by server order ID.
        known: every row of this login that is open in the journal, and every one that has the
            client or the server order ID of an active order.
    """
    records = list(known)
    by_server = {one.server_order_id: one for one in records if one.server_order_id}
    by_client = {one.client_order_id: one for one in records if one.client_order_id}
    listed_clients = {order.client_order_id for order in active.values()}
    strays, ended = [], []
    for server_order_id, order in active.items():
        record = by_server.get(server_order_id)
        if record is None:
            record = by_client.get(order.client_order_id)
            # Another server's ID under one of our client IDs is a second order, not ours.
            if record is not None and record.server_order_id is not None:
                record = None
        if record is None:
            strays.append(order)
        elif record.final_state not in (FinalState.OPEN, FinalState.UNKNOWN):
            ended.append(record)
    gone = [
        one
        for one in by_server.values()
        if one.final_state is FinalState.OPEN
        and one.server_order_id not in active
        and one.client_order_id not in listed_clients
    ]
    return Comparison(
        strays=tuple(strays), ended=tuple(ended), gone=tuple(gone), active=len(active)
    )


def findings(day: Day, word: Wording = str) -> list[Finding]:
    """Give a line for whatever does not agree with the venue, and for what is left over."""
    return [
        *(
            Finding(
                "works at the venue, and the journal does not know it",
                order.client_order_id,
                order.server_order_id,
                _stray_in_words(order),
                "find out who placed it; cancel it at the venue if nobody did",
            )
            for order in day.comparison.strays
        ),
        *(
            _of_record(
                f"works at the venue, and is {record.final_state} in the journal",
                record,
                "phone the venue: one of the two is wrong",
            )
            for record in day.comparison.ended
        ),
        *(
            _of_record(
                "OPEN in the journal, and the venue does not list it",
                record,
                f"ask what became of it: {word(hint(Advice.TO_RESUME, record.batch_id))}",
            )
            for record in day.comparison.gone
        ),
        *(
            _of_record(
                f"{record.final_state} since an earlier day",
                record,
                f"go on with it: {word(hint(Advice.TO_RESUME, record.batch_id))}",
            )
            for record in day.carried
        ),
    ]


def _of_record(what: str, record: OrderRecord, to_do: str) -> Finding:
    return Finding(
        what,
        record.client_order_id or "",
        record.server_order_id or "",
        f"{order_in_words(record)} (row {record.row} of {record.batch_id})",
        to_do,
    )


def order_in_words(record: OrderRecord) -> str:
    """Say an order in one line, as a trader would."""
    order = record.order
    if order is None:
        return ", ".join(value for value in record.values if value)
    words = f"{order.side} {order.size:,f} {order.currency} in {order.symbol} at {order.price:f}"
    filled = filled_size(record)
    return f"{words}, {filled:,f} filled" if filled else words


def _stray_in_words(order: VenueOrder) -> str:
    """Say what the venue said of an order; what it left out is left out here."""
    terms = order.terms
    words = [
        *([str(terms.side)] if terms.side else []),
        *([f"{terms.size:,f}"] if terms.size is not None else []),
        *([terms.currency] if terms.currency else []),
        *([f"in {terms.symbol}"] if terms.symbol else []),
        *([f"at {terms.price:f}"] if terms.price is not None else []),
        f"({order.status or 'no status'})",
    ]
    filled = f", {order.filled_size:,f} filled" if order.filled_size else ""
    return " ".join(words) + filled


def venue_words(comparison: Comparison) -> str:
    """Say whether the journal and the venue agree about what works."""
    if comparison.skipped:
        return f"Not compared with the venue's list of active orders: {comparison.skipped}"
    listed = f"The venue lists {counted(comparison.active, 'active order')}"
    if not (comparison.strays or comparison.ended or comparison.gone):
        return f"{listed}, and the journal agrees."
    return f"{listed}. {' '.join(alarms(comparison))}"


def _venue_fact(comparison: Comparison) -> str:
    if alarms(comparison):
        return f"{counted(comparison.active, 'active order')}: see above"
    return venue_words(comparison)


def alarms(comparison: Comparison) -> list[str]:
    """Say what does not agree, a sentence for each kind."""
    strays, ended, gone = map(len, (comparison.strays, comparison.ended, comparison.gone))
    words = []
    if strays:
        words.append(f"{_works(strays)} at the venue and not in the journal.")
    if ended:
        words.append(f"{_works(ended)} at the venue and at an end in the journal.")
    if gone:
        verb = "is" if gone == 1 else "are"
        words.append(f"{counted(gone, 'order')} {verb} OPEN in the journal and not at the venue.")
    return words


def _all_alarms(day: Day) -> list[str]:
    # What was to be compared and was not may hide anything: that is no day that needs nobody.
    missing = [venue_words(day.comparison)] if day.comparison.error is not None else []
    return [*day.alarms, *alarms(day.comparison), *missing]


def _works(count: int) -> str:
    return f"{counted(count, 'order')} {'works' if count == 1 else 'work'}"


def day_head(day: Day, found: Survey, background: Background, now: datetime) -> Head:
    """Say what stands above the sums of a day."""
    url, org, user = day.login
    times = found.times
    approved = sum(bool(one.approved_by) for one in day.batches)
    left_out = f", {found.left_out:,} left out on purpose" if found.left_out else ""
    practice = f", {counted(day.practice, 'practice batch')} not among them"
    median = times.median_fill_s
    return Head(
        f"Trading day {day.day}",
        (
            (
                ("Batches", f"{len(day.batches):,}{practice if day.practice else ''}"),
                ("Rows", f"{found.rows:,}{left_out}"),
                ("Carried over", f"{counted(len(day.carried), 'row')} OPEN or UNKNOWN"),
            ),
            (
                ("Venue", url),
                ("Org, users", f"{org}, {user}"),
                ("Approved", f"{approved:,} of {counted(len(day.batches), 'batch')}"),
                ("At the venue", _venue_fact(day.comparison)),
            ),
            (
                ("From", background.moment_in_words(day.begin)),
                ("Until", background.moment_in_words(day.end)),
                ("First sent", _moment(times.first_sent, background)),
                ("Last answer", _moment(times.last_answer, background)),
                ("Time to fill", "(nothing is filled)" if median is None else duration(median)),
                ("Report", background.moment_in_words(now)),
            ),
        ),
        alarms=_all_alarms(day),
    )


def _moment(moment: datetime | None, background: Background) -> str:
    return "(none)" if moment is None else background.moment_in_words(moment)


def states_in_words(orders: Iterable[OrderRecord]) -> str:
    """Say `40 FILLED, 8 EXPIRED`, the most urgent first."""
    counts = survey(orders).counts
    return ", ".join(f"{count:,} {state.value}" for state, count in counts)


def planned_in_words(batch: BatchRecord) -> str:
    """Say when a batch was planned, in UTC."""
    return in_utc(batch.created_at).removesuffix(" UTC")


def day_in_words(day: Day) -> list[str]:
    """Say in a few lines how a day stands."""
    found = survey(day.orders())
    verb = "is" if len(day.carried) == 1 else "are"
    words = f"{counted(len(day.carried), 'row')} of earlier days {verb} still OPEN or UNKNOWN."
    carried = [words] if day.carried else []
    return [
        f"Trading day {day.day}, {counted(len(day.batches), 'batch')}: "
        + headline(found, [*_all_alarms(day), *carried]),
        *day.alarms,
        *amount_lines(found),
        venue_words(day.comparison),
        *carried,
    ]
