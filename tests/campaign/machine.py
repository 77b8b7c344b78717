"""Histories for Hypothesis to invent: what operators do, and what goes wrong meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from batch.plan.duplicates import Duplicates
from tests.campaign import persons
from tests.campaign.books import WORDS, Market, Place
from tests.campaign.journals import FILES, HERE, THERE, Library
from tests.campaign.mortal import CUTS, POINTS, Trouble
from tests.campaign.sheets import FIRST_SIZE, READINGS, OrderSheet
from tests.campaign.world import Asking, World

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
    Market("finds all, and does not say what was filled", covers_done=True, is_silent=True),
)

STEPS = 6

words = st.lists(
    st.sampled_from((*["ok"] * (len(WORDS) // 3), *WORDS)), min_size=2, max_size=10
).map(tuple)
plain_troubles = st.builds(
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
troubles = st.builds(
    replace, plain_troubles, halted_at=st.sampled_from([None, None, None, None, 1, 4])
)
troubles_of_hosts = st.one_of(
    troubles,
    st.builds(replace, plain_troubles, overtaken_at=st.integers(0, 6)),
    st.builds(
        replace,
        troubles,
        cut=st.sampled_from(CUTS),
        cut_passing=st.integers(1, 12),
        overtaken_at=st.none(),
    ),
)
"""A holder that stands still sees no stop, so that these two do not go together."""

runs = st.sampled_from([None, None, None, "{date}", "monday"])
plain_askings = st.builds(Asking, duplicates=st.sampled_from([Duplicates.REFUSE, Duplicates.SKIP]))
askings = st.builds(
    Asking,
    duplicates=st.sampled_from([Duplicates.REFUSE, Duplicates.SKIP, Duplicates.SEND]),
    run=runs,
    user=st.sampled_from(["user", "user", "user", "colleague"]),
    folder=st.sampled_from([HERE, HERE, HERE, HERE, THERE]),
)
numbers = st.integers(0, 9)

A = TypeVar("A")


def chosen(name: str) -> st.SearchStrategy[A]:
    """Draw by the strategy of this name of the machine at hand."""
    return st.runner().flatmap(lambda machine: getattr(machine, name))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is so from the start of a history.

    Attributes:
        has_equals: the first two rows are equal but for their client IDs.
        is_prefixed: the sheet's own client IDs get the batch's before them.
        run: the run key of the first submit.
    """

    has_equals: bool = False
    is_prefixed: bool = False
    run: str | None = None


class PlainHistories(RuleBasedStateMachine):
    """What an operator does to send a sheet, and edited ones; one instance is one history."""

    figures: ClassVar[Counter[str]] = Counter()
    library: ClassVar[Library] = FILES
    markets: ClassVar[tuple[Market, ...]] = MARKETS
    troubles: ClassVar[st.SearchStrategy[Trouble]] = plain_troubles
    askings: ClassVar[st.SearchStrategy[Asking]] = plain_askings
    beginnings: ClassVar[st.SearchStrategy[Beginning]] = st.just(Beginning())
    waits: ClassVar[st.SearchStrategy[float]] = st.sampled_from([1.0, 6.0, 60.0, 3600.0])

    def __init__(self) -> None:
        super().__init__()
        self.world: World | None = None
        self.is_broken = False

    @initialize(
        market=st.runner().flatmap(lambda machine: st.sampled_from(machine.markets)),
        own_ids=st.lists(st.booleans(), min_size=2, max_size=6),
        beginning=chosen("beginnings"),
        trouble=chosen("troubles"),
    )
    def begin(
        self, market: Market, own_ids: list[bool], beginning: Beginning, trouble: Trouble
    ) -> None:
        lines = {
            row: (FIRST_SIZE + row, f"own-{row}" if own else None)
            for row, own in enumerate(own_ids, start=2)
        }
        if beginning.has_equals:
            lines[3] = (lines[2][0], lines[3][1])
        sheet = OrderSheet(lines)
        self.world = World(market, sheet, self.figures, beginning.is_prefixed, library=self.library)
        self._do(lambda world: world.submit(Asking(run=beginning.run), trouble))

    @rule(how=chosen("askings"), trouble=chosen("troubles"))
    def submit(self, how: Asking, trouble: Trouble) -> None:
        self._do(lambda world: world.submit(how, trouble))

    @rule(cell=st.integers(0, 5), how=chosen("askings"), trouble=chosen("troubles"))
    def edit_and_submit(self, cell: int, how: Asking, trouble: Trouble) -> None:
        def work(world: World) -> None:
            row = list(world.sheet.lines)[cell % len(world.sheet.lines)]
            world.sheet.edit(row, keeps_id=world.is_prefixed)
            world.submit(how, trouble)

        self._do(work)

    @rule(which=numbers, trouble=chosen("troubles"))
    def resume(self, which: int, trouble: Trouble) -> None:
        self._of_batch(which, lambda world, place: world.resume(place, trouble))

    @rule(which=numbers, trouble=chosen("troubles"))
    def resolve(self, which: int, trouble: Trouble) -> None:
        self._of_batch(which, lambda world, place: persons.resolve(world, place, trouble))

    @rule(seconds=chosen("waits"))
    def wait(self, seconds: float) -> None:
        def work(world: World) -> None:
            world.tell("wait", seconds)
            world.figures["days that passed"] += seconds > 24 * 3600
            world.clock.sleep(seconds)

        self._do(work)

    def teardown(self) -> None:
        if self.world is None:
            return
        try:
            if not self.is_broken:
                persons.hand_back_the_rest(self.world)
                self.world.finish()
        finally:
            self.world.close()

    def _of_batch(self, which: int, work: Callable[[World, Place], None]) -> None:
        def choose(world: World) -> None:
            if world.places:
                work(world, world.places[which % len(world.places)])

        self._do(choose)

    def _do(self, work: Callable[[World], None]) -> None:
        assert self.world is not None
        try:
            work(self.world)
        except BaseException:
            self.is_broken = True
            raise


