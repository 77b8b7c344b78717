"""Rows of text to orders and problems, by the rows of the table of bad inputs."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from batch.errors import Advice, ConfigError, Hint
from batch.model import Column, Order, Problem, Row, Sheet, Side, TimeInForce, Validation
from batch.schema import DecimalSign, validate

GOOD = {"symbol": "EUR/USD", "side": "Buy", "size": "1000000", "price": "1.0925", "tif": "IOC"}
FIELD = {"tif": "time_in_force"}


def sheet_of(*rows: Mapping[str, str], native: tuple[str, ...] = ()) -> Sheet:
    """A sheet with the given cells, the header on row 1."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = tuple(
        Column(name.title(), FIELD.get(name, name), chr(ord("A") + place))
        for place, name in enumerate(names)
    )
    numeric = frozenset(names.index(name) for name in native)
    return Sheet(
        path=Path("orders.csv"),
        worksheet=None,
        header_row=1,
        columns=columns,
        rows=tuple(
            Row(number, tuple(row.get(name, "") for name in names), numeric)
            for number, row in enumerate(rows, start=2)
        ),
    )


def order_of(**cells: str) -> Order:
    """The order of one good row."""
    result = validate(sheet_of(GOOD | cells))
    assert result.problems == ()
    (order,) = result.orders
    return order


def problem_of(**cells: str) -> Problem:
    """The one problem of one bad row."""
    result = validate(sheet_of(GOOD | cells))
    assert result.orders == ()
    (problem,) = result.problems
    return problem


def test_a_good_row_gives_an_order_with_the_digits_of_the_sheet() -> None:
    order = order_of(
        size="1000000.50",
        price="1.39270",
        tif="gtt",
        expiry_time="30",
        currency="usd",
        min_size="100000",
        client_order_id="A-1",
        org="Desk",
        account="Book 7",
    )

    assert order == Order(
        row=2,
        symbol="EUR/USD",
        side=Side.BUY,
        currency="USD",
        size=Decimal("1000000.50"),
        price=Decimal("1.39270"),
        time_in_force=TimeInForce.GTT,
        client_order_id="A-1",
        expiry_time_s=30,
        min_size=Decimal(100000),
        org="Desk",
        account="Book 7",
    )
    assert (str(order.size), str(order.price)) == ("1000000.50", "1.39270")


def test_the_dealt_currency_is_the_base_where_the_row_names_none() -> None:
    assert order_of().currency == "EUR"
    assert order_of(currency=" ").currency == "EUR"


@pytest.mark.parametrize(
    "text",
    [
        *("EUR/USD", "EURUSD", "eur-usd", "EUR USD", " Eur/Usd ", "EUR.USD", "EUR_USD"),
        *("EUR / USD", "eur . usd", "EUR- USD", "EUR:USD", "EUR|USD", "EUR\\USD"),
    ],
)
def test_forms_of_a_symbol_mean_the_same(text: str) -> None:
    assert order_of(symbol=text).symbol == "EUR/USD"


@pytest.mark.parametrize(
    ("text", "side"),
    [("B", Side.BUY), ("BUY", Side.BUY), ("buy ", Side.BUY), ("s", Side.SELL), ("Sell", Side.SELL)],
)
def test_forms_of_a_side_mean_the_same(text: str, side: Side) -> None:
    assert order_of(side=text).side is side


@pytest.mark.parametrize("field", ["size", "price", "min_size"])
@pytest.mark.parametrize(
    "text",
    ["1,5", "1.000.000", "1,000,000", "1 000 000", "1'000", "1\u2019000", "1\u00a0000"],
)
def test_row_10_numbers_that_could_be_read_two_ways_are_problems(field: str, text: str) -> None:
    problem = problem_of(**{field: text})

    assert (problem.row, problem.field, problem.code) == (2, field, "ambiguous-number")
    assert problem.advice == (Hint(Advice.DECIMAL_SIGN),)


@pytest.mark.parametrize("text", ["1.000", "500.000", "1.250"])
def test_row_10_a_size_with_three_decimals_may_be_meant_as_thousands(text: str) -> None:
    problem = problem_of(size=text)

    assert problem.code == "ambiguous-number"
    assert problem.action == f"write {text.replace('.', '')} or {text}0"
    assert order_of(size=f"{text}0").size == Decimal(text)


