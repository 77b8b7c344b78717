"""Real processes, killed with SIGKILL at random moments and at every named point."""

from __future__ import annotations

import itertools
import zlib
from functools import partial

import pytest

from tests.campaign.conftest import Count
from tests.campaign.deaths import POINTS
from tests.campaign.form import Form
from tests.campaign.office import KILLED, Launchpad, Model, losing, open_office
from tests.campaign.scenarios import MODELS, Job, kill_at, kill_at_random, side_by_side

pytestmark = pytest.mark.campaign

LOSSES = (0, 2, 20)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_batches_killed_at_random_moments_double_and_lose_nothing(
    model: Model, loss: int, form: Form, count: Count, launchpads: list[Launchpad]
) -> None:
    first = zlib.crc32(f"{model.name}{loss}".encode()) % 1_000_000
    jobs: list[Job] = [
        partial(kill_at_random, losing(model, loss, seed) if loss else model, seed)
        for seed in range(first, first + form.storms)
    ]

    offices = side_by_side(jobs, launchpads)

    for office in offices:
        count(office.figures)


@pytest.mark.parametrize("point", POINTS)
def test_batches_killed_at_a_named_point_double_and_lose_nothing(
    point: str, form: Form, count: Count, launchpads: list[Launchpad]
) -> None:
    jobs: list[Job] = [
        partial(kill_at, point, model, seed)
        for seed, model in itertools.product(range(form.rounds_of_points), MODELS[:3])
    ]

    offices = side_by_side(jobs, launchpads)

    for office in offices:
        count(office.figures)
    hits = [office.figures[f"killed at {point}"] for office in offices]
    assert all(hits), hits


@pytest.mark.parametrize("model", MODELS[:4], ids=lambda model: model.name)
def test_the_command_itself_killed_at_random_moments_doubles_and_loses_nothing(
    model: Model, form: Form, count: Count
) -> None:
    for seed in range(form.storms_of_commands):
        office = kill_at_random(losing(model, 5, seed), seed, None)
        count(office.figures)


def test_killed_processes_are_really_killed(launchpads: list[Launchpad]) -> None:
    with open_office(MODELS[0], 1, launchpad=launchpads[0]) as office:
        assert office.submit(killed_after_s=0.05) == KILLED
        assert office.submit(death="claimed:1") == KILLED
        # It was claimed, and no order is known to be done that could prove them absent.
        assert office.submit() == 5
        assert office.taken() == []
