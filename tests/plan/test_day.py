"""Limits over a trading day: what counts of earlier orders, and what a sheet adds to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from batch.config import DayLimits, load
from batch.errors import ConfigError
from batch.journal.days import Spent, spent_since
from batch.plan.day import exceeded_day, exposure
from batch.states import OrderState as S
from tests.run.conftest import Desk
from tests.run.doubles import make_order, make_validation

HALF = Decimal(50)


@pytest.mark.parametrize(
    ("state", "filled", "counts"),
    [
        (S.INVALID, None, 0),
        (S.SKIPPED, None, 0),
        (S.PLANNED, None, 100),
        (S.SENDING, None, 100),
        (S.OPEN, Decimal(0), 100),
        (S.OPEN, HALF, 100),
        (S.UNKNOWN, None, 100),
        (S.UNKNOWN, HALF, 100),
        (S.FILLED, Decimal(100), 100),
        (S.FILLED, HALF, 50),
        (S.FILLED, None, 100),
        (S.EXPIRED, Decimal(0), 0),
        (S.EXPIRED, HALF, 50),
        (S.EXPIRED, None, 100),
        (S.CANCELLED, HALF, 50),
        (S.CANCELLED, None, 100),
        (S.REJECTED, None, 0),
        (S.REFUSED, None, 0),
    ],
)
def test_what_ended_unfilled_is_given_back_and_what_is_not_known_counts_whole(
    state: S, filled: Decimal | None, counts: int
) -> None:
    assert exposure(Spent("EUR", state, Decimal(100), filled, 1)) == counts


def test_every_state_is_decided() -> None:
    for state in S:
        assert exposure(Spent("EUR", state, Decimal(100), None, 1)) in (0, 100)


def day(**limits: object) -> DayLimits:
    return DayLimits.model_validate(limits)


SPENT = (
    Spent("EUR", S.FILLED, Decimal(100), Decimal(100), 3),
    Spent("EUR", S.EXPIRED, Decimal(1000), Decimal(0), 2),
    Spent("USD", S.UNKNOWN, Decimal(7), None, 1),
    Spent("EUR", S.INVALID, Decimal(9), None, 5),
)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (day(), []),
        (day(EUR=400), []),
        (day(EUR=399), ["at most 399 EUR, found 300 of today and 100 more"]),
        (day(max_orders=7), []),
        (day(max_orders=6), ["at most 6, found 6 of today and 1 more"]),
        (day(USD=1), ["expected one of USD, found EUR"]),
    ],
)
def test_a_sheet_adds_to_what_the_day_came_to(limits: DayLimits, words: Sequence[str]) -> None:
    failed = exceeded_day([make_order(2, size=Decimal(100))], SPENT, limits)

    assert len(failed) == len(words)
    assert all(part in whole for part, whole in zip(words, failed, strict=True))


def test_the_journal_counts_what_was_sent_since_a_moment(desk: Desk) -> None:
    yesterday = desk.clock.now() - timedelta(hours=1)
    desk.submit(make_validation(make_order(2, size=Decimal(100)), make_order(3), name="a.csv"))
    desk.plan(make_validation(make_order(2, size=Decimal(70)), name="b.csv"))
    with desk.journal._database.reading() as connection:
        found = spent_since(connection, [1], yesterday)
        later = spent_since(connection, [1], desk.clock.now() + timedelta(hours=1))
        other = spent_since(connection, [2], yesterday)

    assert sum(group.count for group in found) == 3
    assert {group.size for group in found if group.state is S.PLANNED} == {Decimal(70)}
    assert later == other == []


def test_a_day_that_begins_in_another_zone_is_the_same_moment(desk: Desk) -> None:
    desk.submit(make_validation(make_order(2)))
    before = (desk.clock.now() - timedelta(minutes=5)).astimezone(timezone(timedelta(hours=13)))
    after = (desk.clock.now() + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-11)))

    with desk.journal._database.reading() as connection:
        assert spent_since(connection, [1], before)
        assert not spent_since(connection, [1], after)


def test_the_settings_have_currencies_beside_the_count(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[limits.per_day]\nmax_orders = 5\nEUR = 100\n")

    settings = load(config_path=path, default_dir=tmp_path, environment={})

    assert settings.limits.per_day == day(max_orders=5, EUR=100)


@pytest.mark.parametrize("line", ["EUR = 0", "max_orders = 0", "eur = 5", "max_order = 5"])
def test_a_wrong_limit_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(f"[limits.per_day]\n{line}\n")

    with pytest.raises(ConfigError, match=r"\[limits\.per_day"):
        load(config_path=path, default_dir=tmp_path, environment={})
