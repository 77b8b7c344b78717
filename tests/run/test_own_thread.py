"""What threads have done in the one that has the journal."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from batch.errors import JournalError, NotDelivered
from batch.run.own_thread import OwnThread

Submit = Callable[[Callable[[], object]], Future[object]]


@contextmanager
def workers() -> Iterator[Submit]:
    with ThreadPoolExecutor(2) as pool:
        yield pool.submit


def test_what_is_wanted_is_done_in_the_thread_that_serves() -> None:
    own = OwnThread()
    here = threading.get_ident()
    with workers() as submit:
        work = [submit(lambda: own.call(threading.get_ident)) for _ in range(20)]

        own.serve(work)

    assert {one.result() for one in work} == {here}


def test_work_that_fails_ends_all_that_waits() -> None:
    own = OwnThread()

    def fail() -> None:
        raise ValueError("of its own")

    with workers() as submit:
        work = [submit(fail), *(submit(lambda: own.call(lambda: 1)) for _ in range(20))]

        with pytest.raises(ValueError, match="of its own"):
            own.serve(work)

    assert all(one.done() for one in work)


@pytest.mark.parametrize("error", [JournalError("the disk is full"), KeyboardInterrupt()])
def test_what_cannot_be_done_leaves_nobody_waiting(error: BaseException) -> None:
    own = OwnThread()

    def fail() -> None:
        raise error

    with workers() as submit:
        work = [submit(lambda: own.call(fail)) for _ in range(20)]

        with pytest.raises(type(error)):
            own.serve(work)

    assert all(one.done() for one in work)


def test_after_its_end_nothing_is_done_any_more() -> None:
    own = OwnThread()
    own.serve([])

    with pytest.raises(NotDelivered):
        own.call(lambda: 1)
