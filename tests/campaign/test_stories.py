"""Each way in which orders were doubled, or sent unchecked, told as a story with its bug in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack

import pytest

from tests.campaign import stories
from tests.campaign.books import Market
from tests.campaign.identity_mutants import IDENTITY_MUTANTS
from tests.campaign.invariants import Broken
from tests.campaign.journals import Library, Server
from tests.campaign.sharing_mutants import SHARING_MUTANTS
from tests.campaign.stories import (
    FILLED,
    FINDS_ALL,
    FINDS_NOTHING,
    IS_SILENT,
    IS_SLOW,
    LONG,
    PART_FILLED,
    UNFILLED,
    Story,
    tell,
)

pytestmark = pytest.mark.campaign

Case = tuple[str, Market, Sequence[int], Story]

CASES: list[Case] = [
    ("reading_is_not_compared", FINDS_ALL, [FILLED, UNFILLED], stories.read_otherwise),
    (
        "first_equal_order_stands_for_all",
        FINDS_ALL,
        [UNFILLED, UNFILLED],
        stories.edit_one_of_equal_rows,
    ),
    ("silence_is_no_fill", IS_SILENT, [PART_FILLED], stories.note_and_submit),
    ("open_orders_are_forgotten_after_a_day", FINDS_ALL, [LONG], stories.wait_note_and_submit),
    ("only_the_own_orders_count", FINDS_ALL, [FILLED], stories.colleague_submits),
    ("only_the_journal_is_asked", FINDS_ALL, [FILLED], stories.other_folder_submits),
    *(
        ("every_no_is_final", FINDS_NOTHING, [FILLED], stories.answered_by(word))
        for word in ("page-404-after", "timeout-408-after", "balancer-460-after", "duplicate-after")
    ),
    (
        "corrections_are_written_before_they_are_withdrawn",
        FINDS_ALL,
        [FILLED, UNFILLED],
        stories.correct_what_was_not_sent,
    ),
    ("a_retry_of_again_sends_again", FINDS_ALL, [FILLED], stories.again_and_again),
    ("yesterdays_result_is_todays", FINDS_ALL, [FILLED], stories.standing_sheet),
    ("every_run_is_the_same", FINDS_ALL, [FILLED], stories.standing_sheet_by_run),
    ("a_stop_is_not_seen", FINDS_ALL, [FILLED, UNFILLED], stories.stop_and_resume),
    ("one_cancel_is_for_all", FINDS_ALL, [LONG, LONG + 5], stories.cancel_one),
    ("a_persons_word_is_not_asked_about", IS_SLOW, [FILLED], stories.deny_what_is_there),
    (
        "throttled_row_is_sent_in_two_copies",
        FINDS_NOTHING,
        [FILLED, UNFILLED],
        stories.answered_by("throttled"),
    ),
]


def require_shown(put: Callable[[ExitStack], None], live: Callable[[], Counter[str]]) -> None:
    """Make sure that a story ends well, and breaks where a bug was put in."""
    figures = live()

    assert figures["histories"] == 1
    with ExitStack() as patches:
        put(patches)
        with pytest.raises(Broken):
            live()


@pytest.mark.parametrize(("bug", "market", "sizes", "story"), CASES, ids=[c[0] for c in CASES])
def test_a_story_shows_its_bug_and_nothing_without_it(
    bug: str, market: Market, sizes: Sequence[int], story: Story, library: Library
) -> None:
    require_shown(IDENTITY_MUTANTS[bug], lambda: tell(market, sizes, story, library))


OF_HOSTS: list[Case] = [
    (
        "absence_counts_at_once_after_a_take_over",
        FINDS_ALL,
        [FILLED, UNFILLED, PART_FILLED],
        stories.stand_still_and_be_overtaken,
    ),
    (
        "a_doubtful_commit_counts",
        FINDS_NOTHING,
        [FILLED, UNFILLED],
        stories.lose_the_word_of_a_claim,
    ),
]


@pytest.mark.parametrize(
    ("bug", "market", "sizes", "story"), OF_HOSTS, ids=[c[0] for c in OF_HOSTS]
)
def test_a_story_of_hosts_shows_its_bug_and_nothing_without_it(
    bug: str, market: Market, sizes: Sequence[int], story: Story, server: Server
) -> None:
    require_shown(SHARING_MUTANTS[bug], lambda: tell(market, sizes, story, server))


def test_every_bug_has_a_story() -> None:
    assert {case[0] for case in CASES} == set(IDENTITY_MUTANTS)
    assert {case[0] for case in OF_HOSTS} == set(SHARING_MUTANTS)
