"""The `Summary` worksheet: what a head of desk reads first. Part of `report`, layer 2."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from math import ceil
from pathlib import PurePath
from typing import Any

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.model import BatchRecord, OrderRecord
from batch.report.cells import Cells
from batch.report.columns import SIMULATED
from batch.report.palette import ALARM, ALL_WELL, HEADER, INK, RULE, STATE_BARS, STATE_STYLES
from batch.report.text import visible
from batch.report.totals import ATTENTION, LISTED, URGENCY, Pressing, Survey, Total, survey
from batch.states import FinalState as S

# Symbol or state, side or row, currency, state, orders, size, filled size, and the rest of a line.
_WIDTHS = (13, 9, 10, 14, 9, 21, 21, 38)
_LAST = len(_WIDTHS) - 1
_RIGHT = ("Rows", "Orders", "Size", "Filled size")
_ORDER_WIDTH, _REASON_WIDTH = 56, 60
_REASON_LIMIT, _VALUES_LIMIT = 300, 120
_LINE_POINTS, _LINE_PIXELS = 15, 20
_STATE_POINTS, _STATE_PIXELS = 30, 40
_LINES_BEFORE_BREAK = 18
_FIRST_RESULT = 2
"""The line on Results, in a spreadsheet's counting, of the first row."""
_FEW = 10
_CHART_PIXELS, _CHART_WIDTH_PIXELS = 300, 420
_LINE: dict[str, Any] = {"bottom": 1, "bottom_color": RULE}

_MEANINGS = {
    S.UNKNOWN: "the venue may or may not hold it: never send it again before a person has looked",
    S.OPEN: "still working at the venue when the wait ended",
    S.REFUSED: "the venue answered the placing with an error; it holds nothing",
    S.REJECTED: "the venue took it and then rejected it",
    S.NOT_SENT: "never sent by this batch",
    S.INVALID: "failed the checks; never sent",
    S.CANCELLED: "cancelled at the venue",
    S.EXPIRED: "its time ended before it was filled in full",
    S.FILLED: "filled in full",
}


def write_summary(
    workbook: Workbook,
    worksheet: Worksheet,
    cells: Cells,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    now: datetime,
) -> None:
    """Write the page from top to bottom: what needs a person before any total."""
    for column, width in enumerate(_WIDTHS):
        worksheet.set_column(column, column, width)
    worksheet.fit_to_pages(1, 0)
    # The row numbers that lead to their rows are links, and links are text.
    worksheet.ignore_errors({"number_stored_as_text": f"B1:B{LISTED + _LINES_BEFORE_BREAK}"})
    page = _Page(workbook, worksheet, cells)
    page.write_title(batch)
    page.write_facts(batch, now)
    found = survey(orders)
    page.write_attention(batch, found.pressing)
    page.write_states(found.counts)
    page.write_totals(found)


