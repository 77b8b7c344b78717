"""CSV files, by the rows of the table of bad inputs."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from batch.sheet import Limits, read
from batch.sheet.table import _SHARED_TEXTS
from tests.sheet.writing import (
    HEADER,
    cells,
    check,
    csv_text,
    found_in,
    line,
    only_problem,
    refusal,
    write_csv,
    write_openpyxl,
    write_text,
)

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("text", ["NA", "None", "null", "nan", "N/A", "-"])
def test_row_1_words_for_nothing_stay_text(tmp_path: Path, text: str) -> None:
    header = "client_order_id,symbol,side,size,price,tif,org,account,note\n"
    path = write_text(tmp_path, f"{header}{text},EUR/USD,B,1,1.1,IOC,{text},{text},{text}\n")

    result = check(path)

    (order,) = result.orders
    assert (order.client_order_id, order.org, order.account) == (text, text, text)
    assert result.sheet.rows[0].values[-1] == text


@pytest.mark.parametrize("text", ["00123", "1E5", "1.0", "0x10", "+5"])
def test_row_2_an_id_that_looks_like_a_number_is_unchanged(tmp_path: Path, text: str) -> None:
    result = check(write_text(tmp_path, csv_text(line(client_order_id=text))))

    assert result.orders[0].client_order_id == text


@pytest.mark.parametrize("extra", [",", ",surprise"])
def test_row_4_an_extra_field_refuses_the_file_with_its_line(tmp_path: Path, extra: str) -> None:
    path = write_text(tmp_path, csv_text(line(), "", line(client_order_id="A-2") + extra))

    error = refusal(path)

    assert error.code == "extra-field"
    assert str(error).startswith(f"{path}, line 4: expected 7 fields, as in the header, found 8")


def test_row_4_a_trailing_comma_in_every_line_and_the_header_is_read(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line()).replace("\n", ",\n"))

    result = check(path)

    assert len(result.orders) == 1
    assert len(result.sheet.columns) == 7


def test_row_4_a_blank_line_may_have_any_number_of_delimiters(tmp_path: Path) -> None:
    result = check(write_text(tmp_path, csv_text(line(), "," * 20, line(client_order_id="A-2"))))

    assert [order.row for order in result.orders] == [2, 4]


def test_row_5_a_short_line_is_one_problem_of_its_row(tmp_path: Path) -> None:
    result = check(write_text(tmp_path, csv_text("A-1,EUR/USD,Buy", line(client_order_id="A-2"))))

    problem = only_problem(result)
    assert (problem.code, problem.row, problem.column) == ("short-line", 2, None)
    assert (problem.expected, problem.found) == ("7 fields, as in the header", "3")
    assert [order.row for order in result.orders] == [3]


@pytest.mark.parametrize(
    "bad",
    [
        line(note='6" pipe'),
        line(note='"open'),
        line(note='"closed" too early'),
        line(note='"a "quoted" word"'),
    ],
)
def test_row_5_a_stray_or_unclosed_quote_refuses_the_file(tmp_path: Path, bad: str) -> None:
    error = refusal(write_text(tmp_path, csv_text(line(), bad, line(client_order_id="A-3"))))

    assert error.code == "stray-quote"
    assert "line 3" in str(error)


def test_row_5_quotes_that_swallow_other_rows_refuse_the_file(tmp_path: Path) -> None:
    swallowed = [line(note='"open'), line(client_order_id="A-2"), line(note='closed"')]

    error = refusal(write_text(tmp_path, csv_text(*swallowed)))

    assert error.code == "stray-quote"
    assert "line 2" in str(error)
    assert "goes over other rows" in str(error)


def test_row_5_a_field_without_end_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    filler = [line(client_order_id=f"A-{n}") for n in range(5000)]

    error = refusal(write_text(tmp_path, csv_text(line(note='"open'), *filler)))

    assert error.code == "stray-quote"


def test_row_5_well_formed_quotes_are_read(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "orders.csv",
        [HEADER, cells(note='6" pipe, "so called"')],
        quoting=csv.QUOTE_ALL,
    )

    assert check(path).sheet.rows[0].values[-1] == '6" pipe, "so called"'


def test_row_5_a_line_break_inside_an_order_field_is_a_problem(tmp_path: Path) -> None:
    path = write_text(
        tmp_path, csv_text(line(client_order_id='"A\n1"'), line(client_order_id="A-2"))
    )

    result = check(path)

    problem = only_problem(result)
    assert (problem.row, problem.field, problem.code) == (2, "client_order_id", "line-break")
    assert problem.found == r"A\n1"
    assert [order.row for order in result.orders] == [4]


def test_row_5_a_line_break_inside_a_note_is_read_and_lines_are_still_counted(
    tmp_path: Path,
) -> None:
    path = write_text(tmp_path, csv_text(line(note='"two\r\nlines"'), line(client_order_id="A-2")))

    result = check(path)

    assert result.problems == ()
    assert [row.number for row in result.sheet.rows] == [2, 4]
    assert result.sheet.rows[0].values[-1] == "two\r\nlines"


@pytest.mark.parametrize("char", ["\0", "\x07", "\x1b", "\x7f", "\x85"])
@pytest.mark.parametrize("column", ["client_order_id", "price", "note"])
def test_row_6_control_characters_are_a_problem_in_any_column(
    tmp_path: Path, char: str, column: str
) -> None:
    value = {"client_order_id": "A1", "price": "1.1", "note": "hedge"}[column]
    path = write_text(tmp_path, csv_text(line(**{column: value + char})))

    problem = only_problem(check(path))

    assert (problem.row, problem.field, problem.code) == (2, column, "control-character")
    assert char not in problem.found


@pytest.mark.parametrize("char", ["\u200b", "\u202e", "\ufeff", "\xad"])
def test_row_6_invisible_characters_are_a_problem_where_they_would_be_sent(
    tmp_path: Path, char: str
) -> None:
    path = write_text(tmp_path, csv_text(line(client_order_id=f"A{char}1", note=f"a{char}b")))

    problem = only_problem(check(path))

    assert (problem.field, problem.code) == ("client_order_id", "invisible-character")
    assert char not in problem.found


def test_row_7_a_last_line_that_was_cut_off_refuses_the_file(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line()) + "A-2,EUR/USD,Bu")

    error = refusal(path)

    assert error.code == "cut-off"
    assert "line 3: the file ends in the middle of this line" in str(error)


def test_row_7_a_last_line_without_line_end_but_all_fields_is_read(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line(), line(client_order_id="A-2")).removesuffix("\n"))

    assert len(check(path).orders) == 2


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("title", [[], [["Orders, of the; desk|here"]]])
def test_row_8_delimiters_are_found(tmp_path: Path, delimiter: str, title: list[list[str]]) -> None:
    path = write_csv(tmp_path / "orders.csv", [*title, HEADER, cells()], delimiter=delimiter)

    result = check(path)

    assert len(result.orders) == 1
    assert result.orders[0].row == 2 + len(title)


@pytest.mark.parametrize("delimiter", [";", "\t", "^"])
def test_row_8_a_separator_line_names_the_delimiter_and_counts_as_a_line(
    tmp_path: Path, delimiter: str
) -> None:
    text = csv_text(line()).replace(",", delimiter)

    result = check(write_text(tmp_path, f"sep={delimiter}\r\n{text}"))

    assert (result.sheet.header_row, result.orders[0].row) == (2, 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_row_9_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    path = write_text(tmp_path, csv_text(line(note="Zürich")), encoding=encoding)

    assert check(path).sheet.rows[0].values[-1] == "Zürich"


def test_row_9_utf_16_of_big_machines_is_read(tmp_path: Path) -> None:
    path = write_text(tmp_path, "\ufeff" + csv_text(line()), encoding="utf-16-be")

    assert len(check(path).orders) == 1


def test_rows_8_and_9_a_utf_16_semicolon_file_of_libreoffice_is_read() -> None:
    result = check(FILES / "libreoffice-utf16-semicolon.csv")

    assert [str(order.price) for order in result.orders] == ["1.0925"] * 3
    assert result.sheet.rows[0].values[-1] == "Zürich"


@pytest.mark.parametrize(
    ("content", "offset"),
    [
        (csv_text(line()).encode() + b"\x81", len(csv_text(line()))),
        (b"\xef\xbb\xbf" + csv_text(line(note="Z\xfcrich")).encode("cp1252"), None),
        (b"\xff\xfe" + csv_text(line()).encode("utf-16-le") + b"\x41", None),
        (csv_text(line()).encode("utf-16-le"), 1),
    ],
)
def test_row_9_undecodable_bytes_refuse_the_file_with_their_offset(
    tmp_path: Path, content: bytes, offset: int | None
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    if offset is None:
        offset = content.index(b"\xfc") if b"\xfc" in content else len(content) - 1

    error = refusal(path)

    assert error.code == "undecodable"
    assert f"byte {offset} (counted from 0)" in str(error)


def test_row_23_titles_gaps_and_blank_rows_keep_true_line_numbers(tmp_path: Path) -> None:
    titles = "\n".join(f"title {n}" for n in range(20))
    orders = csv_text(line(), "", "  ,,,,,,", "", line(client_order_id="A-2"))

    result = check(write_text(tmp_path, f"{titles}\n{orders}"))

    assert result.sheet.header_row == 21
    assert [order.row for order in result.orders] == [22, 26]


def test_row_23_a_header_below_more_than_20_titles_is_not_found(tmp_path: Path) -> None:
    error = refusal(write_text(tmp_path, "title\n" * 21 + csv_text(line())))

    assert error.code == "no-header"
    assert "one of the first 21 rows" in str(error)


def test_row_27_a_csv_that_is_really_a_workbook_is_read_as_one(tmp_path: Path) -> None:
    path = write_openpyxl(tmp_path / "orders.xlsx", [HEADER, cells()])

    assert check(path.rename(tmp_path / "orders.csv")).sheet.worksheet == "Orders"


def test_row_27_a_workbook_that_is_really_a_csv_is_read_as_one(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line())).rename(tmp_path / "orders.xlsx")

    assert check(path).sheet.worksheet is None


def test_row_28_too_many_rows_refuse_the_file(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(*(line(client_order_id=f"A-{n}") for n in range(11))))

    error = refusal(path, limits=Limits(rows=10))

    assert error.code == "too-many-rows"
    assert "expected at most 10 orders, found more, from row 12 on" in str(error)


def test_row_28_too_many_cells_refuse_the_file(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(*(line(client_order_id=f"A-{n}") for n in range(11))))

    assert refusal(path, limits=Limits(cells=70)).code == "too-many-cells"


def test_row_33_text_that_looks_like_a_command_is_kept(tmp_path: Path) -> None:
    note = "=cmd|' /C calc'!A0"

    result = check(write_text(tmp_path, csv_text(line(note=note))))

    assert result.sheet.rows[0].values[-1] == note
    assert len(result.orders) == 1


def test_numbers_of_a_csv_file_are_never_native(tmp_path: Path) -> None:
    sheet = read(write_text(tmp_path, csv_text(line())))

    assert sheet.rows[0].numeric == frozenset()


def test_all_rows_are_there_when_lines_end_as_on_old_macs(tmp_path: Path) -> None:
    text = csv_text(line(), line(client_order_id="A-2")).replace("\n", "\r")

    result = check(write_text(tmp_path, text))

    assert found_in(result) == []
    assert [order.row for order in result.orders] == [2, 3]


def test_cells_that_say_the_same_share_one_text_and_others_keep_theirs(tmp_path: Path) -> None:
    count = 2 * _SHARED_TEXTS
    path = write_text(tmp_path, csv_text(*(line(size=str(1000 + row)) for row in range(count))))

    rows = read(path).rows

    assert [row.values[3] for row in rows] == [str(1000 + row) for row in range(count)]
    assert {row.values[2] for row in rows} == {"Buy"}
    assert len({id(row.values[2]) for row in rows}) == 1
