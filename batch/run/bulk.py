"""When one query for all active orders stands for one for each, and when it is not trusted."""

from __future__ import annotations

from collections.abc import Callable

from batch.errors import VenueAway, VenueRefused
from batch.run.tracking import SURE, Tracked
from batch.states import OrderState

BULK_FROM = 6
"""From so many open orders on, one query for all active orders saves requests."""

BULK_APART_S = 1.0
"""How far apart two of them are at the least."""

BULK_SHARE = 0.1
"""How much of the time they may take: a list of a hundred thousand orders is long in coming."""

BULK_PATIENCE = 5
"""So many working orders missing from it in a row, and the query is no longer trusted."""


BULK_FAILURES = 2
"""So many answers in a row that cannot be used, and each order is asked about by itself."""


class Bulk:
    """The policy of the query for all active orders.

    Args:
        is_wanted: it may be used at all.
        note: puts on record that it is no longer used, and why.

    Attributes:
        not_before: monotonic time before which it is not asked again.
    """

    def __init__(self, *, is_wanted: bool, note: Callable[[str], None]) -> None:
        self._is_trusted = is_wanted
        self._note = note
        self._asked_at: float | None = None
        self._misses = 0
        self._failures = self._lost = 0
        self._answers_others = False
        self._is_owed = False
        self.not_before = float("-inf")

    def owe(self) -> None:
        """Have it asked once, however few orders it is about: for those that nobody here sent."""
        self._is_owed = True

    def is_owed(self, now: float) -> bool:
        """Say whether it is to be asked for that now, and take note that it is."""
        if not self._is_owed or not self._is_trusted or self._asked_at is not None:
            return False
        self.asked(now)
        return True

    def suits(self, order: Tracked) -> bool:
        """Say whether the query would tell about an order."""
        return (
            self._is_trusted
            and order.state is OrderState.OPEN
            and not order.alone
            # One that has ended is not in the list, which then was a question for nothing.
            and not (order.sent.is_brief and order.answers < SURE)
        )

    def must_wait(self, now: float) -> bool:
        """Say whether it is too soon for another one, or one is still on its way."""
        return self._asked_at is not None or now < self.not_before

    def is_worth_it(self, orders: int) -> bool:
        """Say whether so many orders are enough for it."""
        return orders >= BULK_FROM

    def asked(self, now: float) -> None:
        """Take note that it leaves."""
        self._asked_at = now
        self._is_owed = False

    def answered(self, now: float) -> None:
        """Take note that it ended, with an answer or without."""
        took_s = now - (now if self._asked_at is None else self._asked_at)
        self._asked_at = None
        self.not_before = now + max(BULK_APART_S, took_s / BULK_SHARE)

    def hasten(self) -> None:
        """Let it be asked again at once."""
        self.not_before = float("-inf")

    def weigh_working(self, order: Tracked) -> None:
        """Take in that an order works, which the last list may not have had."""
        self._answers_others = True
        if not order.missing or not self._is_trusted:
            return
        self._misses += 1
        if self._misses >= BULK_PATIENCE:
            self.distrust(f"{self._misses} working orders were missing from it")

    def weigh_ended(self) -> None:
        """Take in that an order has ended, as the list had it."""
        self._answers_others = True
        self._misses = 0

    def failed(self, error: BaseException, now: float) -> None:
        """Take in an answer that is none, or that none came."""
        self.not_before = now + BULK_APART_S  # the time that it took was no list's
        if not self._is_trusted:
            return
        if isinstance(error, VenueRefused):
            self.distrust(f"the venue refused it: {error}")
        elif isinstance(error, VenueAway) and error.status is not None:
            self._failures += 1
            if self._failures >= BULK_FAILURES:
                self.distrust(f"{self._failures} answers in a row could not be used: {error}")
        elif isinstance(error, VenueAway):
            # A venue that is away answers nothing at all.
            self._lost += 1
            if self._lost >= BULK_FAILURES and self._answers_others:
                self.distrust(f"{self._lost} in a row got no answer, and one order did: {error}")
            self._answers_others = False

    def usable(self) -> None:
        """Take in an answer that is one."""
        self._failures = self._lost = 0

    def distrust(self, why: str) -> None:
        """Use it no more."""
        self._is_trusted = False
        self._note(why)
