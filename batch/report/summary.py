"""The `Summary` worksheet: what a head of desk reads first. Part of `report`, layer 2.

It is one printed page whatever the batch: everything on it is bounded, and what is left out has a
place on another worksheet, which is named.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.report.attention import MEANINGS, Pressing
from batch.report.cells import Cells
from batch.report.columns import SIMULATED
from batch.report.lines import (
    TOTAL_HEADS,
    TOTAL_WIDTHS,
    write_currency_line,
    write_head,
    write_total_line,
)
from batch.report.palette import (
    ALARM,
    ALL_WELL,
    CAUTION,
    FILL_BARS,
    INK,
    NEED_STYLES,
    RULE,
    STATE_STYLES,
)
from batch.report.sums import CHART_COLUMNS, CHART_SHEET, ChartData
from batch.report.todo import SHEET as TO_DO
from batch.report.todo import first_lines
from batch.report.totals import Survey
from batch.report.wording import Head, amount_lines, counted, headline
from batch.states import FinalState

LINES, CURRENCIES = 14, 6
"""Lines of the totals on this page; all of them are on Totals."""

_LAST = len(TOTAL_WIDTHS) - 1
_STATE_COLUMN, _CHART_COLUMN = 6, 8
_LEAST_BLOCK_LINES = 12
_LINE_PIXELS = 20
_CHART_WIDTH_PIXELS = 530
_LINE: dict[str, Any] = {"bottom": 1, "bottom_color": RULE}
_LINK: dict[str, Any] = {"font_color": "#1F4E79", "underline": 1}


def write_summary(
    workbook: Workbook, worksheet: Worksheet, head: Head, found: Survey, chart: ChartData
) -> None:
    """Write the page from top to bottom: how it stands, what needs a person, the totals."""
    for column, width in enumerate(TOTAL_WIDTHS):
        worksheet.set_column(column, column, width)
    worksheet.fit_to_pages(1, 1)
    # A count that leads somewhere is a link, and links are text.
    worksheet.ignore_errors({"number_stored_as_text": "A1:M100"})
    page = _Page(workbook, worksheet)
    page.write_head(head)
    page.write_headline(found, head)
    page.write_facts(head.facts)
    page.write_standing(found, chart)
    page.write_totals(found)


class _Page:
    """The page as it grows; `line` is the next free one."""

    def __init__(self, workbook: Workbook, worksheet: Worksheet) -> None:
        self._workbook = workbook
        self._worksheet = worksheet
        self._cells = Cells(workbook, worksheet)
        self._line = 0

    def write_head(self, head: Head) -> None:
        self._worksheet.set_row(0, 28)
        self._cells.text(0, 0, head.title, bold=True, font_size=20, font_color=INK)
        self._line = 1
        practice = f"{SIMULATED}: practice against a local venue. No real order was placed."
        for text in ([practice] if head.practice else []) + list(head.alarms):
            self._worksheet.set_row(self._line, 26)
            self._band(text, font_size=16, valign="vcenter", shrink=True, **ALARM)

    def write_headline(self, found: Survey, head: Head) -> None:
        self._worksheet.set_row(self._line, 26)
        style = CAUTION if found.needs_person or head.alarms else ALL_WELL
        self._band(headline(found, head.alarms), **{**style, "font_size": 15, "valign": "vcenter"})
        for words in amount_lines(found):
            self._worksheet.set_row(self._line, 19)
            self._band(words, font_size=13, font_color=INK, shrink=True)
        self._line += 1

    def write_facts(self, groups: Sequence[Sequence[tuple[str, str]]]) -> None:
        for place in range(max(map(len, groups))):
            for group, (column, last) in zip(groups, ((0, 4), (5, 8), (9, _LAST)), strict=True):
                if place < len(group):
                    self._fact(column, last, *group[place])
            self._line += 1
        self._line += 1

    def write_standing(self, found: Survey, chart: ChartData) -> None:
        """Write what needs a person, the states and the chart side by side."""
        self._worksheet.set_row(self._line, 22)
        needs = counted(found.needs_person, "row") if found.needs_person else "no row"
        heading = {"bold": True, "font_size": 14, "font_color": INK}
        self._cells.text(self._line, 0, f"Needs a person: {needs}", **heading)
        self._cells.text(self._line, _STATE_COLUMN, "By final state", **heading)
        self._line += 1
        first = self._line
        places = first_lines(found.pressing)
        writers: list[list[Callable[[], None]]] = [[], []]
        for one, place in zip(found.pressing, places, strict=True):
            writers[0].append(partial(self._need_line, one, place))
        if not found.pressing:
            writers[0].append(self._calm_line)
        for state, count in found.counts:
            writers[1].append(partial(self._state_line, state, count))
        # From the top, because a finished line cannot be written to any more.
        lines = max(_LEAST_BLOCK_LINES, *map(len, writers))
        for place in range(lines):
            for column in writers:
                if place < len(column):
                    column[place]()
            self._line += 1
        if chart.count:
            self._insert_chart(first - 1, chart, (lines + 1) * _LINE_PIXELS)
        self._line += 1

    def write_totals(self, found: Survey) -> None:
        self._worksheet.set_row(self._line, 22)
        text = "Totals by symbol and side, in the dealt currency"
        self._cells.text(self._line, 0, text, bold=True, font_size=14, font_color=INK)
        self._line += 1
        write_head(self._cells, self._line, TOTAL_HEADS)
        self._line += 1
        for line in found.largest_lines(LINES):
            write_total_line(self._cells, self._line, line)
            self._line += 1
        self._more(len(found.lines) - LINES, "line", "lines")
        for currency, amounts in found.largest_currencies(CURRENCIES):
            write_currency_line(self._cells, self._line, currency, amounts)
            self._line += 1
        self._more(len(found.currencies) - CURRENCIES, "currency", "currencies")
        remark = (
            "Average price: over the known fills, weighted by their size in the base currency. "
            "Average limit: of the same fills. Pips: by how much better than the limit (below 0: "
            "worse); 0.01 for yen pairs, 0.0001 for others."
        )
        self._cells.text(self._line, 0, remark, italic=True, font_size=9, font_color=INK)

    def _more(self, count: int, one: str, many: str) -> None:
        if count > 0:
            words = f"and {count:,} more {one if count == 1 else many}, with fewer orders"
            self._link(0, f"internal:'{CHART_SHEET}'!A1", f"{words}: all are on {CHART_SHEET}")
            self._line += 1

    def _need_line(self, one: Pressing, place: int) -> None:
        target = f"internal:'{TO_DO}'!A{place + 1}"
        style = {**NEED_STYLES[one.need], **_LINE, "bold": True}
        self._merged(0, 1, one.need.value, **style)
        self._link(2, target, f"{one.count:,}", align="right", indent=1, **_LINE)
        self._merged(3, 5, MEANINGS[one.need], shrink=True, **_LINE)

    def _calm_line(self) -> None:
        self._merged(0, 5, "Nothing: every order is at its end, filled whole or not at all.")

    def _state_line(self, state: FinalState, count: int) -> None:
        style = {**STATE_STYLES[state], **_LINE, "bold": True}
        self._cells.text(self._line, _STATE_COLUMN, state.value, **style)
        style = {"align": "right", "indent": 1, **_LINE}
        self._cells.number(self._line, _STATE_COLUMN + 1, count, **style)

    def _insert_chart(self, first: int, data: ChartData, height: int) -> None:
        chart = self._workbook.add_chart({"type": "bar", "subtype": "percent_stacked"})
        for name, column, colour in zip(
            ("Filled", "Not filled", "Not known"), CHART_COLUMNS, FILL_BARS, strict=True
        ):
            chart.add_series(
                {
                    "name": name,
                    "categories": [CHART_SHEET, data.first, 0, data.last, 0],
                    "values": [CHART_SHEET, data.first, column, data.last, column],
                    "fill": {"color": colour},
                    "gap": 40,
                }
            )
        title = "Filled and not filled, as a part of the size"
        if data.left_out:
            title += f" ({data.count} symbols of {data.count + data.left_out})"
        chart.set_title({"name": title, "name_font": {"size": 11}})
        # A bar chart stands on its side: its category axis is the upright one.
        chart.set_y_axis({"reverse": True, "interval_unit": 1, "num_font": {"size": 9}})
        chart.set_x_axis(
            {
                "num_format": "0 %",
                "major_gridlines": {"visible": True, "line": {"color": RULE}},
                # Seen from the reversed category axis, high is at the bottom.
                "label_position": "high",
                "num_font": {"size": 9},
            }
        )
        chart.set_legend({"position": "bottom", "font": {"size": 9}})
        chart.set_size({"width": _CHART_WIDTH_PIXELS, "height": height})
        self._worksheet.insert_chart(
            first,
            _CHART_COLUMN,
            chart,
            {
                "x_offset": 10,
                "y_offset": 2,
                "description": "Bar chart: for each symbol the part of the size that is filled, "
                "not filled, and not known",
            },
        )

    def _band(self, text: str, **style: object) -> None:
        self._merged(0, _LAST, text, **style)
        self._line += 1

    def _fact(self, column: int, last: int, label: str, value: str) -> None:
        self._cells.text(self._line, column, label, bold=True, font_color=INK)
        self._merged(column + 1, last, value, shrink=True)

    def _link(self, column: int, target: str, text: str, **style: object) -> None:
        self._worksheet.write_url(
            self._line, column, target, self._cells.style(**style, **_LINK), string=text
        )

    def _merged(self, first: int, last: int, text: str, **style: object) -> None:
        # Merged while empty: given the text, XlsxWriter would guess whether it is a formula.
        self._worksheet.merge_range(
            self._line, first, self._line, last, "", self._cells.style(**style)
        )
        self._cells.text(self._line, first, text, **style)
