"""What several threads want of a journal, whose connection belongs to one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Lock
from typing import Any, TypeVar

from batch.errors import NotDelivered

A = TypeVar("A")


_ENDED = "it was ended before this could be asked"


class OwnThread:
    """Does in one thread what others ask of it, while it waits for their work."""

    def __init__(self) -> None:
        self._wanted: SimpleQueue[tuple[Callable[[], Any] | None, Future[Any]]] = SimpleQueue()
        self._lock = Lock()
        self._has_ended = False

    def call(self, wanted: Callable[[], A]) -> A:
        """Have something done there; called in another thread.

        Raises:
            NotDelivered: nobody serves any more.
        """
        answer: Future[A] = Future()
        with self._lock:
            if self._has_ended:
                raise NotDelivered(_ENDED)
            self._wanted.put((wanted, answer))
        return answer.result()

    def serve(self, work: Sequence[Future[Any]]) -> None:
        """Do what is wanted until all work is done.

        Raises:
            Exception: what the first of it failed with, or what was wanted; the rest is given up.
        """
        for one in work:
            one.add_done_callback(lambda done: self._wanted.put((None, done)))
        left = len(work)
        try:
            while left:
                wanted, answer = self._wanted.get()
                if wanted is not None:
                    self._do(wanted, answer)
                else:
                    answer.result()
                    left -= 1
        finally:
            with self._lock:
                self._has_ended = True
            for one in work:
                one.cancel()
            while not self._wanted.empty():
                wanted, answer = self._wanted.get()
                if wanted is not None:
                    answer.set_exception(NotDelivered(_ENDED))

    @staticmethod
    def _do(wanted: Callable[[], A], answer: Future[A]) -> None:
        try:
            answer.set_result(wanted())
        except BaseException as error:
            answer.set_exception(error)
            raise
