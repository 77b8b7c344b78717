"""Histories for Hypothesis to invent: what operators do, and what goes wrong meanwhile."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from batch.plan.duplicates import Duplicates
from tests.campaign.books import WORDS, Market
from tests.campaign.mortal import POINTS, Trouble
from tests.campaign.world import FIRST_SIZE, World

FINDS_ALL = Market("finds all", covers_done=True, late_s=3.0)
FINDS_OPEN = Market("finds open orders only", finds="open")
IS_SLOW = Market("finds nothing for 3 s", slow_s=3.0, covers_done=True, late_s=1.0)
MARKETS = (
    FINDS_ALL,
    FINDS_OPEN,
    IS_SLOW,
    Market("finds all, not confirmed"),
    Market("finds nothing for 3 s, not confirmed", slow_s=3.0),
    Market("finds nothing", finds="none"),
    Market("does not look at the client ID", finds="any"),
)

STEPS = 6

words = st.lists(
    st.sampled_from((*["ok"] * (len(WORDS) // 3), *WORDS)), min_size=2, max_size=10
).map(tuple)
troubles = st.builds(
    Trouble,
    words=words,
    silent=st.sampled_from([0, 0, 0, 1, 3]),
    point=st.one_of(st.none(), st.sampled_from(POINTS)),
    passing=st.integers(1, 8),
    disk_full=st.booleans(),
    stopped_at=st.sampled_from([None, None, None, 0, 1, 3]),
    stops=st.integers(1, 2),
    seed=st.integers(0, 2**16),
)


class Histories(RuleBasedStateMachine):
    """One instance is one history."""

    figures: ClassVar[Counter[str]] = Counter()
    markets: ClassVar[tuple[Market, ...]] = MARKETS

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.is_broken = False

    @initialize(
        market=st.runner().flatmap(lambda machine: st.sampled_from(machine.markets)),
        own_ids=st.lists(st.booleans(), min_size=2, max_size=6),
        trouble=troubles,
    )
    def begin(self, market: Market, own_ids: list[bool], trouble: Trouble) -> None:
        sheet = {
            row: (FIRST_SIZE + row, f"own-{row}" if own else None)
            for row, own in enumerate(own_ids, start=2)
        }
        self.world = World(market, sheet, self.figures)
        self._do(lambda world: world.submit(Duplicates.REFUSE, trouble))

    @rule(
        duplicates=st.sampled_from([Duplicates.REFUSE, Duplicates.SKIP]),
        trouble=troubles,
    )
    def submit(self, duplicates: Duplicates, trouble: Trouble) -> None:
        self._do(lambda world: world.submit(duplicates, trouble))

    @rule(
        cell=st.integers(0, 5),
        duplicates=st.sampled_from([Duplicates.REFUSE, Duplicates.SKIP]),
        trouble=troubles,
    )
    def edit_and_submit(self, cell: int, duplicates: Duplicates, trouble: Trouble) -> None:
        def work(world: World) -> None:
            world.edit(list(world.sheet)[cell % len(world.sheet)])
            world.submit(duplicates, trouble)

        self._do(work)

    @rule(which=st.integers(0, 9), trouble=troubles)
    def resume(self, which: int, trouble: Trouble) -> None:
        def work(world: World) -> None:
            if world.batches:
                world.resume(list(world.batches)[which % len(world.batches)], trouble)

        self._do(work)

    @rule(which=st.integers(0, 9), trouble=troubles)
    def resolve(self, which: int, trouble: Trouble) -> None:
        def work(world: World) -> None:
            if world.batches:
                world.resolve(list(world.batches)[which % len(world.batches)], trouble)

        self._do(work)

    @rule(seconds=st.sampled_from([1.0, 6.0, 60.0, 3600.0]))
    def wait(self, seconds: float) -> None:
        self._do(lambda world: world.clock.sleep(seconds))

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            if not self.is_broken:
                self.world.finish()
        finally:
            self.world.close()

    def _do(self, work: object) -> None:
        assert callable(work)
        try:
            work(self.world)
        except BaseException:
            self.is_broken = True
            raise


def live(
    histories: int, number: int, markets: tuple[Market, ...] = MARKETS, *, shrink: bool = True
) -> Counter[str]:
    """Live through so many histories.

    Args:
        number: the seed; the same one invents the same histories.
        markets: the kinds of venues in them.
        shrink: look for the shortest history that breaks the promise, once one is found.

    Returns:
        What happened in them.

    Raises:
        Broken: with the story of the shortest history that breaks the promise.
    """

    class Part(Histories):
        figures: ClassVar[Counter[str]] = Counter()

    Part.markets = markets
    run_state_machine_as_test(
        seed(number)(Part),
        settings=settings(
            max_examples=histories,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=False,
            print_blob=True,
            report_multiple_bugs=False,
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Part.figures
