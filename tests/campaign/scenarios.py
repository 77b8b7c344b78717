"""What is done to batches of real processes, each followed by a count at the venue."""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from batch.simulator import Simulator
from tests.campaign.deaths import IN_RECOVERY, PASSED_OFTEN
from tests.campaign.invariants import Failed, require
from tests.campaign.office import KILLED, Launchpad, Model, Office, open_office

MODELS = (
    Model("finds all", covers_done=True),
    Model("finds all, not confirmed"),
    Model("finds open orders only", client_id_query="open"),
    Model("finds nothing for 3 s", client_id_delay_s=3.0, covers_done=True),
    Model("finds nothing for 3 s, not confirmed", client_id_delay_s=3.0),
    Model("finds nothing", client_id_query="none"),
)

PATIENCE_S = 60.0
"""How long two processes may take that need some seconds."""


def kill_at_random(model: Model, seed: int, launchpad: Launchpad | None = None) -> Office:
    """Kill a batch at a few random moments, then let it finish."""
    dice = random.Random(seed)
    with open_office(model, dice.randint(6, 30), launchpad=launchpad) as office:
        office.story.append(f"seed {seed}")
        longest_s = 0.6 if launchpad else 2.5
        for _ in range(dice.randint(2, 5)):
            office.go_on(dice, killed_after_s=dice.uniform(0.02, longest_s))
            if office.report.exists():
                office.read_report()
        office.check()
    return office


def kill_at(
    point: str, model: Model, seed: int, launchpad: Launchpad | None = None, *, mutant: str = ""
) -> Office:
    """Kill a batch at a named point, three times in a row in a recovery, then let it finish."""
    dice = random.Random(seed)
    with open_office(model, dice.randint(8, 20), launchpad=launchpad, mutant=mutant) as office:
        office.story.append(f"seed {seed}")
        if point in IN_RECOVERY:
            office.submit(death=f"posted:{dice.randint(1, 6)}")
            hits = [office.go_on(dice, death=f"{point}:1") for _ in range(3)]
        else:
            nth = dice.randint(1, 2) if point in PASSED_OFTEN else 1
            hits = [office.submit(death=f"{point}:{nth}")]
            if dice.random() < 0.5:
                office.go_on(dice, killed_after_s=dice.uniform(0.02, 0.6))
        office.figures[f"killed at {point}"] += hits.count(KILLED)
        office.check()
    return office


def start_twice(model: Model, rows: int, *, mutant: str = "") -> Office:
    """Start two processes with the same sheet at once."""
    with open_office(replace(model, latency_s=0.05), rows, mutant=mutant) as office:
        words = ("submit", str(office.sheet), "--yes", "--max-in-flight", "6")
        both = [office.start(*words, "--report", str(office.report)) for _ in range(2)]
        try:
            codes = _wait(both, lambda: office.venue.ledger.posts <= rows)
        finally:
            for process in both:
                process.kill()
                process.wait()
        posts = office.venue.ledger.posts
        office.story.append(f"exits {codes}, {posts} posts")
        require([] if posts == rows else [f"{rows} rows and {posts} posts"], office.story)
        if codes not in ([1, 1], [1, 6]):
            raise Failed(office.story)
        office.check()
    return office


def _wait(
    processes: Sequence[subprocess.Popen[bytes]], is_good: Callable[[], bool]
) -> list[int | None]:
    """Wait until all have ended, or something is not good any more; give the exit codes."""
    ends_at = time.monotonic() + PATIENCE_S
    while any(process.poll() is None for process in processes):
        if time.monotonic() >= ends_at or not is_good():
            break
        time.sleep(0.02)
    return sorted((process.returncode for process in processes), key=str)


def redirect(model: Model, launchpad: Launchpad, *, mutant: str = "") -> Office:
    """Point a placing at another venue."""
    with Simulator() as elsewhere:
        fault = f"redirect=307:place:nth=3:location={elsewhere.url}/v2/orders"
        with open_office(
            replace(model, faults=(fault,)), 8, launchpad=launchpad, mutant=mutant
        ) as office:
            office.check()
        posts = elsewhere.ledger.posts
        require([f"{posts} orders went elsewhere"] if posts else [], office.story)
    return office


def lose_replies(
    model: Model,
    percent: float,
    rows: int,
    launchpad: Launchpad | None = None,
    *,
    seed: int = 0,
    mutant: str = "",
) -> Office:
    """Lose replies after the order was taken, and nothing else."""
    fault = f"reset-after:place:{percent}%:seed={seed}"
    with open_office(
        replace(model, faults=(fault,)), rows, launchpad=launchpad, mutant=mutant
    ) as office:
        office.check()
    return office


Job = Callable[[Launchpad], Office]


def side_by_side(jobs: Sequence[Job], launchpads: Sequence[Launchpad]) -> list[Office]:
    """Do jobs, each on a launchpad of its own."""
    free = list(launchpads)

    def do(job: Job) -> Office:
        launchpad = free.pop()
        try:
            return job(launchpad)
        finally:
            free.append(launchpad)

    with ThreadPoolExecutor(len(launchpads)) as pool:
        return list(pool.map(do, jobs))
