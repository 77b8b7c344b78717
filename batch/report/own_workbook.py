"""The person's own workbook, opened to write a copy of it. Part of `report`, layer 2.

openpyxl keeps formats and formulas, but not everything that a workbook can hold: what it does not
keep is told.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from batch.model import Sheet, shown
from batch.report.text import is_active, visible

LARGEST = 64 * 1024 * 1024
"""Bytes of worksheets, unpacked, of a workbook that is copied with its looks: with a larger one
openpyxl takes minutes, and gigabytes of memory."""

_LOST_PARTS = (
    ("xl/vbaProject", "macros"),
    ("xl/media/", "pictures"),
    ("xl/ctrlProps/", "buttons and other controls"),
    ("xl/activeX/", "controls"),
    ("xl/slicers/", "slicers"),
    ("xl/timelines/", "timelines"),
    ("xl/threadedComments/", "replies to comments"),
    ("xl/charts/", "some formats of charts"),
    ("xl/diagrams/", "diagrams"),
)


class CannotCopy(Exception):
    """The workbook cannot be copied with its looks; the text says why."""


def save_whole(stream: BinaryIO, save: Callable[[BinaryIO], None]) -> None:
    """Write all of a copy or nothing.

    Args:
        save: opens, changes and saves the workbook.

    Raises:
        CannotCopy: nothing was written.
    """
    with tempfile.TemporaryFile(prefix="orderbatch-") as draft:
        try:
            save(draft)
        except CannotCopy:
            raise
        # It reads far more of a workbook than the orders, and fails in any way at what it does not
        # know: TypeError, KeyError, ParseError and others were seen.
        except Exception as error:
            raise CannotCopy(
                f"something in it is not understood: {type(error).__name__}"
            ) from error
        draft.seek(0)
        shutil.copyfileobj(draft, stream)


def load_own_workbook(source: Path, largest: int | None = None) -> tuple[Workbook, list[str]]:
    """Load a workbook with its formulas, and say what a copy of it will not have.

    Args:
        largest: how many bytes of worksheets, unpacked, are copied; `LARGEST` if None.

    Raises:
        CannotCopy: it is too large.
    """
    # Opened here: what fails to load leaves its own file open.
    with source.open("rb") as content:
        with zipfile.ZipFile(content) as package:
            parts = package.infolist()
        size = sum(part.file_size for part in parts if "worksheets" in part.filename.lower())
        if size > (LARGEST if largest is None else largest):
            raise CannotCopy(
                f"it is too large for that: {size / 1024 / 1024:,.0f} MB of worksheets"
            )
        content.seek(0)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            workbook = load_workbook(content, rich_text=True)
    names = [part.filename for part in parts]
    lost = [what for part, what in _LOST_PARTS if any(name.startswith(part) for name in names)]
    unread = [str(warning.message) for warning in caught if warning.category is UserWarning]
    return workbook, list(dict.fromkeys(lost + unread))


def find_table(workbook: Workbook, sheet: Sheet) -> Worksheet:
    """Find the worksheet that the sheet was read from, with the header that it had then.

    Raises:
        CannotCopy: it is not there, or has another header.
    """
    title = sheet.worksheet or ""
    table = workbook[title] if title in workbook.sheetnames else None
    if not isinstance(table, Worksheet):
        names = ", ".join(shown(name) for name in workbook.sheetnames) or "none"
        raise CannotCopy(f'expected the worksheet "{shown(title)}" in it, found {names}')
    for column in sheet.columns:
        found = table[f"{column.letter}{sheet.header_row}"].value
        if isinstance(found, str) and not found.startswith("="):
            there, read = _letters_of(found), _letters_of(column.header)
            if there and read and there != read:
                raise CannotCopy("it has changed since it was read; check it again")
    return table


def _letters_of(header: str) -> str:
    return "".join(char for char in header.casefold() if char.isalnum())


def put_text(page: Worksheet, row: int, place: int, text: str) -> Cell:
    """Write text as text; openpyxl would make a formula of what starts with an equals sign."""
    text = visible(text)
    cell = page.cell(row, place)
    assert isinstance(cell, Cell)
    cell.value = text or None
    if text:
        cell.data_type = "s"
    if is_active(text):
        cell.quotePrefix = True
    return cell