class _Page:
    """The page as it grows; `line` is the next free one."""

    def __init__(self, workbook: Workbook, worksheet: Worksheet, cells: Cells) -> None:
        self._workbook = workbook
        self._worksheet = worksheet
        self._cells = cells
        self._line = 0

    def write_title(self, batch: BatchRecord) -> None:
        self._worksheet.set_row(0, 30)
        self._cells.text(0, 0, "Results of an order batch", bold=True, font_size=20, font_color=INK)
        self._line = 1
        if batch.simulated:
            self._worksheet.set_row(1, 30)
            text = f"{SIMULATED}: practice against a local venue. No real order was placed."
            self._band(text, font_size=16, valign="vcenter", **ALARM)
        self._line += 1

    def write_facts(self, batch: BatchRecord, now: datetime) -> None:
        left: tuple[tuple[str, str | datetime], ...] = (
            ("Batch", batch.batch_id),
            ("Sheet", PurePath(batch.sheet_path).name),
            ("Worksheet", batch.worksheet or "(none: a CSV file)"),
            ("Rows", f"{batch.row_count:,}"),
        )
        right: tuple[tuple[str, str | datetime], ...] = (
            ("Venue", batch.venue_url),
            ("Org, user", f"{batch.org}, {batch.user}"),
            ("Planned", batch.created_at),
            ("Report written", now),
        )
        for (label, value), (other_label, other_value) in zip(left, right, strict=True):
            self._fact(0, label, value)
            self._fact(5, other_label, other_value)
            self._line += 1
        self._line += 1

    def write_attention(self, batch: BatchRecord, pressing: Sequence[Pressing]) -> None:
        if not pressing:
            self._heading("Needs a person first")
            calm = ", ".join(ATTENTION[:-1])
            self._band(f"Nothing: no row is {calm} or {ATTENTION[-1]}.", **ALL_WELL)
            self._line += 1
            return
        self._heading(f"Needs a person first: {_rows(sum(one.count for one in pressing))}")
        self._table_head("State", "Row", "Order", "", "", "", "Reason", "")
        listed = [found for one in pressing for found in one.first][:LISTED]
        for place, order in listed:
            self._attention_line(order, place + _FIRST_RESULT)
        for one in pressing:
            left = one.count - sum(order.final_state is one.state for _, order in listed)
            if left:
                self._state_cell(one.state)
                text = f"and {left:,} more: filter final_state on Results"
                self._cells.text(self._line, 1, text, italic=True)
                self._line += 1
        for one in pressing:
            # A simulated venue ends with its process: there is nothing to go on with.
            advice = "" if batch.simulated else _advice(one.state, batch.batch_id)
            if advice:
                words = f"{one.state}: {advice}"
                self._cells.text(self._line, 0, words, italic=True, font_color=INK)
                self._line += 1
        self._line += 1

    def write_states(self, counts: Sequence[tuple[S, int]]) -> None:
        if self._line > _LINES_BEFORE_BREAK:
            # Or the end of the page would cut the chart in two.
            self._worksheet.set_h_pagebreaks([self._line])
        self._heading("Orders by final state")
        self._table_head("State", "Rows", "Meaning", "", "", "", "", "")
        first = self._line
        for state, count in counts:
            self._worksheet.set_row(self._line, _STATE_POINTS)
            self._state_cell(state)
            self._cells.number(self._line, 1, count, **_LINE)
            self._merged(2, 5, _MEANINGS[state], text_wrap=True, align="left", indent=1, **_LINE)
            self._line += 1
        absent = ", ".join(state for state in URGENCY if state not in dict(counts))
        if absent:
            self._cells.text(self._line, 0, f"No row is {absent}.", italic=True, font_color=INK)
        height = max(_CHART_PIXELS, len(counts) * _STATE_PIXELS)
        if counts:
            self._insert_chart(first, counts, height)
        below = (height - len(counts) * _STATE_PIXELS) / _LINE_PIXELS
        self._line += max(ceil(below), 1) + 1

    def write_totals(self, found: Survey) -> None:
        self._heading("Totals by symbol, side and final state, in the dealt currency")
        self._table_head("Symbol", "Side", "Currency", "State", "Orders", "Size", "Filled size", "")
        for total in found.totals:
            self._total_line(total)
        unread = found.rows - sum(total.orders for total in found.totals)
        if unread:
            self._cells.text(self._line, 0, "Not read as orders", **_LINE)
            for column in (1, 2, 3, 5, 6):
                self._cells.text(self._line, column, "", **_LINE)
            self._cells.number(self._line, 4, unread, **_LINE)
            self._line += 1
        self._cells.text(self._line, 0, "All rows", bold=True)
        self._cells.number(self._line, 4, found.rows, bold=True)

    def _attention_line(self, order: OrderRecord, place: int) -> None:
        reason = " ".join(order.message.split()) or "(no reason was given)"
        if len(reason) > _REASON_LIMIT:
            reason = f"{reason[:_REASON_LIMIT]} … (all of it is on Results)"
        words = _words(order)
        lines = max(ceil(len(reason) / _REASON_WIDTH), ceil(len(words) / _ORDER_WIDTH), 1)
        self._worksheet.set_row(self._line, _LINE_POINTS * lines)
        self._state_cell(order.final_state)
        self._worksheet.write_url(
            self._line,
            1,
            f"internal:Results!A{place}",
            self._cells.style(font_color="#1F4E79", underline=1, **_LINE),
            string=str(order.row),
            tip="Show this row on Results",
        )
        self._merged(2, 5, words, text_wrap=True, **_LINE)
        self._merged(6, _LAST, reason, text_wrap=True, **_LINE)
        self._line += 1

    def _total_line(self, total: Total) -> None:
        self._cells.text(self._line, 0, total.symbol, **_LINE)
        self._cells.text(self._line, 1, total.side, **_LINE)
        self._cells.text(self._line, 2, total.currency, **_LINE)
        self._state_cell(total.state, column=3)
        self._cells.number(self._line, 4, total.orders, **_LINE)
        self._cells.number(self._line, 5, total.size, **_LINE)
        if total.filled_size is None:
            self._cells.text(self._line, 6, "not known", align="right", italic=True, **_LINE)
        else:
            self._cells.number(self._line, 6, total.filled_size, **_LINE)
        self._line += 1

    def _insert_chart(self, first: int, counts: Sequence[tuple[S, int]], height: int) -> None:
        last = first + len(counts) - 1
        highest = max(count for _, count in counts)
        chart = self._workbook.add_chart({"type": "bar"})
        chart.add_series(
            {
                "name": "Rows",
                "categories": ["Summary", first, 0, last, 0],
                "values": ["Summary", first, 1, last, 1],
                "points": [{"fill": {"color": STATE_BARS[state]}} for state, _ in counts],
                "data_labels": {"value": True},
                "gap": 40,
            }
        )
        chart.set_title({"name": "Orders by final state", "name_font": {"size": 12}})
        # A bar chart stands on its side: its category axis is the upright one.
        chart.set_x_axis(
            {
                "name": "Number of orders",
                "num_format": "#,##0",
                "min": 0,
                # No half orders on the axis of a small batch.
                "major_unit": 1 if highest <= _FEW else None,
                "major_gridlines": {"visible": True, "line": {"color": RULE}},
                # Seen from the reversed category axis, high is at the bottom.
                "label_position": "high",
            }
        )
        chart.set_y_axis({"name": "Final state", "reverse": True})
        chart.set_legend({"none": True})
        chart.set_size({"width": _CHART_WIDTH_PIXELS, "height": height})
        self._worksheet.insert_chart(
            first,
            6,
            chart,
            {
                "x_offset": 8,
                "y_offset": 2,
                "description": "Bar chart of the number of orders in each final state",
            },
        )

    def _heading(self, text: str) -> None:
        self._worksheet.set_row(self._line, 22)
        self._cells.text(self._line, 0, text, bold=True, font_size=14, font_color=INK)
        self._line += 1

    def _table_head(self, *names: str) -> None:
        for column, name in enumerate(names):
            right = {"align": "right"} if name in _RIGHT else {}
            self._cells.text(self._line, column, name, **right, **HEADER)
        self._line += 1

    def _band(self, text: str, **style: object) -> None:
        self._merged(0, _LAST, text, **style)
        self._line += 1

    def _fact(self, column: int, label: str, value: str | datetime) -> None:
        self._cells.text(self._line, column, label, bold=True, font_color=INK)
        if isinstance(value, datetime):
            self._merged(column + 1, _LAST if column else 4, "")
            self._cells.moment(self._line, column + 1, value)
        else:
            self._merged(column + 1, _LAST if column else 4, value, shrink=True)

    def _state_cell(self, state: S, column: int = 0) -> None:
        self._cells.text(self._line, column, state.value, bold=True, **_LINE, **STATE_STYLES[state])

    def _merged(self, first: int, last: int, text: str, **style: object) -> None:
        # Merged while empty: given the text, XlsxWriter would guess whether it is a formula.
        self._worksheet.merge_range(
            self._line, first, self._line, last, "", self._cells.style(**style)
        )
        self._cells.text(self._line, first, text, **style)


def _words(record: OrderRecord) -> str:
    """Say an order in one line, as a trader would."""
    order = record.order
    if order is None:
        return ", ".join(visible(value) for value in record.values if value)[:_VALUES_LIMIT]
    return (
        f"{order.side} {order.size:,f} {order.currency} in {order.symbol} "
        f"at {order.price:f} {order.time_in_force}"
    )


def _advice(state: S, batch_id: str) -> str:
    if state is S.UNKNOWN:
        return (
            f"run `orderbatch resume {batch_id}`; what stays UNKNOWN a person asks the venue about "
            f"and records with `orderbatch resolve {batch_id} ROW`"
        )
    if state is S.OPEN:
        return f"run `orderbatch resume {batch_id}` to follow it, or `cancel` to withdraw it"
    return ""


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
