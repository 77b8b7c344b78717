"""The campaign is tested itself: every deliberate bug is caught, and soon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

import pytest

from tests.campaign.invariants import Broken
from tests.campaign.machine import FINDS_ALL, FINDS_OPEN, IS_SLOW, MARKETS, PlainHistories, live
from tests.campaign.mutants import MUTANTS, MUTANTS_OF_PROCESSES, switch_in
from tests.campaign.office import Launchpad, Office
from tests.campaign.scenarios import MODELS, kill_at, lose_replies, redirect, start_twice

pytestmark = pytest.mark.campaign

ENOUGH = 500
"""Histories within which each bug must have shown itself; most do within a few dozen."""

ENOUGH_BATCHES = 12
"""Batches of real processes within which each bug must have shown itself."""

FINDS_ALL_UNCONFIRMED = MODELS[1]
FINDS_NOTHING = MODELS[-1]

TELLING = {
    "not_found_is_not_placed": (FINDS_OPEN,),
    "absent_once_is_enough": (IS_SLOW,),
    "absent_twice_at_once": (IS_SLOW,),
    "every_found_order_is_ours": (FINDS_ALL,),
}
"""The venue that shows a bug, where most venues hide it."""


SHOWS: Mapping[str, Callable[[int, Launchpad, str], Office]] = {
    # A venue that finds orders by client ID is asked first, and so keeps even this bug harmless.
    "claim_not_committed": lambda seed, pad, bug: kill_at(
        "posted", FINDS_NOTHING, seed, pad, mutant=bug
    ),
    "claimed_row_is_sent_again": lambda seed, pad, bug: kill_at(
        "answered", FINDS_NOTHING, seed, pad, mutant=bug
    ),
    "redirect_is_followed": lambda _, pad, bug: redirect(FINDS_ALL_UNCONFIRMED, pad, mutant=bug),
    "adapter_retries": lambda seed, pad, bug: lose_replies(
        FINDS_ALL_UNCONFIRMED, 20, 20, pad, seed=seed, mutant=bug
    ),
    "batch_is_not_held": lambda _, __, bug: start_twice(FINDS_ALL_UNCONFIRMED, 60, mutant=bug),
}
"""What is done to the processes that have a bug."""


@pytest.mark.parametrize("mutant", MUTANTS_OF_PROCESSES)
def test_processes_show_a_deliberate_bug(mutant: str, launchpads: list[Launchpad]) -> None:
    with pytest.raises(Broken):
        for seed in range(ENOUGH_BATCHES):
            SHOWS[mutant](seed, launchpads[0], mutant)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_histories_catch_a_deliberate_bug(mutant: str) -> None:
    with ExitStack() as patches:
        switch_in(mutant, patches)

        markets = TELLING.get(mutant, MARKETS)
        with pytest.raises(Broken):
            live(ENOUGH, 0, markets, kind=PlainHistories, shrink=False)
