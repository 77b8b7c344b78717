"""All rows of a batch as a sequence: kept when they are few, read anew when they are many."""

from __future__ import annotations

import pytest

from batch.errors import JournalError
from batch.journal import Journal, store
from tests.journal.planned import a_row, add


@pytest.fixture(params=["kept in memory", "read anew"])
def listed(
    journal: Journal, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> str:
    if request.param == "read anew":
        monkeypatch.setattr(store, "KEPT_IN_MEMORY", 3)
        monkeypatch.setattr(store, "PORTION", 2)
    add(journal, "abc", [a_row(number) for number in range(2, 9)])
    add(journal, "other", [a_row(2, batch_id="other")])
    return "abc"


def test_a_listing_gives_all_rows_in_order_as_often_as_wanted(
    journal: Journal, listed: str
) -> None:
    rows = journal.listing(listed)

    assert [order.row for order in rows] == [2, 3, 4, 5, 6, 7, 8]
    assert list(rows) == list(rows) == list(journal.orders(listed))
    assert len(rows) == 7


def test_a_listing_is_a_sequence_like_any_other(journal: Journal, listed: str) -> None:
    rows = journal.listing(listed)

    assert [rows[0].row, rows[6].row, rows[-1].row, rows[-7].row] == [2, 8, 8, 2]
    assert [order.row for order in rows[1:6:2]] == [3, 5, 7]
    assert [order.row for order in rows[-2:]] == [7, 8]
    assert [order.row for order in reversed(rows)] == [8, 7, 6, 5, 4, 3, 2]
    assert list(journal.orders(listed))[3] in rows
    for beyond in (7, -8):
        with pytest.raises(IndexError):
            rows[beyond]


def test_a_listing_of_no_batch_is_an_error(journal: Journal) -> None:
    with pytest.raises(JournalError, match="which it does not hold"):
        journal.listing("missing")
