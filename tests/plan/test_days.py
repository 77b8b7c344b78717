"""Random days of a desk that edits, repeats, interrupts and resumes: nothing is doubled unasked."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from batch.errors import GateError
from batch.journal import Journal
from batch.model import Validation
from batch.plan.duplicates import Duplicates
from batch.plan.identity import fingerprint
from batch.plan.since import refuse_sent_since
from batch.states import OrderState
from tests.run.conftest import Desk
from tests.run.doubles import (
    START,
    FakeClock,
    InlineWorkers,
    ScriptedVenue,
    make_order,
    make_validation,
)

DAY_S = 24 * 3600


@dataclass(frozen=True)
class Step:
    """What somebody does with a sheet, or with a batch of before.

    Attributes:
        contents: a number for each row; equal numbers are equal orders.
        resumed: resume the so-manieth batch instead; None to submit the sheet.
        words: the venue's script.
        posts: stop after so many placings.
    """

    contents: tuple[int, ...]
    ids: tuple[str | None, ...]
    mode: Duplicates
    resumed: int | None
    words: tuple[str, ...]
    end: str
    posts: int
    hours_later: int


STEPS = st.lists(
    st.builds(
        Step,
        contents=st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple),
        ids=st.tuples(*[st.sampled_from([None, None, None, "A", "B"])] * 4),
        mode=st.sampled_from(Duplicates),
        resumed=st.sampled_from([None, None, None, 0, 1, 2]),
        words=st.lists(st.sampled_from(["ok", "lost", "refused", "undelivered"])).map(tuple),
        end=st.sampled_from(["FILLED", "FILLED", "EXPIRED", "NEW"]),
        posts=st.sampled_from([0, 1, 2, 9, 9]),
        hours_later=st.sampled_from([0, 0, 1, 10, 23, 25]),
    ),
    min_size=2,
    max_size=8,
)


@contextmanager
def open_desk() -> Iterator[Desk]:
    clock = FakeClock()
    with (
        tempfile.TemporaryDirectory() as folder,
        Journal.open(str(Path(folder) / "journal.db")) as journal,
    ):
        # Nothing that was lost is ever found, so that what is unknown stays unknown.
        yield Desk(journal, clock, ScriptedVenue(clock, finds="none"), InlineWorkers(clock))


def sheet_of(step: Step) -> Validation:
    seen: set[str | None] = set()
    orders = []
    for row, (content, id_) in enumerate(zip(step.contents, step.ids, strict=False), start=2):
        own = None if id_ in seen else id_
        seen.add(own)
        orders.append(make_order(row, size=Decimal(1000 * content), client_order_id=own))
    return make_validation(*orders)


def run_batch(desk: Desk, batch_id: str, step: Step) -> None:
    desk.venue.script, desk.venue.end = list(step.words), step.end
    run = desk.make_run(batch_id, max_in_flight=1, wait_s=3.0, find_out_s=1.0)
    placed = desk.venue.calls.count("place")

    def count(_: object) -> None:
        if desk.venue.calls.count("place") - placed >= step.posts:
            run.stop()

    desk.workers.before_call = count
    run.execute()


def take(desk: Desk, step: Step, modes: dict[str, Duplicates]) -> None:
    """Do what the command does, gates included."""
    try:
        if step.resumed is None:
            planned = desk.plan(sheet_of(step), duplicates=step.mode)
            batch_id = planned.batch.batch_id
            modes.setdefault(batch_id, step.mode)
        else:
            batches = desk.journal.batches()
            batch_id = batches[step.resumed % len(batches)].batch.batch_id if batches else ""
        if batch_id:
            refuse_sent_since(desk.journal, desk.journal.batch(batch_id), desk.clock)
            run_batch(desk, batch_id, step)
    except GateError:
        pass
    desk.clock.sleep(3600 * step.hours_later)


def doubled(desk: Desk, modes: dict[str, Duplicates]) -> list[str]:
    """Name what the venue holds beyond what a batch had rows for, though nobody asked for it.

    Of each content a batch may send as many rows as it has beyond the exposures that others had
    when it was planned; and no ID is sent twice.
    """
    rows: dict[str, Counter[str]] = {}
    batch_of: dict[str | None, tuple[str, str]] = {}
    planned_at = {}
    for summary in desk.journal.batches():
        name = summary.batch.batch_id
        planned_at[name] = (summary.batch.created_at - START).total_seconds() + 1000.0
        rows[name] = Counter()
        for record in desk.journal.orders(name):
            assert record.order is not None
            content = fingerprint(record.order)
            rows[name][content] += 1
            # Of two rows that had one ID, the one that was withdrawn did not use it.
            if record.state is not OrderState.SKIPPED:
                batch_of[record.client_order_id] = (name, content)
    wrong = [
        f"{first.client_order_id} twice"
        for first, second in combinations(desk.venue.books, 2)
        if first.client_order_id == second.client_order_id
    ]
    for name, at in planned_at.items():
        sent: Counter[str] = Counter()
        exposed: Counter[str] = Counter()
        for held in desk.venue.books:
            batch, content = batch_of[held.client_order_id]
            age = at - held.taken_at
            if batch == name:
                sent[content] += 1
            elif age >= 0 and (held.end == "NEW" or (held.end == "FILLED" and age < DAY_S)):
                exposed[content] += 1
        if modes[name] is not Duplicates.SEND:
            wrong += [
                f"{name} sent {count} of {content} beside {exposed[content]}"
                for content, count in sent.items()
                if count > max(0, rows[name][content] - exposed[content])
            ]
    return wrong


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_nothing_with_an_exposure_is_sent_twice_unless_somebody_said_so(steps: list[Step]) -> None:
    modes: dict[str, Duplicates] = {}
    with open_desk() as desk:
        for step in steps:
            take(desk, step, modes)

        assert doubled(desk, modes) == []
