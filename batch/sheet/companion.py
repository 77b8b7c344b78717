"""`eod.csv.toml` beside `eod.csv`: control totals that travel with a sheet.

Whoever makes the sheet writes it last, so it is also the sign that the sheet is complete.
"""

from __future__ import annotations

import errno
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from batch.errors import SheetError

SUFFIX = ".toml"
KEYS = ("rows", "totals", "sha256", "run")

MAX_BYTES = 64 * 1024
"""A few lines; more is not a companion file."""

_AMOUNT = re.compile(r"\d{1,18}(\.\d{1,15})?")


@dataclass(frozen=True, slots=True)
class Companion:
    """What the maker of a sheet says of it; what is not said is None or empty.

    Attributes:
        rows: how many orders the sheet holds.
        totals: dealt currency -> the sizes of all its orders together.
        sha256: of the sheet's bytes, in hexadecimal digits.
        run: the run key under which it is to be sent.
    """

    path: Path
    rows: int | None = None
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    sha256: str | None = None
    run: str | None = None


def companion_path(sheet: Path) -> Path:
    """Give the place of a sheet's companion file."""
    return sheet.with_name(f"{sheet.name}{SUFFIX}")


def read_companion(sheet: Path) -> Companion | None:
    """Read a sheet's companion file; None where there is none.

    Raises:
        SheetError: it is there and cannot be understood as a whole. A key that is not known could
            be a control that somebody relies on.
    """
    path = companion_path(sheet)
    try:
        if not os.path.lexists(path):
            return None
        if not path.is_file():
            # Somebody relies on what it should say.
            raise _refusal(path, "a plain file", "a folder, a pipe, a device or a link to nothing")
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise _refusal(path, f"a file of at most {MAX_BYTES:,} bytes", "a longer one")
        tables = tomllib.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return None  # a name that no file can have
        raise _refusal(path, "a readable file", str(error.strerror)) from None
    except (ValueError, RecursionError) as error:
        # Not written to its end, perhaps: then so is the sheet.
        raise _refusal(path, "TOML, whole", str(error)) from None
    unknown = [key for key in tables if key not in KEYS]
    if unknown:
        raise _refusal(path, f"only {', '.join(KEYS)}", f'"{unknown[0]}"')
    return Companion(
        path,
        rows=_rows(path, tables),
        totals=_totals(path, tables.get("totals", {})),
        sha256=_sha256(path, tables),
        run=_run(path, tables),
    )


def _rows(path: Path, tables: Mapping[str, Any]) -> int | None:
    rows = tables.get("rows")
    if rows is None or (isinstance(rows, int) and not isinstance(rows, bool) and rows >= 0):
        return rows
    raise _refusal(path, "rows = a whole number", _in_words(rows))


def _totals(path: Path, totals: object) -> dict[str, Decimal]:
    if not isinstance(totals, Mapping):
        raise _refusal(path, "a table [totals] of currencies", _in_words(totals))
    found: dict[str, Decimal] = {}
    for currency, amount in totals.items():
        text = str(amount) if isinstance(amount, str | Decimal) else _in_words(amount)
        if isinstance(amount, Decimal) and amount.is_finite() and abs(amount.adjusted()) < 40:
            text = format(amount, "f")
        plain = not isinstance(amount, bool) and _AMOUNT.fullmatch(text)
        if not (plain and re.fullmatch(r"[A-Z]{3}", currency)):
            raise _refusal(path, "totals such as EUR = 2470000", f"{currency} = {text[:40]}")
        found[currency] = Decimal(text)
    return found


def _sha256(path: Path, tables: Mapping[str, Any]) -> str | None:
    text = tables.get("sha256")
    if text is None:
        return None
    if isinstance(text, str) and re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()):
        return text.strip().lower()
    raise _refusal(path, "sha256 = 64 hexadecimal digits", _in_words(text))


def _run(path: Path, tables: Mapping[str, Any]) -> str | None:
    run = tables.get("run")
    if run is None or isinstance(run, str):
        return run
    raise _refusal(path, 'run = a text such as "{date}"', _in_words(run))


def _in_words(value: object) -> str:
    try:
        return repr(value)[:80]
    except (ValueError, RecursionError):  # thousands of digits, or of tables within tables
        return "a value too large to be shown"


def _refusal(path: Path, expected: str, found: str) -> SheetError:
    return SheetError(
        f"{path}: expected {expected}, found {found}. Mend the companion file, or have the sheet "
        "made again",
        code="companion",
    )
