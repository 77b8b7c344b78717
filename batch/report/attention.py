"""What needs a person, and what to do about it. Part of `report`, layer 2."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from batch.errors import Advice, Wording, hint
from batch.model import BatchRecord, OrderRecord
from batch.report.fills import filled_size, is_left_out, unfilled_size
from batch.states import FinalState as F

LISTED = 1_000
"""Rows of each kind that are listed by name; the others are counted, and a filter finds them."""


class Need(StrEnum):
    """Why a person must look at a row."""

    UNKNOWN = "UNKNOWN"
    OVERFILLED = "FILLED TOO MUCH"
    OPEN = "OPEN"
    PART_FILLED = "PART FILLED"
    FILL_NOT_KNOWN = "FILL NOT KNOWN"
    REFUSED = "REFUSED"
    REJECTED = "REJECTED"
    NOT_SENT = "NOT_SENT"
    INVALID = "INVALID"


NEEDS = tuple(Need)
"""The most urgent first."""

MEANINGS = {
    Need.UNKNOWN: "the venue may or may not hold it: phone first",
    Need.OVERFILLED: "more than the order's size: phone the venue",
    Need.OPEN: "still working when the wait ended",
    Need.PART_FILLED: "at its end with a part not filled: decide",
    Need.FILL_NOT_KNOWN: "at its end; the venue did not say its fill",
    Need.REFUSED: "the venue would not take it: mend it",
    Need.REJECTED: "the venue took it, then said no: mend it",
    Need.NOT_SENT: "the run stopped before it",
    Need.INVALID: "failed the checks, never sent: mend it",
}
"""Short enough for their column on the Summary."""

_BY_STATE = {
    F.UNKNOWN: Need.UNKNOWN,
    F.OPEN: Need.OPEN,
    F.REFUSED: Need.REFUSED,
    F.REJECTED: Need.REJECTED,
    F.NOT_SENT: Need.NOT_SENT,
    F.INVALID: Need.INVALID,
}
_ENDED = frozenset({F.FILLED, F.EXPIRED, F.CANCELLED, F.REJECTED})


@dataclass(slots=True)
class Pressing:
    """The rows that need a person for one reason.

    Attributes:
        first: the first of them, each with its place in the sheet's order, from 0.
    """

    need: Need
    count: int = 0
    first: list[tuple[int, OrderRecord]] = field(default_factory=list)

    def add(self, place: int, record: OrderRecord) -> None:
        """Take in a row."""
        self.count += 1
        if len(self.first) < LISTED:
            self.first.append((place, record))


def need_of(record: OrderRecord) -> Need | None:
    """Say why a row needs a person; None where it does not.

    An order that ended with nothing filled needs nobody: what is left is in the sums. Rows that
    were left out on purpose are another batch's.
    """
    if is_left_out(record):
        return None
    state, order = record.final_state, record.order
    if order is None or state is F.UNKNOWN:
        return _BY_STATE.get(state)
    filled = filled_size(record)
    if filled is not None and filled > order.size:
        return Need.OVERFILLED
    if state in _ENDED:
        if filled is None:
            return Need.FILL_NOT_KNOWN
        # A venue that says FILLED of what is not filled whole contradicts itself.
        if filled < order.size and (filled or state is F.FILLED):
            return Need.PART_FILLED
    return _BY_STATE.get(state)


def reason(record: OrderRecord) -> str:
    """Say what became of a row that needs a person: the recorded words, or what is known."""
    if words := " ".join(record.message.split()):
        return words
    match record.final_state:
        case F.NOT_SENT:
            return "the run ended before it was sent"
        case F.OPEN:
            return f"working ({record.venue_status or 'no status was told'}); so far " + (
                fill_in_words(record)
            )
        case state if record.order is not None:
            return f"{state}: {fill_in_words(record)}; the venue gave no reason"
        case state:
            return f"{state}; no reason is on record"


def fill_in_words(record: OrderRecord) -> str:
    """Say how much of an order is filled, as far as that is known."""
    assert record.order is not None
    filled, order = filled_size(record), record.order
    if filled is None:
        return "how much is filled is not known"
    return f"{filled:,f} of {order.size:,f} {order.currency} filled"


def what_to_do(need: Need, batch: BatchRecord, record: OrderRecord, word: Wording = str) -> str:
    """Say what a person does about one row.

    Args:
        word: puts advice into words.
    """
    if batch.simulated:
        # A simulated venue ends with its process: there is nobody to phone, nothing to go on with.
        return "practice: nothing to do"
    identity = record.client_order_id or "(none)"
    resume = word(hint(Advice.TO_RESUME, batch.batch_id))
    match need:
        case Need.UNKNOWN:
            return (
                f"do not send it again; ask the venue's desk for client order ID {identity}, then: "
                + word(hint(Advice.TO_RESOLVE, batch.batch_id, record.row))
            )
        case Need.OVERFILLED:
            return f"phone the venue: {fill_in_words(record)}"
        case Need.OPEN:
            return f"follow it: {resume}; or withdraw it: " + word(
                hint(Advice.TO_CANCEL, batch.batch_id, record.row)
            )
        case Need.PART_FILLED:
            left, order = unfilled_size(record), record.order
            assert left is not None and order is not None
            if record.final_state is F.FILLED:
                return f"ask the venue: it says FILLED, and {fill_in_words(record)}"
            return (
                f"decide about the {left:,f} {order.currency} that are left: a new order, or none"
            )
        case Need.FILL_NOT_KNOWN:
            return f"ask the venue how much of order {record.server_order_id} was filled"
        case Need.NOT_SENT:
            return f"send it: {resume}; or leave it"
        case Need.REFUSED | Need.REJECTED | Need.INVALID:
            return f"mend it and send it anew: {word(hint(Advice.TO_CORRECT, batch.batch_id))}"
