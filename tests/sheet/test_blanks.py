"""Leaving out cells and rows that hold nothing changes nothing of what is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.sheet import read
from batch.sheet.package import Package
from tests.sheet.writing import header_xml, text_cell, write_parts

_LETTERS = "ABCDEFGHI"

_BLANKS = st.sampled_from(
    ["<c{r}/>", '<c{r} s="1"/>', '<c{r} s="1" />', '<c{r} s="0" t="n"></c>', "<c{r}><v/></c>"]
)
_FILLED = st.sampled_from(
    [
        "<c{r}><v>7</v></c>",
        '<c{r} t="inlineStr"><is><t>x</t></is></c>',
        '<c{r} t="inlineStr"><is><t><![CDATA[<c r="A1"/></row>]]></t></is></c>',
        '<c{r} s="1"><v>0.5</v></c>',
    ]
)
_BETWEEN = st.sampled_from(["", "", "", "", " ", "\n", "<!-- x -->", "<?x y?>", "<x/>"])


@st.composite
def rows(draw: st.DrawFn) -> str:
    """Rows and cells of every kind, with and without the names of their places."""
    number = 1
    texts = [header_xml()]
    for _ in range(draw(st.integers(0, 5))):
        step = draw(st.integers(1, 3))
        named = step > 1 or draw(st.booleans())
        number += step
        place = -1
        cells = []
        for _ in range(draw(st.integers(0, 6))):
            gap = draw(st.integers(1, 2))
            place += gap
            if place >= len(_LETTERS):
                break
            refers = gap > 1 or draw(st.booleans())
            reference = f' r="{_LETTERS[place]}{number}"' if refers else ""
            cells.append(draw(st.one_of(_BLANKS, _BLANKS, _FILLED)).format(r=reference))
            cells.append(draw(_BETWEEN))
        attributes = f' r="{number}"' if named else ""
        attributes += draw(st.sampled_from(["", ' spans="1:9"', ' hidden="0" ht="15"']))
        row = f"<row{attributes}/>" if not cells else f"<row{attributes}>{''.join(cells)}</row>"
        texts.append(row + draw(_BETWEEN))
    texts.append(f'<row r="{number + 1}">{text_cell("last")}</row>')
    return "".join(texts)


def outcome(path: Path) -> object:
    try:
        sheet = read(path)
    except SheetError as error:
        return error.code
    return sheet.rows, sheet.problems, sheet.warnings


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150
)
@given(text=rows())
def test_row_24_leaving_out_what_is_blank_changes_nothing_of_what_is_read(
    tmp_path: Path, text: str
) -> None:
    path = write_parts(tmp_path / "orders.xlsx", text)
    true_chunks = Package._chunks

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Package, "_chunks", lambda self, member, _: true_chunks(self, member, False))
        whole = outcome(path)

    assert outcome(path) == whole
