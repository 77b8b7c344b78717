"""The rules for orders as a pandera schema, over values that are already parsed.

pandera coerces nothing here: coercing would turn 1.5 into 1 and round decimals. Each check works
on values of one known type, with blanks left out, so that it cannot raise; should one raise all
the same, its failure has no row, and the whole sheet is refused.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# Read when polars starts its threads: a few thousand comparisons are not worth one for each core.
os.environ.setdefault("POLARS_MAX_THREADS", "1")

import pandera.polars as pa
import polars as pl
from pandera.config import ValidationDepth, config_context

from batch.errors import SheetError
from batch.model import LONGEST_CLIENT_ORDER_ID, LONGEST_EXPIRY_S, MOST_DIGITS
from batch.schema.cells import ABOVE_ZERO

Test = Callable[[pl.Expr], pl.Expr]


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


def _few_digits(count: pl.Expr) -> pl.Expr:
    return count <= MOST_DIGITS


def _short(length: pl.Expr) -> pl.Expr:
    return length <= LONGEST_CLIENT_ORDER_ID


def _seconds(count: pl.Expr) -> pl.Expr:
    return count.is_between(1, LONGEST_EXPIRY_S)


def _true(answer: pl.Expr) -> pl.Expr:
    return answer


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
            Rule(f"{field}_above_zero", field, "not-positive", ABOVE_ZERO, _true),
            Rule(f"{field}_digits", field, "too-many-digits", _DIGITS, _few_digits, "round it"),
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
        "client_order_id_length",
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

FACTS: Mapping[str, type[pl.DataType]] = {
    "row": pl.Int64,
    **{rule.fact: pl.Boolean if rule.holds is _true else pl.Int64 for rule in RULES},
}
"""The columns of the frame, and what their values are."""


def _check(rule: Rule, name: str) -> pa.Check:
    def holds(data: pa.PolarsData) -> pl.LazyFrame:
        return data.lazyframe.select(rule.holds(pl.col(data.key)))

    return pa.Check(holds, name=name)


def _schema() -> pa.DataFrameSchema:
    columns = {"row": pa.Column(pl.Int64, unique=True, coerce=False)}
    for fact, kind in list(FACTS.items())[1:]:
        checks = [
            _check(rule, str(number)) for number, rule in enumerate(RULES) if rule.fact == fact
        ]
        columns[fact] = pa.Column(kind, checks=checks, nullable=True, coerce=False)
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
    try:
        frame = pl.DataFrame(facts, schema=FACTS, strict=True)
        # Left alone, pandera also takes from the environment that it is to check nothing.
        with config_context(
            validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA
        ):
            schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as refusal:
        for error in refusal.schema_errors:
            yield from _positions(error)
    except (TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise _uncertain(type(error).__name__) from error


def _positions(error: pa.errors.SchemaError) -> Iterator[tuple[int, Rule]]:
    name = str(getattr(error.check, "name", None))
    held = error.check_output
    if not (name.isdecimal() and isinstance(held, pl.DataFrame)):
        raise _uncertain(str(error.reason_code))
    rule = RULES[int(name)]
    for position in held.to_series().not_().arg_true():
        yield position, rule


def _uncertain(why: str) -> SheetError:
    return SheetError(
        f"the sheet could not be checked for certain ({why}), so nothing of it "
        "is used; this is a fault of orderbatch: please report it with the sheet",
        code="check-failed",
    )
