"""What befalls the host that has a batch, its database and its ways to others."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from tests.campaign.invariants import Failed
from tests.campaign.lab import MOVING_ADDRESS, PRIMARY, STAND_BY
from tests.campaign.pauses import PAUSES
from tests.campaign.relay import Relay, Runner

Strike = Callable[[Relay, Runner], None]

GONE_S = (12.0, 15.0)
"""A stand-by is away for longer than a commit is waited for."""

ON_THEIR_WAY_S = 4.0
"""Orders whose claim was committed before may still leave."""


@dataclass(frozen=True)
class Trouble:
    """A kind of trouble.

    Attributes:
        strike: brings it about; what can be mended is mended later.
        is_silent: its host is not heard of any more, so that others get the batch by waiting.
        needs_stand_by: there must be one.
        pause: the point at which the process is told to stand still when it is started.
    """

    strike: Strike
    is_silent: bool = False
    needs_stand_by: bool = False
    pause: str = ""


def _kill(relay: Relay, runner: Runner) -> None:
    if runner.process.poll() is None:
        runner.process.kill()
        runner.was_killed = runner.process.returncode == -signal.SIGKILL


def _wake(relay: Relay, runner: Runner, *, is_at_work: bool = False) -> Callable[[], None]:
    def wake() -> None:
        if runner.process.poll() is None:
            runner.is_to_lose = is_at_work and relay.was_followed(runner)
            relay.figures["woken when another had the batch"] += runner.is_to_lose
            runner.process.send_signal(signal.SIGCONT)

    return wake


def _stand_still(relay: Relay, runner: Runner) -> None:
    if runner.process.poll() is None:
        runner.process.send_signal(signal.SIGSTOP)
        relay.later(f"{runner.pid} wakes up", _wake(relay, runner))


def _stand_still_and_lose_session(relay: Relay, runner: Runner) -> None:
    _stand_still(relay, runner)
    _cut_session(relay, runner)


def _stand_still_at(point: str) -> Strike:
    def strike(relay: Relay, runner: Runner) -> None:
        relay.wait(
            lambda: runner.is_still() or runner.process.poll() is not None,
            f"{runner.pid} comes to {point}",
        )
        if not runner.is_still():
            relay.figures["points that were not come to"] += 1
            return
        relay.figures[f"stood still at {point}"] += 1
        relay.later(f"{runner.pid} wakes up", _wake(relay, runner, is_at_work=True))
        if relay.dice.random() < 0.75:
            _cut_session(relay, runner)

    return strike


def _cut_session(relay: Relay, runner: Runner) -> None:
    relay.site.primary.cut_sessions_of(runner.host.name)


def _kill_backend(relay: Relay, runner: Runner) -> None:
    # The postmaster then lets all others end, and recovers.
    for pid in relay.site.primary.pids_of(runner.host.name)[:1]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _kill_postmaster(relay: Relay, runner: Runner) -> None:
    primary = relay.site.primary
    primary.kill()
    relay.later("the server starts again", primary.start, relay.dice.uniform(0.3, 6.0))


def _cut(*others: str) -> Strike:
    def strike(relay: Relay, runner: Runner) -> None:
        network, host = relay.site.network, runner.host.name

        def mend() -> None:
            for other in others:
                network.mend(host, other)

        for other in others:
            network.cut(host, other)
        relay.later(f"{host} reaches {' and '.join(others)} again", mend)

    return strike


def _lose_stand_by(relay: Relay, runner: Runner, *, is_cancelled: bool = False) -> None:
    site = relay.site
    assert site.stand_by is not None
    site.stand_by.stop()
    gone_s = relay.dice.uniform(*GONE_S)
    relay.later("the stand-by is back", site.stand_by.start, gone_s)
    back_at = time.monotonic() + gone_s
    relay.rest(ON_THEIR_WAY_S)
    posts = site.venue.ledger.posts
    while time.monotonic() < back_at - 1.0:
        if is_cancelled:
            relay.figures["commits that an administrator cancelled"] += (
                site.primary.cancel_waiting()
            )
        time.sleep(0.2)
    if site.venue.ledger.posts != posts:
        raise Failed(f"something was sent while the stand-by was gone\n{relay.tell()}")


def _cancel_waiting(relay: Relay, runner: Runner) -> None:
    _lose_stand_by(relay, runner, is_cancelled=True)


def _promote(relay: Relay, runner: Runner) -> None:
    site = relay.site
    assert site.stand_by is not None
    site.primary.kill_all()
    relay.rest(relay.dice.uniform(0.2, 5.0))
    site.stand_by.promote()
    site.primary, site.stand_by = site.stand_by, None
    if site.by_address:
        site.network.move_address(MOVING_ADDRESS, STAND_BY)


DATABASE = (PRIMARY, STAND_BY)
PROMOTED = "the stand-by promoted"

TROUBLES: Mapping[str, Trouble] = {
    "killed": Trouble(_kill, is_silent=True),
    "paused": Trouble(_stand_still, is_silent=True),
    "paused, and its session cut": Trouble(_stand_still_and_lose_session, is_silent=True),
    **{
        f"paused at {point}": Trouble(_stand_still_at(point), is_silent=True, pause=point)
        for point in PAUSES
    },
    "its session cut": Trouble(_cut_session),
    "its backend killed": Trouble(_kill_backend),
    "the postmaster killed": Trouble(_kill_postmaster),
    "cut off from the database": Trouble(_cut(*DATABASE), is_silent=True),
    "cut off from the venue": Trouble(_cut("venue")),
    "cut off from both": Trouble(_cut(*DATABASE, "venue"), is_silent=True),
    "the stand-by gone": Trouble(_lose_stand_by, needs_stand_by=True),
    "the stand-by gone, and the wait cancelled": Trouble(_cancel_waiting, needs_stand_by=True),
    PROMOTED: Trouble(_promote, needs_stand_by=True),
}


def draw(dice: random.Random, among: Sequence[str], batches: int, each: int) -> list[list[str]]:
    """Choose so many troubles for each of so many batches, all kinds equally often."""
    deck: list[str] = []
    drawn = []
    for _ in range(batches):
        while len(deck) < each:
            kinds = sorted(among)
            dice.shuffle(kinds)
            deck = kinds + deck
        names, deck = deck[-each:], deck[:-each]
        # Who was promoted has no stand-by, so nothing else that needs one comes after that.
        last = [name for name in names if name == PROMOTED][:1]
        drawn.append([*(name for name in names if name != PROMOTED), *last])
    return drawn


def live_through(relay: Relay, names: Sequence[str], waits: Mapping[str, float]) -> Sequence[str]:
    """Let a batch begin on one host, and each trouble hand it to the next one.

    Args:
        waits: after which troubles, and how often, of 1, the next host does not take the batch
            over at once, but waits until the one before was not heard of.

    Returns:
        The troubles that it did not come to, because the batch was over before.
    """
    hosts = sorted(relay.site.hosts)
    relay.dice.shuffle(hosts)
    troubles = [TROUBLES[name] for name in names]
    left: Sequence[str] = ()
    try:
        sheet = relay.write_sheet()
        runner = _begin(relay, hosts[0], str(sheet), _point(relay, troubles[0]))
        for number, (name, trouble) in enumerate(zip(names, troubles, strict=True), 1):
            if not trouble.pause:
                relay.let_work(runner)
            relay.wait(relay.serves, "the database answers")
            relay.note(f"{name}: {runner.host.name}, {runner.pid}")
            trouble.strike(relay, runner)
            relay.figures[name] += 1
            relay.rest(relay.dice.uniform(0.0, 2.0))
            following = _point(relay, troubles[number]) if number < len(troubles) else ""
            at_once = relay.dice.random() >= waits.get(name, 0.0)
            host = _next_host(relay, hosts, runner)
            taken_over = relay.take_over(relay.site.hosts[host], at_once=at_once, pause=following)
            if taken_over is None:
                relay.note("it was over")
                left = names[number:]
                break
            if relay.site.hosts[host].shift != runner.host.shift:
                relay.figures["take-overs between clocks that differ by days"] += 1
            runner = taken_over
        relay.end()
        return left
    finally:
        relay.clear()


def _begin(relay: Relay, host: str, sheet: str, pause: str) -> Runner:
    runner = relay.start(relay.site.hosts[host], "submit", sheet, "--yes", pause=pause)
    if not relay.wait_until_at_it(runner):
        raise Failed(f"{runner.pid} does not begin\n{relay.tell()}")
    return runner


def _point(relay: Relay, trouble: Trouble) -> str:
    return f"{trouble.pause}:{relay.dice.randrange(1, 5)}" if trouble.pause else ""


def _next_host(relay: Relay, hosts: list[str], runner: Runner) -> str:
    """Give the next host that nothing is cut off from; everything is mended if there is none."""
    at = hosts.index(runner.host.name)
    for host in (*hosts[at + 1 :], *hosts[:at]):
        if not relay.site.network.is_cut(host):
            return host
    relay.mend_all()
    return hosts[(at + 1) % len(hosts)]
