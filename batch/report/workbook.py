"""The report for people: Summary, Results, To do and Totals. Part of `report`, layer 2.

XlsxWriter in its constant-memory mode puts every finished row on the disk, so that the size of
a batch does not decide whether it can be reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from typing import BinaryIO

from xlsxwriter.worksheet import Worksheet

from batch.model import BatchRecord, OrderRecord
from batch.report import todo
from batch.report.background import Background
from batch.report.cells import Cells, open_workbook
from batch.report.columns import SIMULATED
from batch.report.results import write_results
from batch.report.standing import SAVED_BY, results_mark
from batch.report.summary import write_summary
from batch.report.sums import CHART_SHEET, chart_data, write_sums
from batch.report.text import visible
from batch.report.totals import survey
from batch.report.wording import Head, facts

_A4 = 9


def write_workbook(
    stream: BinaryIO,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    background: Background,
    now: datetime,
) -> None:
    """Write the whole workbook.

    Args:
        now: when the report is written.
    """
    with open_workbook(stream) as workbook:
        workbook.set_properties(
            {
                "title": visible(f"Results of batch {batch.batch_id}"),
                "category": results_mark(batch.batch_id),
                "author": SAVED_BY,
                "comments": SIMULATED if batch.simulated else "",
                "created": now.astimezone(UTC).replace(tzinfo=None),
            }
        )
        summary = workbook.add_worksheet("Summary")
        results = workbook.add_worksheet("Results")
        to_do = workbook.add_worksheet(todo.SHEET)
        totals = workbook.add_worksheet(CHART_SHEET)
        footer = f"{PurePath(batch.sheet_path).name}, batch {batch.batch_id}"
        for worksheet in (summary, results, to_do, totals):
            set_up_print(worksheet, footer, practice=batch.simulated)
        found = survey(write_results(results, Cells(workbook, results), batch, orders))
        chart = chart_data(found)
        head = Head(
            "Results of an order batch",
            facts(batch, found, background, now),
            practice=batch.simulated,
            alarms=background.alarms_in_words,
        )
        write_summary(workbook, summary, head, found, chart)
        todo.write_to_do(workbook, to_do, lambda _: batch, found.pressing, word=background.word)
        write_sums(workbook, totals, found)


def set_up_print(worksheet: Worksheet, footer: str, *, practice: bool = False) -> None:
    """Make a worksheet fit for A4 in landscape, with its name and page numbers below."""
    worksheet.hide_gridlines(2)
    worksheet.set_paper(_A4)
    worksheet.set_landscape()
    worksheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    if practice:
        worksheet.set_header(f"&C&B{SIMULATED}")
    # An ampersand starts a command in headers and footers, and 255 characters is their limit.
    words = visible(footer)[:150].replace("&", "&&")
    worksheet.set_footer(f"&L{words}&RPage &P of &N")
