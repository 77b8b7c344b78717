"""Gates as functions: what each lets through, and with which figures it refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from batch.config import LimitSettings
from batch.errors import LoginFailed, Throttled, VenueAway, VenueError, VenueRefused
from batch.model import Order, Side, SpotRate, TimeInForce
from batch.plan.gates import (
    Expectations,
    ask_rates,
    exceeded_limits,
    outside_collar,
    unmet_expectations,
)
from tests.run.doubles import FakeClock, make_order

NOON = datetime(2026, 10, 30, 16, 0, tzinfo=UTC)
"""12:00 in New York, where summer time still holds."""

RATES: dict[str, SpotRate | str] = {
    "EUR/USD": SpotRate("EUR/USD", Decimal("1.1000"), Decimal("1.1002")),
    "EUR/NOK": SpotRate("EUR/NOK", Decimal("11.00"), Decimal("11.02")),
}


def orders_of(*sizes: str, **changes: object) -> list[Order]:
    return [make_order(row, size=Decimal(s), **changes) for row, s in enumerate(sizes, start=2)]


def limits_of(**limits: object) -> LimitSettings:
    return LimitSettings.model_validate(limits)


def test_expectations_that_are_met_say_nothing() -> None:
    expected = Expectations(2, {"EUR": Decimal("30.50"), "USD": Decimal(0)})

    assert unmet_expectations(orders_of("10", "20.5"), expected) == []


def test_every_unmet_expectation_is_told_with_its_figures() -> None:
    expected = Expectations(3, {"EUR": Decimal("1000000.01"), "USD": Decimal(5)})

    assert unmet_expectations(orders_of("400000", "600000"), expected) == [
        "rows: expected 3 orders, found 2",
        "total EUR: expected 1,000,000.01, found 1,000,000 (a difference of -0.01)",
        "total USD: expected 5, found 0 (a difference of -5)",
    ]


def test_no_limits_stop_nothing() -> None:
    assert exceeded_limits(orders_of("1", "2"), LimitSettings(), NOON) == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_rows": 1}, "rows: expected at most 1 order, found 2"),
        (
            {"per_order": {"EUR": 15}},
            "row 3, size: expected at most 15 EUR, found 20",
        ),
        (
            {"per_order": {"GBP": 15}},
            "row 2, currency: expected one of GBP, which have a limit in [limits.per_order], "
            "found EUR",
        ),
        ({"per_batch": {"EUR": 29}}, "total EUR: expected at most 29 in a batch, found 30"),
        (
            {"per_batch": {"USD": 29}},
            "total EUR: expected one of USD, which have a limit in [limits.per_batch], "
            "found 30 EUR",
        ),
        ({"symbols": ["EUR/GBP"]}, "row 2, symbol: expected one of EUR/GBP, found EUR/USD"),
        ({"accounts": ["A", "B"]}, "row 2, account: expected one of A, B, found C"),
        ({"times_in_force": ["DAY"]}, "row 2, time in force: expected one of DAY, found IOC"),
        (
            {"cut_off": "11:59 America/New_York"},
            "cut-off: expected a time before 11:59 America/New_York, found 12:00:00 there",
        ),
    ],
)
def test_each_limit_refuses_with_its_figures(limits: dict[str, object], words: str) -> None:
    orders = orders_of("10", "20", org="ORG", account="C")

    assert exceeded_limits(orders, limits_of(**limits), NOON)[0] == words


@pytest.mark.parametrize(
    "limits",
    [
        {"max_rows": 2},
        {"per_order": {"EUR": 20}, "per_batch": {"EUR": "30"}},
        {"symbols": ["EUR/USD"], "times_in_force": ["IOC", "DAY"]},
        {"accounts": ["A"]},  # these orders name no account
        {"cut_off": "12:01 America/New_York"},
        {"cut_off": "17:00 Asia/Tokyo"},  # 01:00 of the next day there
    ],
)
def test_what_is_just_within_a_limit_passes(limits: dict[str, object]) -> None:
    assert exceeded_limits(orders_of("10", "20"), limits_of(**limits), NOON) == []


def test_all_failed_limits_are_told_at_once_and_many_rows_are_counted() -> None:
    orders = orders_of(*["10"] * 13)

    failed = exceeded_limits(orders, limits_of(max_rows=3, symbols=["EUR/GBP"]), NOON)

    assert failed[0] == "rows: expected at most 3 orders, found 13"
    assert len(failed) == 12
    assert failed[-1] == "and 3 more rows like these"


BUY, SELL = Side.BUY, Side.SELL


@pytest.mark.parametrize(
    ("symbol", "currency", "side", "price", "words"),
    [
        ("EUR/USD", "EUR", BUY, "1.1112", None),  # 1 % above the offer is 1.111202
        ("EUR/USD", "EUR", BUY, "0.5", None),  # far below the market harms nobody
        (
            "EUR/USD",
            "EUR",
            BUY,
            "1.1553",
            "expected at most 1 % above the offer to buy EUR, found 1.1553, 5.01 % above 1.1002",
        ),
        ("EUR/USD", "EUR", SELL, "1.0890", None),
        (
            "EUR/USD",
            "EUR",
            SELL,
            "1.0450",
            "expected at most 1 % below the bid to sell EUR, found 1.0450, 5 % below 1.1000",
        ),
        # Selling NOK on EUR/NOK buys EUR, so a price too high is the wrong side.
        (
            "EUR/NOK",
            "NOK",
            SELL,
            "12.122",
            "expected at most 1 % above the offer to buy EUR, found 12.122, 10 % above 11.02",
        ),
        ("EUR/NOK", "NOK", SELL, "10", None),
        (
            "EUR/NOK",
            "NOK",
            BUY,
            "9.9",
            "expected at most 1 % below the bid to sell EUR, found 9.9, 10 % below 11.00",
        ),
    ],
)
def test_the_collar_refuses_only_the_wrong_side(
    symbol: str, currency: str, side: Side, price: str, words: str | None
) -> None:
    order = make_order(7, symbol=symbol, currency=currency, side=side, price=Decimal(price))

    failed = outside_collar([order], Decimal("0.01"), RATES)

    assert failed == ([] if words is None else [f"row 7, price: {words}"])


def test_a_symbol_without_a_rate_is_refused() -> None:
    failed = outside_collar(orders_of("1"), Decimal("0.01"), {"EUR/USD": "no such symbol"})

    assert failed == ["collar: expected a spot rate of EUR/USD, found none: no such symbol"]


class _Rates:
    """Answers with each of a script's words in turn."""

    def __init__(self, *script: SpotRate | VenueError) -> None:
        self.script = list(script)
        self.asked: list[str] = []

    def spot_rate(self, symbol: str) -> SpotRate:
        self.asked.append(symbol)
        answer = self.script.pop(0)
        if isinstance(answer, VenueError):
            raise answer
        return answer


