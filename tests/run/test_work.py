"""Threads that make calls and hand back how they ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from batch.run.calls import Query
from batch.run.tracking import Tracked
from batch.run.work import Call, Done, Failed, Got, ThreadWorkers
from batch.states import OrderState
from tests.run.doubles import make_order

AGES_S = 10.0
"""Longer than any test takes: who waits so long waits for nothing."""


@pytest.fixture
def workers() -> Iterator[ThreadWorkers]:
    made = ThreadWorkers(4)
    yield made
    made.close()


def call_of(
    make: Callable[[], Any], gate: Callable[[], None] | None = None, number: int = 2
) -> Call[Any]:
    subject = Query(Tracked(number, f"b-{number}", OrderState.OPEN, make_order(number), "{}"))
    return Call(subject, make, lambda _: None, gate)


def values(ended: list[Done[Any]]) -> list[object]:
    return [done.answer.value for done in ended if isinstance(done.answer, Got)]


def errors(ended: list[Done[Any]]) -> list[BaseException]:
    return [done.answer.error for done in ended if isinstance(done.answer, Failed)]


def collect(workers: ThreadWorkers, count: int) -> list[Done[Any]]:
    ended: list[Done[Any]] = []
    while len(ended) < count:
        ended += workers.collect(AGES_S)
    return ended


def test_each_call_is_made_once_and_all_come_back(workers: ThreadWorkers) -> None:
    made: list[int] = []

    def call(number: int) -> int:
        made.append(number)
        return number * number

    for number in range(100):
        workers.submit(call_of(partial(call, number)))
    ended = collect(workers, 100)

    assert sorted(made) == list(range(100))
    assert sorted(values(ended)) == [n * n for n in range(100)]  # type: ignore[type-var]


def test_calls_run_beside_each_other(workers: ThreadWorkers) -> None:
    meeting = threading.Barrier(4)

    for _number in range(4):
        workers.submit(call_of(lambda: meeting.wait(AGES_S)))

    assert errors(collect(workers, 4)) == []


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_whatever_a_call_raises_comes_back_and_its_thread_lives_on(
    workers: ThreadWorkers, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    for _number in range(8):
        workers.submit(call_of(fail))
    failed = collect(workers, 8)
    workers.submit(call_of(lambda: "fine"))

    assert errors(failed) == [error] * 8
    assert values(collect(workers, 1)) == ["fine"]


def test_a_gate_that_raises_stands_for_the_call(workers: ThreadWorkers) -> None:
    made: list[str] = []
    refusal = ValueError("not now")

    def refuse() -> None:
        raise refusal

    workers.submit(call_of(lambda: made.append("kept"), refuse))
    assert errors(collect(workers, 1)) == [refusal]
    workers.submit(call_of(lambda: made.append("let go"), lambda: None))
    collect(workers, 1)

    assert made == ["let go"]


def test_all_that_has_ended_comes_back_at_once() -> None:
    workers = ThreadWorkers(1)
    for number in range(3):
        workers.submit(call_of(partial(abs, number)))
    workers.close()
    workers._threads[0].join(AGES_S)

    assert values(workers.collect(AGES_S)) == [0, 1, 2]


def test_waiting_ends_with_its_time(workers: ThreadWorkers) -> None:
    assert workers.collect(0.001) == []
    assert workers.collect(-1.0) == []


def test_a_wake_ends_the_waiting(workers: ThreadWorkers) -> None:
    began = time.monotonic()

    workers.wake()

    assert workers.collect(AGES_S) == []
    assert time.monotonic() - began < AGES_S


def test_a_wake_loses_no_answer() -> None:
    workers = ThreadWorkers(1)
    workers.submit(call_of(lambda: "before"))
    workers.close()
    workers._threads[0].join(AGES_S)
    workers.wake()

    assert values(workers.collect(AGES_S)) == ["before"]
    assert workers.collect(0.0) == []


def test_after_closing_the_threads_end(workers: ThreadWorkers) -> None:
    workers.submit(call_of(lambda: "done"))
    workers.close()

    for thread in workers._threads:
        thread.join(AGES_S)

    assert not any(thread.is_alive() for thread in workers._threads)
    assert values(workers.collect(0.0)) == ["done"]


def test_no_thread_keeps_the_interpreter_from_ending(workers: ThreadWorkers) -> None:
    assert all(thread.daemon for thread in workers._threads)
