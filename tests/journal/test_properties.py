"""The journal against a dictionary, and everything written against what is read."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from batch.errors import JournalError
from batch.journal import Change, Journal, PlannedRow
from batch.model import BatchRecord, Column, Order, OrderRecord, Side, TimeInForce
from batch.states import (
    TRANSITIONS,
    BatchEvent,
    IllegalTransition,
    OrderEvent,
    OrderState,
    next_state,
)
from tests.journal.planned import LOGIN, NOW, a_batch, a_row, add

# Half characters, NUL and line ends included: sheets are not ours.
TEXTS = st.text(st.characters(), max_size=40)
WHOLE_TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
NUMBERS = st.decimals(allow_nan=False, allow_infinity=False) | st.builds(
    Decimal, st.from_regex(r"\A[0-9]{1,30}(\.[0-9]{1,30})?\Z")
)
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
ORDERS = st.builds(
    Order,
    row=st.just(2),
    symbol=st.just("EUR/USD"),
    side=st.sampled_from(Side),
    currency=st.just("EUR"),
    size=NUMBERS,
    price=NUMBERS,
    time_in_force=st.sampled_from(TimeInForce),
    client_order_id=st.none() | WHOLE_TEXTS,
    expiry_time_s=st.none() | st.integers(1, 86399),
    min_size=st.none() | NUMBERS,
    org=st.none() | WHOLE_TEXTS,
    account=st.none() | WHOLE_TEXTS,
)


def expected(planned: PlannedRow) -> OrderRecord:
    return OrderRecord(
        batch_id="abc",
        row=planned.row,
        values=planned.values,
        state=planned.state,
        order=planned.order,
        client_order_id=planned.client_order_id,
        payload=planned.payload,
        message=planned.message,
    )


@given(
    values=st.lists(TEXTS, max_size=5).map(tuple),
    order=ORDERS,
    payload=WHOLE_TEXTS,
    message=WHOLE_TEXTS,
)
@settings(max_examples=40, deadline=None)
def test_what_was_planned_is_read_as_it_was_written(
    values: tuple[str, ...], order: Order, payload: str, message: str
) -> None:
    row = replace(a_row(2), values=values, order=order, payload=payload, message=message)

    with tempfile.TemporaryDirectory() as folder, Journal.open(f"{folder}/journal.db") as journal:
        add(journal, rows=[row])
        found = list(journal.orders("abc"))

    assert found == [expected(row)]


@given(
    venue_status=st.none() | WHOLE_TEXTS,
    server_order_id=st.none() | WHOLE_TEXTS,
    filled_size=st.none() | NUMBERS,
    average_price=st.none() | NUMBERS,
    message=WHOLE_TEXTS,
    submitted_at=st.none() | MOMENTS,
    finished_at=st.none() | MOMENTS,
)
@settings(max_examples=40, deadline=None)
def test_what_was_learnt_is_read_as_it_was_written(**fields: object) -> None:
    with tempfile.TemporaryDirectory() as folder, Journal.open(f"{folder}/journal.db") as journal:
        add(journal, rows=[a_row(2)])
        journal.apply(
            "abc",
            [Change(2, OrderState.PLANNED, OrderEvent.CLAIMED, **fields)],  # type: ignore[arg-type]
            NOW,
        )
        found = list(journal.orders("abc"))

    record = replace(expected(a_row(2)), state=OrderState.SENDING)
    assert found == [replace(record, **fields)]  # type: ignore[arg-type]


def test_digits_are_kept_as_they_were_written(journal: Journal) -> None:
    row = a_row(2)
    assert row.order is not None
    order = replace(row.order, price=Decimal("1.10"), size=Decimal("1E+6"))

    add(journal, rows=[replace(row, order=order)])

    found = next(journal.orders("abc")).order
    assert found is not None
    assert (str(found.price), str(found.size)) == ("1.10", "1000000")


def test_wide_and_long_rows_are_kept(journal: Journal) -> None:
    values = (*(f"{number} é 漢字 🚀" for number in range(299)), "note " * 100_000)

    add(journal, rows=[replace(a_row(2), values=values)])

    assert next(journal.orders("abc")).values == values


def test_texts_with_half_characters_are_kept_in_readable_form(journal: Journal) -> None:
    batch = replace(a_batch(), sheet_path="/desk/\udcff.csv", worksheet="\ud800")
    with journal.planning(LOGIN, NOW) as planning:
        planning.add(
            batch,
            content_hash="h",
            generation=1,
            rows=[replace(a_row(2), message="\udcff?")],
            detail="rows of \udcff.csv",
        )

    found = journal.batch("abc").batch
    assert (found.sheet_path, found.worksheet) == ("/desk/\\udcff.csv", "\\ud800")
    assert next(journal.orders("abc")).message == "\\udcff?"
    assert next(journal.events("abc")).detail == "rows of \\udcff.csv"


@given(
    headers=st.lists(WHOLE_TEXTS, max_size=4), created_at=MOMENTS, worksheet=st.none() | WHOLE_TEXTS
)
@settings(max_examples=30, deadline=None)
def test_a_batch_is_read_as_it_was_written(
    headers: list[str], created_at: datetime, worksheet: str | None
) -> None:
    batch = BatchRecord(
        **{
            **{name: getattr(a_batch(), name) for name in BatchRecord.__slots__},
            "columns": tuple(Column(header, None, "A") for header in headers),
            "created_at": created_at,
            "worksheet": worksheet,
            "simulated": True,
        }
    )

    with tempfile.TemporaryDirectory() as folder, Journal.open(f"{folder}/journal.db") as journal:
        with journal.planning(LOGIN, NOW) as planning:
            planning.add(batch, content_hash="h", generation=1, rows=[], detail="")
        found = journal.batch("abc")

    assert found.batch == batch
    assert found.states == {}


def test_an_invalid_row_is_kept_without_an_order(journal: Journal) -> None:
    row = PlannedRow(2, ("EUR/USD", "x"), OrderState.INVALID, message="price: expected a number")

    add(journal, rows=[row])

    assert list(journal.orders("abc")) == [expected(row)]


def test_rows_are_given_in_the_sheets_order_over_many_portions(journal: Journal) -> None:
    rows = [a_row(number) for number in range(2, 3502)]

    add(journal, rows=list(reversed(rows)))
    journal.apply("abc", [_claim(number) for number in range(2, 3502, 3)], NOW)

    assert [record.row for record in journal.orders("abc")] == list(range(2, 3502))
    assert [record.row for record in journal.orders("abc", [OrderState.SENDING])] == list(
        range(2, 3502, 3)
    )
    assert list(journal.orders("abc", [])) == []
    assert len(list(journal.events("abc"))) == 1 + 1167


def test_batches_are_listed_newest_first_with_their_rows_counted(journal: Journal) -> None:
    for age, batch_id in enumerate(("one", "two")):
        batch = replace(a_batch(batch_id), created_at=NOW - timedelta(days=age))
        with journal.planning(LOGIN, NOW) as planning:
            rows = [a_row(2, batch_id=batch_id), PlannedRow(3, (), OrderState.INVALID)]
            planning.add(batch, content_hash=batch_id, generation=1, rows=rows, detail="")

    found = journal.batches()

    assert [summary.batch.batch_id for summary in found] == ["one", "two"]
    assert found[0].states == {OrderState.PLANNED: 1, OrderState.INVALID: 1}


def test_a_line_about_the_whole_batch_is_kept(journal: Journal) -> None:
    add(journal)

    journal.note("abc", BatchEvent.RUN_STARTED, "16 threads", NOW)

    line = list(journal.events("abc"))[-1]
    assert (line.row, line.kind, line.state, line.detail, line.at) == (
        None,
        "run-started",
        None,
        "16 threads",
        NOW,
    )


def _claim(row: int) -> Change:
    return Change(row, OrderState.PLANNED, OrderEvent.CLAIMED)


ROWS = range(2, 6)
STEPS = st.lists(st.tuples(st.sampled_from(ROWS), st.sampled_from(OrderEvent)), max_size=5)


class Histories(RuleBasedStateMachine):
    """Any steps, legal or not, on a few rows; a dictionary says what must be true."""

    @initialize()
    def plan(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.db"
        self.journal = Journal.open(str(self.path))
        add(self.journal, rows=[a_row(number) for number in ROWS])
        self.states = dict.fromkeys(ROWS, OrderState.PLANNED)
        self.lines = 1

    @rule(steps=STEPS)
    def step(self, steps: list[tuple[int, OrderEvent]]) -> None:
        states = dict(self.states)
        changes = []
        is_legal = True
        for row, kind in steps:
            changes.append(Change(row, states[row], kind))
            if (states[row], kind) in TRANSITIONS:
                states[row] = next_state(states[row], kind)
            else:
                is_legal = False

        if is_legal:
            self.journal.apply("abc", changes, NOW)
            self.states = states
            self.lines += len(changes)
        else:
            with pytest.raises(IllegalTransition):
                self.journal.apply("abc", changes, NOW)

    @rule(data=st.data(), row=st.sampled_from(ROWS))
    def step_from_a_wrong_state(self, data: st.DataObject, row: int) -> None:
        state, kind = data.draw(
            st.sampled_from([pair for pair in TRANSITIONS if pair[0] is not self.states[row]])
        )

        with pytest.raises(JournalError):
            self.journal.apply("abc", [Change(row, state, kind)], NOW)

    @rule()
    def open_again(self) -> None:
        self.journal.close()
        self.journal = Journal.open(str(self.path))

    @invariant()
    def the_journal_says_the_same(self) -> None:
        assert {record.row: record.state for record in self.journal.orders("abc")} == self.states
        assert len(list(self.journal.events("abc"))) == self.lines
        counts = self.journal.batch("abc").states
        assert {state: n for state, n in counts.items() if n} == {
            state: list(self.states.values()).count(state) for state in set(self.states.values())
        }

    def teardown(self) -> None:
        self.journal.close()
        self.folder.cleanup()


Histories.TestCase.settings = settings(max_examples=30, stateful_step_count=15, deadline=None)
TestHistories = Histories.TestCase
