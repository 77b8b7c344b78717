"""Adding batches, and taking rows away from one that has not sent them."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from batch.errors import JournalError
from batch.journal import Change, EarlierOrder, Journal, WrittenRows
from batch.journal.planning import PORTION
from batch.model import Login
from batch.states import OrderEvent, OrderState
from tests.journal.planned import LOGIN, NOW, a_batch, a_row, add, claim, states


def test_withdrawn_rows_are_skipped_together_with_the_new_plan(journal: Journal) -> None:
    add(journal, "old")

    with journal.planning(LOGIN, NOW) as planning:
        planning.withdraw("old", [2, 3], "batch new sends them", "not sent: sent by batch new")
        planning.add(
            a_batch("new"),
            content_hash="hash-new",
            generation=1,
            rows=[a_row(2, batch_id="new", client_order_id="old-2")],
            detail="1 row",
        )

    assert states(journal, "old") == {2: OrderState.SKIPPED, 3: OrderState.SKIPPED}
    assert [record.message for record in journal.orders("old")] == [
        "not sent: sent by batch new"
    ] * 2
    assert [(e.row, e.kind, e.state, e.detail) for e in journal.events("old")][1:] == [
        (2, "withdrawn", OrderState.SKIPPED, "batch new sends them"),
        (3, "withdrawn", OrderState.SKIPPED, "batch new sends them"),
    ]
    assert states(journal, "new") == {2: OrderState.PLANNED}


def test_a_row_that_was_claimed_meanwhile_is_not_withdrawn_and_nothing_is_planned(
    journal: Journal,
) -> None:
    add(journal, "old")
    journal.apply("old", [claim(3)], NOW)

    with (
        pytest.raises(JournalError, match=r"batch old: expected to change 2 rows, found 1"),
        journal.planning(LOGIN, NOW) as planning,
    ):
        planning.add(a_batch("new"), content_hash="h", generation=1, rows=[], detail="")
        planning.withdraw("old", [2, 3], "", "")

    assert states(journal, "old") == {2: OrderState.PLANNED, 3: OrderState.SENDING}
    assert [summary.batch.batch_id for summary in journal.batches()] == ["old"]


def test_withdrawing_no_rows_does_nothing(journal: Journal) -> None:
    add(journal, "old")

    with journal.planning(LOGIN, NOW) as planning:
        planning.withdraw("old", [], "", "")

    assert len(list(journal.events("old"))) == 1


def test_orders_are_found_by_fingerprint_and_by_client_order_id(journal: Journal) -> None:
    add(
        journal,
        "old",
        [
            a_row(2, batch_id="old", fingerprint="same"),
            a_row(3, batch_id="old", client_order_id="desk-1"),
            a_row(4, batch_id="old", fingerprint="same", state=OrderState.SKIPPED),
            a_row(5, batch_id="old"),
        ],
    )
    journal.apply(
        "old",
        [
            claim(2, submitted_at=NOW),
            Change(
                2,
                OrderState.SENDING,
                OrderEvent.ACCEPTED,
                server_order_id="S1",
                filled_size=Decimal("2.50"),
            ),
        ],
        NOW,
    )

    with journal.planning(LOGIN, NOW) as planning:
        found = planning.earlier_orders(
            fingerprints=["same", "print-old-3"], client_order_ids=["desk-1", "unknown"]
        )

    assert found == [
        EarlierOrder(
            batch_id="old",
            row=2,
            user=LOGIN.user,
            run_key="",
            state=OrderState.OPEN,
            fingerprint="same",
            client_order_id="old-2",
            server_order_id="S1",
            filled_size=Decimal("2.50"),
            submitted_at=NOW,
        ),
        EarlierOrder(
            batch_id="old",
            row=3,
            user=LOGIN.user,
            run_key="",
            state=OrderState.PLANNED,
            fingerprint="print-old-3",
            client_order_id="desk-1",
            server_order_id=None,
            filled_size=None,
            submitted_at=None,
        ),
    ]


@pytest.mark.parametrize("other", ["url", "org"])
def test_orders_of_another_scope_are_not_found(journal: Journal, other: str) -> None:
    add(journal, "old")

    look = journal.looking(replace(LOGIN, **{other: "another"}))

    assert look.earlier_orders(client_order_ids=["old-2"]) == []
    assert look.generations("hash-old") == []


def test_a_colleague_s_orders_are_found_and_their_batches_are_not(journal: Journal) -> None:
    add(journal, "old")

    look = journal.looking(replace(LOGIN, user="colleague"))

    assert [order.user for order in look.earlier_orders(client_order_ids=["old-2"])] == ["desk"]
    assert look.generations("hash-old") == []


def test_a_login_that_is_spelled_in_another_way_is_the_same(journal: Journal) -> None:
    with journal.planning(Login("HTTPS://Venue.Example:443/", " ACME", "desk "), NOW) as planning:
        planning.add(a_batch(), content_hash="h", generation=1, rows=[a_row(2)], detail="")
    add(journal, "new", [a_row(3)])

    look = journal.looking(LOGIN)

    assert [one.batch.batch_id for one in look.generations("h")] == ["abc"]
    assert len(look.earlier_orders(client_order_ids=["abc-2", "abc-3"])) == 2
    assert look.logins() == [LOGIN]


def test_an_org_in_two_spellings_is_one_scope(journal: Journal) -> None:
    add(journal, "old")

    look = journal.looking(replace(LOGIN, org="acme"))

    assert len(look.earlier_orders(client_order_ids=["old-2"])) == 1
    assert look.generations("hash-old") == []


def test_runs_of_one_content_are_told_apart(journal: Journal) -> None:
    with journal.planning(LOGIN, NOW) as planning:
        for name, run_key in (("a", ""), ("b", "monday")):
            batch = replace(a_batch(name), run_key=run_key)
            planning.add(batch, content_hash="h", generation=1, rows=[], detail="")

    look = journal.looking(LOGIN)

    assert [one.batch.batch_id for one in look.generations("h")] == ["a"]
    assert [one.batch.batch_id for one in look.generations("h", "monday")] == ["b"]
    assert look.generations("h", "tuesday") == []


def test_a_look_says_when_something_last_happened_to_a_batch(journal: Journal) -> None:
    add(journal)
    journal.apply("abc", [claim(2, submitted_at=NOW)], NOW + timedelta(hours=3))

    look = journal.looking(LOGIN)

    assert look.last_event_at("abc") == NOW + timedelta(hours=3)
    assert look.last_event_at("none") is None


def test_a_look_leaves_nothing_behind(journal: Journal) -> None:
    look = journal.looking(LOGIN)

    look.generations("h")
    look.earlier_orders(fingerprints=["p"], client_order_ids=["c"])
    with journal.planning(LOGIN, NOW) as planning:
        planning.generations("h")

    assert look.logins() == []


def test_more_orders_than_a_statement_takes_are_found(journal: Journal) -> None:
    rows = [a_row(number) for number in range(2, 1302)]
    add(journal, rows=rows)

    with journal.planning(LOGIN, NOW) as planning:
        found = planning.earlier_orders(
            fingerprints=[row.fingerprint or "" for row in rows],
            client_order_ids=(row.client_order_id or "" for row in rows),
        )

    assert [order.row for order in found] == list(range(2, 1302))


def test_nothing_asked_finds_nothing(journal: Journal) -> None:
    add(journal)

    with journal.planning(LOGIN, NOW) as planning:
        assert planning.earlier_orders() == []


def test_every_search_for_earlier_orders_is_served_by_an_index(
    journal: Journal, path: Path
) -> None:
    add(journal)
    asked: list[tuple[str, Any]] = []

    def listen(_: object, __: object, statement: str, values: object, *___: object) -> None:
        asked.append((statement, values))

    with journal._database.reading() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", listen)
    look = journal.looking(LOGIN)
    look.earlier_orders(fingerprints=["a", "b"], client_order_ids=["c", "d"])
    look.of_server_id("S1")
    event.remove(engine, "before_cursor_execute", listen)

    with journal._database.reading() as connection:
        plans = [
            [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values)]
            for text, values in asked
            if "FROM orders" in text
        ]
    indexes = (
        "orders_by_fingerprint (venue_id=? AND fingerprint=?)",
        "one_order_a_client_order_id (venue_id=? AND client_order_id=?)",
        "orders_by_server_order_id (venue_id=? AND server_order_id=?)",
    )
    for plan, index in zip(plans, indexes, strict=True):
        assert f"SEARCH orders USING INDEX {index}" in plan
        assert not any(step.startswith("SCAN") for step in plan)


def test_the_generations_of_a_content_are_given_oldest_first(journal: Journal) -> None:
    add(journal, "abc.2", content_hash="same", generation=2)
    add(journal, "abc", content_hash="same", generation=1)
    add(journal, "def")

    with journal.planning(LOGIN, NOW) as planning:
        found = planning.generations("same")
        nothing = planning.generations("new")

    assert [summary.batch.batch_id for summary in found] == ["abc", "abc.2"]
    assert found[0].states == {OrderState.PLANNED: 2}
    assert nothing == []


def test_a_batch_id_is_taken_whatever_its_content(journal: Journal) -> None:
    add(journal)

    with journal.planning(LOGIN, NOW) as planning:
        assert planning.is_taken("abc")
        assert not planning.is_taken("abc.2")


def test_one_generation_of_a_content_is_held_once(journal: Journal) -> None:
    add(journal, "abc", content_hash="same", generation=1)

    with pytest.raises(JournalError, match="each batch"):
        add(journal, "def", content_hash="same", generation=1)


def test_rows_that_were_claimed_before_are_told_from_those_that_never_were(
    journal: Journal,
) -> None:
    add(journal)
    journal.apply("abc", [claim(2, submitted_at=NOW)], NOW)
    journal.apply("abc", [Change(2, OrderState.SENDING, OrderEvent.RELEASED)], NOW)

    claimed = journal.orders("abc", [OrderState.PLANNED], claimed_before=True)

    assert [order.row for order in claimed] == [2]
    assert [order.row for order in journal.orders("abc", [OrderState.PLANNED])] == [2, 3]


def test_rows_that_were_made_ready_beforehand_are_recorded_alike(journal: Journal) -> None:
    rows = [a_row(2, batch_id="b"), a_row(3, batch_id="b", state=OrderState.SKIPPED)]
    ready = WrittenRows("b", rows)
    add(journal, "a", [a_row(2, batch_id="a"), a_row(3, batch_id="a", state=OrderState.SKIPPED)])

    with journal.planning(LOGIN, NOW) as planning:
        planning.add(a_batch("b"), content_hash="h", generation=1, rows=ready, detail="")

    like_a = [
        replace(
            order,
            batch_id="b",
            client_order_id=f"b-{order.row}",
            payload=f'{{"coId": "b-{order.row}"}}',
        )
        for order in journal.orders("a")
    ]
    assert list(journal.orders("b")) == like_a
    assert len(journal.looking(LOGIN).earlier_orders(client_order_ids=["b-2"])) == 1


def test_earlier_orders_beside_a_batch_are_those_of_others(journal: Journal) -> None:
    add(journal, "a", [a_row(2, batch_id="a", fingerprint="same")])
    add(journal, "b", [a_row(2, batch_id="b", fingerprint="same")])
    look = journal.looking(LOGIN)

    assert [o.batch_id for o in look.earlier_orders(fingerprints=["same"])] == ["a", "b"]
    assert [o.batch_id for o in look.earlier_orders(fingerprints=["same"], beside="a")] == ["b"]
    by_id = look.earlier_orders(client_order_ids=["a-2", "b-2"], beside="b")
    assert [o.batch_id for o in by_id] == ["a"]


@pytest.mark.parametrize("count", [PORTION - 1, PORTION, PORTION + 1, 2 * PORTION])
def test_many_rows_that_were_made_ready_are_recorded_one_by_one_in_order(
    journal: Journal, count: int
) -> None:
    rows = [replace(a_row(row), message=f"{row} \ud800") for row in range(2, count + 2)]
    ready = WrittenRows("abc", rows)

    with journal.planning(LOGIN, NOW) as planning:
        planning.add(a_batch("abc"), content_hash="h", generation=1, rows=ready, detail="")

    recorded = list(journal.orders("abc"))
    assert [(o.row, o.client_order_id, o.payload, o.order) for o in recorded] == [
        (row.row, row.client_order_id, row.payload, row.order) for row in rows
    ]
    assert recorded[-1].message == f"{count + 1} \\ud800"
    # With the number of their login, or nobody would find them as already sent.
    ids = [f"abc-{row.row}" for row in rows]
    assert len(journal.looking(LOGIN).earlier_orders(client_order_ids=ids)) == count


def test_many_rows_that_are_made_ready_take_little_memory() -> None:
    count = 10 * PORTION
    tracemalloc.start()
    try:
        ready = WrittenRows("abc", (a_row(row) for row in range(2, count + 2)))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    del ready
    assert taken < count * 400, "a row as it is takes more than a kilobyte"
