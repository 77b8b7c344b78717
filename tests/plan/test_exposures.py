"""Every small case of "already sent", against a model that was written from the design alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from batch.errors import GateError
from batch.journal import EarlierOrder
from batch.plan.duplicates import Duplicates, refuse_sent
from batch.plan.exposures import Earlier
from batch.states import OrderState
from tests.run.doubles import START

AGES = {"an hour": timedelta(hours=1), "a day": timedelta(hours=24), "two": timedelta(hours=48)}
FILLS: dict[str, Decimal | None] = {"silent": None, "none": Decimal(0), "part": Decimal(7)}
SENDABLE = [s for s in OrderState if s not in (OrderState.INVALID, OrderState.SKIPPED)]
KEYS = ["", "mine", "other"]


@dataclass(frozen=True)
class Order:
    """An order of before, as the model sees it."""

    state: str
    age: str
    fill: str
    key: str

    def as_record(self, row: int, content: str = "x", user: str = "user") -> EarlierOrder:
        was_sent = self.state != "PLANNED"
        return EarlierOrder(
            batch_id="before",
            row=row,
            user=user,
            run_key=self.key,
            state=OrderState(self.state),
            fingerprint=content,
            client_order_id=f"before-{row}",
            server_order_id=None,
            filled_size=FILLS[self.fill],
            submitted_at=START - AGES[self.age] if was_sent else None,
        )


ORDERS = [
    Order(state.value, age, fill, key)
    for state in SENDABLE
    for age in AGES
    for fill in FILLS
    for key in KEYS
]


# The model: word by word from the design, in sets of words.


def works(order: Order) -> bool:
    return order.state in {"OPEN", "UNKNOWN", "SENDING"}


def was_filled(order: Order) -> bool:
    return order.state == "FILLED" or order.fill == "part"


def counts(order: Order, key: str) -> bool:
    """Say whether an order of before is an exposure for a run."""
    if order.state == "PLANNED":
        return False
    if works(order):
        return True
    if key and order.key != key:
        return False
    if was_filled(order):
        return bool(key) or order.age in {"an hour", "a day"}
    return order.state in {"EXPIRED", "CANCELLED"} and order.fill == "silent"


def waits(order: Order, key: str) -> bool:
    """Say whether an order is one that another batch is still to send, instead of this one."""
    return order.state == "PLANNED" and (not key or order.key == key)


def ask(rows: int, before: list[EarlierOrder], key: str) -> tuple[list[int], list[int]]:
    """Give the rows that were sent, and those that wait elsewhere."""
    prints = dict.fromkeys(range(2, rows + 2), "x")
    wanted = {row: f"new-{row}" for row in prints}
    found = Earlier(before, key, START).repeated(prints, wanted, again=False)
    return list(found.sent), list(found.waiting)


@pytest.mark.parametrize("key", ["", "mine"])
@pytest.mark.parametrize("order", ORDERS, ids=str)
def test_one_order_of_before_against_one_row(order: Order, key: str) -> None:
    sent, waiting = ask(1, [order.as_record(2)], key)

    assert sent == ([2] if counts(order, key) else [])
    assert waiting == ([2] if waits(order, key) else [])


KINDS = [
    Order("FILLED", "an hour", "part", ""),
    Order("FILLED", "two", "part", ""),
    Order("OPEN", "two", "none", "other"),
    Order("EXPIRED", "two", "silent", ""),
    Order("EXPIRED", "an hour", "none", ""),
    Order("EXPIRED", "an hour", "part", "mine"),
    Order("UNKNOWN", "an hour", "silent", "mine"),
    Order("FILLED", "two", "part", "mine"),
    Order("FILLED", "an hour", "part", "other"),
    Order("PLANNED", "an hour", "silent", ""),
    Order("PLANNED", "an hour", "silent", "mine"),
]


def batches(most: int) -> Iterator[tuple[Order, ...]]:
    for count in range(most + 1):
        yield from itertools.combinations_with_replacement(KINDS, count)


@pytest.mark.parametrize("key", ["", "mine"])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_the_kth_row_stands_against_the_kth_exposure(rows: int, key: str) -> None:
    tried = 0
    for before in batches(3):
        # In every order of their rows: which of them comes first must not matter.
        for turned in set(itertools.permutations(before)):
            records = [order.as_record(row) for row, order in enumerate(turned, start=2)]
            sent, waiting = ask(rows, records, key)
            exposures = sum(counts(order, key) for order in before)
            elsewhere = sum(waits(order, key) for order in before)
            repeated = min(rows, exposures)
            assert len(sent) == repeated, turned
            assert len(waiting) == min(rows - repeated, elsewhere), turned
            tried += 1
    assert tried > 1000


def test_other_content_does_not_count_and_a_colleague_s_order_does() -> None:
    other = Order("FILLED", "an hour", "part", "").as_record(2, content="y")
    colleague = Order("FILLED", "an hour", "part", "").as_record(3, user="colleague")

    assert ask(2, [other, colleague], "") == ([2], [])


def test_an_id_takes_its_own_order_before_equal_content_takes_any() -> None:
    before = [Order("FILLED", "an hour", "part", "").as_record(2)]
    earlier = Earlier(before, "", START)

    found = earlier.repeated({2: "x", 3: "x"}, {2: "new-2", 3: "before-2"}, again=False)

    assert list(found.sent) == [3]


def test_a_colleague_is_named() -> None:
    before = [Order("OPEN", "two", "none", "").as_record(2, user="colleague")]
    repeats = Earlier(before, "", START).repeated({2: "x"}, {2: "new-2"}, again=False)

    with pytest.raises(GateError, match="OPEN, in batch before of colleague row 2"):
        refuse_sent(repeats, Duplicates.REFUSE, "user")
