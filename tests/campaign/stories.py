"""Short histories in which one deliberate bug must show, and without it nothing is wrong.

Chance comes by them too, among thousands; here each is told on purpose, so that a bug is caught
whatever chance does. All are counted at the venue's books, by what every history is held against.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from batch.plan.duplicates import Duplicates
from tests.campaign import persons
from tests.campaign.books import Market
from tests.campaign.invariants import require
from tests.campaign.journals import FILES, HERE, THERE, Library
from tests.campaign.mortal import TO_CLAIM, Trouble
from tests.campaign.sheets import OrderSheet
from tests.campaign.world import FREE_S, Asking, World

Story = Callable[[World], None]

FINDS_ALL = Market("finds all", covers_done=True)
IS_SLOW = Market("finds nothing for 3 s", slow_s=3.0, covers_done=True)
FINDS_NOTHING = Market("finds nothing", finds="none")
IS_SILENT = Market("finds all, and does not say what was filled", covers_done=True, is_silent=True)

DAY = 25 * 3600.0

FILLED, UNFILLED, PART_FILLED = 100_001, 100_002, 100_003
"""Sizes that end so where they are the first order that the venue takes."""
LONG = 100_004
"""Of one that works for longer than a day."""

AT_ONCE = Trouble(seed=5)
"""Nothing goes wrong, and the first calls are made in their order."""

BEFORE_THE_FIRST = Trouble(point="before-apply")
"""The process dies when the batch is planned, and nothing of it is claimed."""


def tell(
    market: Market, sizes: Iterable[int], story: Story, library: Library = FILES
) -> Counter[str]:
    """Live through a story, and hold its end against the venue's books.

    Args:
        library: where its journals are.

    Raises:
        Broken: something was sent twice, lost, or claimed that is not so.
    """
    lines: dict[int, tuple[int, str | None]] = {
        row: (size, None) for row, size in enumerate(sizes, start=2)
    }
    world = World(market, OrderSheet(lines), Counter(), library=library)
    try:
        story(world)
        world.finish()
    finally:
        world.close()
    return world.figures


def read_otherwise(world: World) -> None:
    """The settings change between an interrupted submit and the next one."""
    world.submit(Asking(), BEFORE_THE_FIRST)
    world.clock.sleep(FREE_S)
    world.sheet.reading = 1
    world.submit(Asking(), Trouble())


def edit_one_of_equal_rows(world: World) -> None:
    """Of equal rows the first ended unfilled, the second did not; the first is edited."""
    world.submit(Asking(), AT_ONCE)
    world.sheet.edit(2, keeps_id=False)
    world.submit(Asking(Duplicates.SKIP), Trouble())
    _require_sent(world, 3)


def note_and_submit(world: World) -> None:
    """The same orders stand in another sheet."""
    world.submit(Asking(), Trouble())
    world.sheet.note = "once more"
    world.submit(Asking(), Trouble())


def wait_note_and_submit(world: World) -> None:
    """The same orders stand in another sheet a day later, when the first works yet."""
    world.submit(Asking(), Trouble())
    world.clock.sleep(DAY)
    world.sheet.note = "once more"
    world.submit(Asking(), Trouble())


def colleague_submits(world: World) -> None:
    """A colleague of the same org has the same sheet."""
    world.submit(Asking(), Trouble())
    world.submit(Asking(user="colleague"), Trouble())


def other_folder_submits(world: World) -> None:
    """The same login sends the same sheet by another folder's journal."""
    world.submit(Asking(folder=HERE), Trouble())
    world.submit(Asking(folder=THERE), Trouble())


def answered_by(word: str) -> Story:
    """Something else answers the first placing than what became of it."""

    def story(world: World) -> None:
        world.submit(Asking(), Trouble(words=(word,)))

    return story


def correct_what_was_not_sent(world: World) -> None:
    """A process dies between the sheet of corrections and the rows that it takes out."""
    world.submit(Asking(), BEFORE_THE_FIRST)
    (place,) = world.places
    world.clock.sleep(FREE_S)
    persons.correct(world, place, Trouble(point="before-apply"))
    world.resume(place, Trouble())


def again_and_again(world: World) -> None:
    """A scheduler's line that sends once more is tried once more."""
    how = Asking(Duplicates.SEND, run="monday")
    world.submit(how, Trouble())
    world.submit(how, Trouble())
    _require_sent(world, 1)


def standing_sheet(world: World) -> None:
    """The same sheet comes on the next day, and nobody says what that means."""
    world.submit(Asking(), Trouble())
    world.clock.sleep(DAY)
    world.submit(Asking(), Trouble())
    _require_sent(world, 1)


def standing_sheet_by_run(world: World) -> None:
    """The same sheet comes on each day, by a run of the day."""
    for _ in range(3):
        world.submit(Asking(run="{date}"), Trouble())
        world.submit(Asking(run="{date}"), Trouble())
        world.clock.sleep(DAY)
    _require_sent(world, 3)


def stop_and_resume(world: World) -> None:
    """Somebody goes on with a batch that was stopped."""
    world.submit(Asking(), BEFORE_THE_FIRST)
    world.stop(HERE, None, cancels=False)
    world.clock.sleep(60.0)
    world.resume(world.places[0], Trouble())
    _require_sent(world, 0)


def cancel_one(world: World) -> None:
    """One of two open orders is cancelled."""
    world.submit(Asking(), Trouble())
    persons.cancel(world, world.places[0], Trouble(seed=1), which=0)
    cancelled = [held for held in world.books.held if held.cancelled_at is not None]
    require([] if len(cancelled) == 1 else [f"cancelled: {cancelled}"], world.words())


def deny_what_is_there(world: World) -> None:
    """A person says of an order that it was never placed, and the venue finds it."""
    world.submit(Asking(), Trouble(words=("lost",), point="in-round", passing=5, seed=5))
    (place,) = world.places
    world.clock.sleep(3700.0)
    persons.deny(world, place, Trouble(seed=2))
    require([] if world.ledger.misled else ["nobody was misled"], world.words())
    world.resume(place, Trouble())
    _require_sent(world, 1)


def stand_still_and_be_overtaken(world: World) -> None:
    """A process stands still with requests about to leave; another one ends its batch meanwhile."""
    world.submit(Asking(), Trouble(overtaken_at=2))
    _require_sent(world, 3)


def lose_the_word_of_a_claim(world: World) -> None:
    """The session breaks as the first claim is to be committed; the process dies some calls on."""
    world.submit(Asking(), Trouble(cut="asked" + TO_CLAIM, point="after-call", passing=2, seed=3))


def _require_sent(world: World, count: int) -> None:
    sent = len(world.books.taken())
    require([] if sent == count else [f"expected {count} orders, found {sent}"], world.words())
