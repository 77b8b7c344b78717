"""Threads that make calls and hand back how they ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from batch.run.work import Done, ThreadWorkers

AGES_S = 10.0
"""Longer than any test takes: who waits so long waits for nothing."""


@pytest.fixture
def workers() -> Iterator[ThreadWorkers]:
    made = ThreadWorkers(4)
    yield made
    made.close()


def collect(workers: ThreadWorkers, count: int) -> list[Done[object]]:
    ended: list[Done[object]] = []
    while len(ended) < count:
        ended += workers.collect(AGES_S)
    return ended


def test_each_call_is_made_once_and_all_come_back(workers: ThreadWorkers) -> None:
    made: list[int] = []

    def call(number: int) -> int:
        made.append(number)
        return number * number

    for number in range(100):
        workers.submit(number, partial(call, number))
    ended = collect(workers, 100)

    assert sorted(made) == list(range(100))
    assert {done.key: done.value for done in ended} == {n: n * n for n in range(100)}


def test_calls_run_beside_each_other(workers: ThreadWorkers) -> None:
    meeting = threading.Barrier(4)

    for number in range(4):
        workers.submit(number, lambda: meeting.wait(AGES_S))

    assert all(done.error is None for done in collect(workers, 4))


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_whatever_a_call_raises_comes_back_and_its_thread_lives_on(
    workers: ThreadWorkers, error: BaseException
) -> None:
    def fail() -> None:
        raise error

    for number in range(8):
        workers.submit(number, fail)
    failed = collect(workers, 8)
    workers.submit("next", lambda: "fine")

    assert all(done.error is error for done in failed)
    assert collect(workers, 1) == [Done("next", value="fine")]


def test_a_gate_that_raises_stands_for_the_call(workers: ThreadWorkers) -> None:
    made: list[str] = []
    refusal = ValueError("not now")

    def refuse() -> None:
        raise refusal

    workers.submit("kept", lambda: made.append("kept"), refuse)
    assert collect(workers, 1) == [Done("kept", error=refusal)]
    workers.submit("let go", lambda: made.append("let go"), lambda: None)
    collect(workers, 1)

    assert made == ["let go"]


def test_all_that_has_ended_comes_back_at_once() -> None:
    workers = ThreadWorkers(1)
    for number in range(3):
        workers.submit(number, lambda: None)
    workers.close()
    workers._threads[0].join(AGES_S)

    assert [done.key for done in workers.collect(AGES_S)] == [0, 1, 2]


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
    workers.submit("before", lambda: None)
    workers.close()
    workers._threads[0].join(AGES_S)
    workers.wake()

    assert [done.key for done in workers.collect(AGES_S)] == ["before"]
    assert workers.collect(0.0) == []


def test_after_closing_the_threads_end(workers: ThreadWorkers) -> None:
    workers.submit("last", lambda: "done")
    workers.close()

    for thread in workers._threads:
        thread.join(AGES_S)

    assert not any(thread.is_alive() for thread in workers._threads)
    assert [done.value for done in workers.collect(0.0)] == ["done"]


def test_no_thread_keeps_the_interpreter_from_ending(workers: ThreadWorkers) -> None:
    assert all(thread.daemon for thread in workers._threads)
