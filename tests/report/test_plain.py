"""CSV and JSON, as scripts hold on to them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch import report
from batch.escaping import escaped
from batch.model import BatchRecord, OrderRecord
from batch.report.figures import totals as as_facts
from batch.report.plain import inert
from batch.report.totals import survey
from batch.states import OrderState as S
from tests.report.conftest import StoppedClock, make_columns, make_order

RESULTS = [
    "client_order_id",
    "server_order_id",
    "final_state",
    "filled_size",
    "average_price",
    "message",
    "submitted_at",
    "finished_at",
    "request_id",
    "unfilled_size",
    "execution_id",
]
OWN = [
    "Client Order ID",
    "Ccy Pair",
    "Side",
    "Dealt Ccy",
    "Amount",
    "Limit Price",
    "TIF",
    "Note",
    "Desk",
]


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def write_and_read(
    folder: Path, suffix: str, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> list[dict[str, str]]:
    path = report.write(folder / f"out{suffix}", batch, orders, clock=clock)
    if suffix == ".csv":
        return read_csv(path)
    document: dict[str, list[dict[str, str]]] = json.loads(path.read_text("utf-8"))
    return document["orders"]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_report_has_row_then_own_columns_then_results(
    suffix: str, tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    lines = write_and_read(tmp_path, suffix, batch, orders, clock)

    assert list(lines[0]) == ["row", *OWN, *RESULTS]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_every_row_comes_back_in_order_with_its_final_state(
    suffix: str, tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    lines = write_and_read(tmp_path, suffix, batch, orders, clock)

    assert [(int(line["row"]), line["final_state"]) for line in lines] == [
        (4, "FILLED"),
        (5, "EXPIRED"),
        (6, "REJECTED"),
        (7, "CANCELLED"),
        (8, "REFUSED"),
        (9, "INVALID"),
        (10, "NOT_SENT"),
        (11, "NOT_SENT"),
        (12, "OPEN"),
        (13, "UNKNOWN"),
        (14, "UNKNOWN"),
        (15, "FILLED"),
    ]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_cells_and_numbers_stay_digit_for_digit(
    suffix: str, tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    order = make_order(4, S.FILLED, filled_size=Decimal("1E+6"), average_price=Decimal("1.10"))

    (line,) = write_and_read(tmp_path, suffix, batch, [order], clock)

    assert (line["Amount"], line["Limit Price"]) == ("1000000", "1.39270")
    assert (line["filled_size"], line["average_price"]) == ("1000000", "1.10")
    assert line["submitted_at"] == "2026-10-30T16:05:01.123Z"
    assert line["finished_at"] == "2026-10-30T16:05:03.000Z"


def test_json_says_null_where_nothing_is_known(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    (line,) = write_and_read(tmp_path, ".json", batch, [make_order(4, S.UNKNOWN)], clock)

    assert [line[name] for name in ("server_order_id", "filled_size", "finished_at")] == [None] * 3


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_unknown_order_never_says_that_nothing_was_filled(
    suffix: str, tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    order = make_order(4, S.UNKNOWN, filled_size=Decimal(0))

    (line,) = write_and_read(tmp_path, suffix, batch, [order], clock)

    assert not line["filled_size"]
    assert not line["unfilled_size"]


def test_json_describes_the_batch(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    path = report.write(tmp_path / "out.json", batch, orders, clock=clock)

    assert json.loads(path.read_text("utf-8"))["batch"] == {
        "id": "e3k7-q2mp",
        "sheet": "/desk/eod.xlsx",
        "worksheet": "Orders",
        "venue": "https://venue.example.com",
        "org": "ACME",
        "user": "ops1",
        "simulated": False,
        "created_at": "2026-10-30T16:05:01.000Z",
        "rows": 12,
        "states": {
            "CANCELLED": 1,
            "EXPIRED": 1,
            "FILLED": 2,
            "INVALID": 1,
            "NOT_SENT": 2,
            "OPEN": 1,
            "REFUSED": 1,
            "REJECTED": 1,
            "UNKNOWN": 2,
        },
        "run": None,
        "approved_by": None,
        "totals": as_facts(survey(orders)),
    }


def test_document_as_a_value_equals_the_json_report(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord], clock: StoppedClock
) -> None:
    path = report.write(tmp_path / "out.json", batch, orders, clock=clock)

    assert report.as_document(batch, orders) == json.loads(path.read_text("utf-8"))


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_empty_batch_gives_a_report_without_orders(
    suffix: str, tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    assert write_and_read(tmp_path, suffix, batch, [], clock) == []


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_simulated_batch_says_so_in_every_message(
    suffix: str, tmp_path: Path, make_batch: Callable[..., BatchRecord], clock: StoppedClock
) -> None:
    orders = [make_order(4, S.FILLED), make_order(5, S.OPEN)]

    lines = write_and_read(tmp_path, suffix, make_batch(simulated=True), orders, clock)

    assert [line["message"] for line in lines] == ["SIMULATED", "SIMULATED: why row 5 is OPEN"]


@pytest.mark.parametrize("suffix", [".csv", ".json"])
def test_names_that_the_sheet_uses_get_a_prefix_until_they_are_free(
    suffix: str, tmp_path: Path, make_batch: Callable[..., BatchRecord], clock: StoppedClock
) -> None:
    own = ["row", "message", "result_message", "Message"]
    batch = make_batch(columns=make_columns([(name, None) for name in own]))
    order = make_order(4, S.OPEN, values=("r", "m", "rm", "M"))

    (line,) = write_and_read(tmp_path, suffix, batch, [order], clock)

    assert list(line)[:5] == ["result_row", *own]
    assert [line[name] for name in own] == ["r", "m", "rm", "M"]
    assert line["result_result_message"] == "why row 4 is OPEN"
    assert line["client_order_id"] == "TRS-004"


def test_csv_has_a_mark_for_excel_where_there_is_a_letter_beyond_ascii(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    order = make_order(4, S.OPEN, message="Zürich 東京")

    path = report.write(tmp_path / "out.csv", batch, [order], clock=clock)

    content = path.read_bytes()
    assert content.startswith(b"\xef\xbb\xbfrow,Client Order ID,")
    assert content.endswith(b",req-4,1000000,\r\n")
    assert "Zürich 東京" in content.decode("utf-8")


def test_csv_has_no_mark_that_would_change_a_name_for_nothing(
    tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    path = report.write(tmp_path / "out.csv", batch, [make_order(4, S.OPEN)], clock=clock)

    assert path.read_bytes().startswith(b"row,Client Order ID,")
    assert path.read_bytes().endswith(b",req-4,1000000,\r\n")


@pytest.mark.parametrize("message", ["", "Zürich"])
def test_script_that_knows_no_marks_finds_every_column_of_the_contract(
    message: str, tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    order = make_order(4, S.OPEN, message=message)

    path = report.write(tmp_path / "out.csv", batch, [order], clock=clock)

    assert list(read_csv(path)[0])[1:] == [*OWN, *RESULTS]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1", "'+1"),
        ("-3", "'-3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        (" =1", "' =1"),
        ("＝1", "'＝1"),  # noqa: RUF001
        ("a;=1+1", "a;'=1+1"),
        ("a\n=1+1", "a\n'=1+1"),
        ("TRS-1030-001", "TRS-1030-001"),
        ("00123", "00123"),
        ("1E5", "1E5"),
        ("a;b", "a;b"),
        ("", ""),
    ],
)
def test_csv_text_that_could_run_is_made_inert_and_all_other_is_untouched(
    text: str, expected: str
) -> None:
    assert inert(text) == expected


def test_formula_in_a_note_is_inert_in_csv_and_untouched_in_json(
    tmp_path: Path, make_batch: Callable[..., BatchRecord], clock: StoppedClock
) -> None:
    batch = make_batch(columns=make_columns([("=A1", None)]))
    formula = "=cmd|' /C calc'!A0"
    orders = [make_order(4, S.OPEN, values=(formula,), message="-1+2")]

    (in_csv,) = write_and_read(tmp_path, ".csv", batch, orders, clock)
    (in_json,) = write_and_read(tmp_path, ".json", batch, orders, clock)

    assert (in_csv["'=A1"], in_csv["message"]) == (f"'{formula}", "'-1+2")
    assert (in_json["=A1"], in_json["message"]) == (formula, "-1+2")


def test_path_with_undecodable_bytes_stops_no_report(
    tmp_path: Path, make_batch: Callable[..., BatchRecord], clock: StoppedClock
) -> None:
    batch = make_batch(sheet_path="/desk/eod-\udcff.xlsx")

    for suffix in report.FORMATS:
        path = report.write(tmp_path / f"out{suffix}", batch, [], clock=clock)
        assert path.stat().st_size > 0


@pytest.mark.parametrize("suffix", report.FORMATS)
def test_record_that_does_not_fit_its_columns_is_never_written(
    suffix: str, tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    order = replace(make_order(4, S.OPEN), values=("one",))

    with pytest.raises(ValueError, match=r"row 4: expected 9 values, found 1"):
        report.write(tmp_path / f"out{suffix}", batch, [order], clock=clock)

    assert list(tmp_path.iterdir()) == []


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_id_comes_back_unchanged_from_json_and_recognisable_from_csv(
    text: str, tmp_path: Path, batch: BatchRecord, clock: StoppedClock
) -> None:
    orders = [make_order(4, S.FILLED, server_order_id=text)]
    for old in tmp_path.iterdir():
        old.unlink()

    (in_json,) = write_and_read(tmp_path, ".json", batch, orders, clock)
    (in_csv,) = write_and_read(tmp_path, ".csv", batch, orders, clock)

    assert in_json["server_order_id"] == text
    assert in_csv["server_order_id"].replace("'", "") == escaped(text).replace("'", "")
    assert not re.match(r"[=+\-@\t\r]", in_csv["server_order_id"])
