"""Who makes the calls: threads in real life, whoever a test likes otherwise.

The calls know nothing of the journal, and the thread that owns the journal never waits for the
network; between them are two queues.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Done(Generic[K]):
    """A call that has ended: its key, and what it gave or raised."""

    key: K
    value: object = None
    error: BaseException | None = None


Waiting = tuple[object, Callable[[], object], Callable[[], None] | None]
"""A call that waits for somebody to make it: key, call and gate."""


class Workers(Protocol):
    """Makes calls, each once, and hands back how they ended."""

    def submit(
        self, key: object, call: Callable[[], object], gate: Callable[[], None] | None = None
    ) -> None:
        """Have a call made as soon as somebody is free.

        Args:
            gate: asked just before; what it raises stands for the call, which is then not made.
        """

    def collect(self, timeout_s: float) -> list[Done[object]]:
        """Wait until at least one call has ended, or so long; give all that have."""

    def wake(self) -> None:
        """End a waiting `collect` at once; safe in a signal handler."""

    def close(self) -> None:
        """Take no more calls."""


class ThreadWorkers:
    """As many threads as calls may be in flight."""

    def __init__(self, threads: int) -> None:
        # SimpleQueue, because its put may be interrupted by a signal handler that puts.
        self._calls: queue.SimpleQueue[Waiting | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done[object] | None] = queue.SimpleQueue()
        # Daemons: a second Ctrl-C does not wait for answers, so neither may the interpreter.
        self._threads = [
            threading.Thread(target=self._work, name=f"venue-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(
        self, key: object, call: Callable[[], object], gate: Callable[[], None] | None = None
    ) -> None:
        self._calls.put((key, call, gate))

    def collect(self, timeout_s: float) -> list[Done[object]]:
        ended: list[Done[object]] = []
        try:
            first = self._done.get(timeout=max(timeout_s, 0.0))
            if first is not None:
                ended.append(first)
            while True:
                more = self._done.get_nowait()
                if more is not None:
                    ended.append(more)
        except queue.Empty:
            return ended

    def wake(self) -> None:
        self._done.put(None)

    def close(self) -> None:
        for _ in self._threads:
            self._calls.put(None)

    def _work(self) -> None:
        while (item := self._calls.get()) is not None:
            key, call, gate = item
            try:
                if gate is not None:
                    gate()
                self._done.put(Done(key, value=call()))
            except BaseException as error:
                # Whatever it is, the thread that owns the journal must learn of it.
                self._done.put(Done(key, error=error))
