"""How many calls may be handed out now, and for what."""

from __future__ import annotations

from collections.abc import Callable

from batch.clock import Clock
from batch.errors import NotDelivered
from batch.run.pace import Pace

AHEAD = 8
"""For so many calls in flight one more waits for a free thread. An order that waits is claimed, so
that its claim's commit takes no time from the venue; it is few, because each is UNKNOWN to the next
start if this process is killed."""

PLACING_SHARE = 1 / 2
"""So much of what is in flight is for placing, while there is something to place: an order costs
about one placing and one question. With more, ends are noticed late; with less, orders leave
late."""


LONGEST_SLEEP_S = 0.5
"""Who waits looks around at least so often, for whoever wants to stop the run."""


class Slots:
    """The arithmetic of what is in flight.

    Args:
        most_in_flight: how many calls the venue may have at once.

    Attributes:
        in_flight: how many calls were handed out and have not ended.
    """

    def __init__(self, pace: Pace, clock: Clock, most_in_flight: int) -> None:
        self._pace = pace
        self._clock = clock
        self._most_in_flight = most_in_flight
        self._turn = 0
        self.in_flight = 0

    def are_full(self) -> bool:
        """Say whether only an answer makes room."""
        return self.in_flight >= self._most()

    def free(self) -> int:
        """Give how many calls may be handed out now."""
        free = self._most() - self.in_flight
        return self._pace.allowed(self._clock.monotonic(), free) if free > 0 else 0

    def for_asking(self, on_their_way: int) -> int:
        """Give how many questions may leave now, while there is something to place.

        Args:
            on_their_way: how many of the calls in flight place orders.
        """
        free = self.free()
        if free <= 0:
            return free
        self._turn += 1
        if self._pace.rate(self._clock.monotonic()) is not None:
            # Requests are scarce, and placing goes first; so that the followed orders are not
            # forgotten, one in ten is a question all the same.
            return free if self._turn % 10 == 0 else 0
        if self._most_in_flight == 1:
            return free * (self._turn % 2)
        reserved = int(self._most_in_flight * PLACING_SHARE) - on_their_way
        return free - min(free, max(reserved, 0))

    def _most(self) -> int:
        """Give how many calls the workers may have: in flight, and waiting for a free thread."""
        most = self._most_in_flight
        # At a rate, each call is due when it is handed out.
        is_bound = self._pace.rate(self._clock.monotonic()) is not None
        return most if is_bound else most + most // AHEAD


class Turn:
    """Lets a question that the loop itself asks have its turn.

    Args:
        is_stopped: says whether somebody stopped the run meanwhile.
    """

    def __init__(self, pace: Pace, clock: Clock, is_stopped: Callable[[], bool]) -> None:
        self._pace = pace
        self._clock = clock
        self._is_stopped = is_stopped

    def wait(self, seconds: float) -> None:
        """Wait so long, and then until a request may leave; take note that one does.

        Raises:
            NotDelivered: somebody stopped the run meanwhile.
        """
        until = self._clock.monotonic() + seconds
        while not self._is_stopped():
            now = self._clock.monotonic()
            left_s = until - now
            if left_s <= 0 and self._pace.allowed(now, 1):
                self._pace.spend(now)
                return
            left_s = max(left_s, self._pace.wait_s(now))
            # Never next to nothing: added to a large time, that is nothing.
            self._clock.sleep(min(max(left_s, 0.001), LONGEST_SLEEP_S))
        raise NotDelivered("the run was stopped before anything was sent")
