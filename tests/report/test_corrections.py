"""Rows to mend: only those that nothing holds and nothing will send, with IDs that are new."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch import report
from batch.errors import ReportError
from batch.model import BatchRecord, OrderRecord
from batch.report.corrections import correction_table
from batch.sheet import read
from batch.states import OrderState as S
from tests.report.conftest import HEADERS, StoppedClock, make_columns, make_order

Table = Callable[..., list[list[str]]]


@pytest.fixture
def table(make_batch: Callable[..., BatchRecord]) -> Table:
    def make(*orders: OrderRecord, abandoned: bool = False, **changes: object) -> list[list[str]]:
        return correction_table(make_batch(**changes), orders, abandoned=abandoned)[1]

    return make


@pytest.mark.parametrize(
    ("state", "filled", "offered"),
    [
        (S.INVALID, None, True),
        (S.REFUSED, None, True),
        (S.REJECTED, None, True),
        (S.REJECTED, "0", True),
        (S.REJECTED, "1", False),
        (S.EXPIRED, "0", True),
        (S.EXPIRED, "250000", False),
        (S.EXPIRED, None, False),
        (S.CANCELLED, "0", True),
        (S.CANCELLED, "0.01", False),
        (S.CANCELLED, None, False),
        (S.FILLED, "1000000", False),
        (S.FILLED, None, False),
        (S.OPEN, "0", False),
        (S.UNKNOWN, None, False),
        (S.UNKNOWN, "0", False),
        (S.SENDING, None, False),
        (S.PLANNED, None, False),
        (S.SKIPPED, None, False),
    ],
)
def test_row_is_offered_only_when_nothing_of_it_can_be_at_the_venue(
    state: S, filled: str | None, offered: bool, table: Table
) -> None:
    order = make_order(4, state, filled_size=None if filled is None else Decimal(filled))

    assert bool(table(order)) is offered


@pytest.mark.parametrize("state", [S.SKIPPED, S.UNKNOWN, S.SENDING, S.OPEN, S.FILLED])
def test_abandoned_batch_offers_nothing_that_may_be_held(state: S, table: Table) -> None:
    assert table(make_order(4, state), abandoned=True) == []


def test_abandoned_batch_offers_the_rows_that_it_did_not_get_to(table: Table) -> None:
    ((identity, *_, reason),) = table(make_order(4, S.PLANNED), abandoned=True)

    # The journal has planned the old ID with the old content.
    assert identity == "TRS-004-2"
    assert reason == "NOT_SENT: why row 4 is PLANNED (row 4 of eod.xlsx)"


def test_id_that_was_sent_gets_a_suffix_and_one_that_was_not_stays(table: Table) -> None:
    rows = table(make_order(4, S.REJECTED), make_order(5, S.INVALID))

    assert [row[0] for row in rows] == ["TRS-004-2", "TRS-005"]


def test_count_of_the_desk_is_not_taken_for_our_suffix(table: Table) -> None:
    order = make_order(4, S.REJECTED)
    order = replace(order, values=("ORD-7", *order.values[1:]))

    ((identity, *_),) = table(order)

    assert identity == "ORD-7-2"


def test_suffix_steps_over_ids_that_the_sheet_uses(table: Table) -> None:
    taken = make_order(5, S.FILLED, client_order_id="TRS-004-2")

    ((identity, *_),) = table(make_order(4, S.REJECTED), taken)

    assert identity == "TRS-004-3"


def test_long_id_stays_within_the_venues_limit(table: Table) -> None:
    order = make_order(4, S.REJECTED)
    order = replace(order, values=("x" * 255, *order.values[1:]))

    ((identity, *_),) = table(order)

    assert identity == "x" * 253 + "-2"


def test_blank_id_stays_blank(table: Table) -> None:
    order = make_order(4, S.REJECTED)
    order = replace(order, values=("", *order.values[1:]))

    assert table(order)[0][0] == ""


def test_second_correction_counts_on_and_replaces_the_reason(
    make_batch: Callable[..., BatchRecord],
) -> None:
    batch = make_batch(columns=make_columns([*HEADERS, ("correction_reason", None)]))
    renamed = make_order(2, S.REJECTED)
    renamed = replace(
        renamed, values=("TRS-004-2", *renamed.values[1:], "REJECTED: too large (row 4)")
    )
    mended = make_order(3, S.REJECTED)
    mended = replace(mended, values=("ORD-7", *mended.values[1:], "INVALID: size (row 5)"))

    columns, rows = correction_table(batch, [renamed, mended], abandoned=False)

    assert [column.header for column in columns].count("correction_reason") == 1
    assert [row[0] for row in rows] == ["TRS-004-3", "ORD-7-2"]
    assert rows[0][-1] == "REJECTED: why row 2 is REJECTED (row 2 of eod.xlsx)"


def test_sheet_without_ids_is_given_back_without(make_batch: Callable[..., BatchRecord]) -> None:
    batch = make_batch(columns=make_columns([("Ccy Pair", "symbol")]))
    order = make_order(4, S.REJECTED, values=("EUR/USD",), message="")

    _, rows = correction_table(batch, [order], abandoned=False)

    assert rows == [["EUR/USD", "REJECTED: no reason was given (row 4 of eod.xlsx)"]]


def test_csv_holds_own_columns_and_the_reason_last(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    written = report.write_corrections(tmp_path / "mend.csv", batch, orders)

    assert written is not None
    with written.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert header == [*(name for name, _ in HEADERS), "correction_reason"]
    assert [row[0] for row in rows] == ["TRS-006-2", "TRS-008-2", "TRS-009"]


def test_workbook_keeps_ids_as_text_and_numbers_to_the_digit(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    written = report.write_corrections(tmp_path / "mend.xlsx", batch, orders)

    assert written is not None
    page = load_workbook(written)["Orders"]
    rows = list(page.iter_rows(values_only=True))
    assert rows[0] == (*(name for name, _ in HEADERS), "correction_reason")
    assert [row[0] for row in rows[1:]] == ["TRS-006-2", "TRS-008-2", "TRS-009"]
    assert rows[1][4:6] == (1_000_000, 1.3927)
    assert rows[3][4] == "-3"
    assert page["A2"].number_format == "@"


@pytest.mark.parametrize("suffix", report.CORRECTION_FORMATS)
def test_formula_in_a_row_to_mend_is_inert(suffix: str, tmp_path: Path, batch: BatchRecord) -> None:
    order = make_order(4, S.REJECTED)
    order = replace(order, values=(*order.values[:7], "=1+1", "FX"))

    written = report.write_corrections(tmp_path / f"mend{suffix}", batch, [order])

    assert written is not None
    if suffix == ".csv":
        assert ",'=1+1," in written.read_text("utf-8")
    else:
        cell = load_workbook(written)["Orders"]["H2"]
        assert (cell.value, cell.data_type) == ("=1+1", "s")


def test_nothing_to_mend_writes_nothing(tmp_path: Path, batch: BatchRecord) -> None:
    written = report.write_corrections(tmp_path / "mend.csv", batch, [make_order(4, S.FILLED)])

    assert written is None
    assert list(tmp_path.iterdir()) == []


def test_json_is_no_sheet_to_mend(tmp_path: Path, batch: BatchRecord) -> None:
    with pytest.raises(ReportError, match=r"ends in \.xlsx or \.csv"):
        report.write_corrections(tmp_path / "mend.json", batch, [])


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_sheet_that_is_open_elsewhere_is_not_replaced(
    suffix: str, tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    target = tmp_path / f"mend{suffix}"
    report.write_corrections(target, batch, orders)
    before = target.read_bytes()
    (tmp_path / f".~lock.mend{suffix}#").touch()

    with pytest.raises(ReportError, match="or the file is open elsewhere"):
        report.write_corrections(target, batch, orders)

    assert target.read_bytes() == before


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_sheet_that_nobody_mended_is_replaced_by_one_with_more_rows(
    suffix: str, tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    target = tmp_path / f"mend{suffix}"
    report.write_corrections(target, batch, orders)
    before = target.read_bytes()

    report.check_corrections_target(target, batch, lambda: orders)
    report.write_corrections(target, batch, orders, abandoned=True)

    assert target.read_bytes() != before


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_sheet_that_somebody_mends_is_not_replaced(
    suffix: str,
    tmp_path: Path,
    batch: BatchRecord,
    orders: list[OrderRecord],
    clock: StoppedClock,
) -> None:
    target = tmp_path / f"mend{suffix}"
    report.write_corrections(target, batch, orders)
    if suffix == ".csv":
        target.write_text(target.read_text().replace("'-3", "3000"))
    else:
        workbook = load_workbook(target)
        workbook["Orders"]["E3"] = 3000
        workbook.properties.lastModifiedBy = "Bea"
        workbook.save(target)
    mended = target.read_bytes()
    told: list[str] = []

    with pytest.raises(report.TargetTaken, match="made" if suffix == ".csv" else "was saved by"):
        report.write_corrections(target, batch, orders)
    beside = report.write_corrections(
        target, batch, orders, clock=clock, placing=report.Placing(say=told.append)
    )

    assert target.read_bytes() == mended
    assert beside == tmp_path / f"mend-20261030T160930Z{suffix}"
    assert len(told) == 1 and str(beside) in told[0]
    report.write_corrections(target, batch, orders, placing=report.Placing(force=True))
    assert target.read_bytes() != mended


def test_csv_is_refused_for_an_id_that_it_cannot_hold(
    tmp_path: Path, batch: BatchRecord, orders: list[OrderRecord]
) -> None:
    for identity in ("=A-5", "-6", "+7", "@8", " =9", "A;=1", "\uff1dB"):
        changed = [
            replace(order, values=(identity, *order.values[1:])) if order.row == 9 else order
            for order in orders
        ]
        with pytest.raises(
            ReportError, match=r"in row \d+, Client Order ID; name a file that ends"
        ):
            report.write_corrections(tmp_path / "mend.csv", batch, changed)
        with pytest.raises(ReportError, match=r"in row 9, Client Order ID; name a file that ends"):
            report.write(tmp_path / "out.csv", batch, changed, clock=StoppedClock())
        assert list(tmp_path.iterdir()) == []

        path = report.write_corrections(tmp_path / f"mend{identity[-1]}.xlsx", batch, changed)

        assert path is not None
        table = read(path)
        path.unlink()
        assert any(row.values[0] == identity for row in table.rows)
