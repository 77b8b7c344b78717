"""Reading and checking a sheet, the same way in every command that takes one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from batch.cli.session import Session
    from batch.model import Validation


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the operator said about how to read sheets."""

    worksheet: str | None
    decimal: Literal["point", "comma"]
    thousands: str | None
    hidden_rows: Literal["refuse", "include", "skip"]
    ignore: tuple[str, ...]


def read_and_validate(path: Path, options: ReadingOptions, session: Session) -> Validation:
    """Read a sheet and check every row.

    Raises:
        SheetError: the sheet as a whole cannot be used.
    """
    from batch.schema import validate
    from batch.sheet import Limits, read

    settings = session.settings.sheet
    sheet = read(
        path,
        worksheet=options.worksheet,
        hidden_rows=options.hidden_rows,
        columns=settings.columns,
        constant_fields=settings.defaults,
        ignore=(*settings.ignore, *options.ignore),
        limits=Limits.for_rows(session.settings.limits.max_rows or 0),
    )
    return validate(
        sheet,
        decimal=options.decimal,
        thousands=options.thousands,
        defaults=settings.defaults,
        price_decimals=settings.price_decimals,
        more_currencies=settings.more_currencies,
    )
