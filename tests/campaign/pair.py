"""Two live processes at one journal: every interleaving of their named steps, for two rows.

They submit the same sheet, or rows that are equal; or one goes on with the batch that the other is
at work on. The real plan, run, journal and client are at work, over either database; time, threads
and the network are of our making. What left is counted at the venue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from unittest import mock

from batch.config import VenueSettings
from batch.errors import GateError, HoldLost, JournalError, JournalLocked
from batch.journal import Journal
from batch.journal.port import Store
from batch.model import OrderRecord, Validation
from batch.plan.commit import commit
from batch.plan.draft import PlanOptions
from batch.plan.duplicates import Duplicates
from batch.plan.since import refuse_sent_since, sent_elsewhere
from batch.run.options import RunOptions, Snapshot
from batch.run.run import Run
from batch.run.tracking import Patience, Tracked
from batch.states import FINAL, OrderState
from batch.venue import Venue
from tests.campaign.choices import Choices, every_path
from tests.campaign.doors import Door, StagedWires, Wires, sleep
from tests.campaign.exhaustion import ENDLESS, coarse_time
from tests.campaign.invariants import Broken, Failed, Reported, Taken, contradicted, lost, require
from tests.campaign.market import CONTROL_SIZE, Held, Market, Setting
from tests.campaign.sessions import (
    StagedJournal,
    empty,
    note_what_is_read,
    open_store,
    stage_store,
)
from tests.campaign.stage import STEPS, Known, Player, Stage
from tests.campaign.standing import Standing, of_journal
from tests.plan.planning import draw_up, plan
from tests.run.doubles import LOGIN, FakeClock, make_order, make_validation

FIRST, SECOND = "first", "second"

PATIENCE_S = 16.0
"""After so long a person tries once more; a host that was not heard of has lost its batch then."""


def sheet(name: str, *sizes: int) -> Validation:
    """Make a sheet with a row of each size."""
    orders = (make_order(row, size=Decimal(size)) for row, size in enumerate(sizes, start=2))
    return make_validation(*orders, name=name, note=name)


@dataclass(frozen=True, slots=True)
class Role:
    """What a process does.

    Attributes:
        sheet: what it submits; None for one that goes on with the batch of the other.
        run_key, duplicates: as the person says with it.
        take_over: it takes the batch at once, whoever holds it.
    """

    sheet: Validation | None = None
    run_key: str = ""
    duplicates: Duplicates = Duplicates.REFUSE
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """Two processes, and what may come of them.

    Attributes:
        steps: before which they can be stopped; `others` of the second one, where they differ.
        most_deaths: how many of them may die.
        fates: what can become of the request of a placing whose process lives.
        most: how often each size may be at the venue, where it is not once.
        may_refuse: one of them may be told that the other sends equal orders.
        may_lose: one of them may lose its batch to the other.
    """

    name: str
    roles: tuple[Role, Role]
    steps: tuple[str, ...] = STEPS
    others: tuple[str, ...] | None = None
    most_deaths: int = 0
    most: int = 1
    may_refuse: bool = False
    may_lose: bool = False


class Prompt(Patience):
    """Asks about an order at once: when it does is not what is looked at."""

    def __init__(self) -> None:
        super().__init__(first_s=0.0)

    def learn(self, order: Tracked) -> None:
        """Learn nothing."""


class Pair:
    """Two players with a session each at one journal, and an onlooker with a third one."""

    def __init__(self, location: str) -> None:
        self.clock = FakeClock()
        self.players = (Player(FIRST, self.clock), Player(SECOND, self.clock))
        self._stores: dict[str, Store] = {}
        for player in self.players:
            self._open(location, player)
        self._onlooker = stage_store(open_store(location), self.clock)
        self._control, self._control_id = self._make_control()

    def close(self) -> None:
        """End the sessions."""
        for store in (*self._stores.values(), self._onlooker):
            store.close()

    def _open(self, location: str, player: Player) -> None:
        store: Store = open_store(location)
        note_what_is_read(store, player)
        self._stores[player.name] = stage_store(store, self.clock, player)

    def _make_control(self) -> tuple[Held, str]:
        """Have an order done before, of an earlier batch."""
        market = Market(self.clock, Setting("control"))
        validation = make_validation(make_order(9, size=CONTROL_SIZE), name="control.csv")
        journal = Journal(self._onlooker)
        batch = plan(journal, validation, LOGIN, PlanOptions(), self.clock.now()).batch
        _Office(market, self.clock).run(journal, batch.batch_id, Wires(self.clock), market)
        return replace(market.held[0], taken_at=float("-inf")), batch.batch_id

    def exhaust(self, scene: Scene, *, most: int | None = None) -> Counter[str]:
        """Play every interleaving of a scene.

        Args:
            most: give up after so many, for a bug that should have shown by then.

        Raises:
            Broken: with the choices that break the promise.
        """
        figures: Counter[str] = Counter()
        known: set[Standing] = set()
        with coarse_time(), mock.patch("batch.run.following.Patience", Prompt):
            for choices in every_path():
                self._play(scene, choices, known, figures)
                if most is not None and figures["interleavings of two processes"] >= most:
                    break
        figures["standings of two processes"] += len(known)
        return figures

    def _play(
        self, scene: Scene, choices: Choices, known: set[Standing], figures: Counter[str]
    ) -> None:
        self.clock.seconds = FakeClock().seconds + 1000.0
        empty(self._onlooker, self._control_id)
        market = Market(self.clock, Setting(scene.name), held=[self._control])
        office = _Office(market, self.clock)

        def standing() -> Standing:
            now = self.clock
            return (now.monotonic(), of_journal(self._onlooker, now.now()), market.standing())

        others = scene.steps if scene.others is None else scene.others
        stage = Stage(self.players, choices, known, standing, scene.most_deaths)
        works = {
            player.name: _Process(
                scene, role, player, self._stores[player.name], office, choices
            ).live
            for player, role in zip(self.players, scene.roles, strict=True)
        }
        figures["interleavings of two processes"] += 1
        office.figures = figures
        try:
            with stage.play(works, dict(zip(works, (scene.steps, others), strict=True))):
                self._finish(scene, office, choices)
                figures["different ends"] += 1
                figures["orders at the venue"] += len(market.taken())
        except Known:
            figures["that came to a known standing"] += 1
        except Broken as broken:
            story = "\n".join([scene.name, *choices.said, *map(str, market.held)])
            raise Broken(f"{broken}\n{story}") from None
        except Exception as error:
            raise Failed(f"{error!r}\n{scene.name}\n{choices.said}") from error

    def _finish(self, scene: Scene, office: _Office, choices: Choices) -> None:
        """Go on with what was left, now and when nothing can arrive any more; and look."""
        journal = Journal(self._onlooker)
        market = office.market
        batches = [
            s.batch.batch_id for s in journal.batches() if s.batch.batch_id != self._control_id
        ]
        gated: set[str] = set()
        for wait_s in (PATIENCE_S, 4000.0):
            self.clock.sleep(wait_s)
            for batch_id in batches:
                try:
                    refuse_sent_since(journal, journal.batch(batch_id), self.clock)
                except GateError:
                    gated.add(batch_id)
                    continue
                office.run(journal, batch_id, Wires(self.clock), market)
        taken = market.taken()
        wrong = _doubled(taken, scene.most)
        for batch_id in batches:
            orders = list(journal.orders(batch_id))
            sent = [order for order in orders if order.state is not OrderState.SKIPPED]
            mine = [order for order in taken if order.client_order_id.startswith(batch_id)]
            sizes = {o.row: o.order.size for o in orders if o.order is not None}
            wrong += lost([_as_reported(order) for order in orders], sizes)
            wrong += contradicted([_as_reported(order) for order in sent], mine)
            wrong += [
                f"left in {order.state}: {order}"
                for order in sent
                if order.state not in FINAL
                and not (order.state is OrderState.PLANNED and batch_id in gated)
            ]
        require(wrong, "")


class _Office:
    """What all processes of a scene have in common.

    Attributes:
        figures: what happened.
    """

    def __init__(self, market: Market, clock: FakeClock) -> None:
        self.market = market
        self.clock = clock
        self.figures: Counter[str] = Counter()

    def run(
        self,
        journal: Journal,
        batch_id: str,
        wires: Any,
        transport: Any,
        *,
        take_over: bool = False,
    ) -> None:
        """Go on with a batch, as a command does it."""
        clock, rounds = self.clock, 0

        def watch(_: Snapshot) -> None:
            nonlocal rounds
            rounds += 1
            require(["the run does not end"] if rounds > ENDLESS else [], "")

        with journal.hold(batch_id, clock.now(), take_over=take_over):
            with mock.patch("batch.venue.integral.client.Transport", lambda *_, **__: transport):
                settings = VenueSettings(url="https://venue.test", user="user", org="ORG")
                venue = Venue(settings, clock=clock)
            summary = journal.batch(batch_id)
            states = [OrderState.SENDING, OrderState.UNKNOWN]
            elsewhere = frozenset(sent_elsewhere(journal, summary, states, clock))
            options = RunOptions(
                max_in_flight=4, wait_s=60.0, covers_done_orders=True, sent_elsewhere=elsewhere
            )
            Run(journal, batch_id, venue, wires, clock, options, watch).execute()
            left = journal.batch(batch_id).states
            require(
                [f"the run is over, and rows are {s}" for s in _UNDER_WAY if left.get(s)], batch_id
            )


_UNDER_WAY = (OrderState.PLANNED, OrderState.SENDING)


class _Process:
    """One of the two, from its start to its end."""

    def __init__(
        self,
        scene: Scene,
        role: Role,
        player: Player,
        store: Store,
        office: _Office,
        choices: Choices,
    ) -> None:
        self._scene = scene
        self._role = role
        self._player = player
        self._store = store
        self._office = office
        self._choices = choices

    def live(self) -> None:
        """Do what it is for, and take note of how it ended."""
        scene, figures, name = self._scene, self._office.figures, self._player.name
        journal = StagedJournal(self._store, self._player)
        try:
            batch_id = self._find(journal) if self._role.sheet is None else self._submit(journal)
            if batch_id is not None:
                self._go_on(journal, batch_id)
            figures["at its end"] += 1
        except GateError as refusal:
            figures["refused"] += 1
            require([] if scene.may_refuse else [f"{name} was refused: {refusal}"], "")
        except JournalLocked:
            figures["kept out"] += 1
        except HoldLost as loss:
            figures["lost its batch"] += 1
            require([] if scene.may_lose else [f"{name} lost its batch: {loss}"], "")
        except JournalError as error:
            # There are no disks here that fail: a process came in the way of the other.
            raise Broken(f"{name} was stopped by the other: {error}") from error

    def _submit(self, journal: Journal) -> str:
        role, clock = self._role, self._player.clock
        assert role.sheet is not None
        self._player.pass_by("draft")
        options = PlanOptions(duplicates=role.duplicates)
        draft = draw_up(journal, role.sheet, LOGIN, options, clock.now(), role.run_key)
        if draft.found is not None and draft.to_send:
            refuse_sent_since(journal, draft.found, clock)
        planned = commit(journal, draft, clock.now())
        if not planned.is_new:
            refuse_sent_since(journal, journal.batch(planned.batch.batch_id), clock)
        return planned.batch.batch_id

    def _find(self, journal: Journal) -> str | None:
        """Find the other's batch."""
        self._player.pass_by("draft")
        control = str(CONTROL_SIZE)
        for summary in journal.batches():
            orders = list(journal.orders(summary.batch.batch_id))
            if all(o.order is None or str(o.order.size) != control for o in orders):
                return summary.batch.batch_id
        return None

    def _go_on(self, journal: Journal, batch_id: str) -> None:
        door = Door(self._office.market, self._player, self._choices)
        for is_last in (False, True):
            try:
                wires = StagedWires(self._player)
                take_over = self._role.take_over
                self._office.run(journal, batch_id, wires, door, take_over=take_over)
                return
            except JournalLocked:
                if is_last or self._role.sheet is not None:
                    raise
                sleep(self._player, PATIENCE_S)


def _doubled(taken: Collection[Taken], most: int) -> list[str]:
    ids = Counter(order.client_order_id for order in taken)
    sizes = Counter(order.size for order in taken)
    return [
        *(f"client order ID {name} was taken {n} times" for name, n in ids.items() if n > 1),
        *(f"the row of size {size} was taken {n} times" for size, n in sizes.items() if n > most),
    ]


def _as_reported(order: OrderRecord) -> Reported:
    assert order.order is not None
    return Reported(
        order.row,
        order.client_order_id or "",
        order.order.size,
        order.final_state.value,
        order.server_order_id,
        order.filled_size,
    )


@contextmanager
def opened(location: str) -> Iterator[Pair]:
    """Open a pair at a journal that nothing was recorded in."""
    pair = Pair(location)
    try:
        yield pair
    finally:
        pair.close()
