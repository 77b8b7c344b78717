"""Reading and checking a sheet, the same way for every command that takes one."""

from __future__ import annotations

from pathlib import Path

from batch.desk.options import ReadingOptions
from batch.desk.session import Session
from batch.model import Validation
from batch.schema import validate
from batch.sheet import Limits, read


def read_and_validate(path: Path, options: ReadingOptions, session: Session) -> Validation:
    """Read a sheet and check every row.

    Raises:
        SheetError: the sheet as a whole cannot be used.
    """
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
