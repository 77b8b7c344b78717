"""Real processes, killed with SIGKILL at random moments and at every named point."""

from __future__ import annotations

import itertools
import random
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.campaign.conftest import Count
from tests.campaign.deaths import IN_RECOVERY, POINTS
from tests.campaign.form import Form
from tests.campaign.invariants import contradicted, doubled, lost, require
from tests.campaign.office import KILLED, Launchpad, Model, Office, losing, open_office

pytestmark = pytest.mark.campaign

MODELS = (
    Model("finds all", covers_done=True),
    Model("finds all, not confirmed"),
    Model("finds open orders only", client_id_query="open"),
    Model("finds nothing for 3 s", client_id_delay_s=3.0, covers_done=True),
    Model("finds nothing for 3 s, not confirmed", client_id_delay_s=3.0),
    Model("finds nothing", client_id_query="none"),
)
LOSSES = (0, 2, 20)
AT_ONCE = 4
"""Batches that are killed side by side: most of their time they wait."""


@pytest.fixture(scope="module")
def launchpads() -> Iterator[list[Launchpad]]:
    made = [Launchpad() for _ in range(AT_ONCE)]
    yield made
    for launchpad in made:
        launchpad.close()


def check(office: Office) -> None:
    """Finish the batch, and hold the report against the venue's books."""
    report = office.finish()
    taken = office.taken()
    wrong = [*doubled(taken), *lost(report, office.sizes), *contradicted(report, taken)]
    states = [line.final_state for line in report]
    wrong += [f"row {line.row} was never sent" for line in report if line.final_state == "NOT_SENT"]
    if office.model.covers_done and "UNKNOWN" in states:
        wrong.append(f"UNKNOWN is left: {states}")
    require(wrong, [office.model, *office.story])
    office.count_what_went_wrong()
    office.figures["orders at the venue"] += len(taken)
    office.figures["rows"] += len(report)
    office.figures["UNKNOWN left"] += states.count("UNKNOWN")
    office.figures["batches"] += 1


def kill_at_random(model: Model, seed: int, launchpad: Launchpad | None) -> Office:
    """Kill a batch at a few random moments, then let it finish."""
    dice = random.Random(seed)
    with open_office(model, dice.randint(6, 30), launchpad=launchpad) as office:
        office.story.append(f"seed {seed}")
        longest_s = 0.6 if launchpad else 2.5
        for _ in range(dice.randint(2, 5)):
            office.go_on(dice, killed_after_s=dice.uniform(0.02, longest_s))
            if office.report.exists():
                office.read_report()
        check(office)
    return office


def kill_at(point: str, model: Model, seed: int, launchpad: Launchpad | None) -> Office:
    """Kill a batch at a named point, three times in a row in a recovery, then let it finish."""
    dice = random.Random(seed)
    with open_office(model, dice.randint(8, 20), launchpad=launchpad) as office:
        office.story.append(f"seed {seed}")
        if point in IN_RECOVERY:
            office.submit(death=f"posted:{dice.randint(1, 6)}")
            for _ in range(3):
                office.go_on(dice, death=f"{point}:1")
        else:
            nth = 1 if point.startswith(("plan", "report")) else dice.randint(1, 3)
            office.submit(death=f"{point}:{nth}")
            if dice.random() < 0.5:
                office.go_on(dice, killed_after_s=dice.uniform(0.02, 0.6))
        office.figures[f"killed at {point}"] += office.figures["kills"]
        check(office)
    return office


def side_by_side(jobs: list[tuple[object, ...]], launchpads: list[Launchpad]) -> list[Office]:
    """Do jobs, each on a launchpad of its own."""
    free = list(launchpads)

    def do(job: tuple[object, ...]) -> Office:
        work, *arguments = job
        launchpad = free.pop()
        try:
            return work(*arguments, launchpad)  # type: ignore[operator, no-any-return]
        finally:
            free.append(launchpad)

    with ThreadPoolExecutor(len(launchpads)) as pool:
        return list(pool.map(do, jobs))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_batches_killed_at_random_moments_double_and_lose_nothing(
    model: Model, loss: int, form: Form, count: Count, launchpads: list[Launchpad]
) -> None:
    first = zlib.crc32(f"{model.name}{loss}".encode()) % 1_000_000
    jobs: list[tuple[object, ...]] = [
        (kill_at_random, losing(model, loss, seed) if loss else model, seed)
        for seed in range(first, first + form.storms)
    ]

    offices = side_by_side(jobs, launchpads)

    for office in offices:
        count(office.figures)


@pytest.mark.parametrize("point", POINTS)
def test_batches_killed_at_a_named_point_double_and_lose_nothing(
    point: str, form: Form, count: Count, launchpads: list[Launchpad]
) -> None:
    # All are asked about something only where a reply is missing.
    models = [replace(model, faults=()) for model in MODELS[:4]]
    jobs: list[tuple[object, ...]] = [
        (kill_at, point, model, seed)
        for seed, model in itertools.product(range(form.rounds_of_points), models)
    ]

    offices = side_by_side(jobs, launchpads)

    for office in offices:
        count(office.figures)
    assert sum(office.figures[f"killed at {point}"] for office in offices) >= len(offices)


@pytest.mark.parametrize("model", MODELS[:4], ids=lambda model: model.name)
def test_the_command_itself_killed_at_random_moments_doubles_and_loses_nothing(
    model: Model, form: Form, count: Count
) -> None:
    for seed in range(form.storms_of_commands):
        office = kill_at_random(losing(model, 5, seed), seed, None)
        count(office.figures)


def test_killed_processes_are_really_killed(launchpads: list[Launchpad]) -> None:
    with open_office(MODELS[0], 6, launchpad=launchpads[0]) as office:
        assert office.submit(killed_after_s=0.05) == KILLED
        assert office.submit(death="claimed:1") == KILLED
        assert office.submit() == 1
