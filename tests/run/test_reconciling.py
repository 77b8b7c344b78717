"""What the venue says otherwise than the journal, after the fact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from batch.errors import LoginFailed, Throttled, VenueAway, VenueError
from batch.model import OrderRecord, Terms, VenueOrder
from batch.run.reconciling import TRIES, reconcile
from batch.states import OrderEvent as E
from batch.states import OrderState as S
from tests.run.doubles import FakeClock, make_order

SIZE = Decimal(100_000)


def record(row: int, state: S = S.FILLED, **changes: object) -> OrderRecord:
    filled = SIZE if state is S.FILLED else Decimal(0)
    order = OrderRecord(
        "k3vz7q2m",
        row,
        (),
        state,
        order=make_order(row, size=SIZE),
        client_order_id=f"C-{row}",
        server_order_id=f"S-{row}",
        filled_size=filled,
        average_price=Decimal("1.1") if filled else None,
    )
    return replace(order, **changes)  # type: ignore[arg-type]


def shown(row: int, event: E = E.FILLED, **changes: object) -> VenueOrder:
    filled = SIZE if event is E.FILLED else Decimal(0)
    order = VenueOrder(
        f"S-{row}",
        f"C-{row}",
        event.name,
        event,
        filled_size=filled,
        average_price=Decimal("1.1") if filled else None,
    )
    return replace(order, **changes)  # type: ignore[arg-type]


@dataclass
class Shelf:
    """A venue that holds just these orders, and may raise before it answers."""

    orders: list[VenueOrder]
    raises: list[VenueError] = field(default_factory=list)

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        self._raise()
        return tuple(o for o in self.orders if o.client_order_id == client_order_id)

    def query(self, server_order_id: str) -> VenueOrder | None:
        self._raise()
        return next((o for o in self.orders if o.server_order_id == server_order_id), None)

    def active(self) -> dict[str, VenueOrder]:
        raise AssertionError

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        raise AssertionError

    def cancel(self, server_order_id: str) -> None:
        raise AssertionError

    def _raise(self) -> None:
        if self.raises:
            raise self.raises.pop(0)


def differences(records: list[OrderRecord], *orders: VenueOrder) -> list[tuple[int, str, str, str]]:
    found = reconcile(records, Shelf(list(orders)), FakeClock())
    assert found.unanswered == {}
    return [(one.row, one.what, one.journal, one.venue) for one in found.differences]


def test_nothing_differs_where_both_say_the_same() -> None:
    records = [record(2), record(3, S.EXPIRED), record(4, S.OPEN)]

    assert differences(records, shown(2), shown(3, E.EXPIRED), shown(4, E.WORKING)) == []


def test_a_late_fill_is_told() -> None:
    late = shown(2, E.FILLED)

    assert differences([record(2, S.EXPIRED)], late) == [
        (2, "state", "EXPIRED", "FILLED, 100000 filled"),
        (2, "filled size", "0", "100000"),
        (2, "average price", "not known", "1.1"),
    ]


def test_amounts_that_changed_are_told() -> None:
    changed = shown(2, filled_size=Decimal(90_000), average_price=Decimal("1.2"))

    assert [what for _, what, _, _ in differences([record(2)], changed)] == [
        "filled size",
        "average price",
    ]


def test_another_order_under_our_client_id_is_told() -> None:
    second = shown(2, server_order_id="S-99")

    assert differences([record(2)], shown(2), second) == [
        (
            2,
            "another order under this client order ID",
            "FILLED",
            "FILLED, 100000 filled",
        )
    ]


@pytest.mark.parametrize("state", [S.UNKNOWN, S.SENDING, S.REFUSED, S.PLANNED])
def test_an_order_that_the_journal_does_not_know_is_told(state: S) -> None:
    lost = record(2, state, server_order_id=None, filled_size=None)

    ((row, what, _, venue),) = differences([lost], shown(2))

    assert (row, what, venue) == (2, "order", "FILLED, 100000 filled")


def test_what_the_venue_does_not_find_by_client_id_proves_nothing() -> None:
    assert differences([record(2, S.UNKNOWN, server_order_id=None)]) == []


def test_a_server_id_that_the_venue_does_not_know_is_told() -> None:
    assert differences([record(2)]) == [
        (2, "order", "FILLED", "does not know this server order ID")
    ]


def test_terms_that_are_not_what_was_sent_are_told() -> None:
    other = shown(2, terms=Terms(price=Decimal(9)))

    ((_, what, _, venue),) = differences([record(2)], other)

    assert what == "terms" and venue.startswith("price: sent ")


def test_rows_that_another_batch_answers_for_are_not_asked_about() -> None:
    records = [record(2, S.SKIPPED), record(3, S.INVALID, client_order_id=None)]

    assert reconcile(records, Shelf([]), FakeClock()).asked == 0


def test_a_busy_venue_is_asked_again_and_one_that_stays_away_is_told() -> None:
    clock = FakeClock()
    busy = Shelf([shown(2)], [Throttled("429", retry_after_s=5.0), VenueAway("away")])

    assert reconcile([record(2)], busy, clock).differences == ()
    assert clock.seconds >= 1005

    away = Shelf([shown(2)], [VenueAway("away")] * TRIES)
    assert reconcile([record(2)], away, clock).unanswered == {2: "away"}


def test_refused_credentials_end_it() -> None:
    with pytest.raises(LoginFailed):
        reconcile([record(2)], Shelf([], [LoginFailed("no")]), FakeClock())
