"""Hosts, servers and a venue on a network, all in trouble while a batch goes from host to host."""

from __future__ import annotations

import itertools
import random
import threading
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.campaign.conftest import Count
from tests.campaign.form import Form
from tests.campaign.lab import TOKEN_LIFE_S, Lab, open_lab
from tests.campaign.network import why_there_is_none
from tests.campaign.relay import ROWS_A_TAKE_OVER, Relay
from tests.campaign.troubles import TROUBLES, draw, live_through
from tests.journal.postgres_cluster import programs

pytestmark = pytest.mark.campaign

SEED = 20261130


@dataclass(frozen=True)
class Size:
    """How much of it there is.

    Attributes:
        labs: stand side by side; most of their time they wait.
        each: troubles of a batch, each of which ends with a take-over.
        waits: after which troubles, and how often, of 1, a host waits to take a batch over.
    """

    labs: int
    batches: int
    each: int
    waits: Mapping[str, float]


SILENT = {name: 0.4 for name, trouble in TROUBLES.items() if trouble.is_silent}

SIZES = {
    "short": Size(labs=4, batches=4, each=4, waits={"killed": 1.0}),
    "long": Size(labs=8, batches=44, each=8, waits=SILENT),
}

SHARPEST = ("claimed", "gate", "token", "send")
"""The points that the short form has: a row is on record as claimed, and has not left."""


@pytest.fixture
def require_network() -> None:
    if programs() is None:
        pytest.skip("PostgreSQL's server programs (initdb) are not on this machine")
    if why := why_there_is_none():
        pytest.skip(f"no network of hosts: {why}")


@pytest.mark.usefixtures("require_network")
def test_hosts_in_trouble_hand_a_batch_on_and_nothing_is_doubled_or_lost(
    form: Form, count: Count
) -> None:
    size = SIZES[form.name]
    kinds = [
        name
        for name, trouble in TROUBLES.items()
        if form.name == "long" or trouble.pause in ("", *SHARPEST)
    ]
    drawn = draw(random.Random(SEED), kinds, size.batches, size.each)

    figures, failures = live_side_by_side(drawn, size)

    count(figures)
    assert not failures, f"{len(failures)} batches:\n" + "\n\n".join(failures)
    assert figures["doubled"] == figures["lost"] == figures["UNKNOWN at the end"] == 0
    assert figures["batches"] >= size.batches
    assert {name for name in kinds if not figures[name]} == set()
    # A point that no process comes to any more has moved in the program.
    points = {TROUBLES[name].pause for name in kinds} - {""}
    assert {point for point in points if not figures[f"stood still at {point}"]} == set()


LONG_LIVED_S = 300.0

BUGS = {
    "none": ("", TOKEN_LIFE_S, False),
    "placing logs in by itself": ("placing_logs_in", TOKEN_LIFE_S, True),
    "absence counts before the fence": ("fence_is_not_waited_for", LONG_LIVED_S, True),
}
"""What is wrong -> its name, how long a token lives, and whether the order is doubled that the
first host had claimed when it stood still."""


@pytest.mark.usefixtures("require_network")
@pytest.mark.parametrize("bug", BUGS)
def test_a_host_that_wakes_up_too_late_doubles_only_with_a_deliberate_bug(bug: str) -> None:
    mutant, token_life_s, doubles = BUGS[bug]

    with open_lab() as lab, lab.site(token_life_s=token_life_s) as site:
        for host in site.hosts.values():
            host.mutant = mutant
        relay = Relay(site, random.Random(SEED), ROWS_A_TAKE_OVER)
        try:
            found = relay.wake_too_late("token")
        finally:
            relay.clear()

    assert bool(found) is doubles, found


def live_side_by_side(drawn: Sequence[Sequence[str]], size: Size) -> tuple[Counter[str], list[str]]:
    """Live through batches in several labs; give the figures, and what went wrong."""
    figures: Counter[str] = Counter()
    failures: list[str] = []
    is_over = threading.Event()
    waiting = list(drawn)
    numbers = itertools.count()

    def live_in_one() -> None:
        with open_lab() as lab:
            while waiting and not is_over.is_set():
                number, names = next(numbers), waiting.pop(0)
                try:
                    found, left = live(lab, number, names, size.waits, is_over)
                except Exception as error:
                    failures.append(f"batch {number}, {names}: {error!r}\n{error}")
                    continue
                figures.update(found)
                if left:  # it was over before; another batch has what it did not come to
                    waiting.append(left)

    with ThreadPoolExecutor(size.labs) as pool:
        labs = [pool.submit(live_in_one) for _ in range(size.labs)]
        try:
            for lab in labs:
                lab.result()
        finally:
            is_over.set()  # Ctrl-C comes to this thread alone
    return figures, failures


def live(
    lab: Lab,
    number: int,
    names: Sequence[str],
    waits: Mapping[str, float],
    is_over: threading.Event,
) -> tuple[Counter[str], Sequence[str]]:
    """Live through one batch; give its figures, and the troubles that it did not come to."""
    dice = random.Random(zlib.crc32(f"{SEED} {number}".encode()))
    needs = any(TROUBLES[name].needs_stand_by for name in names)
    with lab.site(with_stand_by=needs, by_address=dice.random() < 0.5) as site:
        relay = Relay(site, dice, ROWS_A_TAKE_OVER * len(names), is_stopped=is_over.is_set)
        left = live_through(relay, names, waits)
    return relay.figures, left
