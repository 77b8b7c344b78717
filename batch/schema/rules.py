"""The rules for orders as a pandera schema, over values that are already parsed.

pandera coerces nothing here: coercing would turn 1.5 into 1 and round decimals. Each check works
on values of one known type, with blanks left out, so that it cannot raise; should one raise all
the same, its failure has no row, and the whole sheet is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pandera.pandas as pa

from batch.errors import SheetError
from batch.model import LONGEST_CLIENT_ORDER_ID, LONGEST_EXPIRY_S, MOST_DIGITS
from batch.schema.cells import ABOVE_ZERO

Test = Callable[["pd.Series[Any]"], "pd.Series[bool]"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One check of the schema, and what its failure means to a person.

    Attributes:
        fact: the column of the frame that it looks at.
        field: the order field to mend.
        code, expected, action: as in `Problem`.
        holds: gets the values that are not blank, says for each whether it will do.
    """

    fact: str
    field: str
    code: str
    expected: str
    holds: Test
    action: str = ""


def _positive(values: pd.Series[Any]) -> pd.Series[bool]:
    return values.map(lambda value: value > 0).astype(bool)


def _few_digits(values: pd.Series[Any]) -> pd.Series[bool]:
    return values.map(lambda value: len(value.as_tuple().digits) <= MOST_DIGITS).astype(bool)


def _short(values: pd.Series[Any]) -> pd.Series[bool]:
    return values.map(lambda value: len(value) <= LONGEST_CLIENT_ORDER_ID).astype(bool)


def _seconds(values: pd.Series[Any]) -> pd.Series[bool]:
    return values.map(lambda value: 1 <= value <= LONGEST_EXPIRY_S).astype(bool)


def _true(values: pd.Series[Any]) -> pd.Series[bool]:
    return values.eq(True)


_A_LISTED_PAIR = "a pair of two ISO 4217 currencies"
_NOT_LISTED = "if the venue deals in it, add it to [sheet] more_currencies"
_DIGITS = f"at most {MOST_DIGITS} significant digits"

RULES = (
    Rule("base_listed", "symbol", "unknown-currency", _A_LISTED_PAIR, _true, _NOT_LISTED),
    Rule("term_listed", "symbol", "unknown-currency", _A_LISTED_PAIR, _true, _NOT_LISTED),
    Rule("two_currencies", "symbol", "same-currency", "two different currencies", _true),
    Rule(
        "currency_listed",
        "currency",
        "unknown-currency",
        "an ISO 4217 currency",
        _true,
        _NOT_LISTED,
    ),
    Rule(
        "currency_in_pair",
        "currency",
        "currency-not-in-pair",
        "one of the two currencies of the symbol",
        _true,
    ),
    *(
        rule
        for field in ("size", "price", "min_size")
        for rule in (
            Rule(field, field, "not-positive", ABOVE_ZERO, _positive),
            Rule(field, field, "too-many-digits", _DIGITS, _few_digits, "round it"),
        )
    ),
    Rule("min_size_fits", "min_size", "min-size-above-size", "at most the size", _true),
    Rule(
        "price_decimals_fit",
        "price",
        "too-many-decimals",
        "no more decimals than the settings allow for this pair",
        _true,
        "round it",
    ),
    Rule(
        "expiry_time_given",
        "expiry_time",
        "expiry-missing",
        f"with GTT, whole seconds from 1 to {LONGEST_EXPIRY_S}",
        _true,
    ),
    Rule(
        "expiry_time_allowed",
        "expiry_time",
        "expiry-without-gtt",
        "nothing, because the time in force is not GTT",
        _true,
        "clear it, or make the time in force GTT",
    ),
    Rule(
        "expiry_time",
        "expiry_time",
        "expiry-out-of-range",
        f"whole seconds from 1 to {LONGEST_EXPIRY_S}",
        _seconds,
    ),
    Rule(
        "client_order_id",
        "client_order_id",
        "id-too-long",
        f"at most {LONGEST_CLIENT_ORDER_ID} characters",
        _short,
    ),
    Rule("org_given", "org", "org-missing", "an org, because there is an account", _true),
    Rule(
        "account_given", "account", "account-missing", "an account, because there is an org", _true
    ),
)
"""In the order in which they matter: of several failures in one cell the first is told."""

FACTS = ("row", *dict.fromkeys(rule.fact for rule in RULES))
"""The columns of the frame."""


def _schema() -> pa.DataFrameSchema:
    columns: dict[str, Any] = {"row": pa.Column(int, unique=True, coerce=False)}
    for fact in FACTS[1:]:
        checks = [
            pa.Check(rule.holds, name=str(number))
            for number, rule in enumerate(RULES)
            if rule.fact == fact
        ]
        columns[fact] = pa.Column(object, checks=checks, nullable=True, coerce=False)
    return pa.DataFrameSchema(columns, strict=True)


SCHEMA = _schema()


def failures(
    facts: Mapping[str, Sequence[object]], schema: pa.DataFrameSchema = SCHEMA
) -> Iterator[tuple[int, Rule]]:
    """Check the facts of some rows, one list for each of `FACTS`.

    Returns:
        Position of the row and the rule that it breaks, by rule.

    Raises:
        SheetError: something failed that cannot be pinned to a row.
    """
    frame = pd.DataFrame(facts, columns=list(FACTS), dtype=object).astype({"row": "int64"})
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as refusal:
        for error in refusal.schema_errors:
            yield from _positions(error)


def _positions(error: pa.errors.SchemaError) -> Iterator[tuple[int, Rule]]:
    name = str(getattr(error.check, "name", None))
    cases = error.failure_cases
    index = cases["index"] if isinstance(cases, pd.DataFrame) and "index" in cases else None
    if index is None or index.hasnans or not name.isdecimal():
        raise SheetError(
            f"the sheet could not be checked for certain ({error.reason_code}), so nothing of it "
            "is used; this is a fault of orderbatch: please report it with the sheet",
            code="check-failed",
        )
    rule = RULES[int(name)]
    for position in index.tolist():
        yield position, rule
