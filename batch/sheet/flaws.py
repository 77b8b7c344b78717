"""What is odd about a cell, in words. Used by `sheet.table`."""

from __future__ import annotations

from batch.model import NUMBER_FIELDS, Column
from batch.sheet.raw import Flaw


def flaw_words(flaw: Flaw, column: Column) -> tuple[str, str, str]:
    """Give a problem's code, what was expected, and what to do."""
    kind = "a number" if column.field in NUMBER_FIELDS else "text"
    match flaw:
        case Flaw.BOOLEAN:
            return flaw, kind, "a true-or-false cell is neither: enter the value again"
        case Flaw.DATE:
            return (
                flaw,
                kind,
                f"the cell holds a date or time: format it as {kind.removeprefix('a ').title()} "
                "and enter the value again",
            )
        case Flaw.ERROR_VALUE:
            return flaw, f"{kind}, not an error", "mend the formula, or what it looks up"
        case Flaw.FORMULA_WITHOUT_VALUE:
            return flaw, "a formula with its value saved", "open and save it in Excel"
        case Flaw.PERCENT_FORMAT:
            return flaw, f"{kind}, not a percentage", "give the cell a plain number format"
        case Flaw.NUMBER_NOT_SHOWN:
            return (
                flaw,
                f"{kind} that the cell shows",
                "its number format shows no digits of it: give the cell a plain number format",
            )
        case Flaw.UNKNOWN_FORMAT:
            return (
                flaw,
                "a cell format that the workbook has",
                "the number could be a date or a percentage: open the workbook in a spreadsheet "
                "program, give the cell a plain number format, and save it",
            )
        case Flaw.STALE_FORMULA:
            return (
                flaw,
                "a formula with its value saved",
                "the workbook asks for its formulas to be computed anew, so that this value may "
                "be an old one: open and save it in Excel",
            )
        case Flaw.TWO_VALUES:
            return (
                flaw,
                f"{kind} that is the only one in its cell",
                "the file holds two for this cell, and programs show one or the other: enter it "
                "again",
            )
        case Flaw.UNKNOWN_ENCODING:
            return (
                flaw,
                "a file in UTF-8 where letters beyond ASCII are sent",
                "nothing in this file says which letters these are: save as CSV UTF-8",
            )
        case Flaw.PADDED_NUMBER:
            return (
                flaw,
                "an ID stored as text",
                "the zeros in front are only shown, not stored: format the cell as Text and "
                "enter the ID again",
            )
