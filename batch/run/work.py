"""Who makes the calls: threads in real life, whoever a test likes otherwise.

The calls know nothing of the journal, and the thread that owns the journal never waits for the
network; between them are two queues.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from batch.run.calls import Subject

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Got(Generic[A]):
    """A call gave this."""

    value: A


@dataclass(frozen=True, slots=True)
class Failed:
    """A call raised this."""

    error: BaseException


Answer = Got[A] | Failed


@dataclass(frozen=True, slots=True)
class Done(Generic[A]):
    """A call that has ended, and how."""

    call: Call[A]
    answer: Answer[A]

    def take_in(self) -> None:
        """Hand the answer to whoever it is for; in the thread that owns the journal."""
        self.call.learn(self.answer)


@dataclass(frozen=True, slots=True)
class Call(Generic[A]):
    """A call to the venue, and who learns how it ended.

    Attributes:
        make: makes it; in any thread.
        learn: takes in the answer.
        gate: asked just before; what it raises stands for the call, which is then not made.
    """

    subject: Subject
    make: Callable[[], A]
    learn: Callable[[Answer[A]], None]
    gate: Callable[[], None] | None = None

    def pass_gate(self) -> Done[A] | None:
        """Ask the gate; give how the call ended if it says no."""
        try:
            if self.gate is not None:
                self.gate()
        except BaseException as error:
            return Done(self, Failed(error))
        return None

    def end(self) -> Done[A]:
        """Make it, whatever its gate would say."""
        try:
            return Done(self, Got(self.make()))
        except BaseException as error:
            # Whatever it is, the thread that owns the journal must learn of it.
            return Done(self, Failed(error))


class Workers(Protocol):
    """Makes calls, each once, and hands back how they ended."""

    def submit(self, call: Call[Any]) -> None:
        """Have a call made as soon as somebody is free."""

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        """Wait until at least one call has ended, or so long; give all that have."""

    def wake(self) -> None:
        """End a waiting `collect` at once; safe in a signal handler."""

    def close(self) -> None:
        """Take no more calls."""


class ThreadWorkers:
    """As many threads as calls may be in flight."""

    def __init__(self, threads: int) -> None:
        # SimpleQueue, because its put may be interrupted by a signal handler that puts.
        self._calls: queue.SimpleQueue[Call[Any] | None] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[Done[Any] | None] = queue.SimpleQueue()
        # Daemons: a second Ctrl-C does not wait for answers, so neither may the interpreter.
        self._threads = [
            threading.Thread(target=self._work, name=f"venue-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, call: Call[Any]) -> None:
        self._calls.put(call)

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        ended: list[Done[Any]] = []
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
        while (call := self._calls.get()) is not None:
            self._done.put(call.pass_gate() or call.end())
