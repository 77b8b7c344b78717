"""The person's own workbook with its problems marked, and otherwise as it was."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.worksheet import Worksheet

from batch import report
from batch.errors import ReportError
from batch.model import Problem, Row, Sheet
from batch.report import annotation, problem_list
from tests.report.conftest import make_columns

BAD = "FFFFC7CE"
MARK = BAD
FILES = Path(__file__).parent / "files"
COLUMNS = make_columns([("ID", "client_order_id"), ("Amount", "size"), ("Note", None)])


def problem(row: int | None, column: str | None = "Amount", found: str = "-3") -> Problem:
    return Problem("not-positive", row, column, None, "a number above 0", found, "enter the size")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    workbook = Workbook()
    orders = workbook.active
    assert isinstance(orders, Worksheet)
    orders.title = "Desk's orders"
    orders["A1"] = "Treasury"
    for place, header in enumerate(["ID", "Amount", "Note"], start=1):
        orders.cell(3, place, header)
    cells: list[tuple[str, int | str]] = [("A", -3), ("B", "=1+1"), ("C", 5)]
    for row, (identity, amount) in enumerate(cells, start=4):
        orders.cell(row, 1, identity)
        orders.cell(row, 2, amount).number_format = "#,##0.00"
    orders["B6"].comment = Comment("ask Anna", "Bea")
    orders["A4"].font = Font(bold=True)
    orders.column_dimensions["C"].width = 33
    rates = workbook.create_sheet("Rates")
    rates["A1"] = 1.1
    path = tmp_path / "orders.xlsx"
    workbook.save(path)
    return path


def sheet_of(path: Path, worksheet: str | None = "Desk's orders") -> Sheet:
    rows = (Row(4, ("A", "-3", "")), Row(5, ("B", "2", "=x")), Row(6, ("C", "5", "00123")))
    return Sheet(path, worksheet, 3, COLUMNS, rows)


def annotate(source: Path, problems: Sequence[Problem]) -> Workbook:
    target = source.with_name("marked.xlsx")
    copy = report.annotate(source, sheet_of(source), problems, target)
    assert copy.remark == ""
    return load_workbook(copy.path)


def problem_lines(workbook: Workbook, title: str = "Problems") -> list[tuple[object, ...]]:
    lines: list[tuple[object, ...]] = [*workbook[title].iter_rows(values_only=True)]
    start = next(n for n, line in enumerate(lines) if line[0] == "Cell")
    return lines[start + 1 :]


def test_bad_cell_is_coloured_and_says_what_is_wrong(source: Path) -> None:
    orders = annotate(source, [problem(4)])["Desk's orders"]

    assert orders["B4"].fill.start_color.rgb == BAD
    assert orders["B4"].comment is not None
    assert orders["B4"].comment.text == (
        'Amount: expected a number above 0, found "-3"; enter the size'
    )
    assert orders["B5"].fill.fill_type is None


def test_everything_else_is_as_it_was(source: Path) -> None:
    before = source.read_bytes()

    workbook = annotate(source, [problem(4)])

    orders = workbook["Desk's orders"]
    assert orders["B5"].value == "=1+1"
    assert orders["B4"].number_format == "#,##0.00"
    assert orders["A4"].font.bold
    assert orders.column_dimensions["C"].width == 33
    assert workbook["Rates"]["A1"].value == 1.1
    assert source.read_bytes() == before


def test_comment_of_the_desk_is_kept_above_ours(source: Path) -> None:
    comment = annotate(source, [problem(6)])["Desk's orders"]["B6"].comment

    assert comment is not None
    assert comment.text.startswith("ask Anna\n\nAmount: expected")


def test_two_problems_of_a_cell_share_its_comment(source: Path) -> None:
    comment = annotate(source, [problem(4), problem(4, found="x")])["Desk's orders"]["B4"].comment

    assert comment is not None
    assert comment.text.count("expected a number above 0") == 2


def test_problem_of_a_row_marks_its_first_cell_and_one_of_the_sheet_none(source: Path) -> None:
    workbook = annotate(source, [problem(5, None), problem(None, "Side")])

    assert workbook["Desk's orders"]["A5"].fill.start_color.rgb == BAD
    assert [line[:3] for line in problem_lines(workbook)] == [
        ("A5", 5, None),
        (None, None, "Side"),
    ]


def test_problems_are_listed_with_links_to_their_cells(source: Path) -> None:
    workbook = annotate(source, [problem(4), problem(6, found="=cmd")])

    assert problem_lines(workbook) == [
        ("B4", 4, "Amount", "-3", "a number above 0", "enter the size"),
        ("B6", 6, "Amount", "=cmd", "a number above 0", "enter the size"),
    ]
    page = workbook["Problems"]
    last = page.max_row
    assert page.cell(last, 4).data_type == "s"
    link = page.cell(last, 1).hyperlink
    assert link is not None
    assert link.location == "'Desk''s orders'!B6"


def test_worksheet_named_problems_is_not_touched(source: Path) -> None:
    workbook = load_workbook(source)
    workbook.create_sheet("problems")["A1"] = "mine"
    workbook.save(source)

    annotated = annotate(source, [problem(4)])

    assert annotated["problems"]["A1"].value == "mine"
    assert len(problem_lines(annotated, "Problems 2")) == 1


def test_many_problems_are_all_coloured_and_listed_but_not_all_commented(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotation, "MARKED", 1)

    workbook = annotate(source, [problem(4), problem(6)])

    assert workbook["Desk's orders"]["B6"].fill.start_color.rgb == BAD
    assert workbook["Desk's orders"]["B6"].comment is not None
    assert workbook["Desk's orders"]["B6"].comment.text == "ask Anna"
    assert len(problem_lines(workbook)) == 2
    assert workbook["Problems"].cell(workbook["Problems"].max_row, 1).hyperlink is None
    assert any(
        "The first 1 cells have a comment" in str(row[0])
        for row in workbook["Problems"].iter_rows(values_only=True)
    )


def test_list_that_does_not_fit_says_so(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annotation, "MARKED", 1)
    monkeypatch.setattr(annotation, "LISTED", 1)

    workbook = annotate(source, [problem(4), problem(6)])

    assert len(problem_lines(workbook)) == 1
    texts = [str(row[0]) for row in workbook["Problems"].iter_rows(values_only=True)]
    assert texts[0] == "2 problems in orders.xlsx"
    assert "The first 1 are listed." in texts


def test_what_the_copy_cannot_hold_is_named(source: Path) -> None:
    with zipfile.ZipFile(source, "a") as package:
        package.writestr("xl/vbaProject.bin", b"x")
        package.writestr("xl/media/image1.png", b"x")

    texts = [
        str(row[0])
        for row in annotate(source, [problem(4)])["Problems"].iter_rows(values_only=True)
    ]

    assert "Not carried over from the original: macros; pictures." in texts


def test_merged_cell_is_listed_without_a_mark(source: Path) -> None:
    workbook = load_workbook(source)
    workbook["Desk's orders"].merge_cells("A4:B4")
    workbook.save(source)

    annotated = annotate(source, [problem(4)])

    assert len(problem_lines(annotated)) == 1


def test_csv_becomes_a_workbook_with_its_own_row_numbers(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"
    source.touch()
    target = tmp_path / "marked.xlsx"

    report.annotate(source, sheet_of(source, None), [problem(4)], target)

    orders = load_workbook(target)["Orders"]
    assert [cell.value for cell in orders[3]] == ["ID", "Amount", "Note"]
    assert [cell.value for cell in orders[4]] == ["A", "-3", None]
    assert [cell.value for cell in orders[5]] == ["B", 2, "=x"]
    assert orders["C5"].data_type == "s"
    assert orders["C6"].value == "00123"
    assert orders["B4"].fill.start_color.rgb == BAD


def test_sheet_itself_is_never_the_target(source: Path) -> None:
    before = source.read_bytes()
    link = source.with_name("link.xlsx")
    link.symlink_to(source)

    for target in (source, link):
        with pytest.raises(ReportError, match="the sheet itself, which is never written"):
            report.annotate(source, sheet_of(source), [problem(4)], target)

    assert source.read_bytes() == before


def plain_copy(source: Path, sheet: Sheet, problems: Sequence[Problem]) -> tuple[Workbook, str]:
    """Annotate what cannot be copied with its looks."""
    copy = report.annotate(source, sheet, problems, source.with_name("marked.xlsx"))
    workbook = load_workbook(copy.path)
    page = workbook["Problems"]
    assert copy.remark in [row[0] for row in page.iter_rows(values_only=True)]
    return workbook, copy.remark


def test_workbook_without_the_worksheet_any_more_is_marked_as_it_was_read(source: Path) -> None:
    workbook, remark = plain_copy(source, sheet_of(source, "Gone"), [problem(4)])

    assert 'expected the worksheet "Gone" in it, found Desk\'s orders, Rates' in remark
    assert workbook["Gone"]["B4"].fill.start_color.rgb == MARK


def test_workbook_with_another_header_by_now_is_marked_as_it_was_read(source: Path) -> None:
    workbook = load_workbook(source)
    workbook["Desk's orders"]["B3"] = "Price"
    workbook.save(source)

    marked, remark = plain_copy(source, sheet_of(source), [problem(4)])

    assert "it has changed since it was read; check it again" in remark
    assert marked["Desk's orders"]["B3"].value == "Amount"


@pytest.mark.parametrize("content", [None, b"no zip", b""])
def test_source_that_is_gone_or_no_workbook_any_more_is_marked_as_it_was_read(
    content: bytes | None, tmp_path: Path
) -> None:
    source = tmp_path / "orders.xlsx"
    if content is not None:
        source.write_bytes(content)

    workbook, remark = plain_copy(source, sheet_of(source), [problem(4), problem(6)])

    assert remark.startswith("orders.xlsx cannot be copied with its looks (")
    assert "this is a plain copy of its table, with the problems marked" in remark
    orders = workbook["Desk's orders"]
    assert [cell.value for cell in orders[3]] == ["ID", "Amount", "Note"]
    assert orders["B6"].value == 5
    assert orders["B6"].fill.start_color.rgb == MARK
    assert orders["B6"].comment is not None
    assert len(problem_lines(workbook)) == 2


def damaged(name: str, old: str, new: str, part: str, tmp_path: Path) -> Path:
    """Make a workbook with one thing in it that only another program would write."""
    workbook = Workbook()
    orders = workbook.active
    assert isinstance(orders, Worksheet)
    orders.title = "Orders"
    orders.append(["Symbol", "B/S", "Size", "Price", "TIF"])
    orders.append(["EUR/USD", "Hold", 100000, 1.2, "IOC"])
    orders.freeze_panes = "A2"
    orders["A1"].font = Font(bold=True)
    plain, path = tmp_path / "plain.xlsx", tmp_path / name
    workbook.save(plain)
    with zipfile.ZipFile(plain) as before, zipfile.ZipFile(path, "w") as after:
        for entry in before.namelist():
            text = before.read(entry).decode()
            assert entry != part or old in text
            after.writestr(entry, text.replace(old, new) if entry == part else text)
    return path


ODD = {
    "font": ('<family val="2" />', '<family val="99" />', "xl/styles.xml"),
    "fill": ('patternType="gray125"', 'patternType="plaid"', "xl/styles.xml"),
    "pane": ('activePane="bottomLeft"', 'activePane="nowhere"', "xl/worksheets/sheet1.xml"),
    "validation": (
        "</sheetData>",
        '</sheetData><dataValidations count="1"><dataValidation type="list" sqref="here"/>'
        "</dataValidations>",
        "xl/worksheets/sheet1.xml",
    ),
    "properties": ("<dcterms:created", "<dcterms:created odd='", "docProps/core.xml"),
    "dates": ('W3CDTF">20', 'W3CDTF">long ago, 20', "docProps/core.xml"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_only_another_program_understands_does_not_keep_the_marks_away(
    kind: str, tmp_path: Path
) -> None:
    source = damaged(f"{kind}.xlsx", *ODD[kind], tmp_path)
    columns = make_columns([("Symbol", "symbol"), ("B/S", "side")])
    sheet = Sheet(source, "Orders", 1, columns, (Row(2, ("EUR/USD", "Hold")),))

    workbook, remark = plain_copy(source, sheet, [problem(2, "B/S", "Hold")])

    assert "something in it is not understood" in remark
    assert workbook["Orders"]["B2"].fill.start_color.rgb == MARK


@pytest.mark.parametrize("name", ["an-strict.xlsx", "an-fill-bare.xlsx", "an-color-rgb.xlsx"])
def test_workbooks_that_were_seen_to_stop_the_copy_get_a_plain_one(
    name: str, tmp_path: Path
) -> None:
    source = tmp_path / name
    source.write_bytes((FILES / name).read_bytes())
    columns = make_columns([("Symbol", "symbol"), ("B/S", "side")])
    sheet = Sheet(source, "Orders", 1, columns, (Row(2, ("EUR/USD", "Hold")),))

    workbook, _ = plain_copy(source, sheet, [problem(2, "B/S", "Hold")])

    assert workbook["Orders"]["B2"].comment is not None


def test_too_large_a_workbook_or_too_many_problems_get_a_plain_copy(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotation, "MOST", 1)
    _, many = plain_copy(source, sheet_of(source), [problem(4), problem(6)])

    monkeypatch.setattr(annotation, "LARGEST", 10)
    _, large = plain_copy(source, sheet_of(source), [problem(4)])

    assert "there is too much to mark in it: 2 problems" in many
    assert "it is too large for that" in large


@pytest.mark.parametrize(
    ("worksheet", "title"),
    [("a/b:c", "a_b_c"), ("x" * 40, "x" * 31), ("'quoted'", "quoted"), ("Problems", "Problems")],
)
def test_plain_copy_has_a_worksheet_title_that_every_program_takes(
    worksheet: str, title: str, tmp_path: Path
) -> None:
    source = tmp_path / "orders.xlsx"

    copy = report.annotate(source, sheet_of(source, worksheet), [problem(4)], tmp_path / "m.xlsx")

    names = load_workbook(copy.path).sheetnames
    assert names == [title, "Problems 2" if title == "Problems" else "Problems"]


def test_plain_copy_marks_a_row_that_has_nothing_else(tmp_path: Path) -> None:
    source = tmp_path / "orders.csv"

    report.annotate(source, sheet_of(source, None), [problem(9)], tmp_path / "m.xlsx")

    assert load_workbook(tmp_path / "m.xlsx")["Orders"]["B9"].fill.start_color.rgb == MARK


def test_comment_is_as_large_as_its_words() -> None:
    short = problem_list.comment_size("Amount: no")
    long = problem_list.comment_size("word " * 60)
    longer = problem_list.comment_size("word " * 120)

    assert short[0] < long[0] == longer[0]
    assert short[1] < long[1] < longer[1]
    # 46 characters a line, nine words each.
    assert long[1] == 7 * 18 + 16
    assert longer[1] == 14 * 18 + 16


def test_line_of_the_list_is_as_high_as_its_longest_text() -> None:
    wide = "\u6ca2" * 60

    assert problem_list.line_points(["B4", "4", "Amount", "-3", "a number", ""]) == 18
    assert problem_list.line_points(["B4", "4", "Amount", "-3", "a number " * 20, ""]) == 63
    assert problem_list.line_points(["B4", "4", "Amount", "x" * 60, "", ""]) == 33
    assert problem_list.line_points(["B4", "4", "Amount", wide, "", ""]) == 63


def test_both_copies_list_problems_alike(source: Path, tmp_path: Path) -> None:
    own = annotate(source, [problem(4), problem(6, found="=cmd")])
    (tmp_path / "marked.xlsx").unlink()
    plain, _ = plain_copy(source, sheet_of(source, "Gone"), [problem(4), problem(6, found="=cmd")])

    assert problem_lines(own) == problem_lines(plain)
    page, other = own["Problems"], plain["Problems"]
    for column in "ABCDEF":
        ours, theirs = page.column_dimensions[column].width, other.column_dimensions[column].width
        assert theirs == pytest.approx(ours, abs=1)
    assert page.row_dimensions[page.max_row].height == other.row_dimensions[other.max_row].height
