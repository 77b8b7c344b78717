"""A trading day over all its batches, held against the venue's list of active orders."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from batch.errors import ReportError, VenueAway
from batch.model import BatchRecord, OrderRecord, Side, Terms, VenueOrder
from batch.report import Background, TargetTaken
from batch.report.day import Comparison, Day, DayBatch, compare, venue_words
from batch.report.day_formats import check_day_target, write_day
from batch.states import OrderEvent
from batch.states import OrderState as S
from tests.report.conftest import PLANNED_AT, StoppedClock, make_order, texts_of, worksheet

DAY = date(2026, 10, 30)


def working(server_order_id: str, client_order_id: str) -> VenueOrder:
    return VenueOrder(server_order_id, client_order_id, "NEW", OrderEvent.WORKING)


STRAY = replace(
    working("77", "MANUAL-7"),
    filled_size=Decimal(250_000),
    terms=Terms("EUR/USD", Side.BUY, "EUR", Decimal(1_000_000), Decimal("1.0921")),
)


@pytest.fixture
def make_day(make_batch: Callable[..., BatchRecord]) -> Callable[..., Day]:
    def make(**changes: object) -> Day:
        first = [make_order(row, state) for row, state in ((2, S.FILLED), (3, S.EXPIRED))]
        second = [replace(make_order(2, S.UNKNOWN), batch_id="q2w8-aa11")]
        day = Day(
            day=DAY,
            begin=PLANNED_AT.replace(hour=0),
            end=PLANNED_AT.replace(hour=23),
            login=("https://venue.example.com", "ACME", "ops1"),
            batches=(
                DayBatch(make_batch(row_count=2, run_key="eod"), first, "J. Smith"),
                DayBatch(make_batch(batch_id="q2w8-aa11", sheet_path="b.csv"), second),
            ),
            comparison=Comparison(),
        )
        return replace(day, **changes)  # type: ignore[arg-type]

    return make


def write(folder: Path, suffix: str, day: Day) -> Path:
    return write_day(folder / f"day{suffix}", day, clock=StoppedClock())


def summary_of(path: Path) -> str:
    return texts_of(worksheet(load_workbook(path), "Summary"))


def test_orders_that_both_know_are_no_finding() -> None:
    known = make_order(4, S.OPEN)
    assert known.server_order_id and known.client_order_id

    found = compare({known.server_order_id: working(known.server_order_id, "TRS-004")}, [known])

    assert found == Comparison(active=1)
    assert venue_words(found) == "The venue lists 1 active order, and the journal agrees."


def test_unknown_order_that_works_under_its_client_id_is_the_journals() -> None:
    assert compare({"9": working("9", "TRS-004")}, [make_order(4, S.UNKNOWN)]).strays == ()


def test_order_that_the_journal_does_not_know_is_a_stray() -> None:
    found = compare({"77": STRAY}, [make_order(4, S.FILLED)])

    assert found.strays == (STRAY,)


def test_second_order_under_one_of_our_client_ids_is_a_stray() -> None:
    known = make_order(4, S.OPEN)
    assert known.server_order_id
    active = {
        known.server_order_id: working(known.server_order_id, "TRS-004"),
        "9": working("9", "TRS-004"),
    }

    assert [order.server_order_id for order in compare(active, [known]).strays] == ["9"]


@pytest.mark.parametrize("state", [S.FILLED, S.EXPIRED, S.CANCELLED, S.REJECTED])
def test_order_at_its_end_that_still_works_contradicts_the_journal(state: S) -> None:
    known = make_order(4, state)
    assert known.server_order_id

    found = compare({known.server_order_id: working(known.server_order_id, "TRS-004")}, [known])

    assert (found.ended, found.strays) == ((known,), ())


def test_open_order_that_the_venue_does_not_list_is_named() -> None:
    gone, unknown = make_order(4, S.OPEN), make_order(5, S.UNKNOWN)

    found = compare({}, [gone, unknown])

    assert found.gone == (gone,)
    assert venue_words(found) == (
        "The venue lists 0 active orders. 1 order is OPEN in the journal and not at the venue."
    )


def test_workbook_adds_up_the_batches_and_names_each(
    tmp_path: Path, make_day: Callable[..., Day]
) -> None:
    workbook = load_workbook(write(tmp_path, ".xlsx", make_day()))

    assert workbook.sheetnames == ["Summary", "Batches", "Venue", "To do", "Totals"]
    summary = texts_of(worksheet(workbook, "Summary"))
    assert "Trading day 2026-10-30" in summary
    assert "3 of 3 orders sent (1 of them UNKNOWN), 1 filled whole, 1 in part." in summary
    assert "1 of 2 batches" in summary
    assert "The venue lists 0 active orders, and the journal agrees." in summary
    lines = list(worksheet(workbook, "Batches").iter_rows(min_row=2, values_only=True))
    assert lines[0][:5] == ("e3k7-q2mp", "eod", "eod.xlsx", "ops1", "J. Smith")
    assert lines[0][7] == "1 EXPIRED, 1 FILLED"
    assert lines[1][0] == "q2w8-aa11"
    to_do = texts_of(worksheet(workbook, "To do"))
    assert "2 of q2w8-aa11" in to_do
    assert "record what was found out about this row (q2w8-aa11, 2)" in to_do


@pytest.mark.parametrize("suffix", [".xlsx", ".html"])
def test_findings_are_said_before_anything_else(
    suffix: str, tmp_path: Path, make_day: Callable[..., Day]
) -> None:
    filled = [make_order(2, S.FILLED)]
    day = make_day(
        comparison=Comparison(strays=(STRAY,), gone=(make_order(4, S.OPEN),), active=1),
        carried=[make_order(9, S.UNKNOWN)],
    )
    day = replace(day, batches=(replace(day.batches[0], orders=filled),))

    path = write(tmp_path, suffix, day)

    if suffix == ".xlsx":
        texts, venue = summary_of(path), texts_of(worksheet(load_workbook(path), "Venue"))
    else:
        texts = venue = path.read_text("utf-8")
    assert "1 order works at the venue and not in the journal." in texts
    assert "Nothing needs a person" not in texts
    assert "1 row OPEN or UNKNOWN" in texts
    assert "MANUAL-7" in venue
    assert "Buy 1,000,000 EUR in EUR/USD at 1.0921 (NEW), 250,000 filled" in venue
    assert "UNKNOWN since an earlier day" in venue


def test_day_without_the_venue_says_why_it_was_not_compared(
    tmp_path: Path, make_day: Callable[..., Day]
) -> None:
    away = VenueAway("the venue is out of reach.")
    day = make_day(comparison=Comparison(skipped=str(away), error=away))
    filled = [make_order(4, S.FILLED)]
    day = replace(day, batches=(replace(day.batches[0], orders=filled),), carried=())

    words = "Not compared with the venue's list of active orders: the venue is out of reach."
    path = write(tmp_path, ".xlsx", day)
    summary, to_do = summary_of(path), texts_of(worksheet(load_workbook(path), "To do"))
    assert words in summary
    assert "Nothing needs a person" not in summary + to_do
    assert "Nothing needs a person" not in write(tmp_path, ".html", day).read_text("utf-8")
    document: Any = json.loads(write(tmp_path, ".json", day).read_text("utf-8"))
    assert document["venue"]["compared"] is False
    assert document["venue"]["active"] is None


def test_json_has_the_sums_of_the_day_and_of_each_batch(
    tmp_path: Path, make_day: Callable[..., Day]
) -> None:
    day = make_day(comparison=Comparison(strays=(STRAY,), active=1), practice=2)

    document: Any = json.loads(write(tmp_path, ".json", day).read_text("utf-8"))

    assert document["day"]["date"] == "2026-10-30"
    assert document["day"]["practice_batches"] == 2
    assert document["day"]["totals"]["sent"] == 3
    assert [one["id"] for one in document["batches"]] == ["e3k7-q2mp", "q2w8-aa11"]
    assert [one["approved_by"] for one in document["batches"]] == ["J. Smith", None]
    assert document["batches"][0]["totals"]["part_filled"] == 1
    assert document["venue"]["not_in_journal"] == [
        {"server_order_id": "77", "client_order_id": "MANUAL-7", "status": "NEW"}
    ]


@pytest.mark.parametrize("suffix", [".xlsx", ".html", ".json"])
def test_day_without_a_batch_can_be_reported(
    suffix: str, tmp_path: Path, make_day: Callable[..., Day]
) -> None:
    assert write(tmp_path, suffix, make_day(batches=())).stat().st_size > 0


@pytest.mark.parametrize("suffix", [".xlsx", ".html", ".json"])
def test_report_of_the_same_day_is_replaced_and_no_other_file(
    suffix: str, tmp_path: Path, make_day: Callable[..., Day]
) -> None:
    path = write(tmp_path, suffix, make_day())

    check_day_target(path, DAY)
    assert write(tmp_path, suffix, make_day()) == path
    other = replace(make_day(), day=date(2026, 10, 31))
    with pytest.raises(TargetTaken):
        check_day_target(path, other.day)
    assert write(tmp_path, suffix, other) != path


def test_day_is_no_csv(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"ends in \.xlsx, \.html or \.json"):
        check_day_target(tmp_path / "day.csv", DAY)


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "=cmd|' /C calc'!A0"])
def test_what_stands_at_the_venue_is_text(
    text: str, tmp_path: Path, make_day: Callable[..., Day]
) -> None:
    stray = VenueOrder(text, text, text, OrderEvent.WORKING)
    day = make_day(comparison=Comparison(strays=(stray,), active=1))

    assert "<script>alert" not in write(tmp_path, ".html", day).read_text("utf-8")
    venue = worksheet(load_workbook(write(tmp_path, ".xlsx", day)), "Venue")
    assert (venue["B2"].value, venue["B2"].data_type) == (text, "s")


def test_moments_are_in_the_desks_zone_too(
    tmp_path: Path, make_day: Callable[..., Day], clock: StoppedClock
) -> None:
    background = Background(zone=ZoneInfo("America/New_York"))

    path = write_day(tmp_path / "d.xlsx", make_day(), clock=clock, background=background)

    assert "2026-10-30 00:05:01 UTC, 2026-10-29 20:05:01 America/New_York" in summary_of(path)


def test_rows_of_the_day_know_their_batch(make_day: Callable[..., Day]) -> None:
    day = make_day()

    orders: list[OrderRecord] = list(day.orders())

    assert [day.batch_of(one).batch_id for one in orders] == ["e3k7-q2mp"] * 2 + ["q2w8-aa11"]
