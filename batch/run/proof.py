"""What makes "not found" a proof: the setting, a positive control, the fence, and then twice.

A request whose answer is missing may still be somewhere: in a kernel's buffer, a proxy, a paused
process. It carries the credential with which it was made, and the venue refuses it once that is
dead. So absence counts only from the end of the life of every credential that could have carried
the request; and only at a venue whose query has found, in this process, an order that is known to
be done.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from batch.clock import Clock
from batch.errors import VenueRefused
from batch.model import VenueOrder
from batch.run.calls import FindControl
from batch.run.options import RunOptions
from batch.run.past import Candidate, Past
from batch.run.tracking import Tracked
from batch.run.work import Answer, Failed

ABSENT_APART_S = 5.0
"""How far apart two "not found" must be to count as proof, where they can be proof at all."""

LONGEST_FENCE_S = 600.0
"""A credential that lives for longer is no fence: nobody waits for its end."""

MARGIN_S = 2.0
"""So much later than its end the venue may still take a credential, its clocks being several."""

CONTROL_APART_S = 2.0
"""How far apart the control is asked for, where the venue gave no usable answer."""

PATIENCE_S = 4 * ABSENT_APART_S
"""After the fence a proof takes two answers and the control; nobody waits longer for them."""


class Fence:
    """From when on nothing that was sent can still arrive, by our own monotonic clock.

    Args:
        dead_at: gives the time at which the last credential in use so far is dead.
        past: what earlier processes left on record.
    """

    def __init__(self, clock: Clock, dead_at: Callable[[], float], past: Past) -> None:
        self._started = clock.monotonic()
        self._dead_at = dead_at
        self._past = past
        self._is_none = False

    def used(self, life_s: float | None) -> None:
        """Take note of a credential that is used from now on."""
        self._is_none = self._is_none or not can_fence(life_s)

    def of_own(self) -> float:
        """Give the fence of an order whose answer this process has just lost; inf for none."""
        return inf if self._is_none else self._dead_at() + MARGIN_S

    def of_earlier(self, row: int) -> float:
        """Give the fence of an order that an earlier process sent; inf for none.

        That process came to use no credential since this one holds the batch.
        """
        life_s = self._past.of(row).longest_s
        if not can_fence(life_s):
            return inf
        assert life_s is not None
        return self._started + life_s + MARGIN_S


def can_fence(life_s: float | None) -> bool:
    """Say whether the end of a life is near enough to be waited for."""
    return life_s is not None and life_s <= LONGEST_FENCE_S


class Control:
    """Does the query by client ID find an order that is known to be done?

    Args:
        look: gives one from the journal; None where it knows none.

    Attributes:
        is_wanted: there is an absence that it would prove.
        has_held: it did, in this process.
        has_failed: it did not; no absence is a proof any more.
    """

    def __init__(self, clock: Clock, look: Callable[[], Candidate | None]) -> None:
        self._clock = clock
        self._look: Callable[[], Candidate | None] | None = look
        self._candidate: Candidate | None = None
        self._is_asked = False
        self._not_before = -inf
        self.is_wanted = False
        self.has_held = False
        self.has_failed = False

    def offer(self, client_order_id: str, server_order_id: str) -> None:
        """Name an order that is done; the first that is named serves."""
        if self._candidate is None:
            self._candidate = Candidate(client_order_id, server_order_id)

    def question(self) -> FindControl | None:
        """Give the question to ask now; None where there is none, or none is needed any more."""
        if not self.is_wanted or self._is_asked or self.has_held or self.has_failed:
            return None
        if self._look is not None:
            self._candidate, self._look = self._look() or self._candidate, None
        if self._candidate is None or self._clock.monotonic() < self._not_before:
            return None
        self._is_asked = True
        return FindControl(self._candidate.client_order_id)

    def learn(self, answer: Answer[tuple[VenueOrder, ...]]) -> None:
        """Take in whether it was found."""
        self._is_asked = False
        if isinstance(answer, Failed):
            self.has_failed = isinstance(answer.error, VenueRefused)
            self._not_before = self._clock.monotonic() + CONTROL_APART_S
            return
        assert self._candidate is not None
        wanted = self._candidate.server_order_id
        self.has_held = any(order.server_order_id == wanted for order in answer.value)
        self.has_failed = not self.has_held


class Proof:
    """Weighs each "not found"."""

    def __init__(self, options: RunOptions, fence: Fence, control: Control) -> None:
        self._options = options
        self.fence = fence
        self.control = control

    def obstacle(self, order: Tracked) -> str:
        """Say why no absence of this order can be a proof; "" where it can."""
        if not self._options.covers_done_orders:
            return "the venue's query by client order ID need not find orders that are done"
        if order.is_disputed:
            return "the placing was answered with a no that may mean that the venue has it already"
        if order.row in self._options.sent_elsewhere:
            return "an equal order was sent since"
        if order.fence_at == inf:
            return "the request may still be on its way, for longer than anybody can wait"
        if self.control.has_failed:
            return "that query does not find an order which is known to be done"
        return ""

    def proves(self, order: Tracked) -> bool:
        """Take in one "not found"; say whether with it the order is proven not to be there."""
        if self.obstacle(order):
            return False
        self.control.is_wanted = True
        if order.asked_at < order.fence_at:
            return False
        if order.missed_at is None:
            order.missed_at = order.asked_at
            return False
        return self.control.has_held and order.asked_at - order.missed_at >= ABSENT_APART_S

    def ask_again_at(self, order: Tracked, now: float) -> float | None:
        """Give when to ask for the sake of a proof; None where none can come of it."""
        if self.obstacle(order) or now > order.fence_at + PATIENCE_S:
            return None
        later = now + order.next_interval_s()
        if order.missed_at is not None:
            return max(min(later, order.missed_at + ABSENT_APART_S), now + 0.1)
        return min(later, max(order.fence_at, now))
