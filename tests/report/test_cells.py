"""Cells that are written as XML: whatever the text, a spreadsheet program finds it as it was."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet
from xlsxwriter.workbook import Workbook

from batch.escaping import escaped
from batch.report.cells import Cells, open_workbook
from batch.sheet.values import unescape

TEXTS = [
    "&<>\"' &amp; ]]> <!-- -->",
    "<r><t>x</t></r>",
    " before and after ",
    "\n in a line \n",
    "\ttab",
    "_x0041_ and _x000D_",
    "_x005F_x0041_",
    "two\r\nlines",
    "\u6ca2 \U0001f600",
    "=1+1",
    "000123",
]


def written(*texts: str) -> Worksheet:
    """Write a line of cells and read it with another library."""
    stream = io.BytesIO()
    with open_workbook(stream) as workbook:
        cells = Cells(workbook, workbook.add_worksheet("Cells"))
        for column, text in enumerate(texts):
            cells.text(0, column, text)
    page = load_workbook(stream)["Cells"]
    assert isinstance(page, Worksheet)
    return page


@pytest.mark.parametrize("text", TEXTS)
def test_text_comes_back_as_it_was(text: str) -> None:
    cell = written(text)["A1"]

    assert unescape(str(cell.value)) == text
    assert cell.data_type == "s"
    assert cell.quotePrefix is text.lstrip().startswith(("=", "\t")) or text.startswith("\t")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=8))
def test_any_text_comes_back_as_it_is_shown(texts: list[str]) -> None:
    page = written(*texts)

    cells = [page.cell(1, place) for place in range(1, len(texts) + 1)]
    found = [unescape(str(cell.value or "")) for cell in cells]

    assert found == [escaped(text) for text in texts]


def test_cells_beyond_z_blank_ones_and_numbers_stand_at_their_place() -> None:
    stream = io.BytesIO()
    with open_workbook(stream) as workbook:
        cells = Cells(workbook, workbook.add_worksheet("Cells"))
        cells.text(0, 27, "", bg_color="#FFC7CE")
        cells.number(1, 701, Decimal("8.70"), bold=True)
        cells.number(2, 702, Decimal("-1E+3"))
        cells.number(3, 0, Decimal("1234567890123456"))
    page = load_workbook(stream)["Cells"]
    assert isinstance(page, Worksheet)

    assert page["AB1"].value is None
    assert page["AB1"].fill.start_color.rgb == "FFFFC7CE"
    assert (page["ZZ2"].value, page["ZZ2"].number_format) == (8.7, "#,##0.00")
    assert page["ZZ2"].font.bold
    assert page["AAA3"].value == -1000
    assert page["A4"].value == "1234567890123456"


def test_worksheet_of_another_workbook_is_not_taken() -> None:
    workbook = Workbook(io.BytesIO())

    with pytest.raises(TypeError, match="open_workbook"):
        Cells(workbook, workbook.add_worksheet())
