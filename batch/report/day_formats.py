"""A trading day as a workbook, a page and JSON. Part of `report`, layer 2."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.clock import Clock
from batch.errors import Wording
from batch.escaping import escaped, escaped_json
from batch.model import OrderRecord
from batch.report import todo
from batch.report.background import NOTHING_ELSE, Background
from batch.report.cells import Cells, open_workbook
from batch.report.columns import timestamp
from batch.report.day import (
    Day,
    day_head,
    findings,
    planned_in_words,
    states_in_words,
    venue_words,
)
from batch.report.figures import totals
from batch.report.page import LISTED, entry, load_template, page_values
from batch.report.palette import HEADER, RULE
from batch.report.plain import batch_facts
from batch.report.standing import SAVED_BY, day_mark, judge_day
from batch.report.summary import write_summary
from batch.report.sums import CHART_SHEET, chart_data, write_sums
from batch.report.target import AS_USUAL, Placing, check_standing, check_target, put_in_place
from batch.report.text import visible
from batch.report.totals import survey
from batch.report.workbook import set_up_print
from batch.states import FinalState

DAY_FORMATS = (".xlsx", ".html", ".json")

_CELL: dict[str, Any] = {"bottom": 1, "bottom_color": RULE, "text_wrap": True}
_PAGE = load_template("day.html.j2")
_BATCHES = (
    ("Batch", 14),
    ("Run key", 20),
    ("Sheet", 34),
    ("User", 14),
    ("Approved by", 20),
    ("Planned (UTC)", 20),
    ("Rows", 9),
    ("States", 60),
)
_FINDINGS = (
    ("Finding", 48),
    ("Client order ID", 24),
    ("Server order ID", 20),
    ("Order", 58),
    ("What to do", 50),
)


def write_day_workbook(stream: BinaryIO, day: Day, background: Background, now: datetime) -> None:
    """Write the day's workbook; its first page is one printed page."""
    found = survey(day.orders())
    with open_workbook(stream) as workbook:
        workbook.set_properties(
            {
                "title": f"Trading day {day.day}",
                "category": day_mark(day.day),
                "author": SAVED_BY,
            }
        )
        sheets = [
            workbook.add_worksheet(name)
            for name in ("Summary", "Batches", "Venue", todo.SHEET, CHART_SHEET)
        ]
        for worksheet in sheets:
            set_up_print(worksheet, f"Trading day {day.day}")
        summary, batches, venue, to_do, sums = sheets
        no_batch = "" if day.batches else "There is no batch of this day."
        head = day_head(day, found, background, now)
        write_summary(workbook, summary, head, found, chart_data(found))
        _write_table(workbook, batches, _BATCHES, _batch_lines(day), no_batch)
        _write_table(
            workbook,
            venue,
            _FINDINGS,
            _finding_lines(day, background.word),
            venue_words(day.comparison),
        )
        todo.write_to_do(
            workbook, to_do, day.batch_of, found.pressing, word=background.word, has_results=False
        )
        write_sums(workbook, sums, found)


def _batch_lines(day: Day) -> list[tuple[str | int, ...]]:
    return [
        (
            one.batch.batch_id,
            one.batch.run_key,
            PurePath(one.batch.sheet_path).name,
            one.batch.user,
            one.approved_by,
            planned_in_words(one.batch),
            one.batch.row_count,
            states_in_words(one.orders),
        )
        for one in day.batches
    ]


def _finding_lines(day: Day, word: Wording) -> list[tuple[str | int, ...]]:
    return [
        (one.what, one.client_order_id, one.server_order_id, one.order, one.to_do)
        for one in findings(day, word)
    ]


