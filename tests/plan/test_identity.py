"""What makes a batch this batch and a row this row."""

from __future__ import annotations

import hashlib
import json
import string
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest

from batch.model import Side, TimeInForce
from batch.plan.identity import (
    PORTION,
    Login,
    batch_id,
    content_hash,
    fingerprint,
    fingerprints,
)
from batch.sheet import read
from tests.run.doubles import LOGIN, make_order, make_validation

SHEET = make_validation(make_order(2), make_order(3)).sheet


def test_the_id_of_a_content_never_changes() -> None:
    content = content_hash(SHEET, LOGIN)

    assert batch_id(content, 1) == "dy7aozeg"
    assert batch_id(content, 2) == "dy7aozeg.2"


def test_an_id_is_short_and_typeable() -> None:
    name = batch_id(content_hash(SHEET, LOGIN), 1)

    assert len(name) == 8
    assert set(name) <= set(string.ascii_lowercase + "234567")


@pytest.mark.parametrize(
    "login",
    [
        Login("https://other.test", "ORG", "user"),
        Login("https://venue.test", "OTHER", "user"),
        Login("https://venue.test", "ORG", "other"),
        Login("https://venue.test", "ORGu", "ser"),
    ],
)
def test_another_venue_org_or_user_makes_another_batch(login: Login) -> None:
    assert content_hash(SHEET, login) != content_hash(SHEET, LOGIN)


def test_the_name_of_the_file_does_not_count() -> None:
    renamed = replace(SHEET, path=Path("elsewhere/copy of orders.xlsx"), worksheet="Orders")

    assert content_hash(renamed, LOGIN) == content_hash(SHEET, LOGIN)


def test_every_cell_counts_the_note_too() -> None:
    noted = make_validation(make_order(2), make_order(3), note="urgent").sheet

    assert content_hash(noted, LOGIN) != content_hash(SHEET, LOGIN)


def test_a_row_that_moved_makes_another_batch() -> None:
    moved = replace(SHEET, rows=(SHEET.rows[0], replace(SHEET.rows[1], number=4)))

    assert content_hash(moved, LOGIN) != content_hash(SHEET, LOGIN)


def test_a_csv_file_and_a_workbook_of_the_same_rows_are_the_same_batch(tmp_path: Path) -> None:
    lines = [["Pair", "Side", "Amount", "Limit", "TIF"], ["EURUSD", "B", "1000000", "1.1", "IOC"]]
    of_csv, of_workbook = tmp_path / "orders.csv", tmp_path / "orders.xlsx"
    of_csv.write_text("".join(f"{','.join(line)}\n" for line in lines))
    book = openpyxl.Workbook()
    worksheet = book.worksheets[0]
    for line in lines:
        worksheet.append([float(cell) if cell[0].isdigit() else cell for cell in line])
    book.save(of_workbook)

    hashes = {content_hash(read(path), LOGIN) for path in (of_csv, of_workbook)}

    assert len(hashes) == 1


def test_equal_rows_share_a_fingerprint() -> None:
    one, other, again = fingerprints([make_order(2), make_order(3), replace(make_order(2), row=9)])

    assert one == again
    assert one != other


def test_the_fingerprint_of_an_order_never_changes() -> None:
    order = make_order(2, size=Decimal(100001), price=Decimal("1.20"))

    assert fingerprint(order) == "07f4d3dde41b016eca82340a0f04c1423d643cbf"


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": "GBP/USD"},
        {"side": Side.SELL},
        {"currency": "USD"},
        {"size": Decimal(1)},
        {"price": Decimal("1.11721")},
        {"time_in_force": TimeInForce.GTC},
        {"time_in_force": TimeInForce.GTT, "expiry_time_s": 60},
        {"min_size": Decimal(1)},
        {"org": "FUND", "account": "A"},
    ],
)
def test_each_field_that_is_sent_makes_another_row(changes: dict[str, object]) -> None:
    one, other = fingerprints([make_order(2), make_order(2, **changes)])

    assert one != other


@pytest.mark.parametrize(
    "changes",
    [
        {"client_order_id": "A"},
        {"price": Decimal("1.1172")},
        {"price": Decimal("1.117200")},
        {"size": Decimal("1.00002E+5")},
        {"size": Decimal("100002.0")},
    ],
)
def test_the_client_id_and_the_spelling_of_a_number_do_not(changes: dict[str, object]) -> None:
    one, other = fingerprints([make_order(2), make_order(2, **changes)])

    assert one == other


@pytest.mark.parametrize("count", [PORTION - 1, PORTION, 2 * PORTION + 1])
def test_a_content_of_many_rows_is_hashed_as_one_text(count: int) -> None:
    sheet = make_validation(*(make_order(row) for row in range(2, count + 2)), note='ü, "').sheet
    login = [LOGIN.url, LOGIN.org, LOGIN.user]
    headers = [column.header for column in sheet.columns]
    whole = [login, headers, [[row.number, *row.values] for row in sheet.rows]]
    text = json.dumps(whole, ensure_ascii=False, separators=(",", ":"))

    assert content_hash(sheet, LOGIN) == hashlib.sha256(text.encode()).hexdigest()
