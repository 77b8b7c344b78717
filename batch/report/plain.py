"""Reports for programs: CSV and JSON. Part of `report`, layer 2."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, BinaryIO

from batch.escaping import escaped, escaped_json
from batch.model import BatchRecord, Column, OrderRecord
from batch.report.background import NOTHING_ELSE, Background
from batch.report.columns import column_names, line_texts, timestamp
from batch.report.figures import totals
from batch.report.totals import Survey, survey
from batch.states import FinalState

# What a spreadsheet program may take for the start of a formula, full-width signs included. It
# looks behind blanks and invisible characters, and after the delimiters of other locales: `a;=1`
# in a comma file becomes two cells where the list separator is a semicolon.
_ACTIVE = re.compile(r"(^|[;\t\r\n|])(?=[\s\x00-\x1f\u200b\ufeff]*[=+\-@＝＋－＠]|[\t\r])")  # noqa: RUF001


_SIGN = re.compile(r"[=+\-@＝＋－＠\t\r]")  # noqa: RUF001
_IN_MEMORY = 8 * 1024 * 1024

ID_FIELDS = frozenset({"client_order_id", "org", "account"})
"""Fields that are text and are sent as they are."""


def inert(text: str) -> str:
    """Put an apostrophe before everything that a spreadsheet program could run."""
    # Most texts have no such sign at all.
    return _ACTIVE.sub(r"\1'", text) if _SIGN.search(text) else text


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
    write_lines(stream, csv_lines(batch, orders))


def write_lines(stream: BinaryIO, lines: Iterable[Sequence[str]]) -> None:
    """Write CSV that both a spreadsheet program and a script read.

    Excel takes UTF-8 for the code page of its country unless a mark says otherwise; a script that
    does not expect the mark takes it for a part of the first column's name. So it is there only
    where it says something: without a letter beyond ASCII all readings are the same.
    """
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="orderbatch-") as draft:
        text = _text(draft, newline="")
        csv.writer(text).writerows(lines)
        text.flush()
        if not all(portion.isascii() for portion in _portions(draft)):
            stream.write(codecs.BOM_UTF8)
        for portion in _portions(draft):
            stream.write(portion)
        text.detach()


def _portions(draft: IO[bytes]) -> Iterator[bytes]:
    draft.seek(0)
    while portion := draft.read(_IN_MEMORY):
        yield portion


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
    if not places:
        return  # and the rows need not be read
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
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, prefix="orderbatch-") as draft:
        # What is said of the batch as a whole stands first, and is known last.
        text = _text(draft, newline="\n")

        def written() -> Iterator[OrderRecord]:
            between = "\n"
            for order, line in _lines(batch, orders):
                text.write(between + _json(line))
                between = ",\n"
                yield order

        facts = _report_facts(batch, survey(written()), background)
        text.flush()
        stream.write(f'{{"batch": {_json(facts)},\n"orders": ['.encode("utf-8", "backslashreplace"))
        for portion in _portions(draft):
            stream.write(portion)
        stream.write(b"\n]}\n")
        text.detach()


def as_document(
    batch: BatchRecord,
    orders: Sequence[OrderRecord],
    background: Background = NOTHING_ELSE,
) -> dict[str, object]:
    """Give the whole JSON report as one value."""
    facts = _report_facts(batch, survey(orders), background)
    return {"batch": facts, "orders": [line for _, line in _lines(batch, orders)]}


def _report_facts(batch: BatchRecord, found: Survey, background: Background) -> dict[str, object]:
    states = {state: found.states[state] for state in FinalState if found.states[state]}
    return {
        **batch_facts(batch, states),
        "approved_by": background.approved_by,
        "totals": totals(found),
    }


def _lines(
    batch: BatchRecord, orders: Sequence[OrderRecord]
) -> Iterator[tuple[OrderRecord, dict[str, int | str | None]]]:
    names = column_names(batch)
    for order in orders:
        values = (order.row, *line_texts(batch, order)[1:])
        yield order, dict(zip(names, values, strict=True))


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


def _text(stream: IO[bytes], newline: str) -> io.TextIOWrapper:
    # A file name may hold bytes that are no text; they come out as \udc.. and stop nothing.
    return io.TextIOWrapper(stream, "utf-8", errors="backslashreplace", newline=newline)
