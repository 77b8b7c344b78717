"""Adding batches, and taking rows away from one that has not sent them."""

from __future__ import annotations

import pytest

from batch.errors import JournalError
from batch.journal import Journal
from batch.states import OrderState
from tests.journal.planned import LOGIN, NOW, a_batch, a_row, add, claim, states


def test_withdrawn_rows_are_skipped_together_with_the_new_plan(journal: Journal) -> None:
    add(journal, "old")

    with journal.planning(**LOGIN, now=NOW) as planning:
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
        journal.planning(**LOGIN, now=NOW) as planning,
    ):
        planning.add(a_batch("new"), content_hash="h", generation=1, rows=[], detail="")
        planning.withdraw("old", [2, 3], "", "")

    assert states(journal, "old") == {2: OrderState.PLANNED, 3: OrderState.SENDING}
    assert [summary.batch.batch_id for summary in journal.batches()] == ["old"]


def test_withdrawing_no_rows_does_nothing(journal: Journal) -> None:
    add(journal, "old")

    with journal.planning(**LOGIN, now=NOW) as planning:
        planning.withdraw("old", [], "", "")

    assert len(list(journal.events("old"))) == 1
