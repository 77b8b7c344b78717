"""A line of a file before anybody knows what its columns mean. Passed inside `sheet`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

NO_POSITIONS: frozenset[int] = frozenset()


class Flaw(StrEnum):
    """Why a cell's text cannot be taken at its word; the values are codes of problems."""

    BOOLEAN = "boolean"
    DATE = "date"
    ERROR_VALUE = "error-value"
    FORMULA_WITHOUT_VALUE = "formula-without-value"
    PERCENT_FORMAT = "percent-format"
    PADDED_NUMBER = "padded-number"
    NUMBER_NOT_SHOWN = "number-not-shown"
    UNKNOWN_FORMAT = "unknown-format"
    STALE_FORMULA = "stale-formula"
    TWO_VALUES = "two-values"
    UNKNOWN_ENCODING = "unknown-encoding"


@dataclass(slots=True)
class RawRow:
    """One line of the file.

    Attributes:
        number: as a person sees it, from 1.
        texts: from the first column on, as a person sees them; may end early.
        numeric: positions of native numbers of a workbook.
        flaws: position → what is odd about that cell; None where nothing is.
        hidden: hidden or filtered out in the workbook.
        struck: positions whose text is struck through.
        lines: how many lines of a text file the record takes.
        unfinished: a text file ends with this record and without a line end.
    """

    number: int
    texts: list[str]
    numeric: frozenset[int] = NO_POSITIONS
    flaws: Mapping[int, Flaw] | None = None
    hidden: bool = False
    struck: frozenset[int] = NO_POSITIONS
    lines: int = 1
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Area:
    """A block of cells, such as `B4:C9`.

    Attributes:
        first_position, last_position: its columns, from 0.
    """

    name: str
    first_row: int
    last_row: int
    first_position: int
    last_position: int
