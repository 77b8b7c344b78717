"""Raw rows → `Sheet`: header, columns, true row numbers, odd cells. Last step of `sheet`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from batch.errors import Advice, SheetError
from batch.model import (
    FIELDS,
    MOST_DIGITS,
    REQUIRED_FIELDS,
    Column,
    Problem,
    Row,
    Sheet,
    row_list,
    shown,
)
from batch.sheet.bounds import Limits, require
from batch.sheet.flaws import flaw_words
from batch.sheet.headers import (
    TITLE_ROWS,
    Headers,
    find_header,
    letter,
    no_header,
    require_fields,
)
from batch.sheet.raw import Area, Flaw, RawRow
from batch.sheet.words import normalise

HiddenRows = Literal["refuse", "include", "skip"]
LineCheck = Callable[[RawRow, int, int], Problem | None]

_ID_FIELDS = frozenset({"client_order_id", "org", "account"})
_NEVER_SENT = frozenset({None, "note"})
_SENT = frozenset(FIELDS) - _NEVER_SENT

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_INVISIBLE = re.compile(
    r"[\t\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)

# What other programs put around an ID in a CSV so that a spreadsheet takes it for text: ="00123",
# =T("00123"), '00123. An apostrophe is no guard where a name begins with one ('t Hooft).
_GUARD = re.compile(r"""=[^"]*".|'(?![a-z]\s)\S""")
_GUARD_SIGNS = ("=", "'")

_SHARED_TEXTS = 1000
"""So many different texts of cells are kept once for all cells that hold them: what a column says
over and over, such as a symbol or a side, is among the first of them."""

_LINE_BREAK = re.compile(r"[\r\n\u2028\u2029]")
_SUSPECT = re.compile("|".join(pattern.pattern for pattern in (_CONTROL, _INVISIBLE, _LINE_BREAK)))


@dataclass(frozen=True, slots=True)
class Reading:
    """How one sheet is to be read.

    Attributes:
        where: the file and, for a workbook, the worksheet, as messages name them.
        headers: what headers mean.
        constant_fields: fields that the sheet may lack because a setting gives them.
    """

    path: Path
    worksheet: str | None
    headers: Headers
    constant_fields: Collection[str]
    hidden_rows: HiddenRows
    limits: Limits

    @property
    def where(self) -> str:
        return f"{self.path}, sheet {self.worksheet}" if self.worksheet else str(self.path)


def build(
    reading: Reading,
    raw_rows: Iterator[RawRow],
    *,
    check_line: LineCheck | None = None,
    merged: Sequence[Area] = (),
    is_hidden: Callable[[int], bool] | None = None,
) -> Sheet:
    """Find the header, then take every row below it.

    Args:
        check_line: for a text file, judges a record by how many columns there are up to the last
            that has a name, and in all.
        merged: areas of merged cells; may be filled while the rows are drawn.
        is_hidden: for a workbook, tells which columns cannot be seen.

    Raises:
        SheetError: no header, no orders, too many; columns that are missing, unnamed or named
            twice; cells beyond the header; merged cells; hidden rows, or hidden columns of order
            fields, that nobody decided about.
    """
    top, ahead = _take_top(raw_rows)
    known = reading.headers.known
    header = find_header(top, known, reading.constant_fields)
    if header is None:
        if not any(text.strip() for row in top for text in row.texts) and ahead is None:
            raise _no_orders(reading, "an empty sheet")
        raise no_header(reading.where)
    for text in header.texts:
        require(reading.where, reading.limits, "header_text", len(text))
    require_fields(reading.where, header, reading.headers, reading.constant_fields)
    notes = reading.headers.notes(reading.where, header)
    hidden = _hidden_columns(reading, header, is_hidden) if is_hidden is not None else ()
    collector = _Collector(reading, header, check_line, left_out=hidden)
    for row in top:
        if row.number > header.number:
            collector.add(row)
    if ahead is not None:
        collector.add(ahead)
    for row in raw_rows:
        collector.add(row)
    return collector.sheet(merged, notes)


def _take_top(raw_rows: Iterator[RawRow]) -> tuple[list[RawRow], RawRow | None]:
    top: list[RawRow] = []
    for row in raw_rows:
        if row.number > TITLE_ROWS + 1:
            return top, row
        top.append(row)
    return top, None


def _hidden_columns(
    reading: Reading, header: RawRow, is_hidden: Callable[[int], bool]
) -> frozenset[int]:
    """Find hidden columns that hold an order field.

    Returns:
        Positions of those that a person said to leave out.

    Raises:
        SheetError: nobody decided about them, or a required one was to be left out.
    """
    fields = {
        position: field
        for position, text in enumerate(header.texts)
        if (field := reading.headers.known.get(normalise(text))) in _SENT and is_hidden(position)
    }
    if not fields or reading.hidden_rows == "include":
        return frozenset()
    needed = [
        position
        for position, field in fields.items()
        if field in REQUIRED_FIELDS and field not in reading.constant_fields
    ]
    if needed or reading.hidden_rows == "refuse":
        names = ", ".join(
            f'"{shown(header.texts[position])}" ({letter(position)})'
            for position in (needed if reading.hidden_rows == "skip" else fields)
        )
        why = " and are required" if reading.hidden_rows == "skip" else ""
        raise SheetError(
            f"{reading.where}, row {header.number}: hidden columns that hold order fields{why}: "
            f"{names}.",
            code="hidden-columns",
            advice=Advice.HIDDEN_ROWS,
        )
    return frozenset(fields)


def _no_orders(reading: Reading, found: str) -> SheetError:
    return SheetError(
        f"{reading.where}: expected at least one order below the header, found {found}",
        code="no-orders",
    )


class _Collector:
    """Takes the rows below the header one by one."""

    def __init__(
        self,
        reading: Reading,
        header: RawRow,
        check_line: LineCheck | None,
        left_out: Collection[int] = (),
    ) -> None:
        self._reading = reading
        self._header = header
        self._check_line = check_line
        names = [normalise(text) for text in header.texts]
        times = Counter(names)
        kept = [i for i, name in enumerate(names) if name]
        self._width = kept[-1] + 1
        self._kept = kept if len(kept) < self._width else None
        self._columns = tuple(
            Column(
                header.texts[i],
                None if i in left_out else reading.headers.known.get(names[i]),
                letter(i),
            )
            for i in kept
        )
        self._left_out = left_out
        self._new_position = {old: new for new, old in enumerate(kept)}
        # Columns that may be there only as long as nothing stands below their header.
        self._unusable = [
            i for i, name in enumerate(names[: self._width]) if not name or times[name] > 1
        ]
        limits, in_workbook = reading.limits, reading.worksheet is not None
        self._most_cells = limits.workbook_cells if in_workbook else limits.cells
        self._may_be_guarded = not in_workbook
        self._id_positions = {i for i, c in enumerate(self._columns) if c.field in _ID_FIELDS}
        self._rows: list[Row] = []
        self._last_number = header.number
        self._problems: list[Problem] = []
        self._hidden: list[int] = []
        self._struck: list[int] = []
        self._sent = {i for i in kept if self._columns[self._new_position[i]].field in _SENT}
        self._same_sets: dict[frozenset[int], frozenset[int]] = {}
        self._same_texts: dict[str, str] = {}

    def _too_many_cells(self) -> SheetError:
        limits, in_workbook = self._reading.limits, self._reading.worksheet is not None
        kind = " in a workbook" if in_workbook else ""
        as_csv = (
            f", save the sheet as CSV (up to {limits.cells:,} cells of which are read)"
            if in_workbook
            else ""
        )
        return SheetError(
            f"{self._reading.where}: expected at most {self._most_cells:,} cells{kind}, found more "
            f"in {self._width:,} columns; remove columns that are not orders{as_csv}, or raise the "
            f"bound: it grows with max_rows in [limits] of config.toml above {Limits().rows:,}",
            code="too-many-cells",
        )

    def add(self, raw: RawRow) -> None:
        """Take one row: keep it, note what is odd about it, or refuse the sheet for it."""
        texts = raw.texts
        if not any(text and not text.isspace() for text in texts):
            return
        if raw.hidden and self._reading.hidden_rows != "include":
            self._hidden.append(raw.number)
            return
        if len(self._rows) == self._reading.limits.rows:
            raise SheetError(
                f"{self._reading.where}: expected at most {self._reading.limits.rows:,} orders, "
                f"found more, from row {raw.number:,} on; split the sheet, or raise the bound with "
                "max_rows in [limits] of config.toml",
                code="too-many-rows",
            )
        if (len(self._rows) + 1) * self._width > self._most_cells:
            raise self._too_many_cells()
        if self._check_line is not None:
            problem = self._check_line(raw, self._width, len(self._header.texts))
            if problem is not None:
                self._problems.append(problem)
        if len(texts) < self._width:
            texts = texts + [""] * (self._width - len(texts))
        if self._unusable or len(texts) > self._width:
            self._require_named(raw.number, texts)
            texts = texts[: self._width]
        numeric = raw.numeric
        if self._kept is not None:
            texts = [texts[i] for i in self._kept]
            numeric = frozenset(self._new_position[i] for i in numeric if i in self._new_position)
        if numeric:
            numeric = self._same_sets.setdefault(numeric, numeric)
        same = self._same_texts
        share = same.setdefault if len(same) < _SHARED_TEXTS else same.get
        values = tuple([share(text, text) for text in texts])
        self._rows.append(Row(raw.number, values, numeric))
        self._last_number = raw.number
        if raw.struck and not self._sent.isdisjoint(raw.struck):
            self._struck.append(raw.number)
        if raw.flaws or _SUSPECT.search("".join(values)):
            self._inspect(raw, values)
        if self._may_be_guarded:
            self._inspect_guards(raw.number, values)
        if not self._id_positions.isdisjoint(numeric):
            self._inspect_numeric_ids(raw.number, values, numeric)

    def sheet(self, merged: Sequence[Area], notes: tuple[Problem, ...]) -> Sheet:
        """Give what was taken, once the whole of it is known to be usable."""
        reading = self._reading
        if self._hidden and reading.hidden_rows == "refuse":
            raise SheetError(
                f"{reading.where}: hidden or filtered-out rows: {row_list(self._hidden)}.",
                code="hidden-rows",
                advice=Advice.HIDDEN_ROWS,
            )
        if not self._rows:
            raise _no_orders(reading, "none")
        for area in merged:
            if (
                area.last_row >= self._header.number
                and area.first_row <= self._last_number
                and area.first_position < self._width
            ):
                raise SheetError(
                    f"{reading.where}: merged cells in the table: {area.name}; unmerge them, and "
                    "fill each cell",
                    code="merged-cells",
                )
        return Sheet(
            path=reading.path,
            worksheet=reading.worksheet,
            header_row=self._header.number,
            columns=self._columns,
            rows=tuple(self._rows),
            problems=tuple(self._problems),
            warnings=(*notes, *self._warnings()),
        )

    def _warnings(self) -> Iterator[Problem]:
        for position in sorted(self._left_out):
            name = self._header.texts[position]
            yield Problem(
                code="hidden-column",
                row=None,
                column=name,
                field=None,
                expected="a column that can be seen",
                found="a hidden one",
                action="it is left out: nothing of it is sent",
            )
        if self._struck:
            yield Problem(
                code="struck-through",
                row=None,
                column=None,
                field=None,
                expected="rows without struck-through cells",
                found=f"row {row_list(self._struck)}",
                action="they count as orders all the same: delete the rows that are not meant",
            )

    def _require_named(self, number: int, texts: list[str]) -> None:
        beyond = range(self._width, len(texts))
        for position in (*self._unusable, *beyond):
            text = texts[position]
            if not text or text.isspace():
                continue
            name = self._header.texts[position].strip() if position < self._width else ""
            if name:
                raise SheetError(
                    f"{self._reading.where}, row {self._header.number}: expected each header "
                    f'once, found "{shown(name)}" again (column {letter(position)}); rename or '
                    "remove one",
                    code="duplicate-header",
                )
            raise SheetError(
                f"{self._reading.where}, row {number}, column {letter(position)}: expected "
                f'nothing in a column without a header, found "{shown(text)}"; give the column '
                "a header, or clear it",
                code="blank-header",
            )

    def _inspect(self, raw: RawRow, values: tuple[str, ...]) -> None:
        places = self._new_position
        flaws = {places[i]: flaw for i, flaw in (raw.flaws or {}).items() if i in places}
        for position, text in enumerate(values):
            column = self._columns[position]
            sent = column.field not in _NEVER_SENT
            flaw = flaws.get(position)
            if flaw is not None and sent:
                if flaw is not Flaw.PADDED_NUMBER or column.field in _ID_FIELDS:
                    self._note(raw.number, column, text, *flaw_words(flaw, column))
            elif _CONTROL.search(text):
                self._note(
                    raw.number,
                    column,
                    text,
                    "control-character",
                    "text without control characters",
                    "delete the cell's content and type it again",
                )
            elif sent and _LINE_BREAK.search(text):
                self._note(raw.number, column, text, "line-break", "a single line", "")
            elif sent and _INVISIBLE.search(text):
                self._note(
                    raw.number,
                    column,
                    text,
                    "invisible-character",
                    "text without invisible characters",
                    "delete the cell's content and type it again",
                )

    def _inspect_guards(self, number: int, values: tuple[str, ...]) -> None:
        for position in self._id_positions:
            text = values[position]
            guard = _GUARD.match(text) if text[:1] in _GUARD_SIGNS else None
            if guard is not None:
                self._note(
                    number,
                    self._columns[position],
                    text,
                    "guarded-id",
                    "the ID alone",
                    f"another program put {guard[0][:-1]} in front of it, for spreadsheets only: "
                    "take the guard away",
                )

    def _inspect_numeric_ids(
        self, number: int, values: tuple[str, ...], numeric: frozenset[int]
    ) -> None:
        for position in self._id_positions & numeric:
            text = values[position]
            # Whatever a number cell shows beyond its digits is not what was typed.
            if sum(map(str.isdigit, text)) > MOST_DIGITS:
                self._note(
                    number,
                    self._columns[position],
                    text,
                    "long-number",
                    "an ID stored as text",
                    f"a spreadsheet keeps {MOST_DIGITS} digits of a number and has lost the "
                    "rest: format the cell as Text and enter the ID again",
                )

    def _note(
        self, number: int, column: Column, text: str, code: str, expected: str, action: str
    ) -> None:
        self._problems.append(
            Problem(code, number, column.header, column.field, expected, shown(text), action)
        )