class Histories(PlainHistories):
    """What persons do beside that, too, in days that pass, with journals and logins."""

    troubles = troubles
    askings = askings
    beginnings = st.builds(Beginning, has_equals=st.booleans(), is_prefixed=st.booleans(), run=runs)
    waits = st.sampled_from([1.0, 6.0, 60.0, 3600.0, 25 * 3600.0])

    @rule(number=st.integers(0, 2), how=chosen("askings"), trouble=chosen("troubles"))
    def note_and_submit(self, number: int, how: Asking, trouble: Trouble) -> None:
        """Change a cell that is not sent, which makes the same orders another sheet."""

        def work(world: World) -> None:
            world.sheet.note = f"note {number}"
            world.submit(how, trouble)

        self._do(work)

    @rule(
        reading=st.integers(0, len(READINGS) - 1), how=chosen("askings"), trouble=chosen("troubles")
    )
    def read_otherwise_and_submit(self, reading: int, how: Asking, trouble: Trouble) -> None:
        """Change the settings by which the same cells are read."""

        def work(world: World) -> None:
            world.sheet.reading = reading
            world.count("submitted as read otherwise")
            world.submit(how, trouble)

        self._do(work)

    @rule(which=numbers, is_denied=st.booleans(), trouble=chosen("troubles"))
    def find_wrongly(self, which: int, is_denied: bool, trouble: Trouble) -> None:
        err = persons.deny if is_denied else persons.mistake
        self._of_batch(which, lambda world, place: err(world, place, trouble))

    @rule(which=numbers, row=st.one_of(st.none(), st.integers(0, 5)), trouble=chosen("troubles"))
    def cancel(self, which: int, row: int | None, trouble: Trouble) -> None:
        self._of_batch(which, lambda world, place: persons.cancel(world, place, trouble, which=row))

    @rule(which=numbers, is_all=st.booleans(), cancels=st.booleans())
    def stop(self, which: int, is_all: bool, cancels: bool) -> None:
        self._of_batch(
            which,
            lambda world, place: world.stop(
                place[0], None if is_all else place[1], cancels=cancels
            ),
        )

    @rule()
    def release(self) -> None:
        self._do(lambda world: world.release())

    @rule(
        which=numbers,
        is_mended=st.booleans(),
        how=chosen("askings"),
        dies_at=st.one_of(st.none(), st.sampled_from(["before-apply", "applied"])),
        trouble=chosen("troubles"),
    )
    def correct_and_submit(
        self, which: int, is_mended: bool, how: Asking, dies_at: str | None, trouble: Trouble
    ) -> None:
        def work(world: World, place: Place) -> None:
            mended = persons.correct(world, place, Trouble(point=dies_at))
            if mended.rows:
                world.sheet.replace_by(mended, is_mended=is_mended)
                world.count("corrections sheets sent")
                world.submit(how, trouble)

        self._of_batch(which, work)


class HistoriesOfHosts(Histories):
    """What befalls beside that where hosts share a journal in a server."""

    troubles = troubles_of_hosts


def live(
    histories: int,
    number: int,
    markets: tuple[Market, ...] = MARKETS,
    *,
    kind: type[PlainHistories] = Histories,
    library: Library = FILES,
    shrink: bool = True,
) -> Counter[str]:
    """Live through so many histories.

    Args:
        number: the seed; the same one invents the same histories.
        markets: the kinds of venues in them.
        kind: what is done in them.
        library: where their journals are.
        shrink: look for the shortest history that breaks the promise, once one is found.

    Returns:
        What happened in them.

    Raises:
        Broken: with the story of the shortest history that breaks the promise.
    """

    class Part(kind):  # type: ignore[misc, valid-type]
        figures: ClassVar[Counter[str]] = Counter()

    Part.markets, Part.library = markets, library
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
