"""Reports for programs: CSV and JSON. Part of `report`, layer 2."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import BinaryIO

from batch.escaping import escaped, escaped_json
from batch.model import BatchRecord, Column, OrderRecord
from batch.report.background import NOTHING_ELSE, Background
from batch.report.columns import column_names, line_texts, timestamp
from batch.report.figures import totals
from batch.report.totals import survey
from batch.states import FinalState

# What a spreadsheet program may take for the start of a formula, full-width signs included. It
# looks behind blanks and invisible characters, and after the delimiters of other locales: `a;=1`
# in a comma file becomes two cells where the list separator is a semicolon.
_ACTIVE = re.compile(r"(^|[;\t\r\n|])(?=[\s\x00-\x1f\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r])")  # noqa: RUF001


ID_FIELDS = frozenset({"client_order_id", "org", "account"})
"""Fields that are text and are sent as they are."""


def inert(text: str) -> str:
    """Put an apostrophe before everything that a spreadsheet program could run."""
    return _ACTIVE.sub(r"\1'", text)


def as_cell(text: str) -> str:
    """Give a text as a cell of a CSV: nothing in it acts on a program or a terminal."""
    return inert(escaped(text))


def csv_lines(batch: BatchRecord, orders: Iterable[OrderRecord]) -> Iterator[list[str]]:
    """Give the lines of a CSV report as they are written, the header first."""
    yield [as_cell(name) for name in column_names(batch)]
    for order in orders:
        yield [as_cell(text or "") for text in line_texts(batch, order)]


def write_csv(stream: BinaryIO, batch: BatchRecord, orders: Sequence[OrderRecord]) -> None:
    """Write UTF-8 with CRLF, and a byte-order mark where there is a letter beyond ASCII."""
    write_lines(stream, lambda: csv_lines(batch, orders))


def write_lines(stream: BinaryIO, lines: Callable[[], Iterable[Sequence[str]]]) -> None:
    """Write CSV that both a spreadsheet program and a script read.

    Excel takes UTF-8 for the code page of its country unless a mark says otherwise; a script that
    does not expect the mark takes it for a part of the first column's name. So it is there only
    where it says something: without a letter beyond ASCII all readings are the same.

    Args:
        lines: gives the lines from the first, each time that it is called.
    """
    plain = all(cell.isascii() for line in lines() for cell in line)
    text = _text(stream, newline="", encoding="utf-8" if plain else "utf-8-sig")
    csv.writer(text).writerows(lines())
    text.detach()


def ids_that_csv_changes(
    columns: Sequence[Column], rows: Iterable[tuple[int, Sequence[str]]]
) -> Iterator[tuple[int, str, str]]:
    """Find the IDs that no CSV can hold both as they are and inert.

    Args:
        rows: the number of each row, and a text for each column.

    Returns:
        Row, header and ID of each.
    """
    places = [place for place, column in enumerate(columns) if column.field in ID_FIELDS]
    for number, texts in rows:
        for place in places:
            if inert(texts[place]) != texts[place]:
                yield number, columns[place].header, texts[place]


def write_json(
    stream: BinaryIO,
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    background: Background = NOTHING_ELSE,
) -> None:
    """Write one document, an order a line, so that the size of the batch does not matter."""
    text = _text(stream, newline="\n")
    text.write(f'{{"batch": {_json(_report_facts(batch, orders, background))},\n"orders": [')
    between = "\n"
    for line in _lines(batch, orders):
        text.write(between + _json(line))
        between = ",\n"
    text.write("\n]}\n")
    text.detach()


def as_document(
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    background: Background = NOTHING_ELSE,
) -> dict[str, object]:
    """Give the whole JSON report as one value."""
    facts = _report_facts(batch, orders, background)
    return {"batch": facts, "orders": list(_lines(batch, orders))}


def _report_facts(
    batch: BatchRecord, orders: Sequence[OrderRecord], background: Background
) -> dict[str, object]:
    found = survey(orders)
    states = {state: found.states[state] for state in FinalState if found.states[state]}
    return {
        **batch_facts(batch, states),
        "approved_by": background.approved_by,
        "totals": totals(found),
    }


def _lines(
    batch: BatchRecord, orders: Sequence[OrderRecord]
) -> Iterator[dict[str, int | str | None]]:
    names = column_names(batch)
    for order in orders:
        values = (order.row, *line_texts(batch, order)[1:])
        yield dict(zip(names, values, strict=True))


def batch_facts(batch: BatchRecord, states: Mapping[FinalState, int]) -> dict[str, object]:
    """Give the `batch` object of a JSON document.

    Args:
        states: how many of its rows ended in which state.
    """
    return {
        "id": batch.batch_id,
        "sheet": batch.sheet_path,
        "worksheet": batch.worksheet,
        "venue": batch.venue_url,
        "org": batch.org,
        "user": batch.user,
        "simulated": batch.simulated,
        "created_at": timestamp(batch.created_at),
        "run": batch.run_key or None,
        "rows": batch.row_count,
        "states": {state.value: count for state, count in states.items()},
    }


def _json(value: object) -> str:
    return escaped_json(json.dumps(value, ensure_ascii=False))


def _text(stream: BinaryIO, newline: str, encoding: str = "utf-8") -> io.TextIOWrapper:
    # A file name may hold bytes that are no text; they come out as \udc.. and stop nothing.
    return io.TextIOWrapper(stream, encoding, errors="backslashreplace", newline=newline)