def test_row_10_a_price_with_three_decimals_is_a_price() -> None:
    assert order_of(symbol="USD/JPY", price="157.250").price == Decimal("157.250")


@pytest.mark.parametrize(
    ("decimal", "thousands", "text", "number"),
    [
        ("comma", None, "1,5", "1.5"),
        ("comma", ".", "1.000.000,25", "1000000.25"),
        ("comma", " ", "1 000 000", "1000000"),
        ("comma", " ", "1\u202f000\u202f000", "1000000"),
        ("point", ",", "1,000,000.5", "1000000.5"),
        ("point", "'", "1'000", "1000"),
        ("point", ",", "1.000", "1.000"),
        ("comma", ".", "1000000", "1000000"),
    ],
)
def test_row_10_the_person_says_which_reading_is_meant(
    decimal: DecimalSign, thousands: str | None, text: str, number: str
) -> None:
    result = validate(
        sheet_of(GOOD | {"size": text, "price": "1"}), decimal=decimal, thousands=thousands
    )

    assert [str(order.size) for order in result.orders] == [number]


@pytest.mark.parametrize(
    ("decimal", "thousands", "text"),
    [
        ("comma", None, "1.5"),
        ("comma", ".", "1.5"),
        ("comma", ".", "1.000.00"),
        ("point", ",", "1,00"),
        ("point", ",", "1,000,00"),
        ("point", ",", "0,100"),
        ("comma", ".", "1,000.5"),
    ],
)
def test_row_10_what_does_not_fit_the_stated_reading_is_still_a_problem(
    decimal: DecimalSign, thousands: str | None, text: str
) -> None:
    result = validate(
        sheet_of(GOOD | {"size": text, "price": "1"}), decimal=decimal, thousands=thousands
    )

    assert [problem.code for problem in result.problems] == ["ambiguous-number"]


def test_row_10_native_numbers_keep_their_point_under_any_reading() -> None:
    sheet = sheet_of(GOOD | {"size": "1.250"}, native=("size", "price"))

    (order,) = validate(sheet, decimal="comma", thousands=".").orders

    assert (str(order.size), str(order.price)) == ("1.250", "1.0925")


@pytest.mark.parametrize(("decimal", "thousands"), [("point", "."), ("comma", ","), ("point", "x")])
def test_row_10_a_reading_that_makes_no_sense_is_a_wrong_setting(
    decimal: DecimalSign, thousands: str
) -> None:
    with pytest.raises(ConfigError, match="thousands: expected"):
        validate(sheet_of(GOOD), decimal=decimal, thousands=thousands)


@pytest.mark.parametrize("field", ["size", "price", "min_size"])
@pytest.mark.parametrize(
    "text",
    [
        *("1_000", "\u0661\u0662\u0663", "\uff11\uff12", "1e6", "1E6", "NaN", "Infinity", "inf"),
        *("0x10", "\u00bd", "+5", "5.", "007", "1.0925 USD", "5%", "abc", "\u00b2"),
    ],
)
def test_row_11_what_only_programs_take_for_a_number_is_a_problem(field: str, text: str) -> None:
    problem = problem_of(**{field: text})

    assert (problem.field, problem.code, problem.found) == (field, "not-a-number", text)


def test_row_11_a_digit_of_another_script_is_named() -> None:
    assert "FULLWIDTH DIGIT ONE" in problem_of(size="\uff11000").action


@pytest.mark.parametrize("field", ["size", "price", "min_size"])
@pytest.mark.parametrize("text", ["0", "0.00", "-3", "\u22123", "(3)", "3-"])
def test_row_12_numbers_that_are_not_above_zero_are_problems(field: str, text: str) -> None:
    problem = problem_of(**{field: text})

    assert problem == Problem("not-positive", 2, field.title(), field, "a number above 0", text, "")


@pytest.mark.parametrize("text", ["0", "-3", "-0"])
def test_row_12_the_same_goes_for_native_numbers(text: str) -> None:
    result = validate(sheet_of(GOOD | {"price": text}, native=("price",)))

    assert [problem.code for problem in result.problems] == ["not-positive"]


