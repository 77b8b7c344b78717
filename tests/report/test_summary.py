"""The first page of the workbook and the worksheets that it leads to."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from batch import report
from batch.model import BatchRecord, OrderRecord
from batch.report.attention import LISTED
from batch.states import OrderState as S
from tests.report.conftest import StoppedClock, Write, make_order, texts_of, worksheet


def test_summary_says_what_when_and_where(write: Write, orders: list[OrderRecord]) -> None:
    texts = texts_of(worksheet(write(orders), "Summary"))

    for fact in (
        "e3k7-q2mp",
        "eod.xlsx",
        "Orders",
        "https://venue.example.com",
        "ACME, ops1",
        "2026-10-30 16:05:01 UTC",
        "2026-10-30 16:09:30 UTC",
    ):
        assert fact in texts
    assert "SIMULATED" not in texts


def test_summary_counts_what_needs_a_person_and_leads_to_the_list(
    write: Write, orders: list[OrderRecord]
) -> None:
    workbook = write(orders)

    summary, to_do = worksheet(workbook, "Summary"), worksheet(workbook, "To do")
    lines = [tuple(cell.value for cell in row) for row in summary.iter_rows()]
    start = next(n for n, line in enumerate(lines) if line[0] == "Needs a person: 9 rows")
    found = [(line[0], line[2]) for line in lines[start + 1 : start + 9] if line[0]]
    assert found == [
        ("UNKNOWN", "2"),
        ("OPEN", "1"),
        ("PART FILLED", "1"),
        ("FILL NOT KNOWN", "1"),
        ("REFUSED", "1"),
        ("REJECTED", "1"),
        ("NOT_SENT", "1"),
        ("INVALID", "1"),
    ]
    for place, (need, _) in enumerate(found):
        link = summary.cell(start + 2 + place, 3).hyperlink
        assert link is not None and link.location is not None
        name, _, cell = link.location.partition("!")
        assert name == "'To do'"
        assert to_do[cell].value == need


def test_list_to_phone_from_has_ids_amounts_and_what_to_do(
    write: Write, orders: list[OrderRecord]
) -> None:
    to_do = worksheet(write(orders), "To do")

    lines = [tuple(cell.value for cell in row) for row in to_do.iter_rows(min_row=2)]
    assert [(line[0], line[1]) for line in lines] == [
        ("UNKNOWN", "13"),
        ("UNKNOWN", "14"),
        ("OPEN", "12"),
        ("PART FILLED", "5"),
        ("FILL NOT KNOWN", "7"),
        ("REFUSED", "8"),
        ("REJECTED", "6"),
        ("NOT_SENT", "10"),
        ("INVALID", "9"),
    ]
    assert lines[0][2:11] == (
        "TRS-013",
        None,
        "EUR/USD",
        "Buy",
        "EUR",
        1_000_000,
        "not known",
        "not known",
        1.3927,
    )
    assert lines[0][11] == "why row 13 is UNKNOWN"
    assert "record what was found out about this row (e3k7-q2mp, 13)" in str(lines[0][12])
    assert lines[3][3] == "4820276005"
    assert lines[3][7:10] == (1_000_000, 250_000, 750_000)
    assert "750,000 EUR that are left" in str(lines[3][12])
    assert "how much of order 4820276007 was filled" in str(lines[4][12])
    link = to_do.cell(3, 2).hyperlink
    assert link is not None
    assert link.location == "Results!A12"


def test_list_counts_what_it_does_not_name(write: Write) -> None:
    orders = [make_order(row, S.UNKNOWN) for row in range(2, 14)]
    orders += [make_order(row, S.PLANNED) for row in range(14, 14 + LISTED + 300)]

    workbook = write(orders)

    assert "Needs a person: 1,312 rows" in texts_of(worksheet(workbook, "Summary"))
    to_do = worksheet(workbook, "To do")
    assert "and 300 more: filter final_state on Results" in texts_of(to_do)
    assert to_do.max_row == 1 + 12 + LISTED + 1


def test_summary_of_a_good_batch_says_that_nothing_needs_a_person(write: Write) -> None:
    workbook = write([make_order(4, S.FILLED)])

    texts = texts_of(worksheet(workbook, "Summary"))
    assert "1 of 1 order sent, 1 filled whole. Nothing needs a person." in texts
    assert "Nothing: every order is at its end, filled whole or not at all." in texts
    assert texts_of(worksheet(workbook, "To do")).endswith("No row needs a person.")


def test_list_shortens_a_long_reason_and_says_where_the_rest_is(write: Write) -> None:
    texts = texts_of(worksheet(write([make_order(4, S.OPEN, message="word " * 200)]), "To do"))

    assert "… (all of it is on Results)" in texts


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (
            make_order(4, S.OPEN, message="", venue_status="NEW", filled_size=Decimal(250_000)),
            "working (NEW); so far 250,000 of 1,000,000 EUR filled",
        ),
        (
            make_order(4, S.EXPIRED, message=""),
            "EXPIRED: 250,000 of 1,000,000 EUR filled; the venue gave no reason",
        ),
        (
            make_order(4, S.CANCELLED, message=""),
            "CANCELLED: how much is filled is not known; the venue gave no reason",
        ),
        (make_order(4, S.PLANNED, message=""), "the run ended before it was sent"),
        (make_order(4, S.INVALID, message=""), "INVALID; no reason is on record"),
    ],
)
def test_list_says_what_is_known_where_no_reason_was_recorded(
    order: OrderRecord, words: str, write: Write
) -> None:
    assert words in texts_of(worksheet(write([order]), "To do"))


@pytest.mark.parametrize("filled", ["1000001", "2000000"])
@pytest.mark.parametrize("state", [S.FILLED, S.EXPIRED, S.OPEN])
def test_order_that_is_filled_too_much_needs_a_person(state: S, filled: str, write: Write) -> None:
    workbook = write([make_order(4, state, filled_size=Decimal(filled))])

    to_do = worksheet(workbook, "To do")
    assert to_do["A2"].value == "FILLED TOO MUCH"
    assert to_do["J2"].value == 1_000_000 - int(filled)
    assert "phone the venue" in str(to_do["M2"].value)


def test_filled_order_of_which_the_venue_says_less_needs_a_person(write: Write) -> None:
    workbook = write([make_order(4, S.FILLED, filled_size=Decimal(400_000))])

    texts = texts_of(worksheet(workbook, "To do"))
    assert "PART FILLED" in texts
    assert "it says FILLED, and 400,000 of 1,000,000 EUR filled" in texts


def test_practice_batch_sends_nobody_to_the_phone(write: Write, orders: list[OrderRecord]) -> None:
    to_do = worksheet(write(orders, simulated=True), "To do")

    advice = {row[12] for row in to_do.iter_rows(min_row=2, values_only=True)}
    assert advice == {"practice: nothing to do"}


def test_summary_has_a_line_of_totals_for_each_symbol_and_side(
    write: Write, orders: list[OrderRecord]
) -> None:
    workbook = write(orders)

    lines = [row[:13] for row in worksheet(workbook, "Summary").iter_rows(values_only=True)]
    (line,) = (line for line in lines if line[:2] == ("EUR/USD", "Buy"))
    # Of 12 rows one is no order, and one was left out.
    assert line[2:9] == ("EUR", 10, 10_000_000, 2_250_000, 4_750_000, 3_000_000, 0.225)
    assert line[9:] == (1.3925, 1.3927, 2, "3,133,125.00 USD")
    assert ("All symbols", "EUR") in [(line[0], line[2]) for line in lines]


def test_totals_by_state_say_what_is_in_no_sum(write: Write, orders: list[OrderRecord]) -> None:
    totals = worksheet(write(orders), "Totals")

    lines = [row[:10] for row in totals.iter_rows(values_only=True)]
    states = {str(line[9]): line[3:8] for line in lines if line[9]}
    assert states["FILLED"] == (2, 2_000_000, 2_000_000, 0, None)
    assert states["EXPIRED"] == (1, 1_000_000, 250_000, 750_000, None)
    assert states["UNKNOWN"] == (2, 2_000_000, "not known", "not known", 2_000_000)
    assert states["NOT_SENT"] == (1, 1_000_000, 0, 1_000_000, None)
    assert (1, "not in the sums: not read as orders (INVALID)") in [line[3:5] for line in lines]
    assert [line[3] for line in lines if line[0] == "All rows"] == [12]


def test_headline_says_at_least_where_fills_are_not_known(
    write: Write, orders: list[OrderRecord]
) -> None:
    texts = texts_of(worksheet(write(orders), "Summary"))

    assert "9 of 10 orders sent (2 of them UNKNOWN), 2 filled whole, 1 in part." in texts
    assert (
        "EUR at least 2,250,000 of 10,000,000 filled (22.50 %), 4,750,000 not filled, "
        "3,000,000 not known" in texts
    )


def test_summary_says_run_key_approval_and_times_in_the_desks_zone(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    background = report.Background(
        approved_by="J. Smith",
        approvals=["J. Smith, by code 7QPA"],
        zone=ZoneInfo("America/New_York"),
    )

    batch = replace(batch, run_key="eod-2026-10-30")
    path = report.write(tmp_path / "o.xlsx", batch, orders, clock=clock, background=background)

    texts = texts_of(worksheet(load_workbook(path), "Summary"))
    assert "eod-2026-10-30" in texts
    assert "J. Smith, by code 7QPA" in texts
    assert "2026-10-30 16:05:01 UTC, 12:05:01 America/New_York" in texts
    assert "1.88 s at the median" in texts


@pytest.mark.parametrize(
    ("approvals", "words"),
    [(None, "(not known)"), ([], "nobody: no approval is on record"), (["A", "B"], "A; B")],
)
def test_approval_is_said_only_as_far_as_it_is_known(
    approvals: list[str] | None, words: str
) -> None:
    assert report.Background(approvals=approvals).approval_in_words == words


@pytest.mark.parametrize("count", [0, 1, 400])
def test_first_page_stays_one_page_whatever_the_batch(count: int, write: Write) -> None:
    orders = []
    for row in range(2, 2 + count):
        record = make_order(row, list(S)[row % len(S)])
        name = f"{chr(65 + row % 20)}{chr(65 + row // 20)}X"
        if record.order is not None:
            order = replace(record.order, symbol=f"{name}/USD", currency=name)
            record = replace(record, order=order)
        orders.append(record)

    summary = worksheet(write(orders), "Summary")

    assert summary.sheet_properties.pageSetUpPr is not None
    assert summary.sheet_properties.pageSetUpPr.fitToPage
    # Not written means 1.
    assert summary.page_setup.fitToHeight in (None, 1)
    # So many lines are still large enough to be read on a page.
    assert summary.max_row < 65
    if count == 400:
        assert "more lines, with fewer orders: all are on Totals" in texts_of(summary)


def test_chart_shows_what_is_filled_and_what_is_not_by_symbol(
    tmp_path: Path, write: Write, orders: list[OrderRecord]
) -> None:
    write(orders)

    with zipfile.ZipFile(tmp_path / "out.xlsx") as package:
        chart = package.read("xl/charts/chart1.xml").decode("utf-8")
    assert "<a:t>Filled and not filled, as a part of the size</a:t>" in chart
    for name in ("Filled", "Not filled", "Not known"):
        assert f"<c:v>{name}</c:v>" in chart
    for column in "FGH":
        assert f"<c:f>Totals!${column}$3</c:f>" in chart
