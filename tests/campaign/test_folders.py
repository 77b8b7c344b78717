"""Folder runs of two schedulers, killed at every step: each sheet is done once, and whole."""

from __future__ import annotations

import random

import pytest

from tests.campaign.conftest import Count
from tests.campaign.folder_deaths import FOLDER_POINTS
from tests.campaign.folder_mutants import FOLDER_MUTANTS
from tests.campaign.folders import kill_schedulers_at, kill_schedulers_at_random
from tests.campaign.form import Form
from tests.campaign.invariants import Broken
from tests.campaign.office import Launchpad

pytestmark = pytest.mark.campaign

POINTS = (
    *FOLDER_POINTS,
    "planning",
    "plan-not-committed",
    "planned",
    "claimed",
    "posted",
    "answered",
    "recorded",
    "verdict",
    "report-not-in-place",
    "report-in-place",
)
"""The folder's own, and those of a batch that two schedulers meet in different ways."""

TOGETHER = 4
"""Points at which schedulers are killed on one folder."""


@pytest.mark.parametrize("group", range(len(POINTS) // TOGETHER))
def test_schedulers_killed_at_every_step_of_a_folder_lose_no_sheet_and_send_each_row_once(
    group: int, form: Form, count: Count, launchpads: list[Launchpad]
) -> None:
    for seed in range(form.rounds_of_points):
        shuffled = random.Random(seed).sample(POINTS, len(POINTS))
        points = shuffled[group * TOGETHER : (group + 1) * TOGETHER]

        office = kill_schedulers_at(points, seed, launchpads[:2])

        count(office.figures)
        hits = {point: office.figures[f"schedulers killed at {point}"] for point in points}
        assert hits == dict.fromkeys(points, 1), office.story


def test_schedulers_killed_at_random_moments_lose_no_sheet_and_send_each_row_once(
    form: Form, count: Count, launchpads: list[Launchpad]
) -> None:
    for seed in range(form.storms // 2):
        count(kill_schedulers_at_random(seed, launchpads[:2]).figures)


@pytest.mark.parametrize("mutant", FOLDER_MUTANTS)
def test_killed_schedulers_show_a_deliberate_bug_of_folders(
    mutant: str, launchpads: list[Launchpad]
) -> None:
    points = ("planning", "posted", "sheet-put-away", "planned")

    with pytest.raises(Broken):
        kill_schedulers_at(points, 0, launchpads[:2], mutant=mutant)
