"""Deliberate bugs in what the program takes for granted about orders, days, journals and words.

As in `mutants`, each patches the program in the running process, from outside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from batch.desk.reports import HANDED_BACK
from batch.errors import VenueRefused
from batch.journal import Change, EarlierOrder, Journal, Looking
from batch.model import BatchRecord
from batch.plan import draft as drafts
from batch.plan import exposures
from batch.report import write_corrections
from batch.run import run, stops, wishes
from batch.run.first_look import FirstLook
from batch.states import OrderEvent, OrderState
from batch.venue.integral import client
from tests.campaign import persons
from tests.campaign.mutants import (
    Patches,
    replaced,
    throttled_row_is_sent_in_two_copies,
    wrap,
)


def reading_is_not_compared(patches: Patches) -> None:
    """Send the plan of a batch that stands, however its sheet is read now. (1)"""
    replaced(patches, drafts, "refuse_other_reading", lambda *_: None)


def first_equal_order_stands_for_all(patches: Patches) -> None:
    """Look at the first order of some content alone, and not at how many there are. (2)"""

    def make(original: Any, self: Any, orders: Iterable[EarlierOrder], *more: Any) -> None:
        first: dict[str, EarlierOrder] = {}
        for order in orders:
            first.setdefault(order.fingerprint, order)
        original(self, list(first.values()), *more)

    wrap(patches, exposures.Earlier, "__init__", make)


def silence_is_no_fill(patches: Patches) -> None:
    """Take an order that ended, and of which nobody knows how much was filled, for unfilled. (3)"""
    replaced(patches, exposures, "is_silent", lambda *_: False)


def open_orders_are_forgotten_after_a_day(patches: Patches) -> None:
    """Count an order that works for a day alone. (3)"""
    replaced(patches, exposures, "LIVE", frozenset({OrderState.SENDING}))


def only_the_own_orders_count(patches: Patches) -> None:
    """Do not look at what a colleague of the same org has sent. (4)"""
    replaced(patches, Looking, "_scope", Looking._mine)


def only_the_journal_is_asked(patches: Patches) -> None:
    """Send a new batch without asking the venue whether it knows it. (5)"""
    replaced(patches, run, "look_first", lambda *_, **__: FirstLook())


def every_no_is_final(patches: Patches) -> None:
    """Take every 4xx for the venue's own no. (7)"""

    def refused(self: Any, reply: Any, client_order_id: str) -> VenueRefused:
        return VenueRefused(f"HTTP {reply.status}", status=reply.status)

    replaced(patches, client.Venue, "_disputed", refused)


def corrections_are_written_before_they_are_withdrawn(patches: Patches) -> None:
    """Write the sheet first, and take its rows out of the batch after that. (8)"""

    def correct(session: Any, journal: Journal, batch: BatchRecord, target: Path) -> None:
        with journal.hold(batch.batch_id, session.clock.now()):
            orders = list(journal.orders(batch.batch_id))
            write_corrections(target, batch, orders, abandoned=True)
            words = f"{HANDED_BACK} in {target.name}"
            changes = [
                Change(o.row, o.state, OrderEvent.WITHDRAWN, detail=words, message=words)
                for o in orders
                if o.state is OrderState.PLANNED
            ]
            journal.apply(batch.batch_id, changes, session.clock.now())

    replaced(patches, persons, "write_corrections_sheet", correct)


def a_retry_of_again_sends_again(patches: Patches) -> None:
    """Send once more each time that it is asked for, whatever run it is. (9)"""

    def draw_up(original: Any, *args: Any, **named: Any) -> Any:
        changed = [
            replace(arg, once=False) if isinstance(arg, drafts.PlanOptions) else arg for arg in args
        ]
        return original(*changed, **named)

    wrap(patches, drafts, "_draw_up", draw_up)


def yesterdays_result_is_todays(patches: Patches) -> None:
    """Repeat the result of a sheet that comes again days later. (10)"""
    replaced(patches, drafts, "_refuse_stale", lambda *_: None)


def every_run_is_the_same(patches: Patches) -> None:
    """Take the orders of another day's run for those of this one. (10)"""
    replaced(patches, exposures, "is_of_another_run", lambda *_: False)


def a_stop_is_not_seen(patches: Patches) -> None:
    """Go on sending after somebody has stopped it."""
    replaced(patches, stops.Lookout, "look", lambda *_: False)


def one_cancel_is_for_all(patches: Patches) -> None:
    """Cancel every open order where a person has named one."""

    def standing(self: Any) -> frozenset[int]:
        orders = self._journal.orders(self._batch_id, [OrderState.OPEN])
        return frozenset(order.row for order in orders)

    replaced(patches, wishes.Wishes, "_standing", standing)


def a_persons_word_is_not_asked_about(patches: Patches) -> None:
    """Send what a person said was never placed, without asking for it once more."""

    def take_up(original: Any, self: Any) -> None:
        orders = self._journal.orders

        def unclaimed(*args: Any, claimed_before: bool = False, **named: Any) -> Any:
            return iter(()) if claimed_before else orders(*args, **named)

        self._journal.orders = unclaimed
        try:
            original(self)
        finally:
            del self._journal.orders

    wrap(patches, run.Run, "_take_up", take_up)


IDENTITY_MUTANTS: Mapping[str, Callable[[Patches], None]] = {
    mutant.__name__: mutant
    for mutant in (
        reading_is_not_compared,
        first_equal_order_stands_for_all,
        silence_is_no_fill,
        open_orders_are_forgotten_after_a_day,
        only_the_own_orders_count,
        only_the_journal_is_asked,
        every_no_is_final,
        corrections_are_written_before_they_are_withdrawn,
        a_retry_of_again_sends_again,
        yesterdays_result_is_todays,
        every_run_is_the_same,
        a_stop_is_not_seen,
        one_cancel_is_for_all,
        a_persons_word_is_not_asked_about,
        # No defect that was, but chance comes by its one answer in twenty too seldom.
        throttled_row_is_sent_in_two_copies,
    )
}
"""Bugs that the stories must find; the number is that of the defect of which each is the like."""