@pytest.mark.parametrize("text", ["1.234567890123456", "1000000000000000", "1.500000000000000"])
def test_row_13_more_than_15_significant_digits_are_a_problem(text: str) -> None:
    problem = problem_of(price=text)

    assert (problem.code, problem.expected) == ("too-many-digits", "at most 15 significant digits")


@pytest.mark.parametrize("text", ["1.23456789012345", "0.000123456789012345", "123456789012345"])
def test_row_13_fifteen_significant_digits_are_kept(text: str) -> None:
    assert format(order_of(price=text).price, "f") == text


def test_row_13_a_price_beyond_the_pairs_convention_is_a_problem() -> None:
    rows = [GOOD | {"price": price} for price in ("1.09251", "1.092510", "1.092511")]
    rows.append(GOOD | {"symbol": "USD/JPY", "price": "157.123456"})

    result = validate(sheet_of(*rows), price_decimals={"eurusd": 5})

    assert [(p.row, p.field, p.code) for p in result.problems] == [
        (4, "price", "too-many-decimals")
    ]
    assert [order.row for order in result.orders] == [2, 3, 5]


def test_row_13_a_convention_for_no_pair_is_a_wrong_setting() -> None:
    with pytest.raises(ConfigError, match=r'sheet\.price_decimals: .* found "EURO"'):
        validate(sheet_of(GOOD), price_decimals={"EURO": 5})


def test_row_30_equal_rows_are_allowed_and_listed() -> None:
    result = validate(
        sheet_of(GOOD, GOOD | {"size": "2000000"}, GOOD | {"size": "1000000.0", "note": "again"})
    )

    assert len(result.orders) == 3
    (warning,) = result.warnings
    assert (warning.code, warning.row) == ("equal-row", 4)
    assert warning.found == "the same order as in row 2"


def test_row_30_a_repeated_id_is_a_problem_of_each_row() -> None:
    ids = ["A", "B", "A", "", ""]

    result = validate(sheet_of(*(GOOD | {"client_order_id": text} for text in ids)))

    assert [(p.row, p.code, p.action) for p in result.problems] == [
        (2, "repeated-id", "it is also in row 4"),
        (4, "repeated-id", "it is also in row 2"),
    ]
    assert [order.row for order in result.orders] == [3, 5, 6]


def test_row_30_an_id_that_is_everywhere_names_a_few_rows() -> None:
    result = validate(sheet_of(*[GOOD | {"client_order_id": "A"}] * 10))

    assert len(result.problems) == 10
    assert result.problems[0].action == "it is also in row 3, 4, 5, 6, 7 and 4 more"
    assert result.problems[-1].action == "it is also in row 2, 3, 4, 5, 6 and 4 more"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("EUR/EUR", "same-currency"),
        ("EURUSDX", "not-a-pair"),
        ("EUR", "not-a-pair"),
        ("EUR//USD", "not-a-pair"),
        ("\u0415UR/USD", "not-a-pair"),
        ("EUR/USD ", None),
        ("ABC/USD", "unknown-currency"),
        ("USD/XXX", "unknown-currency"),
        ("ABC/XYZ", "unknown-currency"),
        ("EUR/\u0131SD", "not-a-pair"),
    ],
)
def test_row_31_symbols_that_are_none_are_problems(text: str, code: str | None) -> None:
    result = validate(sheet_of(GOOD | {"symbol": text}))

    assert [problem.code for problem in result.problems] == ([code] if code else [])


def test_row_31_a_letter_that_only_looks_latin_is_named() -> None:
    problem = problem_of(symbol="\u0415UR/USD")

    assert problem.action == '"\u0415" is CYRILLIC CAPITAL LETTER IE: type it again'


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("GBP", "currency-not-in-pair"),
        ("ABC", "unknown-currency"),
        ("EURO", "not-a-currency"),
        ("\u20ac", "not-a-currency"),
    ],
)
def test_row_31_a_dealt_currency_that_is_no_side_of_the_pair_is_a_problem(
    text: str, code: str
) -> None:
    problem = problem_of(currency=text)

    assert (problem.field, problem.code) == ("currency", code)


