"""Every small history: two rows, one process that dies anywhere, and those that come after it.

Chance finds less than one thinks: here each step at which a process can die, and each way that a
request can take, is tried with each other. The real plan, run, journal and client are at work; only
time, threads and the network are of our making. What left is counted at the venue.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

from batch.config import VenueSettings
from batch.journal import Journal, Placing
from batch.model import OrderRecord, Validation
from batch.plan.draft import PlanOptions
from batch.run.options import RunOptions, Snapshot
from batch.run.run import Run
from batch.run.work import Call, Done
from batch.states import OrderState
from batch.venue import Venue
from tests.campaign.choices import Choices, every_path
from tests.campaign.invariants import (
    Broken,
    Failed,
    Reported,
    contradicted,
    doubled,
    lost,
    require,
)
from tests.campaign.journals import FILES, HERE, Journals, Library
from tests.campaign.market import CONTROL_SIZE, Held, Market, Setting
from tests.campaign.mortal import Died, Life, Trouble
from tests.campaign.office import MEMORY
from tests.campaign.standing import Standing, of_journal
from tests.plan.planning import plan
from tests.run.doubles import LOGIN, Begun, FakeClock, make_order, make_validation

ROWS = (2, 3)

ENDLESS = 3_000
"""Rounds that no run takes."""


class ChosenLife(Life):
    """A process that dies, once, at whichever step is chosen."""

    def __init__(self, choices: Choices) -> None:
        super().__init__(Trouble())
        self._choices = choices

    def pass_by(self, point: str) -> None:
        if point != "in-round" and self._choices.choose(point, ("lives", "dies")) == "dies":
            self.die()


class ChosenWires:
    """Makes placings at once, or has them on their way while the loop goes on."""

    def __init__(self, clock: FakeClock, life: Life, choices: Choices | None) -> None:
        self._clock = clock
        self._life = life
        self._choices = choices
        self._begun: list[Begun] = []
        self._ended: list[Done[Any]] = []

    def submit(self, call: Call[Any]) -> None:
        begun = Begun(call)
        is_placing = isinstance(call.subject, Placing) and self._choices is not None
        if is_placing and self._choices is not None:
            if self._choices.choose("a placing is", ("quick", "under way")) == "under way":
                self._begun.append(begun)
                return
            self._life.pass_by("before-call")
        self._ended.append(begun.end())
        if is_placing:
            self._life.pass_by("after-call")

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        if not (self._begun or self._ended):
            self._clock.sleep(max(timeout_s, 0.001))
            return []
        self._clock.sleep(0.01)
        ended, self._ended = self._ended, []
        begun, self._begun = self._begun, []
        return [*ended, *(one.end() for one in begun)]

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """Let what is under way reach the venue, or not."""
        for begun in self._begun:
            begun.end()  # its answer finds nobody
        self._begun = []


@dataclass(frozen=True, slots=True)
class Ground:
    """What small histories begin with.

    Attributes:
        control: an order that is done, of the batch that the library's journals have; None for
            empty journals.
    """

    setting: Setting
    library: Library
    control: Held | None = None

    @classmethod
    def make(cls, setting: Setting, library: Library) -> Ground:
        """Have an order done, where the setting has one, of an earlier batch."""
        if not setting.has_control:
            return cls(setting, library)
        clock = FakeClock()
        clock.sleep(-1000.0)
        market = Market(clock, Setting("control"))
        sheet = make_validation(make_order(9, size=CONTROL_SIZE), name="control.csv")
        with _folder() as folder:
            journals = library.begin(folder, clock)
            _process(journals, clock, market, _submission(sheet, clock), None)
            library = library.going_on_from(folder)
            journals.close()
        return cls(setting, library, replace(market.held[0], taken_at=float("-inf")))


def live_through(
    ground: Ground, choices: Choices, figures: Counter[str], known: set[Standing]
) -> None:
    """Live through one history and hold its end against the venue's books.

    Args:
        known: how things stood when the process of another history had ended; all that follows is
            the same then, and was looked at.

    Raises:
        Broken: a row was sent twice or lost, or the report claims what is not so.
    """
    clock = FakeClock()
    market = Market(clock, ground.setting)
    if ground.control is not None:
        market.held.append(ground.control)
    sheet = make_validation(*(make_order(row, size=Decimal(1000 + row)) for row in ROWS))
    sizes = {row: Decimal(1000 + row) for row in ROWS}
    with _folder() as folder:
        journals = ground.library.begin(folder, clock)
        try:
            market.choices = choices
            ends: list[Standing] = []
            submit = _submission(sheet, clock)
            _process(journals, clock, market, submit, choices, ends)
            market.choices = None
            figures["small histories"] += 1
            figures["deaths"] += any(said.endswith(": dies") for said in choices.said)
            if ends[0] in known:
                figures["that stood as another one"] += 1
                return
            known.add(ends[0])
            batch_id = _process(journals, clock, market, submit, None)
            # Whatever is late arrives; what was placed is then as it stays.
            clock.sleep(4000.0)
            _process(journals, clock, market, lambda journal: batch_id, None)
            orders = list(journals.look(HERE).orders(batch_id))
            _check(orders, market, sizes, choices, figures)
        finally:
            journals.close()


@contextmanager
def _folder() -> Iterator[Path]:
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="small-", dir=memory) as name:
        yield Path(name)


def _submission(sheet: Validation, clock: FakeClock) -> Callable[[Journal], str]:
    return lambda journal: plan(journal, sheet, LOGIN, PlanOptions(), clock.now()).batch.batch_id


@contextmanager
def coarse_time() -> Iterator[None]:
    """Let who waits look around no more often than it asks, and soon ask every five seconds.

    Not less often: whoever takes a "not found" for a proof must come to ask twice in time.
    """
    with (
        mock.patch("batch.run.run.LONGEST_NAP_S", 30.0),
        mock.patch("batch.run.tracking.BACKOFF", 100.0),
    ):
        yield


def _process(
    journals: Journals,
    clock: FakeClock,
    market: Market,
    begin: Callable[[Journal], str],
    choices: Choices | None,
    ends: list[Standing] | None = None,
) -> str:
    journal = journals.open(HERE)
    life = Life(Trouble()) if choices is None else ChosenLife(choices)
    journal.begin(life)
    wires = ChosenWires(clock, life, choices)
    rounds = 0

    def watch(_: Snapshot) -> None:
        nonlocal rounds
        rounds += 1
        require(["the run does not end"] if rounds > ENDLESS else [], choices and choices.said)

    batch_id = ""
    try:
        with journals.living():
            batch_id = begin(journal)
            options = RunOptions(max_in_flight=4, wait_s=60.0, covers_done_orders=True)
            with mock.patch("batch.venue.integral.client.Transport", lambda *_, **__: market):
                settings = VenueSettings(url="https://venue.test", user="user", org="ORG")
                venue = Venue(settings, clock=clock)
            # Nobody waits until the hold of a dead process is over: the sooner, the sharper. So
            # nobody must hear of a process, either, and there is nothing in it to die at.
            with (
                coarse_time(),
                mock.patch("batch.run.pulse.BEAT_S", math.inf),
                journal.hold(batch_id, clock.now(), take_over=True),
            ):
                Run(journal, batch_id, venue, wires, clock, options, watch).execute()
    except Died:
        pass
    except Broken:
        raise
    except Exception as error:
        raise Failed(f"{error!r}\n{choices and choices.said}") from error
    finally:
        wires.close()
        journal.close()
    if ends is not None:
        database = journals.look(HERE)._database
        ends.append((of_journal(database, clock.now()), market.standing()))
    return batch_id


def _check(
    orders: Sequence[OrderRecord],
    market: Market,
    sizes: dict[int, Decimal],
    choices: Choices,
    figures: Counter[str],
) -> None:
    report = [
        Reported(
            order.row,
            order.client_order_id or "",
            sizes[order.row],
            order.final_state.value,
            order.server_order_id,
            order.filled_size,
        )
        for order in orders
    ]
    taken = market.taken()
    wrong = [*doubled(taken), *lost(report, sizes), *contradicted(report, taken)]
    unknown = [order for order in orders if order.state is OrderState.UNKNOWN]
    unsent = [order for order in orders if order.state is OrderState.PLANNED]
    if unsent:
        wrong.append(f"never sent: {unsent}")
    setting = market.setting
    if setting.has_control and setting.looks_at_id and setting.token_life_s <= 20 and unknown:
        wrong.append(f"left UNKNOWN: {unknown}")
    require(wrong, "\n".join([str(setting), *choices.said, *map(str, market.held)]))
    figures["rows"] += len(orders)
    figures["orders at the venue"] += len(taken)
    figures["UNKNOWN left"] += len(unknown)


def exhaust(setting: Setting, library: Library = FILES, *, most: int | None = None) -> Counter[str]:
    """Live through every small history of a setting.

    Args:
        library: where their journals are.
        most: give up after so many, for a bug that should have shown by then.

    Raises:
        Broken: with the choices that break the promise.
    """
    figures: Counter[str] = Counter()
    known: set[Standing] = set()
    ground = Ground.make(setting, library)
    for choices in every_path():
        live_through(ground, choices, figures, known)
        if most is not None and figures["small histories"] >= most:
            break
    return figures
