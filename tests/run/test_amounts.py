"""How much is filled, as whoever watches a run is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from batch.journal import Journal
from batch.model import OrderRecord, Validation
from batch.run.amounts import Filled
from batch.run.options import Snapshot
from batch.states import OrderState
from tests.run.conftest import Desk
from tests.run.doubles import make_order, make_validation


def watched(desk: Desk, batch_id: str, **options: object) -> list[Mapping[str, Decimal]]:
    seen: list[Mapping[str, Decimal]] = []

    def watch(snapshot: Snapshot) -> None:
        seen.append(dict(snapshot.filled))

    desk._make_run(batch_id, watch, options).execute()
    return seen


def sheet_of(count: int) -> Validation:
    return make_validation(*(make_order(row) for row in range(2, count + 2)))


def recorded(desk: Desk, batch_id: str) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for record in desk.orders(batch_id):
        if record.order is not None and record.filled_size is not None:
            currency = record.order.currency
            sums[currency] = sums.get(currency, Decimal(0)) + record.filled_size
    return sums


def test_what_is_told_at_the_end_is_what_is_on_record(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(12)).batch.batch_id

    seen = watched(desk, batch_id)

    (currency,) = recorded(desk, batch_id)
    assert not any(seen[0].values())
    assert seen[-1] == recorded(desk, batch_id)
    assert seen[-1][currency] > 0


def test_a_part_fill_counts_once_however_often_it_is_told(desk: Desk) -> None:
    desk.venue.end = "EXPIRED"
    place = desk.venue.place

    def place_and_fill_some(*arguments: str) -> object:
        answer = place(*arguments)
        desk.venue.books[-1].filled = Decimal(7)
        return answer

    desk.venue.place = place_and_fill_some  # type: ignore[method-assign, assignment]
    batch_id = desk.plan(sheet_of(3)).batch.batch_id

    seen = watched(desk, batch_id)

    assert list(seen[-1].values()) == [Decimal(21)]


def test_a_later_run_begins_with_what_earlier_ones_saw(desk: Desk) -> None:
    batch_id = desk.plan(sheet_of(4)).batch.batch_id
    watched(desk, batch_id)

    seen = watched(desk, batch_id, send=False)

    assert seen[0] == recorded(desk, batch_id)


def test_a_new_batch_is_not_read_for_its_fills(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = desk.plan(sheet_of(40)).batch.batch_id
    states: list[OrderState] = []
    orders = Journal.orders

    def counting(
        journal: Journal, batch: str, wanted: Sequence[OrderState] = (), **how: Any
    ) -> Iterable[OrderRecord]:
        states.extend(wanted)
        return orders(journal, batch, wanted, **how)

    monkeypatch.setattr(Journal, "orders", counting)
    seen = watched(desk, batch_id, max_in_flight=2)

    assert len(seen) > 20
    assert OrderState.PLANNED in states
    assert OrderState.FILLED not in states


def test_sums_are_exact() -> None:
    filled = Filled()

    filled.replace("EUR", None, Decimal("1e30"))
    filled.replace("EUR", None, Decimal("0.01"))
    filled.replace("EUR", Decimal("1e30"), None)

    assert filled.sums == {"EUR": Decimal("0.01")}