def _write_table(
    workbook: Workbook,
    worksheet: Worksheet,
    columns: tuple[tuple[str, int], ...],
    lines: list[tuple[str | int, ...]],
    remark: str,
) -> None:
    """Write a table, and a remark below it."""
    cells = Cells(workbook, worksheet)
    worksheet.fit_to_pages(1, 0)
    worksheet.freeze_panes(1, 0)
    worksheet.repeat_rows(0)
    worksheet.ignore_errors({"number_stored_as_text": f"A1:H{len(lines) + 1}"})
    for column, (name, width) in enumerate(columns):
        worksheet.set_column(column, column, width)
        cells.text(0, column, name, align="right" if name == "Rows" else "left", **HEADER)
    for place, line in enumerate(lines, start=1):
        heights = [
            -(-len(str(value)) // (width - 3))
            for value, (_, width) in zip(line, columns, strict=True)
        ]
        worksheet.set_row(place, 15 * max(heights))
        for column, value in enumerate(line):
            if isinstance(value, int):
                cells.number(place, column, value, **_CELL)
            else:
                cells.text(place, column, value, num_format="@", **_CELL)
    if remark:
        cells.text(len(lines) + 1, 0, remark, italic=True)


def write_day_page(stream: BinaryIO, day: Day, background: Background, now: datetime) -> None:
    """Write the day as one HTML page."""
    found = survey(day.orders())
    head = day_head(day, found, background, now)
    lines = findings(day, background.word)
    text = _PAGE.render(
        name=f"Trading day {day.day}",
        mark=day_mark(day.day),
        **page_values(head, found),
        entry=lambda need, record: entry(
            need,
            day.batch_of(record),
            record,
            f"{record.row} of {record.batch_id}",
            background.word,
        ),
        batches=[
            {
                "batch": one.batch,
                "sheet": visible(PurePath(one.batch.sheet_path).name),
                "approved": one.approved_by,
                "planned": planned_in_words(one.batch),
                "states": states_in_words(one.orders),
            }
            for one in day.batches
        ],
        venue_words=venue_words(day.comparison),
        findings=lines[:LISTED],
        more_findings=max(len(lines) - LISTED, 0),
    )
    stream.write(escaped(text).encode("utf-8", "backslashreplace"))


def day_document(day: Day) -> dict[str, object]:
    """Give the day as a program takes it."""
    batches = []
    for one in day.batches:
        found = survey(one.orders)
        states = {state: found.states[state] for state in FinalState if found.states[state]}
        batches.append(
            {
                **batch_facts(one.batch, states),
                "approved_by": one.approved_by or None,
                "totals": totals(found),
            }
        )
    comparison = day.comparison
    return {
        "day": {
            "date": str(day.day),
            "from": timestamp(day.begin),
            "until": timestamp(day.end),
            "practice_batches": day.practice,
            "totals": totals(survey(day.orders())),
        },
        "batches": batches,
        "venue": {
            "compared": not comparison.skipped,
            "reason": comparison.skipped or None,
            "active": None if comparison.skipped else comparison.active,
            "not_in_journal": [
                {
                    "server_order_id": order.server_order_id,
                    "client_order_id": order.client_order_id,
                    "status": order.status,
                }
                for order in comparison.strays
            ],
            "ended_in_journal": [_row(record) for record in comparison.ended],
            "not_at_venue": [_row(record) for record in comparison.gone],
        },
        "carried_over": [_row(record) for record in day.carried],
        "alarms": list(day.alarms),
    }


def _row(record: OrderRecord) -> dict[str, object]:
    return {
        "batch": record.batch_id,
        "row": record.row,
        "client_order_id": record.client_order_id,
        "server_order_id": record.server_order_id,
        "final_state": record.final_state.value,
    }


def write_day_json(stream: BinaryIO, day: Day, _: Background, __: datetime) -> None:
    """Write the day as one JSON document."""
    text = json.dumps(day_document(day), ensure_ascii=False, indent=1)
    stream.write((escaped_json(text) + "\n").encode("utf-8", "backslashreplace"))


def check_day_target(target: Path, day: date) -> None:
    """Refuse early, before anybody is asked anything, a file that cannot be the day's report.

    Raises:
        ReportError: another suffix, no such folder, or something else stands there.
    """
    check_target(target, DAY_FORMATS)
    check_standing(target, judge_day(day))


def write_day(
    target: Path,
    day: Day,
    *,
    clock: Clock,
    background: Background = NOTHING_ELSE,
    placing: Placing = AS_USUAL,
) -> Path:
    """Write the report of a trading day.

    Args:
        target: `.xlsx`, `.html` or `.json`.

    Returns:
        The path really written: a sibling of the target where that is open in another program, or
        holds something else.

    Raises:
        ReportError: nothing was written.
    """
    write_content = {
        ".html": write_day_page,
        ".json": write_day_json,
    }.get(target.suffix.lower(), write_day_workbook)
    return put_in_place(
        target,
        lambda stream: write_content(stream, day, background, clock.now()),
        clock,
        judge=judge_day(day.day),
        placing=placing,
    )
