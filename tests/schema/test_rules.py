"""The pandera schema: what it must never let through."""

from __future__ import annotations

import os
import subprocess
import sys

import pandera.polars as pa
import polars as pl
import pytest

from batch.errors import SheetError
from batch.schema.currencies import ISO_4217
from batch.schema.rules import FACTS, RULES, failures


def facts(**changes: list[object]) -> dict[str, list[object]]:
    count = len(next(iter(changes.values()), [None]))
    blank: dict[str, list[object]] = {name: [None] * count for name in FACTS}
    return blank | {"row": list(range(2, 2 + count))} | changes


def raise_always(_: pa.PolarsData) -> pl.LazyFrame:
    raise ArithmeticError


def test_facts_without_fault_give_nothing() -> None:
    assert list(failures(facts(base_listed=[True], expiry_time=[30]))) == []


def test_a_failure_gives_the_position_of_its_row() -> None:
    found = list(failures(facts(base_listed=[True, False, None, False])))

    assert [(position, rule.code) for position, rule in found] == [
        (1, "unknown-currency"),
        (3, "unknown-currency"),
    ]


def test_a_check_that_raises_refuses_the_sheet() -> None:
    schema = pa.DataFrameSchema(
        {"base_listed": pa.Column(pl.Boolean, pa.Check(raise_always, name="0"), nullable=True)}
    )

    with pytest.raises(SheetError, match="could not be checked for certain") as caught:
        list(failures(facts(base_listed=[True]), schema))

    assert caught.value.code == "check-failed"


@pytest.mark.parametrize(
    "changes",
    [
        {"row": [2, 2]},
        {"size_digits": ["a lot"]},
        {"size_above_zero": [1]},
        {"expiry_time": ["30"]},
    ],
)
def test_facts_that_are_not_what_the_rules_expect_refuse_the_sheet(
    changes: dict[str, list[object]],
) -> None:
    with pytest.raises(SheetError, match="could not be checked for certain"):
        list(failures(facts(**changes)))


def test_a_missing_fact_refuses_the_sheet() -> None:
    schema = pa.DataFrameSchema({"another": pa.Column(pl.Boolean)})

    with pytest.raises(SheetError, match="could not be checked for certain"):
        list(failures(facts(), schema))


def test_no_rule_coerces_and_every_rule_says_what_it_expects() -> None:
    assert all(rule.code and rule.expected and rule.field for rule in RULES)


def test_the_list_of_currencies_is_the_one_of_dealable_money() -> None:
    assert len(ISO_4217) == 159
    assert {"EUR", "USD", "JPY", "XAU", "CNY"} <= ISO_4217
    assert ISO_4217.isdisjoint({"XXX", "XTS", "XDR", "CNH", "BTC", "DEM", "HRK", "BGN"})


def test_importing_schema_does_not_load_polars() -> None:
    code = "import sys, batch.schema; print('polars' in sys.modules, 'pandera' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("PANDERA_VALIDATION_ENABLED", "False"), ("PANDERA_VALIDATION_DEPTH", "SCHEMA_ONLY")],
)
def test_no_setting_of_pandera_turns_the_checks_off(name: str, value: str) -> None:
    script = (
        "from batch.schema.rules import FACTS, failures\n"
        "facts = {name: [None] for name in FACTS} | {'row': [2], 'base_listed': [False]}\n"
        "print([rule.code for _, rule in failures(facts)])"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, name: value},
    )

    assert done.stdout == "['unknown-currency']\n"
