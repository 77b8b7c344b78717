"""Header texts → order fields, and where in a sheet the header is. Second step of `sheet`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence

from batch.errors import ConfigError, SheetError
from batch.model import FIELDS, REQUIRED_FIELDS, shown
from batch.sheet.raw import RawRow

TITLE_ROWS = 20
"""How many rows may stand above the header."""

_ALIASES = {
    "symbol": ("Pair", "Ccy Pair", "Currency Pair", "FX Pair", "Instrument"),
    "side": ("Buy/Sell", "Buy Sell", "B/S", "Direction"),
    "size": (
        "Amount",
        "Quantity",
        "Qty",
        "Notional",
        "Notional Amount",
        "Dealt Amount",
        "Order Size",
        "Order Qty",
        "Order Quantity",
        "Order Amount",
    ),
    "price": ("Limit", "Limit Price", "Rate", "Limit Rate", "Order Price"),
    "time_in_force": ("TIF",),
    "currency": ("Ccy", "Dealt Currency", "Dealt Ccy", "Deal Currency", "Deal Ccy"),
    "client_order_id": ("ClOrdID", "coId", "Client Order Number", "Client Order No"),
    "expiry_time": (
        "Expiry",
        "Expiry (s)",
        "Expiry (sec)",
        "Expiry (seconds)",
        "Expiry Time (s)",
        "Expiry Time (sec)",
        "Expiry Time (seconds)",
        "Expiry Seconds",
    ),
    "min_size": (
        "Min Qty",
        "Min Quantity",
        "Min Amount",
        "Minimum Size",
        "Minimum Qty",
        "Minimum Quantity",
        "Minimum Amount",
        "Min Fill",
        "Minimum Fill",
    ),
    "org": ("Organisation", "Organization"),
    "account": ("Acct",),
    "order_type": ("Order Type", "Ord Type", "Type"),
    "note": ("Notes", "Comment", "Comments", "Remark", "Remarks"),
}


def normalise(header: str) -> str:
    """Strip a header of what does not count: case, spaces, `_` and `-`."""
    return "".join(header.split()).replace("_", "").replace("-", "").casefold()


_BUILT_IN = {
    normalise(alias): field for field in FIELDS for alias in (field, *_ALIASES.get(field, ()))
}


def known_headers(columns: Mapping[str, str]) -> dict[str, str]:
    """Map normalised headers to fields: the well-known ones and a desk's own on top.

    Args:
        columns: a desk's header → the field that it means.

    Raises:
        ConfigError: a desk's header is mapped to a field that does not exist.
    """
    for header, field in columns.items():
        if field not in FIELDS:
            raise ConfigError(
                f'sheet.columns, "{header}": expected one of {", ".join(FIELDS)}, found "{field}"'
            )
    return _BUILT_IN | {normalise(header): field for header, field in columns.items()}


def fields_of(row: RawRow, known: Mapping[str, str]) -> set[str]:
    """Give the order fields that a row names, if it is taken as a header."""
    return {known[name] for text in row.texts if (name := normalise(text)) in known}


def find_header(
    top: Sequence[RawRow], known: Mapping[str, str], constant_fields: Collection[str]
) -> RawRow | None:
    """Find the header among the first rows of a sheet.

    Returns:
        The first row that names every required field, or else the one that names the most fields
        (at least two); None where no row does.
    """
    best: RawRow | None = None
    best_count = 1
    for row in top:
        fields = fields_of(row, known)
        if fields.issuperset(field for field in REQUIRED_FIELDS if field not in constant_fields):
            return row
        if len(fields) > best_count:
            best, best_count = row, len(fields)
    return best


def require_fields(
    where: str, header: RawRow, known: Mapping[str, str], constant_fields: Collection[str]
) -> None:
    """Refuse a header that lacks a required field or names one twice.

    Raises:
        SheetError: with the nearest header for each missing field.
    """
    seen: dict[str, int] = {}
    for position, text in enumerate(header.texts):
        field = known.get(normalise(text))
        if field is None:
            continue
        if field in seen:
            first = seen[field]
            raise SheetError(
                f"{where}, row {header.number}: expected one column for {field}, found two: "
                f'"{shown(header.texts[first])}" ({letter(first)}) and "{shown(text)}" '
                f"({letter(position)}); rename or remove one",
                code="same-meaning",
            )
        seen[field] = position
    missing = [f for f in REQUIRED_FIELDS if f not in seen and f not in constant_fields]
    if missing:
        unknown = {
            normalise(text): f'"{shown(text)}" ({letter(position)})'
            for position, text in enumerate(header.texts)
            if text.strip() and normalise(text) not in known
        }
        wanted = "; ".join(f"{field}{_nearest(field, unknown, known)}" for field in missing)
        raise SheetError(
            f"{where}, row {header.number}: required column missing: {wanted}",
            code="missing-column",
        )


def no_header(where: str) -> SheetError:
    """Word the refusal of a sheet without anything that looks like a header."""
    return SheetError(
        f"{where}: expected a header with the columns {', '.join(REQUIRED_FIELDS)} in one of the "
        f"first {TITLE_ROWS + 1} rows, found none",
        code="no-header",
    )


def letter(position: int) -> str:
    """Name a column as a spreadsheet does: 0 is A, 26 is AA."""
    name = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def _nearest(field: str, unknown: Mapping[str, str], known: Mapping[str, str]) -> str:
    best, best_ratio = "", 0.6
    for alias in (alias for alias, meaning in known.items() if meaning == field):
        for candidate in difflib.get_close_matches(alias, unknown, n=1, cutoff=best_ratio):
            best = candidate
            best_ratio = difflib.SequenceMatcher(None, candidate, alias).ratio()
    return f", the nearest header is {unknown[best]}" if best else ""
