"""Any order that is written into a sheet comes back to the digit or is refused, never different."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError

from batch.errors import SheetError
from batch.schema import validate
from batch.schema.currencies import ISO_4217
from batch.sheet import read
from tests.sheet.writing import write_csv, write_openpyxl, write_xlsxwriter

HEADER = (
    *("client_order_id", "symbol", "side", "currency", "size", "price", "time_in_force"),
    *("expiry_time", "min_size", "org", "account", "note"),
)

Cells = Sequence[object]
Writer = Callable[[Path, list[Cells]], Path]


def dialect(delimiter: str, quoting: int) -> Writer:
    def write(folder: Path, rows: list[Cells]) -> Path:
        return write_csv(folder / "a.csv", rows, delimiter=delimiter, quoting=quoting)

    return write


WRITERS: dict[str, Writer] = {
    "comma": dialect(",", csv.QUOTE_MINIMAL),
    "semicolon-all-quoted": dialect(";", csv.QUOTE_ALL),
    "tab": dialect("\t", csv.QUOTE_MINIMAL),
    "pipe": dialect("|", csv.QUOTE_NONNUMERIC),
    "openpyxl": lambda folder, rows: write_openpyxl(folder / "a.xlsx", rows),
    "xlsxwriter": lambda folder, rows: write_xlsxwriter(folder / "a.xlsx", rows),
}

# A workbook writes what XML cannot hold as _x0007_, and openpyxl does not escape text that looks
# like that: a spreadsheet program shows another text than was handed to it.
texts = st.text(max_size=12).filter(lambda text: "_x" not in text)
positive = st.decimals(min_value=0, max_value=10**9, allow_nan=False, places=5) | st.decimals(
    allow_nan=False, allow_infinity=False
)
written_numbers = st.one_of(
    positive.map(lambda number: format(number, "f")),
    st.integers(0, 10**17).map(str),
    st.text("0123456789.,-+eE ' \u00a0\u0660\uff11", min_size=1, max_size=8),
)
native_numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**16), 10**16)
)
currencies = st.sampled_from(sorted(ISO_4217))


@st.composite
def rows(draw: st.DrawFn) -> Cells:
    base, term = draw(currencies), draw(currencies)
    number = written_numbers | native_numbers
    return (
        draw(texts),
        f"{base}{draw(st.sampled_from(['/', '', '-', ' ']))}{term}",
        draw(st.sampled_from(["Buy", "Sell", "b", "S", "x"])),
        draw(st.sampled_from([base, term, ""])),
        draw(number),
        draw(number),
        draw(st.sampled_from(["IOC", "GTT", "gtc"])),
        draw(st.sampled_from(["", "2", "86400"])),
        draw(st.just("") | written_numbers),
        draw(st.just("") | texts),
        draw(st.just("") | texts),
        draw(texts),
    )


def number_of(cell: object) -> Decimal | None:
    """The number that a person sees in a cell; None for none."""
    return Decimal(str(cell).strip()) if str(cell).strip() else None


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=15, deadline=None)
@given(written=st.lists(rows(), min_size=1, max_size=12))
def test_an_order_comes_back_to_the_digit_or_is_refused(writer: str, written: list[Cells]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = WRITERS[writer](Path(folder), [HEADER, *written])
        except (ValueError, IllegalCharacterError):
            return  # the writer itself refuses a character
        try:
            result = validate(read(path))
        except SheetError:
            return

    numbers = [row.number for row in result.sheet.rows]
    assert sorted({order.row for order in result.orders} | result.invalid_rows) == numbers
    if len(numbers) != len(written):
        return  # rows that are blank altogether; the others can no longer be told by number
    for order in result.orders:
        cells = written[numbers.index(order.row)]
        currency = str(cells[3]) or order.symbol[:3]
        assert (order.client_order_id or "") == str(cells[0]).strip()
        assert order.symbol.replace("/", "") == str(cells[1])[:3] + str(cells[1])[-3:]
        assert order.side[0] == str(cells[2])[0].upper()
        assert order.currency == currency
        assert order.size == number_of(cells[4])
        assert order.price == number_of(cells[5])
        assert order.time_in_force == str(cells[6]).upper()
        assert str(order.expiry_time_s or "") == cells[7]
        assert order.min_size == number_of(cells[8])
        assert (order.org or "", order.account or "") == (
            str(cells[9]).strip(),
            str(cells[10]).strip(),
        )


@pytest.mark.parametrize("writer", WRITERS)
@settings(max_examples=10, deadline=None)
@given(
    size=st.decimals(min_value=1, max_value=10**9, places=2),
    price=st.decimals(min_value=Decimal("0.00001"), max_value=9999, places=5),
    native=st.booleans(),
)
def test_an_ordinary_order_always_comes_back(
    writer: str, size: Decimal, price: Decimal, native: bool
) -> None:
    def cell(number: Decimal) -> object:
        return float(number) if native and writer in ("openpyxl", "xlsxwriter") else str(number)

    row = ("A-1", "EUR/USD", "Buy", "", cell(size), f"{price:f}", "IOC", *[""] * 5)

    with tempfile.TemporaryDirectory() as folder:
        result = validate(read(WRITERS[writer](Path(folder), [HEADER, row])))

    assert result.problems == ()
    assert [(order.size, order.price) for order in result.orders] == [(size, price)]
