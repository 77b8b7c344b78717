"""Header texts → order fields, and where in a sheet the header is. Second step of `sheet`."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping, Sequence

from batch.errors import Advice, ConfigError, SheetError, hint
from batch.model import FIELDS, REQUIRED_FIELDS, Problem, shown
from batch.sheet.raw import RawRow
from batch.sheet.suspicion import Judge, Suspicion
from batch.sheet.words import normalise

_LONGEST_KNOWN = 100
"""No known header has so many characters; a title may have thousands."""

TITLE_ROWS = 20
"""How many rows may stand above the header."""

ALIASES = {
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


_BUILT_IN = {alias: field for field in FIELDS for alias in (field, *ALIASES.get(field, ()))}
_NAMED = 20


class HeaderRefusal(SheetError):
    """The sheet is refused for headers that may mean more than a desk's own column would.

    Attributes:
        problems: one for each of them.
    """

    def __init__(self, message: str, problems: Sequence[Problem]) -> None:
        ways_out = hint(Advice.IGNORE_COLUMN, *(problem.found for problem in problems[:_NAMED]))
        super().__init__(message, code="suspicious-header", advice=(ways_out,))
        self.problems = tuple(problems)


class Headers:
    """What headers mean: the well-known ones, a desk's own, and those that nobody knows.

    Args:
        columns: a desk's header → the field that it means.
        ignore: headers of columns that are carried along whatever they say.

    Attributes:
        known: normalised header → field.

    Raises:
        ConfigError: a desk's header is mapped to a field that does not exist.
    """

    def __init__(self, columns: Mapping[str, str], ignore: Collection[str]) -> None:
        _require_real_fields(columns)
        self._spelt = {**_BUILT_IN, **columns}
        self._ignored = {normalise(name): name for name in ignore}
        self.known = {
            name: field
            for header, field in self._spelt.items()
            if (name := normalise(header)) not in self._ignored
        }

    def meant(self, texts: Iterable[str]) -> dict[str, str]:
        """Give for each field the first header among unknown ones that may mean it."""
        judge = Judge(self._spelt)
        found: dict[str, str] = {}
        for text in texts:
            suspicion = judge.suspicion(text)
            for field in suspicion.fields if suspicion else ():
                found.setdefault(field, text)
        return found

    def notes(self, where: str, header: RawRow) -> tuple[Problem, ...]:
        """Name the columns that are only carried along.

        Raises:
            HeaderRefusal: a header is near to one that counts, or changes what an order is.
        """
        names = [normalise(text) for text in header.texts]
        unread = [i for i, name in enumerate(names) if name and name not in self.known]
        unknown = [i for i in unread if names[i] not in self._ignored]
        judge = Judge(self._spelt) if unknown else None
        found = {i: judge.suspicion(header.texts[i]) for i in unknown} if judge else {}
        suspicious = {i: suspicion for i, suspicion in found.items() if suspicion is not None}
        if suspicious:
            raise _refusal(where, header, suspicious)
        return (
            *(_not_sent(header.texts[i]) for i in unknown),
            *(_ignored_in_vain(name) for key, name in self._ignored.items() if key not in names),
        )


def _require_real_fields(columns: Mapping[str, str]) -> None:
    for header, field in columns.items():
        if field not in FIELDS:
            raise ConfigError(
                f'sheet.columns, "{header}": expected one of {", ".join(FIELDS)}, found "{field}"'
            )


def _refusal(where: str, header: RawRow, suspicious: Mapping[int, Suspicion]) -> HeaderRefusal:
    problems = [
        Problem(
            code="suspicious-header",
            row=header.number,
            column=header.texts[i],
            field=suspicion.fields[0] if suspicion.fields else None,
            expected=f"a header that is sure not to mean {suspicion}",
            found=shown(header.texts[i].strip()),
            advice=(hint(Advice.IGNORE_COLUMN, shown(header.texts[i].strip())),),
        )
        for i, suspicion in suspicious.items()
    ]
    words = [
        f'"{shown(header.texts[i].strip())}" ({letter(i)}), which may mean {suspicion}'
        for i, suspicion in suspicious.items()
    ]
    more = f"; and {len(words) - _NAMED:,} more" if len(words) > _NAMED else ""
    return HeaderRefusal(
        f"{where}, row {header.number}: expected only columns that are known or cannot change an "
        f"order, found {'; '.join(words[:_NAMED])}{more}.",
        problems,
    )


def _not_sent(header: str) -> Problem:
    return Problem(
        code="not-sent",
        row=None,
        column=header,
        field=None,
        expected="a column that orderbatch knows",
        found=shown(header.strip()),
        action="it is carried along into the report, and not sent",
    )


def _ignored_in_vain(name: str) -> Problem:
    return Problem(
        code="ignored-in-vain",
        row=None,
        column=None,
        field=None,
        expected=f'a column "{shown(name)}", which is to be ignored',
        found="none",
        action="check how it is spelt",
    )


def fields_of(row: RawRow, known: Mapping[str, str]) -> set[str]:
    """Give the order fields that a row names, if it is taken as a header."""
    return {
        known[name]
        for text in row.texts
        if len(text) <= _LONGEST_KNOWN and (name := normalise(text)) in known
    }


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
    where: str, header: RawRow, headers: Headers, constant_fields: Collection[str]
) -> None:
    """Refuse a header that lacks a required field or names one twice.

    Raises:
        SheetError: with the nearest header for each missing field.
    """
    known = headers.known
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
        meant = headers.meant([text for text in header.texts if normalise(text) in unknown])
        wanted = "; ".join(
            f"{field}, the nearest header is {unknown[normalise(meant[field])]}"
            if field in meant
            else f"{field}{_nearest(field, unknown, known)}"
            for field in missing
        )
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
