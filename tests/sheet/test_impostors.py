"""Files that people take for sheets: each is refused by the name of what it truly is."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from batch.sheet import read
from tests.sheet.writing import csv_text, line, refusal, write_text

CASES = Path(__file__).parent / "cases"

_PLIST = (
    b'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"'
    b' "http://www.apple.com/DTDs/PropertyList-1.0.dtd"><plist><dict><key>URL</key></dict></plist>'
)


def test_row_47_a_web_page_that_is_named_like_a_workbook_is_refused_as_what_it_is() -> None:
    error = refusal(CASES / "sap-mhtml.xls")

    assert error.code == "web-archive"
    assert "this is a web page with its parts (MHTML), not a sheet; open it in" in str(error)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"\xef\xbb\xbfMIME-Version: 1.0\nX-Document-Type: Workbook\n", "web-archive", "MHTML"),
        (b"From: <Saved by Blink>\r\nSnapshot-Content-Location: x\r\n", "web-archive", "MHTML"),
        (b'Content-Type: multipart/related; boundary="x"\r\n', "web-archive", "MHTML"),
        (b'ID;PWXL;N;E\r\nP;PGeneral\r\nC;Y1;X1;K"Pair"\r\n', "sylk", "SYLK"),
        (b'ID;PSCALC3\nC;X1;Y1;K"Pair"\nE\n', "sylk", "SYLK"),
        (b'TABLE\r\n0,1\r\n"EXCEL"\r\nVECTORS\r\n0,6\r\n', "dif", "DIF"),
        ("<html><table>".encode("utf-16"), "markup", "web page"),
        (b"<meta charset=utf-8><table>", "markup", "web page"),
        (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook>', "markup", "X"),
        (b'{"url": "https://docs.example/spreadsheets/d/1", "doc_id": "1"}', "cloud-pointer", "cl"),
        (b'{"": "WARNING!", "doc_id": "1x", "resource_key": ""}', "cloud-pointer", "cloud drive"),
        (b"[InternetShortcut]\r\nURL=https://files.example/orders.xlsx\r\n", "cloud-pointer", "cl"),
        (b"[Desktop Entry]\nType=Link\nURL=https://files.example/\n", "cloud-pointer", "cloud"),
        (_PLIST, "cloud-pointer", "cloud drive"),
        (b"bplist00\xd4\x01\x02", "cloud-pointer", "cloud drive"),
        (b"L\x00\x00\x00\x01\x14\x02\x00\x00\x00", "cloud-pointer", "cloud drive"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "cloud-pointer", "cloud"),
        (b'{"orders": [{"symbol": "EUR/USD"}]}', "not-a-sheet", "JSON"),
        (b'[{"symbol": "EUR/USD"}]', "not-a-sheet", "JSON"),
        (b"7z\xbc\xaf\x27\x1c", "not-a-sheet", "7z"),
        (b"Rar!\x1a\x07", "not-a-sheet", "RAR"),
        (b"\x89PNG\r\n", "not-a-sheet", "picture"),
        (b"\x00\x05\x16\x07\x00", "not-a-sheet", "macOS"),
        (b"\x09\x04\x06\x00\x00\x00", "old-workbook", ".xls"),
        (b"\x09\x08\x08\x00\x00\x05", "old-workbook", ".xls"),
    ],
)
def test_row_47_what_only_stands_where_a_sheet_should_is_named(
    tmp_path: Path, content: bytes, code: str, words: str
) -> None:
    path = tmp_path / "orders.xls"
    path.write_bytes(content)

    error = refusal(path)

    assert error.code == code
    assert words in str(error)


@pytest.mark.parametrize(
    "first", ["ID;P", "ID;Portfolio", "[Client];P", "{Trader};P", "Table;0,1", "From: desk;P"]
)
def test_row_47_a_sheet_that_begins_a_little_like_one_of_them_is_read(
    tmp_path: Path, first: str
) -> None:
    text = f"{first};Symbol;Side;Size;Price;TIF\nP;x;EURUSD;Buy;1000000;1.0925;IOC\n"

    assert len(read(write_text(tmp_path, text), ignore=["ID", "Client"]).rows) == 1


def test_row_48_a_sheet_whose_name_is_too_long_is_refused_with_words(tmp_path: Path) -> None:
    error = refusal(tmp_path / f"{'o' * 300}.csv")

    assert error.code == "name-too-long"
    assert "a part of it may have 255 bytes" in str(error)


def test_row_48_a_sheet_with_the_longest_name_is_read(tmp_path: Path) -> None:
    path = write_text(tmp_path, csv_text(line()))
    longest = tmp_path / f"{'é' * 125}o.csv"
    shutil.move(path, longest)

    assert len(longest.name.encode()) == 255
    assert len(read(longest).rows) == 1
