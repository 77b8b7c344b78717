"""The file that travels with a sheet: what it may say, and that nothing in it is passed over."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from batch.errors import SheetError
from batch.sheet import read
from batch.sheet.companion import Companion, companion_path, read_companion

SHEET = "symbol,side,size,price,time_in_force\nEUR/USD,Buy,100000,1.2,IOC\n"


def beside(folder: Path, text: str | bytes) -> Path:
    sheet = folder / "eod.csv"
    content = text.encode() if isinstance(text, str) else text
    (folder / "eod.csv.toml").write_bytes(content)
    return sheet


def test_there_may_be_none(tmp_path: Path) -> None:
    assert read_companion(tmp_path / "eod.csv") is None


def test_it_says_rows_totals_hash_and_run(tmp_path: Path) -> None:
    text = (
        'rows = 48\nrun = "{date}"\nsha256 = "' + "AB" * 32 + '"\n'
        '[totals]\nEUR = 2_470_000\nUSD = 0.5\nJPY = "350000000"\n'
    )
    sheet = beside(tmp_path, text)

    assert read_companion(sheet) == Companion(
        companion_path(sheet),
        rows=48,
        totals={"EUR": Decimal(2470000), "USD": Decimal("0.5"), "JPY": Decimal(350000000)},
        sha256="ab" * 32,
        run="{date}",
    )


def test_everything_in_it_is_optional_and_a_byte_order_mark_does_not_count(tmp_path: Path) -> None:
    sheet = beside(tmp_path, b"\xef\xbb\xbf")

    assert read_companion(sheet) == Companion(companion_path(sheet))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("rows = 4", None),
        ("row = 4", '"row"'),
        ("rows = -4", "-4"),
        ("rows = 4.5", "4.5"),
        ("rows = true", "True"),
        ('rows = "4"', "'4'"),
        ("totals = 5", "5"),
        ("[totals]\neur = 5", "eur = 5"),
        ("[totals]\nEUR = -5", "EUR = -5"),
        ("[totals]\nEUR = true", "EUR = True"),
        ('[totals]\nEUR = "1,000"', "EUR = 1,000"),
        ("[totals]\nEUR = nan", "EUR = NaN"),
        ('sha256 = "abc"', "abc"),
        ("run = 5", "5"),
        ("rows = 4\n[totals\nEUR = 5", "found"),
        (b"rows = \xff", "found"),
        ("#" * 70_000, "longer"),
        ("a = " + "[" * 5000, "found"),
    ],
)
def test_what_cannot_be_understood_refuses_the_sheet(
    tmp_path: Path, text: str | bytes, words: str | None
) -> None:
    sheet = beside(tmp_path, text)
    if words is None:
        assert read_companion(sheet) is not None
        return

    with pytest.raises(SheetError) as caught:
        read_companion(sheet)

    assert caught.value.code == "companion"
    assert str(companion_path(sheet)) in str(caught.value)
    assert words in str(caught.value)


def test_a_sheet_knows_the_hash_of_the_bytes_that_were_read(tmp_path: Path) -> None:
    path = tmp_path / "eod.csv"
    path.write_text(SHEET)

    # As sha256sum says of the text above.
    digest = "849728b49a9eab20359776a32021eeebd84a061db28e9735b931a771a1a9f8b8"
    assert read(path).sha256 == digest
