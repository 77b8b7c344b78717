"""Rows of plain cells, which are not parsed cell by cell, are read as if they were."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.sheet import read
from batch.sheet.package import PlainRows
from tests.sheet.writing import header_xml, order_xml, refusal, text_cell, write_parts

_STRINGS = (
    "<si><t>EUR/USD</t></si><si><r><rPr><strike/></rPr><t>Buy</t></r></si>"
    "<si><t>IOC</t><t>FOK</t></si>"
)
_STYLES = (
    '<numFmts><numFmt numFmtId="164" formatCode="00000"/></numFmts>'
    "<fonts><font/><font><strike/></font></fonts>"
)

_NUMBERS = ("", "0", "1", "7.50", "1e3", "-2")
_TEXTS = (*_NUMBERS, "x", "_x0041_", "=1", "1 ", "a'b", 'a"b', "&amp;", "é", "\t", "]]")
_TYPED = st.one_of(
    st.tuples(st.sampled_from(["", ' t="n"']), st.sampled_from(_NUMBERS)),
    st.tuples(st.just(' t="s"'), st.sampled_from(["0", "1", "2"])),
    st.tuples(
        st.sampled_from([f' t="{kind}"' for kind in ("str", "inlineStr", "b", "e", "d")]),
        st.sampled_from(_TEXTS),
    ),
)
_REFUSED = st.sampled_from([(' t="n"', "x"), (' t="s"', "3"), (' t="odd"', "1"), (' t=""', "1")])
_CELLS = st.builds(
    lambda style, typed, form: f"<c{{r}}{style}{typed[0]}{form.format(value=typed[1])}",
    st.sampled_from(["", ' s="0"', ' s="1"', ' s="2"', ' s="3"', ' s="4"', ' s="99"', ' s="x"']),
    st.integers(0, 40).flatmap(lambda chance: _TYPED if chance else _REFUSED),
    st.sampled_from(
        [
            "/>",
            "></c>",
            *["><v>{value}</v></c>"] * 3,
            *["><is><t>{value}</t></is></c>"] * 3,
            "><f>A1</f><v>{value}</v></c>",
            '><f t="array" ref="A2:C9">A1</f><v>{value}</v></c>',
            "><v>{value}</v><is><t>7</t></is></c>",
            '><is><t xml:space="preserve">{value}</t></is></c>',
            "><is><rPh><t>x</t></rPh><t>{value}</t></is></c>",
        ]
    ),
)
_GOOD = (
    *("<c{r}><v>7</v></c>", '<c{r} s="0"><v>1.0925</v></c>', '<c{r} t="s"><v>0</v></c>'),
    *('<c{r} t="s"><v>1</v></c>', '<c{r} t="inlineStr"><is><t>IOC</t></is></c>', '<c{r} s="1"/>'),
)


@st.composite
def _rows(draw: st.DrawFn) -> str:
    number = 1
    texts = [header_xml()]
    for _ in range(draw(st.integers(1, 5))):
        number += draw(st.integers(1, 2))
        cells = [
            draw(st.one_of(st.sampled_from(_GOOD), st.sampled_from(_GOOD), _CELLS)).format(
                r=f' r="{letter}{number}"'
            )
            for letter in "ABCDEFG"
            if draw(st.integers(0, 5))
        ]
        if cells and not draw(st.integers(0, 30)):
            cells.append(cells[0])  # out of its place
        attributes = draw(st.sampled_from(["", "", ' spans="1:9"', ' hidden="1"', ' ht="0"']))
        texts.append(f'<row r="{number}"{attributes}>{"".join(cells)}</row>')
    return "".join(texts)


def _outcome(path: Path) -> object:
    try:
        sheet = read(path)
    except SheetError as error:
        return str(error)
    return sheet.rows, sheet.problems, sheet.warnings


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200
)
@given(text=_rows(), stale=st.booleans())
def test_a_row_of_plain_cells_is_read_as_its_events_would_tell(
    tmp_path: Path, text: str, stale: bool
) -> None:
    computing = '<workbookPr/><calcPr fullCalcOnLoad="1"/>' if stale else ""
    sheets = f'<sheet name="Orders" sheetId="1" r:id="rId1"/></sheets>{computing}<sheets>'
    path = write_parts(
        tmp_path / "orders.xlsx", text, styles=_STYLES, strings=_STRINGS, sheets=sheets
    )

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainRows, "take_out", lambda self, chunk: chunk)
        event_by_event = _outcome(path)

    assert _outcome(path) == event_by_event


def test_a_row_of_plain_cells_is_not_parsed_cell_by_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = '<c r="D{0}"><v>1000000</v></c><c r="E{0}" s="0"><v>1.0925</v></c>'
    texts = [text_cell(text, f"{letter}{{0}}") for letter, text in zip("ABC", "abc", strict=True)]
    row = f'<row r="{{0}}" spans="1:7">{"".join(texts)}{number}</row>'
    rows = "".join(row.format(line) for line in range(2, 50))
    left = []
    true_take_out = PlainRows.take_out

    def take_out(self: PlainRows, chunk: bytes) -> bytes:
        left.append(true_take_out(self, chunk))
        return left[-1]

    monkeypatch.setattr(PlainRows, "take_out", take_out)

    sheet = read(write_parts(tmp_path / "orders.xlsx", header_xml() + rows))

    assert [row.number for row in sheet.rows] == list(range(2, 50))
    assert sheet.rows[0].values == ("a", "b", "c", "1000000", "1.0925", "", "")
    assert b"1000000" not in b"".join(left)


@pytest.mark.parametrize(
    "around", ["<c r='A2'><v>1{}</v></c>", "<c r='A2'><is><rPh>{}</rPh></is></c>"]
)
def test_a_plain_row_within_a_cell_refuses_the_workbook(tmp_path: Path, around: str) -> None:
    inner = '<row r="3"><c r="A3"><v>5</v></c></row>'
    text = f'{header_xml()}<row r="2">{around.format(inner)}</row>{order_xml(4)}'

    error = refusal(write_parts(tmp_path / "orders.xlsx", text))

    assert error.code == "damaged-workbook"
    assert "a row within a cell" in str(error)


def test_a_row_in_another_namespace_stays_unread(tmp_path: Path) -> None:
    row = '<row r="3" xmlns="urn:other"><c r="A3"><v>5</v></c></row>'

    sheet = read(write_parts(tmp_path / "orders.xlsx", header_xml() + order_xml(2) + row))

    assert [row.number for row in sheet.rows] == [2]


def test_a_row_in_a_comment_stays_unread(tmp_path: Path) -> None:
    row = '<!-- <row r="3"><c r="A3"><v>5</v></c></row> -->'

    sheet = read(write_parts(tmp_path / "orders.xlsx", header_xml() + order_xml(2) + row))

    assert [row.number for row in sheet.rows] == [2]