@pytest.mark.parametrize(
    ("cells", "field", "code"),
    [
        ({"side": "Hold"}, "side", "unknown-side"),
        ({"tif": "GTX"}, "time_in_force", "unknown-time-in-force"),
        ({"tif": "GTT", "expiry_time": ""}, "expiry_time", "expiry-missing"),
        ({"tif": "GTT", "expiry_time": "86400"}, "expiry_time", "expiry-out-of-range"),
        ({"tif": "GTT", "expiry_time": "0"}, "expiry_time", "expiry-out-of-range"),
        ({"tif": "GTT", "expiry_time": "1.5"}, "expiry_time", "not-seconds"),
        ({"tif": "GTT", "expiry_time": "-1"}, "expiry_time", "not-seconds"),
        ({"tif": "GTT", "expiry_time": "1e3"}, "expiry_time", "not-seconds"),
        ({"tif": "IOC", "expiry_time": "5"}, "expiry_time", "expiry-without-gtt"),
        ({"org": "Desk"}, "account", "account-missing"),
        ({"account": "Book"}, "org", "org-missing"),
        ({"min_size": "2000000"}, "min_size", "min-size-above-size"),
        ({"client_order_id": "x" * 256}, "client_order_id", "id-too-long"),
        ({"client_order_id": "A-1 "}, "client_order_id", "space-at-end"),
        ({"org": " D", "account": "B"}, "org", "space-at-end"),
    ],
)
def test_row_32_values_that_do_not_fit_are_problems(
    cells: dict[str, str], field: str, code: str
) -> None:
    problem = problem_of(**cells)

    assert (problem.row, problem.field, problem.code) == (2, field, code)


@pytest.mark.parametrize("text", ["1", "86399", "30.0", " 30 "])
def test_row_32_an_expiry_in_range_is_taken(text: str) -> None:
    assert order_of(tif="GTT", expiry_time=text).expiry_time_s == int(float(text))


def test_row_31_the_yuan_outside_china_is_known() -> None:
    assert order_of(symbol="USD/CNH", currency="CNH").currency == "CNH"


def test_row_31_the_settings_may_add_currencies() -> None:
    row = GOOD | {"symbol": "EUR/BTC", "currency": "BTC"}

    (order,) = validate(sheet_of(row), more_currencies=("BTC",)).orders

    assert (order.symbol, order.currency) == ("EUR/BTC", "BTC")
    problems = validate(sheet_of(row)).problems
    assert [(p.field, p.code) for p in problems] == [
        ("symbol", "unknown-currency"),
        ("currency", "unknown-currency"),
    ]
    assert "[sheet] more_currencies" in problems[0].action


@pytest.mark.parametrize("text", ["Limit", "LIMIT", "lmt", "LMT ", "L", "l"])
def test_row_36_an_order_type_that_says_limit_is_read(text: str) -> None:
    assert order_of(order_type=text) == order_of()


@pytest.mark.parametrize(
    "text", ["MKT", "Market", "STP", "Stop", "Stop Limit", "STP LMT", "LOC", "2", "Limit?", "Ltd"]
)
def test_row_36_any_other_order_type_is_a_problem(text: str) -> None:
    problem = problem_of(order_type=text)

    assert (problem.row, problem.field, problem.code) == (2, "order_type", "not-a-limit-order")
    assert (problem.expected, problem.found) == ("Limit, LMT or L", text)


@pytest.mark.parametrize("text", ["", "  "])
def test_row_36_a_blank_order_type_is_a_problem(text: str) -> None:
    assert (problem_of(order_type=text).code) == "missing-value"


def test_row_36_a_default_order_type_must_say_limit_too() -> None:
    assert len(validate(sheet_of(GOOD), defaults={"order_type": "LMT"}).orders) == 1
    with pytest.raises(ConfigError, match="order_type: expected Limit, LMT or L"):
        validate(sheet_of(GOOD), defaults={"order_type": "MKT"})


def test_an_id_may_have_255_characters() -> None:
    assert order_of(client_order_id="x" * 255).client_order_id == "x" * 255


@pytest.mark.parametrize("field", ["symbol", "side", "size", "price", "tif"])
def test_a_blank_required_cell_is_a_problem(field: str) -> None:
    problem = problem_of(**{field: "  "})

    assert (problem.code, problem.field) == ("missing-value", FIELD.get(field, field))
    assert problem.expected


