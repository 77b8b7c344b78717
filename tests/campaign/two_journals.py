"""Two journals that begin one sheet: the calls of each, in every order in which they can be."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, TypeVar

from batch.errors import GateError
from batch.journal import Journal
from batch.model import VenueOrder
from batch.plan.commit import commit
from batch.plan.draft import PlanOptions
from batch.run.options import Outcome, RunOptions
from batch.run.run import Run
from tests.campaign.invariants import require
from tests.plan.planning import draw_up
from tests.run.doubles import LOGIN, FakeClock, Held, InlineWorkers, ScriptedVenue
from tests.run.sheets import sheet_of

A = TypeVar("A")

NAMES = "AB"
LONGEST_WAIT_S = 60.0
"""Longer than any turn takes; who waits for so long waits for ever."""


def schedules(calls: int) -> Iterator[str]:
    """Give every order in which two processes can make so many calls each."""
    for places in combinations(range(2 * calls), calls):
        yield "".join("A" if place in places else "B" for place in range(2 * calls))


class Turns:
    """Lets one of two threads go at a time: whose name comes next in the schedule.

    Beyond the schedule's end, or when the other is done, each goes as it likes.
    """

    def __init__(self, schedule: str) -> None:
        self._left = list(schedule)
        self._done: set[str] = set()
        self._changed = threading.Condition()

    def take(self, name: str, step: Callable[[], A]) -> A:
        """Do a step when it is this one's turn."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._is_next(name), LONGEST_WAIT_S):
                raise AssertionError(f"{name} waits for ever; left: {self._left}")
            if self._left:
                self._left.pop(0)
            try:
                return step()
            finally:
                self._changed.notify_all()

    def end(self, name: str) -> None:
        """Take note that one has made its last call."""
        with self._changed:
            self._done.add(name)
            self._changed.notify_all()

    def _is_next(self, name: str) -> bool:
        while self._left and self._left[0] in self._done:
            self._left.pop(0)
        return not self._left or self._left[0] == name


class VenueInTurns(ScriptedVenue):
    """The venue as one of two processes sees it: each call takes its turn."""

    turns: Turns
    name: str

    def place(self, payload: str, client_order_id: str, request_id: str) -> VenueOrder:
        place = super().place
        return self.turns.take(self.name, lambda: place(payload, client_order_id, request_id))

    def find(self, client_order_id: str) -> tuple[VenueOrder, ...]:
        find = super().find
        return self.turns.take(self.name, lambda: find(client_order_id))

    def active(self) -> dict[str, VenueOrder]:
        return self.turns.take(self.name, super().active)


@dataclass
class TwoJournals:
    """A venue, and two processes with a journal each that begin the same sheet.

    Args:
        folder: holds the journals; `planned.db` among them is the one that both are copies of.
        wait_s: how long each follows its orders; at the end it asks about the first ones again.
        most_doubled: so many rows may be doubled.
    """

    folder: Path
    batch_id: str
    wait_s: float = 0.0
    most_doubled: int = 1
    books: list[Held] = field(default_factory=list)

    def live(self, schedule: str, script: dict[str, list[str]]) -> Counter[str]:
        """Let both run to their ends.

        Args:
            script: what becomes of each one's placings, by name.

        Raises:
            Broken: more rows than that were doubled, or one and nobody says so.
        """
        turns, clock = Turns(schedule), FakeClock()
        ends: dict[str, Any] = {}
        threads = [
            threading.Thread(target=self._run, args=(name, turns, clock, script, ends))
            for name in NAMES
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self._check(schedule, ends)
        doubled = self._doubled()
        return Counter(
            {
                "two journals: schedules": 1,
                "two journals: rows doubled": len(doubled),
                "two journals: refused": sum(isinstance(e, GateError) for e in ends.values()),
                "two journals: alarms": sum(bool(_alarms(end)) for end in ends.values()),
            }
        )

    def _run(
        self,
        name: str,
        turns: Turns,
        clock: FakeClock,
        script: dict[str, list[str]],
        ends: dict[str, Any],
    ) -> None:
        path = self.folder / f"{name}.db"
        for planned in self.folder.glob("planned.db*"):
            shutil.copy(planned, planned.with_name(planned.name.replace("planned", name)))
        try:
            with Journal.open(str(path), allow_memory=True) as journal:
                venue = VenueInTurns(clock, list(script.get(name, [])), books=self.books)
                venue.turns, venue.name = turns, name
                journal.holds.take(self.batch_id, clock.now())
                options = RunOptions(max_in_flight=4, wait_s=self.wait_s)
                workers = InlineWorkers(clock)
                run = Run(journal, self.batch_id, venue, workers, clock, options)
                ends[name] = run.execute()
        except BaseException as error:
            ends[name] = error
        finally:
            turns.end(name)
            for left in self.folder.glob(f"{name}.db*"):
                left.unlink()

    def _doubled(self) -> list[str]:
        counted = Counter(held.client_order_id for held in self.books)
        return [name for name, times in counted.items() if times > 1]

    def _check(self, schedule: str, ends: dict[str, Any]) -> None:
        wrong = [
            f"{name} ended with {end!r}"
            for name, end in ends.items()
            if not isinstance(end, Outcome | GateError)
        ]
        doubled = self._doubled()
        if len(doubled) > self.most_doubled:
            wrong.append(f"{len(doubled)} rows were doubled")
        if doubled and not any(_alarms(end) for end in ends.values()):
            wrong.append(f"{doubled[0]} was doubled, and nobody says so")
        require(wrong, [schedule, *map(str, self.books), *map(str, ends.items())])


def _alarms(end: object) -> tuple[object, ...]:
    return end.alarms if isinstance(end, Outcome) else ()


def begin_together(
    folder: Path,
    rows: int,
    calls: int,
    *,
    wait_s: float = 0.0,
    most_doubled: int = 1,
    **script: list[str],
) -> Counter[str]:
    """Go through every order of so many calls of each of two processes.

    Args:
        wait_s, most_doubled: as of `TwoJournals`.
        script: what becomes of each one's placings, by its name; see `ScriptedVenue`.
    """
    with Journal.open(str(folder / "planned.db"), allow_memory=True) as journal:
        clock = FakeClock()
        draft = draw_up(journal, sheet_of(rows), LOGIN, PlanOptions(), clock.now(), "")
        batch_id = commit(journal, draft, clock.now()).batch.batch_id
    figures: Counter[str] = Counter()
    for schedule in schedules(calls):
        two = TwoJournals(folder, batch_id, wait_s, most_doubled)
        figures += two.live(schedule, script)
    return figures
