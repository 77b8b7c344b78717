"""Sums and times as a person reads them, the same in a workbook and on a page. Part of `report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import PurePath

from batch.model import BatchRecord
from batch.report.background import Background
from batch.report.text import visible
from batch.report.totals import Amounts, Survey
from batch.states import FinalState

_HEADLINES = 3
"""Currencies named in the headline; all of them are in the totals."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the sums.

    Attributes:
        facts: groups of labels and words, side by side.
        practice: it went to no real venue.
        alarms: what must be known before anything else.
    """

    title: str
    facts: Sequence[Sequence[tuple[str, str]]]
    practice: bool = False
    alarms: Sequence[str] = ()


def counted(count: int, noun: str) -> str:
    """Say `1 row`, `2 rows`, `2 batches`."""
    if count == 1:
        return f"{count:,} {noun}"
    return f"{count:,} {noun}{'es' if noun.endswith('ch') else 's'}"


def percent(rate: Decimal | None) -> str:
    """Say a rate that was cut off after four decimals: `83.21 %`; "" where there is none."""
    return "" if rate is None else f"{rate * 100:.2f} %"


def rate_in_words(amounts: Amounts) -> str:
    """Say how much is filled for certain: `≥ 63.67 %` where some fills are not known."""
    if amounts.is_unknown:
        return "not known"
    least = "≥ " if amounts.not_known else ""
    return f"{least}{percent(amounts.fill_rate)}"


def headline(found: Survey, alarms: Sequence[str] = ()) -> str:
    """Say in one line how a batch stands.

    Args:
        alarms: what is said above it; where there is any, it is not said that nobody is needed.
    """
    orders = sum(line.amounts.orders for line in found.lines)
    words = f"{found.sent:,} of {counted(orders, 'order')} sent"
    if unknown := found.states[FinalState.UNKNOWN]:
        words += f" ({unknown:,} of them UNKNOWN)"
    words += f", {found.filled:,} filled whole"
    if found.part_filled:
        words += f", {found.part_filled:,} in part"
    if not found.needs_person:
        return f"{words}." if alarms else f"{words}. Nothing needs a person."
    verb = "needs" if found.needs_person == 1 else "need"
    return f"{words}. {counted(found.needs_person, 'row')} {verb} a person."


def amount_lines(found: Survey) -> list[str]:
    """Say by dealt currency how much is filled, those with the most orders first."""
    lines = [
        amounts_in_words(currency, amounts)
        for currency, amounts in found.largest_currencies(_HEADLINES)
    ]
    more = len(found.currencies) - len(lines)
    if more > 0:
        names = "currency" if more == 1 else "currencies"
        lines.append(f"and {more:,} more {names}, in the totals")
    return lines


def amounts_in_words(currency: str, amounts: Amounts) -> str:
    """Say `EUR 3,400,000 of 4,100,000 filled (82.92 %), 700,000 not filled`."""
    if amounts.is_unknown:
        return f"{currency} {amounts.size:,f}: how much of it is filled is not known"
    least = "at least " if amounts.not_known else ""
    words = (
        f"{currency} {least}{amounts.filled:,f} of {amounts.size:,f} filled "
        f"({percent(amounts.fill_rate)})"
    )
    if amounts.unfilled:
        words += f", {amounts.unfilled:,f} not filled"
    if amounts.not_known:
        words += f", {amounts.not_known:,f} not known"
    return words


def duration(seconds: float) -> str:
    """Say a time span: `0.42 s`, `3 min 20 s`, `1 h 5 min`."""
    if seconds < 60:
        return f"{seconds:.2f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,} h {minutes} min"


def facts(
    batch: BatchRecord, found: Survey, background: Background, now: datetime | None
) -> list[list[tuple[str, str]]]:
    """Give three groups of labels and words: what it was, where and by whom, and when.

    Args:
        now: when the report is written; None where it is none.
    """
    left_out = f", {found.left_out:,} left out on purpose" if found.left_out else ""
    times = found.times

    def moment(at: datetime | None, otherwise: str) -> str:
        return background.moment_in_words(at) if at is not None else otherwise

    what = [
        ("Batch", batch.batch_id),
        ("Run key", batch.run_key or "(none)"),
        ("Sheet", PurePath(batch.sheet_path).name),
        ("Worksheet", batch.worksheet or "(none: a CSV file)"),
        ("Rows", f"{batch.row_count:,}{left_out}"),
    ]
    where = [
        ("Venue", batch.venue_url),
        ("Org, user", f"{batch.org}, {batch.user}"),
        ("Approved", background.approval_in_words),
    ]
    median = times.median_fill_s
    when = [
        ("Planned", moment(batch.created_at, "")),
        ("First sent", moment(times.first_sent, "(nothing was sent)")),
        ("Last answer", moment(times.last_answer, "(none is at its end)")),
        (
            "Time to fill",
            "(nothing is filled)" if median is None else f"{duration(median)} at the median",
        ),
        *([("Report", moment(now, ""))] if now is not None else []),
    ]
    return [[(label, visible(value)) for label, value in group] for group in (what, where, when)]
