"""Lock files: never two at once, in whatever order processes come and go, and none is left."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from batch.lockfile import alone_by
from tests.campaign.choices import Choices, every_path

fcntl = pytest.importorskip("fcntl", reason="Windows deletes no open file")

STEPS = ((os, "open"), (fcntl, "flock"), (os, "unlink"))
"""Before each of these calls, another process may do whatever it likes."""

PATIENCE_S = 20.0


class Steps:
    """Threads that stand for processes, of which one at a time takes one step.

    Attributes:
        met: who was inside while another was.
        were_inside: who came in, one after the other.
    """

    def __init__(self, path: Path) -> None:
        self.met: list[str] = []
        self.were_inside: list[str] = []
        self._path = path
        self._inside: set[str] = set()
        self._turns: dict[str, threading.Semaphore] = {}
        self._names: dict[int, str] = {}
        self._back = threading.Semaphore(0)
        self._threads: list[threading.Thread] = []

    def start(self, name: str, *, leaves_at_once: bool = False) -> None:
        """Start a process, up to its first step.

        Args:
            leaves_at_once: deleting and letting go are one step, so that there are fewer orders.
        """

        def live() -> None:
            me = threading.get_ident()
            self._names[me] = name
            try:
                with alone_by(self._path) as is_ours:
                    if is_ours:
                        self._be_inside(name)
                    if leaves_at_once:
                        del self._names[me]
            finally:
                self._names.pop(me, None)
                del self._turns[name]
                self._back.release()

        self._turns[name] = threading.Semaphore(0)
        self._threads.append(threading.Thread(target=live))
        self._threads[-1].start()
        assert self._back.acquire(timeout=PATIENCE_S)

    def go_inside(self, name: str) -> None:
        """Let one of them take its steps until it is inside."""
        while name not in self._inside:
            self._go_on(name)

    def finish(self, choices: Choices, most_switches: int) -> None:
        """Let all take their steps in the order that is chosen, to their ends.

        Args:
            most_switches: how often one is stopped that could go on.
        """
        going = ""
        while self._turns:
            if not (going in self._turns and most_switches <= 0):
                chosen = choices.choose("next", tuple(sorted(self._turns)))
                most_switches -= going in self._turns and chosen != going
                going = chosen
            self._go_on(going)
        for thread in self._threads:
            thread.join()

    def pause(self) -> None:
        """Let another one go on, if this thread stands for a process."""
        name = self._names.get(threading.get_ident())
        if name is not None:
            turn = self._turns[name]
            self._back.release()
            assert turn.acquire(timeout=PATIENCE_S)

    def _go_on(self, name: str) -> None:
        self._turns[name].release()
        assert self._back.acquire(timeout=PATIENCE_S)

    def _be_inside(self, name: str) -> None:
        self._inside.add(name)
        self.were_inside.append(name)
        if len(self._inside) > 1:
            self.met.append(" and ".join(sorted(self._inside)))
        self.pause()
        self._inside.remove(name)


@contextmanager
def taking(steps: Steps) -> Iterator[None]:
    """Let each of the calls wait for its turn."""

    def waiting(call: Callable[..., Any]) -> Callable[..., Any]:
        def wait_and_call(*args: Any, **named: Any) -> Any:
            steps.pause()
            return call(*args, **named)

        return wait_and_call

    with pytest.MonkeyPatch.context() as patches:
        for owner, name in STEPS:
            patches.setattr(owner, name, waiting(getattr(owner, name)))
        yield


def live_through_every_order(
    path: Path, begin: Callable[[Steps], None], most_switches: int
) -> tuple[int, list[str]]:
    """Give the number of orders in which steps can be taken, and who met whom inside."""
    orders, met = 0, []
    for choices in every_path():
        steps = Steps(path)
        with taking(steps):
            begin(steps)
            steps.finish(choices, most_switches)
        orders += 1
        met += [f"{who}: {choices.said}" for who in steps.met]
        assert not path.exists(), choices.said
    return orders, met


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.lock"


@pytest.mark.parametrize("is_left_behind", [False, True])
def test_two_processes_never_hold_it_together_in_any_order_of_their_steps(
    path: Path, is_left_behind: bool
) -> None:
    def begin(steps: Steps) -> None:
        if is_left_behind:
            path.touch()  # as a killed process leaves it
        for name in "ab":
            steps.start(name)

    orders, met = live_through_every_order(path, begin, most_switches=99)

    assert (met, orders > 100) == ([], True)


def test_two_who_come_while_a_third_leaves_never_hold_it_together(path: Path) -> None:
    def begin(steps: Steps) -> None:
        steps.start("a")
        steps.go_inside("a")
        for name in "bc":
            steps.start(name, leaves_at_once=True)

    orders, met = live_through_every_order(path, begin, most_switches=3)

    assert (met, orders > 500) == ([], True)


def test_of_two_who_come_to_what_was_just_let_go_of_one_gets_it(path: Path) -> None:
    for choices in every_path():
        steps = Steps(path)
        with taking(steps):
            steps.start("a")
            steps.go_inside("a")
            steps.start("b", leaves_at_once=True)
            steps.finish(choices, 99)

        if choices.said[:3] == ["next: a"] * 3:
            assert "b" in steps.were_inside, choices.said


WORKER = """
import os, sys
from pathlib import Path
from batch.lockfile import alone_by

path, inside = Path(sys.argv[1]), Path(sys.argv[2])
held = 0
while held < 40:
    with alone_by(path) as is_ours:
        if is_ours:
            os.close(os.open(inside, os.O_CREAT | os.O_EXCL))  # fails where somebody is inside
            os.unlink(inside)
            held += 1
print(held)
"""

HOLDER = """
import sys
from pathlib import Path
from batch.lockfile import alone_by

with alone_by(Path(sys.argv[1])) as is_ours:
    print(is_ours, flush=True)
    sys.stdin.readline()
"""


def start(script: str, *arguments: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_real_processes_that_come_and_go_are_each_alone(path: Path, tmp_path: Path) -> None:
    processes = [start(WORKER, path, tmp_path / "inside") for _ in range(3)]

    said = [process.communicate() for process in processes]

    assert said == [("40\n", "")] * 3
    assert not path.exists()


def test_the_file_of_a_killed_process_locks_nothing_and_goes_with_the_next_one(path: Path) -> None:
    with start(HOLDER, path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        with alone_by(path) as is_ours:
            assert not is_ours
        process.kill()

    assert path.exists()
    with alone_by(path) as is_ours:
        assert is_ours
    assert not path.exists()


def test_it_is_let_go_of_after_any_end_of_the_block(path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), alone_by(path):
        raise KeyboardInterrupt

    assert not path.exists()
    with alone_by(path) as is_ours:
        assert is_ours


def test_a_link_in_its_place_is_not_followed(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    path.symlink_to(victim)

    with pytest.raises(OSError, match="symbolic links"), alone_by(path):
        pass

    assert victim.read_text() == "mine"


def test_a_file_system_without_locks_is_refused_and_not_locked_in_another_way(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: int, __: int) -> None:
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", missing)

    with pytest.raises(OSError, match="not implemented"), alone_by(path):
        pass
