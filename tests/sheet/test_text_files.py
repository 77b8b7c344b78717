"""CSV files as other programs and other countries write them: code pages, guards, end marks."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.errors import SheetError
from tests.sheet.writing import (
    HEADER,
    cells,
    check,
    csv_text,
    found_in,
    line,
    only_problem,
    refusal,
    write_text,
    write_xlsxwriter,
)

CASES = Path(__file__).parent / "cases"
OWNED = "Org,Account,Client Order ID,Symbol,Side,Size,Price,TIF,Note\n"


def test_row_39_names_in_a_chinese_code_page_are_problems_and_not_garbled() -> None:
    result = check(CASES / "gbk-account.csv")

    assert result.orders == ()
    assert found_in(result) == [
        (2, "org", "unknown-encoding"),
        (2, "account", "unknown-encoding"),
    ]
    assert "save as CSV UTF-8" in result.problems[0].action


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp1251", "Банк"),
        ("mac-roman", "Zürich"),
        ("cp1252", "Zürich"),
        ("cp1250", "Łódź"),
        ("shift-jis", "銀行"),
        ("big5", "銀行"),
        ("euc-kr", "은행"),
        ("cp1253", "Τράπεζα"),
        ("iso-8859-15", "Banque €"),
    ],
)
def test_row_39_a_letter_of_any_code_page_in_a_field_that_is_sent_is_a_problem(
    tmp_path: Path, encoding: str, name: str
) -> None:
    path = write_text(tmp_path, f"{OWNED}{name},A,{line()}\nB,B,{line()}\n", encoding=encoding)

    try:
        result = check(path)
    except SheetError as error:
        # A byte that cp1252 lacks refuses the whole file.
        assert error.code == "undecodable"
    else:
        assert (2, "org", "unknown-encoding") in found_in(result)
        assert all(row == 2 for row, _, code in found_in(result) if code == "unknown-encoding")


def test_row_39_a_note_and_an_unknown_column_may_be_in_any_code_page(tmp_path: Path) -> None:
    text = f"Händler,{','.join(HEADER)}\nJürg,{line(note='für später')}\n"

    assert check(write_text(tmp_path, text, encoding="cp1252")).problems == ()


def test_row_39_a_file_that_says_its_encoding_may_hold_any_letter(tmp_path: Path) -> None:
    text = f"{OWNED}Zürich,Łódź,{line()}\n"

    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        (order,) = check(write_text(tmp_path, text, encoding=encoding)).orders
        assert (order.org, order.account) == ("Zürich", "Łódź")


def test_row_39_spaces_beyond_ascii_beside_the_table_do_not_matter(tmp_path: Path) -> None:
    text = f"{','.join(HEADER)},,\n{line()},\xa0,\xa0\n"

    assert len(check(write_text(tmp_path, text, encoding="cp1252")).orders) == 1


def test_row_9_utf_32_is_refused_by_its_name(tmp_path: Path) -> None:
    error = refusal(write_text(tmp_path, csv_text(line()), encoding="utf-32"))

    assert error.code == "undecodable"
    assert "found UTF-32" in str(error)


@pytest.mark.parametrize(
    ("written", "found", "guard"),
    [
        ('="00123"', '="00123"', '="'),
        ('"=""00123"""', '="00123"', '="'),
        ('=T("00123")', '=T("00123")', '=T("'),
        ("'00123", "'00123", "'"),
        ("'ABC-1", "'ABC-1", "'"),
        ("'-6", "'-6", "'"),
        ("'=A-5", "'=A-5", "'"),
        ("''00123''", "''00123''", "'"),
        ('=""', '=""', '="'),
    ],
)
def test_row_40_a_guard_around_an_id_is_a_problem_of_its_row(
    tmp_path: Path, written: str, found: str, guard: str
) -> None:
    path = write_text(tmp_path, csv_text(line(client_order_id=written), line()))

    problem = only_problem(check(path))

    assert (problem.row, problem.field, problem.code) == (2, "client_order_id", "guarded-id")
    assert problem.found == found
    assert f"another program put {guard} in front of it" in problem.action


@pytest.mark.parametrize("written", ["'A", '="A"'])
def test_row_40_a_guard_around_org_and_account_is_a_problem(tmp_path: Path, written: str) -> None:
    path = write_text(tmp_path, f"{OWNED}{written},{written},{line()}\n")

    assert found_in(check(path)) == [(2, "org", "guarded-id"), (2, "account", "guarded-id")]


@pytest.mark.parametrize("text", ["=A-5", "-6", "+1", "@x", "=1+1", "A'1", "O'Neill"])
def test_row_40_an_id_that_only_begins_like_a_formula_or_name_is_no_guard(
    tmp_path: Path, text: str
) -> None:
    path = write_text(tmp_path, csv_text(line(client_order_id=text)))

    assert check(path).orders[0].client_order_id == text


def test_row_40_an_apostrophe_that_begins_a_name_is_no_guard(tmp_path: Path) -> None:
    path = write_text(tmp_path, f"{OWNED}'t Hooft,'s Gravenhage,{line()}\n")

    assert check(path).orders[0].org == "'t Hooft"


def test_row_40_a_guard_around_a_number_is_a_problem_of_its_row(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line(size='="1000000"'), line(client_order_id="A-2")))

    assert found_in(check(path)) == [(2, "size", "not-a-number")]


def test_row_40_what_a_workbook_shows_is_no_guard(tmp_path: Path) -> None:
    path = write_xlsxwriter(tmp_path / "orders.xlsx", [HEADER, cells(client_order_id="'00123")])

    assert check(path).orders[0].client_order_id == "'00123"


def test_row_47_a_file_that_ends_with_ctrl_z_is_read() -> None:
    assert [order.row for order in check(CASES / "sub-eof.csv").orders] == [2, 3]


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a", "\r\n\x1a\r\n", "\n\x1a\x1a\x1a", "\n\n\x1a\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16"])
def test_row_47_ctrl_z_at_the_end_is_no_part_of_the_text(
    tmp_path: Path, end: str, encoding: str
) -> None:
    text = csv_text(line(note="é")).removesuffix("\n") + end

    result = check(write_text(tmp_path, text, encoding=encoding))

    assert (result.problems, result.sheet.rows[0].values[-1]) == ((), "é")


def test_row_47_ctrl_z_in_the_middle_is_a_control_character(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line(note="a\x1ab"), line(client_order_id="A-2")))

    assert [code for _, _, code in found_in(check(path))] == ["control-character"]


def test_row_47_ctrl_z_does_not_hide_that_the_last_line_is_cut_off(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line()) + "A-2,EUR/USD\x1a")

    assert refusal(path).code == "cut-off"
