"""Two live processes on one stage: each a thread of control that stops before every named step.

Which of them takes its next step, and which of them dies there, is for `Choices` to say, so that
every interleaving can be gone through. Only one goes on at a time, and nothing depends on chance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from greenlet import greenlet

from tests.campaign.choices import Choices
from tests.campaign.mortal import Died
from tests.campaign.standing import Standing
from tests.run.doubles import FakeClock

STEPS = (
    *("draft", "choose", "commit", "hold", "ask", "lease", "claim", "gate", "token", "send"),
    *("answer", "record", "beat", "wait", "end"),
)
"""A process stops before: its first look at the journal, the look at the rows in it, the commit of
a plan, taking the batch, a question by client ID, putting a token's life on record, the commit of a
claim, a placing's gate, taking the token for it, letting it leave; before it learns the answer, and
commits what it learnt; before it shows that it lives, waits, and lets go of the batch."""


class Known(Exception):
    """How things stand now, they stood before: whatever follows was looked at."""


class Player:
    """A process: a thread of control that goes on when it is told to.

    Attributes:
        point: the step before which it stopped; None when it has ended.
        is_dead: it died; nothing that it does from now on has an effect.
        is_left_off: it ends because the history is not played on, which is no death.
    """

    def __init__(self, name: str, clock: FakeClock) -> None:
        self.name = name
        self.clock = clock
        self.point: str | None = None
        self.is_dead = self.is_left_off = False
        self._steps: Collection[str] = ()
        self._seen = hashlib.blake2b(digest_size=16)
        self._control = greenlet(lambda: None)

    # Called by whoever directs

    def begin(self, work: Callable[[], None], steps: Collection[str]) -> None:
        """Go as far as to the first step of a new process."""
        self.is_dead = self.is_left_off = False
        self._steps = steps
        self._seen = hashlib.blake2b(digest_size=16)

        def live() -> None:
            with suppress(Died):
                work()

        self._control = greenlet(live)
        self._go_on()

    def go_on(self, *, dies: bool = False) -> None:
        """Take the step before which it stopped, or die there; up to the next one."""
        self.is_dead = self.is_dead or dies
        self._go_on()

    def leave_off(self) -> None:
        """End it wherever it is."""
        self.is_left_off = True
        while self.point is not None:
            self.go_on(dies=True)

    def standing(self) -> Standing:
        """Say all that can tell what it does next: where it is, and what it saw on its way."""
        return (self.name, self.point, self.is_dead, self._seen.hexdigest())

    def _go_on(self) -> None:
        try:
            self._control.switch()
        finally:
            if self._control.dead:
                self.point = None

    # Called by the process

    def pass_by(self, point: str) -> None:
        """Stop before a step until it is its turn.

        Raises:
            Died: it never comes.
        """
        self.require_alive()
        if point not in self._steps:
            return
        self.point = point
        stage = self._control.parent
        assert stage is not None
        stage.switch()
        self.see(point, self.clock.monotonic())
        self.require_alive()

    def require_alive(self) -> None:
        """Let a dead process do nothing more."""
        if self.is_dead:
            raise Died

    def see(self, *what: object) -> None:
        """Take note of what the process has learnt from outside."""
        self._seen.update(repr(what).encode())

    def see_row(self, names: Sequence[str], row: Sequence[Any]) -> None:
        """Take note of a row that it read."""
        told = (value for name, value in zip(names, row, strict=True) if name not in _TELLS_NOTHING)
        self.see(*told)


_TELLS_NOTHING = frozenset({"id", "request_id", "at", "actor", "coalesce(max(id), 0)"})


class Stage:
    """Directs players as the choices say, and leaves off where things stand as they once stood.

    Args:
        known: how things stood already; shared by all that is played of one scene.
        standing: says how everything stands that the players share.
        most_deaths: how many of the processes may die in one history.
    """

    def __init__(
        self,
        players: Sequence[Player],
        choices: Choices,
        known: set[Standing],
        standing: Callable[[], Standing],
        most_deaths: int,
    ) -> None:
        self._players = players
        self._choices = choices
        self._known = known
        self._standing = standing
        self._deaths_left = most_deaths

    @contextmanager
    def play(
        self, works: Mapping[str, Callable[[], None]], steps: Mapping[str, Collection[str]]
    ) -> Iterator[None]:
        """Let each player do its work, one step of one of them at a time.

        Raises:
            Known: what follows was played before.
        """
        try:
            for player in self._players:
                player.begin(works[player.name], steps[player.name])
            while any(player.point is not None for player in self._players):
                self._step()
            # Nobody is left whose memory counts.
            self._leave_off_if_known(lambda: ("over", self._standing()))
            yield
        finally:
            for player in self._players:
                player.leave_off()

    def _step(self) -> None:
        ready = {p.name: p for p in self._players if p.point is not None}
        ways = [f"{name}: {player.point}" for name, player in ready.items()]
        if self._deaths_left:
            ways += [f"{name}: {player.point}: dies" for name, player in ready.items()]
        if len(ways) > 1:
            self._leave_off_if_known(
                lambda: (
                    *(player.standing() for player in self._players),
                    self._deaths_left,
                    self._standing(),
                )
            )
        way = self._choices.choose("next", tuple(ways)) if len(ways) > 1 else ways[0]
        dies = way.endswith(": dies")
        self._deaths_left -= dies
        ready[way.split(":")[0]].go_on(dies=dies)

    def _leave_off_if_known(self, look: Callable[[], Standing]) -> None:
        if not self._choices.is_beyond_path():
            return  # it was looked at when that path was first taken so far
        standing = look()
        if standing in self._known:
            raise Known
        self._known.add(standing)