def test_row_34_all_problems_are_told_at_once_by_row_and_column() -> None:
    bad = {
        "price": "0",
        "symbol": "ABC/USD",
        "side": "Hold",
        "size": "1,5",
        "tif": "XXX",
        "client_order_id": "A",
    }

    result = validate(sheet_of(bad, GOOD, bad))

    fields = ["price", "symbol", "side", "size", "time_in_force", "client_order_id"]
    assert [(p.row, p.field) for p in result.problems] == [
        (row, field) for row in (2, 4) for field in fields
    ]
    assert result.invalid_rows == {2, 4}
    assert [order.row for order in result.orders] == [3]


def test_row_34_a_sheet_that_is_bad_throughout_gives_every_problem() -> None:
    rows = [GOOD | {"side": "Hold", "price": "0"}] * 45_000

    result = validate(sheet_of(*rows))

    assert len(result.problems) == 90_000
    assert result.orders == ()
    assert [p.row for p in result.problems[-2:]] == [45_001, 45_001]


def test_a_cell_that_the_reader_refused_is_not_judged_again() -> None:
    sheet = sheet_of(GOOD | {"price": "#N/A", "side": ""}, GOOD)
    trouble = Problem("error-value", 2, "Price", "price", "a number", "#N/A")

    result = validate(with_problems(sheet, trouble))

    assert [(p.row, p.code) for p in result.problems] == [(2, "missing-value"), (2, "error-value")]
    assert [order.row for order in result.orders] == [3]


def test_a_line_that_the_reader_refused_is_not_judged_again() -> None:
    sheet = sheet_of(GOOD | {"price": ""}, GOOD)
    trouble = Problem("short-line", 2, None, None, "7 fields", "3")

    result = validate(with_problems(sheet, trouble))

    assert result.problems == (trouble,)
    assert [order.row for order in result.orders] == [3]


def test_trouble_in_an_unknown_column_spoils_its_row() -> None:
    sheet = sheet_of(GOOD, GOOD)
    trouble = Problem("control-character", 2, "Desk", None, "text", r"\x00")

    result = validate(with_problems(sheet, trouble))

    assert result.problems == (trouble,)
    assert [order.row for order in result.orders] == [3]


def with_problems(sheet: Sheet, *problems: Problem) -> Sheet:
    return Sheet(sheet.path, None, 1, sheet.columns, sheet.rows, problems)


def without_tif(**defaults: str) -> Validation:
    cells = {name: text for name, text in GOOD.items() if name != "tif"}
    return validate(sheet_of(cells), defaults=defaults)


def test_a_default_stands_for_a_column_that_the_sheet_lacks() -> None:
    (order,) = without_tif(time_in_force="gtt", expiry_time="30").orders

    assert (order.time_in_force, order.expiry_time_s) == (TimeInForce.GTT, 30)


def test_a_default_does_not_fill_blank_cells_of_a_column_that_is_there() -> None:
    result = validate(sheet_of(GOOD | {"tif": ""}), defaults={"time_in_force": "IOC"})

    assert [problem.code for problem in result.problems] == ["missing-value"]


def test_a_problem_with_a_default_names_the_field_and_what_was_given() -> None:
    (problem,) = without_tif(time_in_force="IOC", expiry_time="30").problems

    assert (problem.column, problem.found) == ("expiry_time", "30")
    assert problem.code == "expiry-without-gtt"


def test_a_default_note_is_taken_and_never_sent() -> None:
    assert len(without_tif(time_in_force="IOC", note="auto").orders) == 1


@pytest.mark.parametrize(
    ("defaults", "words"),
    [
        ({"time_in_force": "XXX"}, "time_in_force: expected GTC, IOC, FOK, GTT, DAY, found"),
        ({"tif": "IOC"}, "expected one of symbol"),
    ],
)
def test_a_default_that_cannot_be_used_is_a_wrong_setting(
    defaults: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        without_tif(**defaults)


def test_orders_of_one_pair_share_its_name_however_the_sheet_writes_it() -> None:
    spellings = ("EUR/USD", "eurusd", "EUR-USD", "EUR/USD")

    orders = validate(sheet_of(*(GOOD | {"symbol": text} for text in spellings))).orders

    assert [order.symbol for order in orders] == ["EUR/USD"] * 4
    assert len({id(order.symbol) for order in orders}) == 1
