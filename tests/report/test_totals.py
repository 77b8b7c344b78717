"""The sums, held against a plain script that knows nothing but the lines of the JSON report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch import report
from batch.model import BatchRecord, OrderRecord, Side
from batch.report.totals import buys_base, pip, survey
from batch.states import OrderState as S
from tests.report.conftest import PLANNED_AT, make_columns, make_order

OWN = ("Symbol", "Side", "Ccy", "Size", "Limit")
SYMBOLS = ("EUR/USD", "USD/JPY", "GBP/JPY", "EUR/GBP")

sizes = st.decimals(min_value="0.01", max_value="500000000", places=2)
parts = st.one_of(st.none(), st.sampled_from([Decimal(0), Decimal("0.25"), Decimal(1)]))
prices = st.decimals(min_value="0.00001", max_value="999", places=5)


@st.composite
def records(draw: st.DrawFn) -> OrderRecord:
    row = draw(st.integers(2, 10**6))
    state = draw(st.sampled_from(list(S)))
    symbol, side = draw(st.sampled_from(SYMBOLS)), draw(st.sampled_from(list(Side)))
    currency = draw(st.sampled_from(symbol.split("/")))
    size, limit, part = draw(sizes), draw(prices), draw(parts)
    record = make_order(row, state, average_price=None)
    filled = None if part is None else size * part
    record = replace(
        record,
        values=(symbol, side.value, currency, f"{size:f}", f"{limit:f}"),
        filled_size=filled,
        average_price=draw(st.one_of(st.none(), prices)) if filled else None,
    )
    if record.order is None:
        return record
    terms: dict[str, Any] = {"symbol": symbol, "side": side, "currency": currency}
    return replace(record, order=replace(record.order, **terms, size=size, price=limit))


@settings(max_examples=150, deadline=None)
@given(orders=st.lists(records(), max_size=25))
def test_sums_equal_those_of_a_plain_script_over_the_json(orders: list[OrderRecord]) -> None:
    batch = BatchRecord(
        batch_id="e3k7-q2mp",
        sheet_path="eod.csv",
        worksheet=None,
        columns=make_columns([(name, None) for name in OWN]),
        row_count=len(orders),
        venue_url="https://venue.example.com",
        org="ACME",
        user="ops1",
        simulated=False,
        created_at=PLANNED_AT,
    )
    document: Any = report.as_document(batch, orders)

    totals = document["batch"]["totals"]

    groups: dict[tuple[str, str, str], list[dict[str, str]]] = defaultdict(list)
    currencies: dict[str, list[dict[str, str]]] = defaultdict(list)
    for line in document["orders"]:
        # A row without an order has no amounts; for one left out another batch answers.
        if line["final_state"] == "INVALID":
            continue
        if line["final_state"] == "NOT_SENT" and line["unfilled_size"] is None:
            continue
        groups[line["Symbol"], line["Side"], line["Ccy"]].append(line)
        currencies[line["Ccy"]].append(line)
    assert [(one["symbol"], one["side"], one["currency"]) for one in totals["by_symbol"]] == sorted(
        groups
    )
    for one in totals["by_symbol"]:
        lines = groups[one["symbol"], one["side"], one["currency"]]
        check_amounts(one, lines)
        check_prices(one, lines)
    assert [one["currency"] for one in totals["by_currency"]] == sorted(currencies)
    for one in totals["by_currency"]:
        check_amounts(one, currencies[one["currency"]])


def check_amounts(one: dict[str, Any], lines: list[dict[str, str]]) -> None:
    known = [line for line in lines if line["unfilled_size"] is not None]
    unknown = [line for line in lines if line["unfilled_size"] is None]
    size = sum(Fraction(line["Size"]) for line in lines)
    unfilled = sum(Fraction(line["unfilled_size"]) for line in known)
    filled = sum(Fraction(line["Size"]) - Fraction(line["unfilled_size"]) for line in known)
    assert one["orders"] == len(lines)
    assert Fraction(one["size"]) == size
    if not known:
        # Not known is never 0.
        assert (one["filled_size"], one["unfilled_size"], one["fill_rate"]) == (None, None, None)
        assert Fraction(one["not_known_size"]) == size
        return
    assert Fraction(one["filled_size"]) == filled
    assert Fraction(one["unfilled_size"]) == unfilled
    assert Fraction(one["not_known_size"]) == sum(Fraction(line["Size"]) for line in unknown)
    # Cut off, never rounded up.
    assert 0 <= filled / size - Fraction(one["fill_rate"]) < Fraction(1, 10_000)


def check_prices(one: dict[str, Any], lines: list[dict[str, str]]) -> None:
    base_currency, term_currency = one["symbol"].split("/")
    base = term = at_limit = unpriced = Fraction(0)
    for line in lines:
        if line["unfilled_size"] is None:
            continue
        filled = Fraction(line["Size"]) - Fraction(line["unfilled_size"])
        if filled and line["average_price"] is None:
            unpriced += filled
        elif filled:
            price, limit = Fraction(line["average_price"]), Fraction(line["Limit"])
            got = filled if line["Ccy"] == base_currency else filled / price
            base, term, at_limit = base + got, term + got * price, at_limit + got * limit
    assert Fraction(one["unpriced_size"]) == unpriced
    if not base:
        assert [one[name] for name in ("average_price", "average_limit", "pips", "notional")] == [
            None
        ] * 4
        return
    yen = term_currency == "JPY"
    is_buying = (one["side"] == "Buy") == (one["currency"] == base_currency)
    gain = (at_limit - term) if is_buying else (term - at_limit)
    near(one["average_price"], term / base, "0.00001" if yen else "0.0000001")
    near(one["average_limit"], at_limit / base, "0.00001" if yen else "0.0000001")
    near(one["pips"], gain / base * (100 if yen else 10_000), "0.1")
    dealt_is_base = one["currency"] == base_currency
    assert one["notional_currency"] == (term_currency if dealt_is_base else base_currency)
    near(one["notional"], term if dealt_is_base else base, "0.01")


def near(text: str, exact: Fraction, unit: str) -> None:
    assert abs(Fraction(text) - exact) <= Fraction(unit) / 2 + Fraction(1, 10**30)


@pytest.mark.parametrize(
    ("symbol", "expected"),
    [("EUR/USD", "0.0001"), ("USD/JPY", "0.01"), ("EUR/HUF", "0.0001"), ("JPY/USD", "0.0001")],
)
def test_pip_is_a_hundredth_where_the_term_currency_is_the_yen(symbol: str, expected: str) -> None:
    assert pip(symbol) == Decimal(expected)


@pytest.mark.parametrize(
    ("side", "currency", "is_buying"),
    [
        (Side.BUY, "EUR", True),
        (Side.SELL, "EUR", False),
        (Side.BUY, "USD", False),
        (Side.SELL, "USD", True),
    ],
)
def test_side_speaks_of_the_dealt_currency(side: Side, currency: str, is_buying: bool) -> None:
    order = make_order(4, S.FILLED).order
    assert order is not None

    assert buys_base(replace(order, side=side, currency=currency)) is is_buying


def test_sell_above_its_limit_is_better_and_below_is_worse() -> None:
    record = make_order(4, S.FILLED, average_price=Decimal("1.39280"))
    assert record.order is not None
    sold = replace(record, order=replace(record.order, side=Side.SELL))
    worse = replace(sold, average_price=Decimal("1.39245"))

    assert [survey([one]).lines[0].pips for one in (sold, worse)] == [
        Decimal("1.0"),
        Decimal("-2.5"),
    ]


def test_rate_of_almost_everything_is_not_rounded_to_everything() -> None:
    order = make_order(4, S.EXPIRED, filled_size=Decimal("999999.99"))

    assert survey([order]).lines[0].amounts.fill_rate == Decimal("0.9999")


def test_times_are_the_first_and_the_last_and_the_median_of_what_was_filled() -> None:
    orders = [
        make_order(
            row,
            state,
            submitted_at=PLANNED_AT + timedelta(seconds=row),
            finished_at=PLANNED_AT + timedelta(seconds=row + after),
        )
        for row, state, after in ((4, S.FILLED, 1), (5, S.FILLED, 9), (3, S.EXPIRED, 500))
    ]

    times = survey([make_order(9, S.INVALID), *orders]).times

    assert times.first_sent == PLANNED_AT + timedelta(seconds=3)
    assert times.last_answer == PLANNED_AT + timedelta(seconds=503)
    assert times.median_fill_s == 5.0


def test_largest_lines_are_those_with_the_most_orders() -> None:
    orders = []
    for row, symbol in enumerate(["EUR/USD", "AUD/USD", "EUR/USD", "USD/CAD", "USD/CAD"]):
        record = make_order(row, S.FILLED)
        assert record.order is not None
        order = replace(record.order, symbol=symbol, currency=symbol[:3])
        orders.append(replace(record, order=order))

    found = survey(orders)

    assert [line.symbol for line in found.largest_lines(2)] == ["EUR/USD", "USD/CAD"]
    assert [currency for currency, _ in found.largest_currencies(1)] == ["EUR"]
