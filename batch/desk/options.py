"""What a caller says about a command: built once, read by whoever needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How to read sheets.

    Attributes:
        worksheet: the worksheet's name; None for the one that is an order sheet.
        thousands: what groups digits in text, if anything may.
        ignore: headers of columns that are carried along unread.
    """

    worksheet: str | None = None
    decimal: Literal["point", "comma"] = "point"
    thousands: str | None = None
    hidden_rows: Literal["refuse", "include", "skip"] = "refuse"
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GateOptions:
    """What must hold before anything is sent.

    Attributes:
        expect_totals: dealt currency and the sum of its sizes.
        collar: how far a limit price may be on the wrong side of the spot rate, as a fraction.
        approved: approval codes.
    """

    expect_rows: int | None = None
    expect_totals: tuple[tuple[str, Decimal], ...] = ()
    max_rows: int | None = None
    collar: Decimal | None = None
    approved: tuple[str, ...] = ()
    approved_by: str | None = None

    @property
    def expect_something(self) -> bool:
        """Say whether there are expectations, which hold for all sheets together."""
        return self.expect_rows is not None or bool(self.expect_totals)


@dataclass(frozen=True, slots=True)
class RunningOptions:
    """How a batch is run, and what is done with its results.

    Attributes:
        reports: files, folders, or names with `{sheet}` or `{batch}`; empty for the default name
            beside the sheet.
        corrections: where the rows go that can be mended and sent again, as an order sheet.
        annotate: where a copy of the sheet goes, a workbook, with the results in it.
        accept: final states, in lower case, that count as good as FILLED.
        cancel: when open orders are cancelled.
        rows: only these are asked about and cancelled; None for all.
        send: rows that were not sent yet may be sent.
        list_orders: the result has every row, too.
        force: reports and corrections may replace whatever files stand there.
        take_over: take the batch from a process on another machine that was heard of just now.
    """

    reports: tuple[Path, ...] = ()
    corrections: Path | None = None
    annotate: Path | None = None
    accept: tuple[str, ...] = ()
    wait_s: float = 900.0
    cancel: Literal["never", "at-once", "after-wait"] = "never"
    rows: tuple[int, ...] | None = None
    send: bool = True
    max_in_flight: int = 16
    rate_per_s: float | None = None
    list_orders: bool = False
    force: bool = False
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class Submission:
    """How sheets are sent.

    Attributes:
        run: the run key of what is sent; None where the caller names none.
        duplicates: with rows that were sent before: refuse the sheet, skip them, or send them.
        on_invalid: with bad rows in a sheet: send nothing, or send only the good ones.
        asks: a person confirms the totals first.
        keep: with a folder: leave the sheets where they are.
        expect_sheets: with a folder: patterns of names of which a sheet must have come in this
            trading day; `{date}` stands for the day.
    """

    reading: ReadingOptions = field(default_factory=ReadingOptions)
    gates: GateOptions = field(default_factory=GateOptions)
    running: RunningOptions = field(default_factory=RunningOptions)
    run: str | None = None
    duplicates: Literal["refuse", "skip", "send"] = "refuse"
    on_invalid: Literal["refuse", "skip"] = "refuse"
    dry_run: bool = False
    asks: bool = False
    keep: bool = False
    expect_sheets: tuple[str, ...] = ()
