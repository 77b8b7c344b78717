"""From a staged process to the venue: where its calls can be stopped, and its waiting."""

from __future__ import annotations

from typing import Any

from batch.journal import Placing
from batch.run.work import Call, Done
from batch.venue.http.transport import Reply
from tests.campaign.books import Asked
from tests.campaign.choices import Choices
from tests.campaign.market import NEVER, Market
from tests.campaign.mortal import Died
from tests.campaign.stage import Player
from tests.run.doubles import FakeClock

AFTER_DEATH = (NEVER, "0", "19")
"""What can become of a request whose sender died when it was about to leave."""


class Door:
    """The way of one process to the venue: it can be stopped on both sides."""

    def __init__(self, market: Market, player: Player, choices: Choices) -> None:
        self.base_url = market.base_url
        self.prepare, self.close, self.drop = market.prepare, market.close, market.drop
        self._market = market
        self._player = player
        self._choices = choices

    def send(self, asked: Asked, most_bytes: int = 0) -> Reply:
        player, market = self._player, self._market
        is_placing = asked.method == "POST" and asked.target == "/v2/orders"
        try:
            if is_placing or "coId=" in asked.target:
                player.pass_by("send" if is_placing else "ask")
            player.require_alive()
        except Died:
            if is_placing and player.point == "send" and not player.is_left_off:
                fate = self._choices.choose("its last request is taken", AFTER_DEATH)
                if fate != NEVER:
                    market.arrive(asked, float(fate))
            raise
        reply = market.send(asked, most_bytes)
        if is_placing:
            player.pass_by("answer")
        player.see(reply.status, reply.body)
        return reply


class StagedWires:
    """Makes one call after the other; the loop goes on between two of them."""

    def __init__(self, player: Player) -> None:
        self._player = player
        self._calls: list[Call[Any]] = []

    def submit(self, call: Call[Any]) -> None:
        self._calls.append(call)

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        player = self._player
        if not self._calls:
            sleep(player, max(timeout_s, 0.001))
            return []
        call = self._calls.pop(0)
        if isinstance(call.subject, Placing):
            player.pass_by("gate")
            if refused := call.pass_gate():
                return [refused]
            player.pass_by("token")
        done = call.end()
        player.require_alive()  # whatever is raised in a call is an answer; but not that
        return [done]

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """What was not begun never leaves."""


def sleep(player: Player, seconds: float) -> None:
    until = player.clock.monotonic() + seconds
    player.pass_by("wait")
    player.clock.seconds = max(player.clock.monotonic(), until)


class Wires:
    """Makes each call when it is handed out."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._ended: list[Done[Any]] = []

    def submit(self, call: Call[Any]) -> None:
        self._ended.append(call.pass_gate() or call.end())

    def collect(self, timeout_s: float) -> list[Done[Any]]:
        ended, self._ended = self._ended, []
        if not ended:
            self._clock.sleep(max(timeout_s, 0.001))
        return ended

    def wake(self) -> None:
        """Nobody sleeps."""

    def close(self) -> None:
        """Nothing is under way."""
