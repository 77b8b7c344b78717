"""CSV or XLSX → text rows that know their row number in the sheet. First on the way.

The text of a cell is what a person sees in it; a native number of a workbook is the shortest text
that gives the same double. What cannot be taken at its word becomes a problem, and what makes the
sheet as a whole unsure refuses it. The order of work: `source` (bytes, and what they are),
`delimited` or `workbook` (raw rows), `headers`, `table`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from batch.errors import BatchError, SheetError
from batch.model import Sheet, row_list
from batch.sheet.bounds import Limits
from batch.sheet.headers import HeaderRefusal, Headers
from batch.sheet.source import Kind, kind_of, load
from batch.sheet.table import HiddenRows, Reading, build

__all__ = ["HeaderRefusal", "HiddenRows", "Limits", "read", "row_list"]

_log = logging.getLogger(__name__)
_NO_COLUMNS: Mapping[str, str] = MappingProxyType({})


def read(
    path: Path,
    *,
    worksheet: str | None = None,
    hidden_rows: HiddenRows = "refuse",
    columns: Mapping[str, str] = _NO_COLUMNS,
    constant_fields: Collection[str] = (),
    ignore: Collection[str] = (),
    limits: Limits = Limits(),  # noqa: B008 - frozen
) -> Sheet:
    """Read an order sheet as text.

    Args:
        worksheet: the one to read; otherwise the one named `Orders`, or the only visible one that
            has the header.
        hidden_rows: what to do with hidden or filtered-out rows.
        columns: a desk's own header → the order field that it means, on top of the well-known.
        constant_fields: order fields that the sheet may lack because a setting gives them.
        ignore: headers of columns that are carried along unread, whatever they may mean.

    Raises:
        SheetError: the sheet as a whole cannot be used; its `code` says why.
        ConfigError: `columns` names a field that does not exist.
    """
    headers = Headers(columns, ignore)
    reading = Reading(path, None, headers, constant_fields, hidden_rows, limits)
    try:
        return _read(reading, worksheet)
    except BatchError:
        raise
    except MemoryError:
        raise SheetError(
            f"{path}: the sheet takes more memory than there is; copy the orders alone into a "
            "fresh sheet, and use that",
            code="too-large-for-memory",
        ) from None
    except Exception as error:
        # A file that nobody thought of. It must not keep the sheets beside it from being read.
        _log.exception("%s cannot be read", path)
        raise SheetError(
            f"{path}: the sheet is damaged in a way that is not known "
            f"({type(error).__name__}); open it in a spreadsheet program and save it again",
            code="damaged",
        ) from None


def _read(reading: Reading, worksheet: str | None) -> Sheet:
    path, limits = reading.path, reading.limits
    content = load(path, limits)
    sha256 = hashlib.sha256(content).hexdigest()
    kind = kind_of(path, content, limits)

    if kind is Kind.DELIMITED:
        from batch.sheet.delimited import DelimitedText, decode

        decoded, guessed = decode(path, content)
        del content
        text = DelimitedText(path, decoded, reading.headers.known, limits, guessed=guessed)
        sheet = build(reading, text.rows(), check_line=text.check_line)
        return replace(sheet, sha256=sha256)

    from batch.sheet.workbook import Workbook

    with Workbook(path, content, limits) as workbook:
        name = workbook.choose(worksheet, reading.headers.known, reading.constant_fields)
        part = workbook.worksheet(name)
        sheet = build(
            replace(reading, worksheet=name),
            part.rows(),
            merged=part.merged,
            is_hidden=part.is_hidden,
        )
        return replace(sheet, sha256=sha256)
