"""How large a sheet may be, in every dimension, and why. Used by `sheet` only.

A file from elsewhere may be hostile, or a workbook that has grown for ten years. What no order
sheet has is refused early and in words, before it costs minutes and gigabytes: a whole process
takes 10 seconds and 600 MB at the most for a file that is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from batch.errors import SheetError


def _bound(most: int, what: str, why: str) -> int:
    metadata = {"what": what, "why": why}
    bound: int = field(default=most, metadata=metadata)
    return bound


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a file is read before it is refused; each with what it counts and why."""

    packed_bytes: int = _bound(
        50_000_000, "bytes", "100,000 orders with 20 columns of text take 30 MB as CSV"
    )
    rows: int = _bound(100_000, "orders", "a venue that takes 10 a second needs 3 hours for them")
    cells: int = _bound(5_000_000, "cells", "each takes about 60 bytes of memory")
    workbook_cells: int = _bound(
        2_000_000, "cells in a workbook", "a million of them takes four seconds; as CSV, a tenth"
    )
    columns: int = _bound(500, "columns", "an order has 14 fields, an export of a treasury 200")
    header_text: int = _bound(255, "characters in a header", "more than that no table can hold")
    lines: int = _bound(5_000_000, "lines", "five times what a spreadsheet program can open")
    line_text: int = _bound(1_000_000, "characters in a line", "500 columns of 2,000 characters")
    record_lines: int = _bound(
        1_000, "lines in one quoted field", "a note has a few; beyond, a quote was forgotten"
    )
    unpacked_bytes: int = _bound(
        500_000_000, "bytes when unpacked", "XML takes ten times the room of the orders in it"
    )
    parts: int = _bound(10_000, "parts", "a workbook has five, and a few for each worksheet")
    relationships: int = _bound(10_000, "relationships of a part", "one for each part")
    worksheets: int = _bound(255, "worksheets", "as many as a spreadsheet program makes at once")
    tags: int = _bound(
        20_000_000, "XML tags in a part", "5,000,000 cells have two, each with a start and an end"
    )
    depth: int = _bound(1_000, "XML tags within each other", "a worksheet has eight")
    text_bytes: int = _bound(
        250_000_000, "bytes of text in a worksheet", "all of it is held in memory"
    )
    cell_text: int = _bound(32_767, "characters in a cell", "more than that no cell can hold")
    cell_formats: int = _bound(65_536, "cell formats", "more than that no workbook can hold")
    number_formats: int = _bound(5_000, "number formats", "spreadsheet programs stop at about 250")
    number_format: int = _bound(1_000, "characters in a number format", "programs stop at 255")
    fonts: int = _bound(65_536, "fonts", "more than a workbook can have formats")
    merged_areas: int = _bound(100_000, "merged areas", "in the table itself none is allowed")
    array_formulas: int = _bound(200, "array formulas", "each cell is compared with each of them")
    column_widths: int = _bound(20_000, "widths of columns", "a worksheet has 16,384 columns")

    @classmethod
    def for_rows(cls, rows: int) -> Limits:
        """Give limits that let so many orders through, and what belongs to them in proportion."""
        usual = cls()
        if rows <= usual.rows:
            return usual
        by_rows = (
            "packed_bytes",
            "cells",
            "workbook_cells",
            "lines",
            "unpacked_bytes",
            "tags",
            "text_bytes",
        )
        raised = {name: getattr(usual, name) * rows // usual.rows for name in by_rows}
        return replace(usual, rows=rows, **raised)


_BOUNDS = {bound.name: bound for bound in fields(Limits)}


def require(where: object, limits: Limits, name: str, found: int) -> None:
    """Refuse a sheet that goes beyond one of the limits.

    Args:
        where: the file, as the message names it.
        name: of the limit.

    Raises:
        SheetError: `found` is more than the limit.
    """
    most: int = getattr(limits, name)
    if found > most:
        raise too_large(where, name, most)


def too_large(where: object, name: str, most: int) -> SheetError:
    """Word the refusal of a sheet that goes beyond a limit."""
    metadata = _BOUNDS[name].metadata
    return SheetError(
        f"{where}: expected at most {most:,} {metadata['what']}, found more "
        f"({metadata['why']}); copy the orders alone into a fresh sheet, and use that",
        code=f"too-many-{name}" if name in ("columns", "lines") else "workbook-too-large",
    )


def damaged(path: Path, what: str) -> SheetError:
    """Word the refusal of a workbook that no spreadsheet program would have saved like this."""
    return SheetError(
        f"{path}: the workbook is damaged ({what}); open it in a spreadsheet program and save it "
        "again",
        code="damaged-workbook",
    )
