"""Every small history: two rows, one process that dies anywhere, and those that come after it.

Chance finds less than one thinks: here each step at which a process can die, and each way that a
request can take, is tried with each other. The real plan, run, journal and client are at work; only
time, threads and the network are of our making. What left is counted at the venue.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from batch.config import VenueSettings
from batch.journal import Journal, Placing
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
from tests.campaign.market import CONTROL_SIZE, Held, Market, Setting
from tests.campaign.mortal import Died, Life, MortalJournal, Trouble
from tests.campaign.office import MEMORY
from tests.campaign.standing import Standing, of_journal
from tests.campaign.world import _empty_journal
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
            raise Died


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


def live_through(
    setting: Setting, choices: Choices, figures: Counter[str], known: set[Standing]
) -> None:
    """Live through one history and hold its end against the venue's books.

    Args:
        known: how things stood when the process of another history had ended; all that follows is
            the same then, and was looked at.

    Raises:
        Broken: a row was sent twice or lost, or the report claims what is not so.
    """
    clock = FakeClock()
    market = Market(clock, setting)
    folder = Path(tempfile.mkdtemp(prefix="small-", dir=MEMORY if MEMORY.is_dir() else None))
    path = folder / "journal.db"
    # All of it together: a journal that is moved alone is refused.
    origin = _journal_with_control() if setting.has_control else _empty_journal()
    shutil.copytree(origin, folder, dirs_exist_ok=True)
    if setting.has_control:
        market.held.append(_CONTROL)
    sheet = make_validation(*(make_order(row, size=Decimal(1000 + row)) for row in ROWS))
    sizes = {row: Decimal(1000 + row) for row in ROWS}

    def submit(journal: Journal) -> str:
        return plan(journal, sheet, LOGIN, PlanOptions(), clock.now()).batch.batch_id

    try:
        market.choices = choices
        ends: list[Standing] = []
        _process(path, clock, market, submit, choices, ends)
        market.choices = None
        figures["small histories"] += 1
        figures["deaths"] += any(said.endswith(": dies") for said in choices.said)
        if ends[0] in known:
            figures["that stood as another one"] += 1
            return
        known.add(ends[0])
        batch_id = _process(path, clock, market, submit, None)
        # Whatever is late arrives; what was placed is then as it stays.
        clock.sleep(4000.0)
        _process(path, clock, market, lambda journal: batch_id, None)
        _check(path, batch_id, market, sizes, choices, figures)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def _journal_with_control() -> Path:
    """Make a journal that knows an order of an earlier batch to be done."""
    folder = tempfile.mkdtemp(prefix="small-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = Path(folder) / "journal.db"
    shutil.copytree(_empty_journal(), folder, dirs_exist_ok=True)
    clock = FakeClock()
    market = Market(clock, Setting("control"))
    sheet = make_validation(make_order(9, size=CONTROL_SIZE), name="control.csv")
    clock.sleep(-1000.0)

    def submit(journal: Journal) -> str:
        return plan(journal, sheet, LOGIN, PlanOptions(), clock.now()).batch.batch_id

    _process(path, clock, market, submit, None)
    _CONTROL.order.update(market.held[0].order)
    _CONTROL.server_order_id = market.held[0].server_order_id
    return Path(folder)


_CONTROL = Held("", {}, float("-inf"))


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
    path: Path,
    clock: FakeClock,
    market: Market,
    begin: Callable[[Journal], str],
    choices: Choices | None,
    ends: list[Standing] | None = None,
) -> str:
    journal = MortalJournal.open_mortal(path)
    life = Life(Trouble()) if choices is None else ChosenLife(choices)
    journal.life = journal._database.life = life  # type: ignore[attr-defined]
    wires = ChosenWires(clock, life, choices)
    rounds = 0

    def watch(_: Snapshot) -> None:
        nonlocal rounds
        rounds += 1
        require(["the run does not end"] if rounds > ENDLESS else [], choices and choices.said)

    batch_id = ""
    try:
        batch_id = begin(journal)
        options = RunOptions(max_in_flight=4, wait_s=60.0, covers_done_orders=True)
        with mock.patch("batch.venue.integral.client.Transport", lambda *_, **__: market):
            settings = VenueSettings(url="https://venue.test", user="user", org="ORG")
            venue = Venue(settings, clock=clock)
        with coarse_time(), journal.hold(batch_id, clock.now()):
            Run(journal, batch_id, venue, wires, clock, options, watch).execute()
    except Died:
        pass
    except Broken:
        raise
    except Exception as error:
        raise Failed(f"{error!r}\n{choices and choices.said}") from error
    finally:
        wires.close()
        if ends is not None:
            ends.append((of_journal(journal._database, clock.now()), market.standing()))
        journal.close()
    return batch_id


def _check(
    path: Path,
    batch_id: str,
    market: Market,
    sizes: dict[int, Decimal],
    choices: Choices,
    figures: Counter[str],
) -> None:
    with Journal.open(str(path), read_only=True, allow_memory=True) as journal:
        orders = list(journal.orders(batch_id))
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


def exhaust(setting: Setting, *, most: int | None = None) -> Counter[str]:
    """Live through every small history of a setting.

    Args:
        most: give up after so many, for a bug that should have shown by then.

    Raises:
        Broken: with the choices that break the promise.
    """
    figures: Counter[str] = Counter()
    known: set[Standing] = set()
    for choices in every_path():
        live_through(setting, choices, figures, known)
        if most is not None and figures["small histories"] >= most:
            break
    return figures