GOOD = SpotRate("EUR/USD", Decimal("1.1"), Decimal("1.2"))


def test_one_rate_is_asked_for_each_symbol() -> None:
    rates = _Rates(GOOD, GOOD)

    ask_rates(rates, ["EUR/USD", "EUR/GBP", "EUR/USD"], FakeClock())

    assert rates.asked == ["EUR/GBP", "EUR/USD"]


def test_a_rate_is_asked_for_again_when_the_venue_was_only_busy() -> None:
    clock = FakeClock()
    rates = _Rates(Throttled("slow", retry_after_s=3.0), VenueAway("503", status=503), GOOD)

    found = ask_rates(rates, ["EUR/USD"], clock)

    assert found == {"EUR/USD": GOOD}
    assert clock.seconds == 1004.0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ([VenueAway("away")] * 3, "away"),
        ([VenueRefused("no such symbol", status=404)], "no such symbol"),
        (
            [SpotRate("EUR/USD", Decimal(0), Decimal("1.2"))],
            "the venue says bid 0 and offer 1.2",
        ),
        (
            [SpotRate("EUR/USD", Decimal("1.3"), Decimal("1.2"))],
            "the venue says bid 1.3 and offer 1.2",
        ),
    ],
)
def test_a_rate_that_cannot_be_had_says_why(
    script: list[SpotRate | VenueError], words: str
) -> None:
    assert ask_rates(_Rates(*script), ["EUR/USD"], FakeClock()) == {"EUR/USD": words}


def test_a_refused_login_ends_the_asking() -> None:
    with pytest.raises(LoginFailed):
        ask_rates(_Rates(LoginFailed("no")), ["EUR/USD"], FakeClock())


def test_times_in_force_are_compared_as_the_field_writes_them() -> None:
    orders = orders_of("1", time_in_force=TimeInForce.GTC)

    assert exceeded_limits(orders, limits_of(times_in_force=["GTC"]), NOON) == []
