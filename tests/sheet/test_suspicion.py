"""Headers that are not known: which refuse the sheet, and which are a desk's own. Rows 35-37."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from batch.cli.advice import words_of
from batch.model import FIELDS
from batch.sheet import HeaderRefusal, read
from batch.sheet.headers import Headers
from batch.sheet.raw import RawRow
from tests.sheet.writing import check, found_in, write_text

CASES = Path(__file__).parent / "cases"
REQUIRED = "Symbol,Side,Size,Price,TIF"
ORDER = "EUR/USD,Buy,1000000,1.0925,IOC"

# Near to a known header, or sharing a word or an abbreviation with one → what it may mean.
NEAR = {
    "Dealt Curency": "currency",
    "Deallt Currency": "currency",
    "Ccyy": "currency",
    "Cyc": "currency",
    "Ccy 2": "currency",
    "dealtccy2": "currency",
    "Curr.": "currency",
    "W\u00e4hrung": "currency",
    "Account No": "account",
    "Account #": "account",
    "Acct. Number": "account",
    "A/C": "account",
    "accountno": "account",
    "accuntno": "account",
    "Acount": "account",
    "\u0410\u0441\u0441ount": "account",
    "Sub-account": "account",
    "Orgg": "org",
    "Org Name": "org",
    "Order Ref": "client_order_id",
    "Order No.": "client_order_id",
    "ID": "client_order_id",
    "Cl Ord Id 2": "client_order_id",
    "My coUd": "client_order_id",
    "Client": "client_order_id",
    "Minn Qty": "min_size",
    "Qty Min": "min_size",
    "Min": "min_size",
    "Fill": "min_size",
    "Expirey": "expiry_time",
    "Exp. Dt": "expiry_time",
    "Expiry Date": "expiry_time",
    "Size 2": "size",
    "Size %": "size",
    "Amount $": "size",
    "Amount (USD)": "size",
    "S\u0130ZE": "size",
    "Limit 2": "price",
    "Px": "price",
    "LimitPriceOld": "price",
    "Avg Rate": "price",
    "TIF 2": "time_in_force",
    "New B/S": "side",
    "Time": "time_in_force",
    "Otder Type": "order_type",
}

# A word that changes what an order is, in the spellings in which exports have it.
CHANGES = (
    *("Type 2", "Stop Price", "Stop", "stopprice", "Stop-Loss", "SL", "Trigger", "Trgger", "Trail"),
    *("Trailing Amount", "Peg", "Peg Offset", "Strategy", "Algo Strategy", "Execution strategy"),
    *("Tenor", "Tennor", "Value Date", "valuedate", "Value", "Settlement Date", "SettlDate"),
    *(
        "Delivery",
        "Maturity",
        "Date",
        "Far Date",
        "Leg",
        "Fixing",
        "Fixing Source",
        "NDF",
        "Strike",
    ),
    *("Action", "Status", "statsu", "OrdStatus", "State", "Cancel", "Cancelled?", "Cxl", "Hold"),
    *("Active", "Send", "Approved", "Exchange", "Excange", "Venue", "Visible", "Display Qty"),
    *(
        "Iceberg",
        "Max Show",
        "Take Profit",
        "T/P",
        "Good Till",
        "Good Till Date",
        "GTD",
        "Valid to",
    ),
    *(
        "Start Time",
        "AON",
        "Post only",
        "Lots",
        "Unit",
        "In millions",
        "Product",
        "Deal Type",
        "Stpo Loss",
    ),
    *("Instructions", "Filled", "Leaves", "Max Slippage", "Strat\u00e9gie"),
)

DESKS_OWN = (
    *("Trader", "Desk", "Strategy name", "strategy_name", "StrategyName", "Comment 2", "Book"),
    *(
        "Portfolio",
        "Counterparty",
        "Region",
        "Approved by",
        "Entered by",
        "Trade Date",
        "Entry Time",
    ),
    *("Order Date", "Order Source", "Order taker", "Desk ID", "Trader ID", "Fund Code", "Ref"),
    *("Ticket", "Ticket No", "No.", "#", "Row", "Cost Centre", "Profit Centre", "Business Unit"),
    *(
        "Sales",
        "Dealer",
        "Prime Broker",
        "Bank",
        "Entity",
        "Reason",
        "correction_reason",
        "Purpose",
    ),
    *("Internal comment", "Order comment", "Price comment", "Coment", "Noet", "Remarks (all)"),
    *(
        "Department",
        "Created at",
        "Timestamp",
        "System",
        "Channel",
        "LEI",
        "Priority",
        "Accounting",
    ),
    *("Offset (bp)", "Mid", "P&L", "Invoice", "Customer", "Corporate", "Section", "Source"),
    *("Kostenstelle", "H\u00e4ndler", "foo", "***", "Hedge Designation", "Custodian", "Fee"),
)


def meaning_of(*headers: str) -> tuple[str, ...]:
    """What the sheet says of its headers: the ones that are not sent."""
    row = RawRow(1, [*REQUIRED.split(","), *headers])
    return tuple(note.found for note in Headers({}, ()).notes("orders.csv", row))


def refusal(header: str, columns: dict[str, str] | None = None) -> HeaderRefusal:
    with pytest.raises(HeaderRefusal) as caught:
        Headers(columns or {}, ()).notes("orders.csv", RawRow(1, [*REQUIRED.split(","), header]))
    return caught.value


@pytest.mark.parametrize(("header", "field"), NEAR.items())
def test_row_35_a_header_near_to_a_known_one_is_refused_and_says_what_it_may_mean(
    header: str, field: str
) -> None:
    error = refusal(header)

    (problem,) = error.problems
    assert (error.code, problem.code) == ("suspicious-header", "suspicious-header")
    assert (problem.row, problem.column) == (1, header)
    assert field in problem.expected
    assert problem.expected.split("mean ")[1].split(" or ")[0] in FIELDS


@pytest.mark.parametrize("header", CHANGES)
def test_row_35_a_header_that_changes_what_an_order_is_is_refused(header: str) -> None:
    (problem,) = refusal(header).problems

    assert problem.column == header


@pytest.mark.parametrize("header", DESKS_OWN)
def test_a_desks_own_column_is_carried_along_and_named(header: str) -> None:
    assert meaning_of(header) == (header,)


def test_row_35_the_refusal_names_every_header_what_it_may_mean_and_the_ways_out(
    tmp_path: Path,
) -> None:
    header = f"{REQUIRED},Trader,Dealt Curency,Stop Price"
    path = write_text(tmp_path, f"{header}\n{ORDER},Ana,USD,1.1\n")

    with pytest.raises(HeaderRefusal) as caught:
        read(path)

    assert str(caught.value) == (
        f"{path}, row 1: expected only columns that are known or cannot change an order, found "
        '"Dealt Curency" (G), which may mean currency; "Stop Price" (H), which may mean price or '
        "a stop or trigger price."
    )
    assert words_of(caught.value).endswith(
        ". Rename it to what it means, or if it does not matter for these orders, carry it along "
        'unread: --ignore-column "Dealt Curency" --ignore-column "Stop Price"'
    )


def test_many_suspicious_headers_are_counted() -> None:
    row = RawRow(1, [*REQUIRED.split(","), *(f"Stop {number}" for number in range(30))])

    with pytest.raises(HeaderRefusal, match="; and 10 more") as caught:
        Headers({}, ()).notes("orders.csv", row)

    assert len(caught.value.problems) == 30


@pytest.mark.parametrize("name", ["Dealt Curency", "dealt_curency", " DEALT CURENCY* "])
def test_a_column_that_is_to_be_ignored_is_carried_along(tmp_path: Path, name: str) -> None:
    path = write_text(tmp_path, f"{REQUIRED},Dealt Curency\n{ORDER},USD\n")

    sheet = read(path, ignore=[name])

    assert sheet.columns[-1].field is None
    assert sheet.rows[0].values[-1] == "USD"
    assert sheet.warnings == ()


def test_even_a_known_column_can_be_ignored(tmp_path: Path) -> None:
    path = write_text(tmp_path, f"{REQUIRED},Amount,Order Type\n{ORDER},7,MKT\n")

    sheet = read(path, ignore=["Amount", "Order Type"])

    assert [column.field for column in sheet.columns[-2:]] == [None, None]


def test_a_column_to_be_ignored_that_is_not_there_is_told(tmp_path: Path) -> None:
    sheet = read(write_text(tmp_path, f"{REQUIRED}\n{ORDER}\n"), ignore=["Stop Pirce"])

    (note,) = sheet.warnings
    assert note.code == "ignored-in-vain"
    assert 'a column "Stop Pirce"' in note.expected


@pytest.mark.parametrize("header", ["Ref 2", "Reff", "My Ref"])
def test_what_is_near_to_a_desks_own_header_for_a_field_is_refused(header: str) -> None:
    assert "client_order_id" in refusal(header, {"Ref": "client_order_id"}).problems[0].expected


def test_what_is_near_to_a_desks_own_header_for_a_note_is_not(tmp_path: Path) -> None:
    headers = Headers({"Reason why": "note"}, ())

    notes = headers.notes("orders.csv", RawRow(1, [*REQUIRED.split(","), "Reason whi"]))

    assert [note.found for note in notes] == ["Reason whi"]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Dealt Ccy*", "currency"),
        ("Min. Qty", "min_size"),
        ("Client Order ID.", "client_order_id"),
        ("Client Order #", "client_order_id"),
        ('"Client Order ID"', "client_order_id"),
        ("(Ccy)", "currency"),
        ("Ccy:", "currency"),
        ("\uff23\uff43\uff59", "currency"),
    ],
)
def test_row_35_punctuation_does_not_count(header: str, field: str) -> None:
    assert Headers({}, ()).known[_normal(header)] == field


@pytest.mark.parametrize(
    "header",
    [
        "\ufeffClient Order ID",
        "\ufeff\ufeffClient Order ID",
        "Client\u200bOrder\u200b ID",
        "Client\u00a0Order\u202fID\u00ad",
        "\u2060Client\u200d Order\ufe0f ID\u200e",
        "Client Order\u034f ID\u3164",
        "Client Order\x00 ID",
        "Client\tOrder\nID",
    ],
)
def test_row_37_what_nobody_sees_in_a_header_does_not_count(header: str) -> None:
    assert Headers({}, ()).known[_normal(header)] == "client_order_id"


@pytest.mark.parametrize(
    "start", ["\ufeff\ufeff", "\ufeff\ufeff\ufeff", '\ufeff"\ufeff', '\ufeff\ufeff"']
)
def test_row_37_several_byte_order_marks_are_read_without(tmp_path: Path, start: str) -> None:
    end = '"' if '"' in start else ""
    path = write_text(tmp_path, f"{start}Client Order ID{end},{REQUIRED}\nA-1,{ORDER}\n")

    assert check(path).orders[0].client_order_id == "A-1"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_row_37_several_byte_order_marks_of_utf_16_are_read_without(
    tmp_path: Path, encoding: str
) -> None:
    text = f'\ufeff\ufeff"Client Order ID",{REQUIRED}\nA-1,{ORDER}\n'
    path = write_text(tmp_path, text, encoding=encoding)

    assert check(path).orders[0].client_order_id == "A-1"


def test_row_37_the_case_with_two_byte_order_marks() -> None:
    assert [order.client_order_id for order in check(CASES / "double-bom.csv").orders] == ["A-1"]


@pytest.mark.parametrize(
    ("name", "header", "meaning"),
    [
        ("typo-header-ccy.xlsx", "Dealt Curency", "currency"),
        ("stop-price.csv", "Stop Price", "a stop or trigger price"),
        ("status-cancelled.csv", "Status", "a state in which it is not to be sent"),
    ],
)
def test_row_35_the_cases_are_refused(name: str, header: str, meaning: str) -> None:
    with pytest.raises(HeaderRefusal) as caught:
        read(CASES / name)

    assert header in str(caught.value)
    assert meaning in str(caught.value)


@pytest.mark.parametrize(
    ("name", "rows"), [("ordertype-mkt.csv", [2, 3]), ("ordertype-type.csv", [2])]
)
def test_row_36_the_cases_rows_are_refused(name: str, rows: list[int]) -> None:
    result = check(CASES / name)

    assert found_in(result) == [(row, "order_type", "not-a-limit-order") for row in rows]
    assert result.orders == ()


def test_row_31_the_case_of_the_yuan_outside_china_gives_its_order() -> None:
    (order,) = check(CASES / "cnh.csv").orders

    assert (order.symbol, order.currency) == ("USD/CNH", "USD")


def test_a_sheet_of_many_unknown_columns_is_judged_fast() -> None:
    letters = "abcdefgh"
    words = [f"z{a}z{b}z{c}z" for a in letters for b in letters for c in letters][:495]
    started = time.process_time()

    notes = Headers({}, ()).notes("orders.csv", RawRow(1, [*REQUIRED.split(","), *words]))

    assert len(notes) == 495
    assert time.process_time() - started < 5


def _normal(header: str) -> str:
    from batch.sheet.words import normalise

    return normalise(header)
