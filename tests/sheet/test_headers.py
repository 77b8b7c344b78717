"""Headers and columns, by the rows of the table of bad inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.errors import ConfigError
from batch.sheet import read, row_list
from batch.sheet.headers import letter
from tests.sheet.writing import (
    HEADER,
    cells,
    check,
    csv_text,
    line,
    refusal,
    write_openpyxl,
    write_text,
)

ORDER = "EUR/USD,Buy,1000000,1.0925,IOC"
FIELDS = ["symbol", "side", "size", "price", "time_in_force"]


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        ("symbol,side,size,price,time_in_force", FIELDS),
        ("SYMBOL,Side,sIzE,Price,Time-In Force", FIELDS),
        ("Ccy Pair,Buy/Sell,Amount,Limit Price,TIF", FIELDS),
        ("Currency Pair,B / S,Notional,Rate,tif", FIELDS),
        ("Instrument,Direction,Qty,Limit,T_I_F", FIELDS),
        ("Pair,Side,Quantity,Limit-Rate,TimeInForce", FIELDS),
    ],
)
def test_well_known_headers_are_understood(tmp_path: Path, header: str, fields: list[str]) -> None:
    sheet = read(write_text(tmp_path, f"{header}\n{ORDER}\n"))

    assert [column.field for column in sheet.columns] == fields
    assert [column.header for column in sheet.columns] == header.split(",")
    assert [column.letter for column in sheet.columns] == ["A", "B", "C", "D", "E"]


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Dealt Ccy", "currency"),
        ("ClOrdID", "client_order_id"),
        ("coId", "client_order_id"),
        ("Expiry", "expiry_time"),
        ("Expiry Time (s)", "expiry_time"),
        ("Min Qty", "min_size"),
        ("Minimum Size", "min_size"),
        ("Organisation", "org"),
        ("Comments", "note"),
        ("Ref", None),
        ("Order Type", "order_type"),
        ("Type", "order_type"),
    ],
)
def test_optional_headers_are_understood_and_a_desks_own_are_not(
    tmp_path: Path, header: str, field: str | None
) -> None:
    sheet = read(write_text(tmp_path, f"symbol,side,size,price,TIF,{header}\n{ORDER},7\n"))

    assert sheet.columns[-1].field == field
    assert sheet.rows[0].values[-1] == "7"


def test_a_desks_own_headers_are_understood(tmp_path: Path) -> None:
    path = write_text(tmp_path, f"Cross,side,size,price,TIF,Ref\n{ORDER},R-1\n")

    sheet = read(path, columns={"CROSS": "symbol", "ref": "client_order_id"})

    assert sheet.columns[0].field == "symbol"
    assert sheet.columns[-1].field == "client_order_id"


def test_a_desks_header_for_a_field_that_does_not_exist_is_a_wrong_setting(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line()))

    with pytest.raises(
        ConfigError, match=r'sheet\.columns, "Cross": expected one of symbol, .*"pair"'
    ):
        read(path, columns={"Cross": "pair"})


def test_row_25_a_missing_column_names_the_nearest_header(tmp_path: Path) -> None:
    path = write_text(tmp_path, "Symbl,side,size,price,TIF\nEUR/USD,B,1,1.1,IOC\n")

    error = refusal(path)

    assert error.code == "missing-column"
    assert f'{path}, row 1: required column missing: symbol, the nearest header is "Symbl" (A)' in (
        str(error)
    )


@pytest.mark.parametrize(
    ("header", "missing"),
    [("Symbol,Side,Qty,Px,TIF", "price"), ("Symbol,Side,Amt in EUR,Limit,TIF", "size")],
)
def test_row_25_an_abbreviation_is_near_too(tmp_path: Path, header: str, missing: str) -> None:
    error = refusal(write_text(tmp_path, f"{header}\n{ORDER}\n"))

    assert f"required column missing: {missing}, the nearest header is" in str(error)


def test_row_25_every_missing_column_is_named(tmp_path: Path) -> None:
    error = refusal(write_text(tmp_path, "symbol,side,xyz\nEUR/USD,B,1\n"))

    assert "required column missing: size; price; time_in_force" in str(error)


def test_a_column_that_a_setting_gives_is_not_required(tmp_path: Path) -> None:
    path = write_text(tmp_path, "symbol,side,size,price\nEUR/USD,B,1,1.1\n")

    sheet = read(path, constant_fields={"time_in_force"})

    assert len(sheet.rows) == 1


def test_row_25_two_headers_that_mean_the_same_refuse_the_file(tmp_path: Path) -> None:
    error = refusal(write_text(tmp_path, f"symbol,side,size,price,TIF,Amount\n{ORDER},\n"))

    assert error.code == "same-meaning"
    assert 'one column for size, found two: "size" (C) and "Amount" (F)' in str(error)


@pytest.mark.parametrize("header", ["Desk,desk", "Desk,D-e_s k"])
def test_row_25_a_duplicate_header_over_data_refuses_the_file(tmp_path: Path, header: str) -> None:
    error = refusal(write_text(tmp_path, f"symbol,side,size,price,TIF,{header}\n{ORDER},,x\n"))

    assert error.code == "duplicate-header"
    assert "column G" in str(error)


def test_row_25_a_duplicate_header_over_nothing_is_kept(tmp_path: Path) -> None:
    path = write_text(tmp_path, f"symbol,side,size,price,TIF,Desk,Desk\n{ORDER},,\n")

    assert [column.header for column in read(path).columns[5:]] == ["Desk", "Desk"]


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ([("", *HEADER), ("x", *cells())], "row 2, column A"),
        ([HEADER, (*cells(note="a"), "b")], "row 2, column H"),
    ],
)
def test_row_25_data_without_a_header_refuses_the_file(
    tmp_path: Path, rows: list[tuple[object, ...]], where: str
) -> None:
    error = refusal(write_openpyxl(tmp_path / "a.xlsx", rows))

    assert error.code == "blank-header"
    assert where in str(error)


def test_row_25_columns_without_header_and_data_are_left_out(tmp_path: Path) -> None:
    rows = [("", *HEADER[:3], " ", *HEADER[3:]), ("", *cells()[:3], "", *cells()[3:])]

    result = check(write_openpyxl(tmp_path / "a.xlsx", rows))

    assert [column.letter for column in result.sheet.columns] == list("BCDFGHI")
    assert result.sheet.rows[0].numeric == frozenset({3, 4})
    assert len(result.orders) == 1


def test_a_sheet_without_a_header_is_refused(tmp_path: Path) -> None:
    error = refusal(write_text(tmp_path, "some\ntext\n"))

    assert error.code == "no-header"
    assert "symbol, side, size, price, time_in_force" in str(error)


@pytest.mark.parametrize("text", [csv_text(), csv_text() + "\n,,\n", "\n \n", "sep=;\n"])
def test_row_26_a_sheet_without_orders_is_refused(tmp_path: Path, text: str) -> None:
    error = refusal(write_text(tmp_path, text))

    assert error.code == "no-orders"
    assert "expected at least one order" in str(error)


@pytest.mark.parametrize("rows", [[], [HEADER]])
def test_row_26_a_workbook_without_orders_is_refused(
    tmp_path: Path, rows: list[tuple[object, ...]]
) -> None:
    assert refusal(write_openpyxl(tmp_path / "a.xlsx", rows)).code == "no-orders"


def test_the_reason_column_of_a_corrections_file_is_an_unknown_column(tmp_path: Path) -> None:
    path = write_text(tmp_path, f"symbol,side,size,price,TIF,correction_reason\n{ORDER},REJECTED\n")

    result = check(path)

    assert result.sheet.columns[-1].field is None
    assert len(result.orders) == 1


@pytest.mark.parametrize(
    ("position", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")]
)
def test_columns_are_named_as_a_spreadsheet_does(position: int, name: str) -> None:
    assert letter(position) == name


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([], ""),
        ([7], "7"),
        ([7, 9, 12, 13, 14], "7, 9, 12-14"),
        (list(range(1, 101, 2)), "1, 3, 5, and 47 more"),
    ],
)
def test_row_numbers_are_written_as_people_do(numbers: list[int], words: str) -> None:
    assert row_list(numbers, limit=3) == words
