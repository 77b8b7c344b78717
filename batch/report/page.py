"""The report as one HTML page, with neither script nor outside file. Part of `report`, layer 2.

It reads on a phone and prints on paper, and can be the body of an e-mail. Jinja2 escapes
everything that is put into the template: sheets and venues write what they like.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import files
from typing import BinaryIO

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template

from batch.errors import Wording
from batch.escaping import escaped
from batch.model import BatchRecord, OrderRecord
from batch.report.attention import MEANINGS, Need, reason, what_to_do
from batch.report.background import Background
from batch.report.columns import sheet_values
from batch.report.fills import filled_size, unfilled_size
from batch.report.palette import FILL_BARS, NEED_STYLES, STATE_STYLES
from batch.report.standing import results_mark
from batch.report.text import visible
from batch.report.totals import Amounts, Survey, survey
from batch.report.wording import Head, amount_lines, counted, facts, headline, rate_in_words

LINES, CURRENCIES, BARS = 10, 5, 8
"""What page one shows of the totals; the workbook has all of them."""

LISTED = 50
"""Rows of each kind that are listed; a page is read, not filtered."""


@dataclass(frozen=True, slots=True)
class Bar:
    """How far one symbol is, in hundredths of its size."""

    label: str
    words: str
    filled: str
    unfilled: str
    not_known: str
    unfilled_from: str
    not_known_from: str


def _read(name: str) -> str:
    return files("batch.report").joinpath(name).read_text(encoding="utf-8")


def load_template(name: str) -> Template:
    """Load a page's template, and what it extends."""
    environment = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = _number
    environment.filters["rate"] = rate_in_words
    return environment.get_template(name)


def write_page(
    stream: BinaryIO,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    background: Background,
    now: datetime,
) -> None:
    """Write the whole page.

    Args:
        now: when the report is written.
    """
    found = survey(orders)
    head = Head(
        "Results of an order batch",
        facts(batch, found, background, now),
        practice=batch.simulated,
        alarms=background.alarms_in_words,
    )
    text = _PAGE.render(
        name=f"Batch {batch.batch_id}",
        mark=results_mark(batch.batch_id),
        **page_values(head, found),
        entry=lambda need, record: entry(need, batch, record, f"{record.row}", background.word),
    )
    # HTML escapes what a browser acts on; this, what a terminal or an eye would.
    stream.write(escaped(text).encode("utf-8", "backslashreplace"))


def page_values(head: Head, found: Survey) -> dict[str, object]:
    """Give what every page's template asks for, but its name, its mark and its list's entries."""
    return {
        "title": head.title,
        "practice": head.practice,
        "alarms": head.alarms,
        "found": found,
        "headline": headline(found, head.alarms),
        "amount_lines": amount_lines(found),
        "facts": head.facts,
        "needs": [(one, MEANINGS[one.need], _css(NEED_STYLES[one.need])) for one in found.pressing],
        "needs_in_words": counted(found.needs_person, "row") if found.needs_person else "no row",
        "states": [(state, count, _css(STATE_STYLES[state])) for state, count in found.counts],
        "lines": found.largest_lines(LINES),
        "more_lines": max(len(found.lines) - LINES, 0),
        "currencies": found.largest_currencies(CURRENCIES),
        "more_currencies": max(len(found.currencies) - CURRENCIES, 0),
        "bars": [_bar(label, amounts) for label, amounts in found.by_symbol()[:BARS]],
        "colours": FILL_BARS,
        "listed": LISTED,
    }


def entry(
    need: Need, batch: BatchRecord, record: OrderRecord, row: str, word: Wording
) -> dict[str, object]:
    """Give a line of the list of what needs a person.

    Args:
        row: what the row is called there.
        word: puts advice into words.
    """
    order = record.order
    values = ", ".join(visible(value) for value in sheet_values(batch, record) if value)
    return {
        "row": row,
        "what": values[:120]
        if order is None
        else f"{order.side} {order.size:,f} {order.currency} in {order.symbol} at {order.price:f}",
        "filled": filled_size(record),
        "unfilled": unfilled_size(record),
        "reason": visible(reason(record)),
        "to_do": what_to_do(need, batch, record, word),
    }


def _bar(label: str, amounts: Amounts) -> Bar:
    def part(size: Decimal) -> Decimal:
        # Where more than the size was filled, a bar can be full and no more.
        return min(max(size / amounts.size * 100, Decimal(0)), Decimal(100))

    filled, not_known = part(amounts.filled), part(amounts.not_known)
    unfilled = max(100 - filled - not_known, Decimal(0))
    return Bar(
        label=label,
        words=rate_in_words(amounts),
        filled=f"{filled:.3f}",
        unfilled=f"{unfilled:.3f}",
        not_known=f"{not_known:.3f}",
        unfilled_from=f"{filled:.3f}",
        not_known_from=f"{filled + unfilled:.3f}",
    )


def _number(number: Decimal | int | None) -> str:
    if number is None:
        return "not known"
    return f"{number:,}" if isinstance(number, int) else f"{number:,f}"


def _css(style: Mapping[str, object]) -> str:
    return f"background:{style['bg_color']};color:{style['font_color']}"


_PAGE = load_template("page.html.j2")
