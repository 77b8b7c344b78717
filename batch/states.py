"""The life of an order as data: a table from (state, event) to state. Layer 1.

Anything that the table does not name raises, so that a new combination is a decision that
somebody takes here and not an accident somewhere else.

Source: seed-place-an-order-limit ("Order status transition"); for cancelled orders the venue's
WebSocket reference.
"""

from __future__ import annotations

from enum import StrEnum

from batch.errors import BatchError


class OrderState(StrEnum):
    """Where a row stands in the journal."""

    INVALID = "INVALID"  # failed validation, never sent
    SKIPPED = (
        "SKIPPED"  # left out on purpose (another batch sent it, or will); never sent by this one
    )
    PLANNED = "PLANNED"  # recorded, not sent
    SENDING = "SENDING"  # claimed: a request may have left
    UNKNOWN = "UNKNOWN"  # the venue may or may not hold it
    OPEN = "OPEN"  # the venue holds it, and it works
    FILLED = "FILLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"  # the venue answered the placing with an error


class OrderEvent(StrEnum):
    """What can happen to a row."""

    WITHDRAWN = "withdrawn"  # left to another batch before anything was sent
    CLAIMED = "claimed"  # committed before the request leaves
    RELEASED = "released"  # proven unsent: no connection, 401, 429, or proven absent by asking
    ACCEPTED = "accepted"  # the venue's 202 with a server ID
    REFUSED = "refused"  # the venue's final no to the placing
    DISPUTED = "disputed"  # a no to the placing that may not be the venue's own
    LOST = "lost"  # the answer to the placing is missing
    FOUND = "found"  # taken over after asking by client ID
    ABSENT = "not-found"  # asked by client ID, and the venue did not know it
    DIFFERENT = "found-different"  # what the venue holds under the client ID is not what was sent
    WORKING = "working"  # a query says that it is not final
    FILLED = "filled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    CANCEL_WANTED = "cancel-wanted"  # a person asked for it, whoever runs the batch; no step
    CANCEL_ASKED = "cancel-asked"  # committed before the request leaves
    CANCEL_REFUSED = "cancel-refused"  # done already, unknown, or not to be cancelled
    DECLARED_PLACED = "declared-placed"  # a person found it at the venue
    DECLARED_NOT_PLACED = "declared-not-placed"  # a person found that the venue never took it


class BatchEvent(StrEnum):
    """What can happen to a whole batch; no step in the life of a row, if sometimes about one."""

    PLANNED = "planned"
    APPROVED = "approved"  # a second person's word, or the code of the check
    RUN_STARTED = "run-started"
    STOPPED_SENDING = "stopped-sending"  # nothing more leaves in this run
    BULK_QUERY_OFF = "bulk-query-off"  # the venue's list of open orders was of no use
    CANCELLING = "cancelling"  # what is open is cancelled
    TOKEN_LIFE = "token-life"  # how long a credential lives with which orders are placed
    LATE_FINDING = "late-finding"  # what a process learnt that had lost the batch by then
    FIRST_LOOK_REFUSED = "first-look-refused"
    FIRST_ORDER_NOT_SHOWN = "first-order-not-shown"  # so another journal's would not be, either
    ALONE_NOT_TOLD = "alone-not-told"  # the list of open orders failed before anything left
    ALONE_TOLD = "alone-told"  # after that the venue has shown that the sheet is sent here alone
    SECOND_LOOK_FAILED = "second-look-failed"
    ALARM = "alarm"  # a person must look, whatever the states say
    ALARM_ENDED = "alarm-ended"  # a person has, and nothing changes about the row
    RUN_ENDED = "run-ended"
    CORRECTIONS_WRITTEN = "corrections-written"


class FinalState(StrEnum):
    """What the report says of a row (contract)."""

    FILLED = "FILLED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"
    CANCELLED = "CANCELLED"
    REFUSED = "REFUSED"
    INVALID = "INVALID"
    NOT_SENT = "NOT_SENT"
    OPEN = "OPEN"
    UNKNOWN = "UNKNOWN"


S, E = OrderState, OrderEvent

FINAL = frozenset({S.INVALID, S.SKIPPED, S.FILLED, S.EXPIRED, S.REJECTED, S.CANCELLED, S.REFUSED})
"""States that nothing follows: the row needs no more work."""

ENDED_EARLY = frozenset({S.EXPIRED, S.CANCELLED})
"""Ends at which any part may have been filled; only the venue's last word says how much."""

NEVER_SENT = frozenset({S.PLANNED, S.INVALID, S.SKIPPED})
"""States of rows of which no request ever left, or which are proven not to be at the venue."""

MAYBE_OPEN = (S.OPEN, S.UNKNOWN, S.SENDING)
"""States in which the venue holds, or may hold, an order that works."""

AT_VENUE = frozenset({S.SENDING, S.UNKNOWN, S.OPEN, S.FILLED})
"""States in which the venue holds, or may hold, an exposure from this row."""

_VENUE_VERDICTS = {
    E.WORKING: S.OPEN,
    E.FILLED: S.FILLED,
    E.EXPIRED: S.EXPIRED,
    E.REJECTED: S.REJECTED,
    E.CANCELLED: S.CANCELLED,
}

TRANSITIONS: dict[tuple[OrderState, OrderEvent], OrderState] = {
    (S.PLANNED, E.WITHDRAWN): S.SKIPPED,
    (S.PLANNED, E.CLAIMED): S.SENDING,
    # A row that was claimed before and is to be sent again is asked about once more first: a proof
    # or a person may have been wrong.
    (S.PLANNED, E.FOUND): S.OPEN,
    (S.PLANNED, E.DIFFERENT): S.UNKNOWN,
    (S.SENDING, E.RELEASED): S.PLANNED,
    (S.SENDING, E.ACCEPTED): S.OPEN,
    (S.SENDING, E.REFUSED): S.REFUSED,
    (S.SENDING, E.LOST): S.UNKNOWN,
    # It may mean "refused" or "I have it already", or come from something on the way.
    (S.SENDING, E.DISPUTED): S.UNKNOWN,
    # A start finds what a dead process left in SENDING and calls it lost; only asking, or a
    # person, leads out of UNKNOWN.
    (S.UNKNOWN, E.FOUND): S.OPEN,
    # "Not found" is no proof: a done order may no longer be listed.
    (S.UNKNOWN, E.ABSENT): S.UNKNOWN,
    (S.UNKNOWN, E.DIFFERENT): S.UNKNOWN,
    (S.UNKNOWN, E.RELEASED): S.PLANNED,
    (S.UNKNOWN, E.DECLARED_PLACED): S.OPEN,
    (S.UNKNOWN, E.DECLARED_NOT_PLACED): S.PLANNED,
    # Asking to cancel changes nothing yet: what became of the order only a query tells.
    (S.OPEN, E.CANCEL_ASKED): S.OPEN,
    (S.OPEN, E.CANCEL_REFUSED): S.OPEN,
    # Under a server ID that a person recorded unchecked, the venue holds somebody else's order.
    (S.OPEN, E.DIFFERENT): S.UNKNOWN,
    **{(S.OPEN, event): state for event, state in _VENUE_VERDICTS.items()},
}


class IllegalTransition(BatchError):
    """A fault of our own: the table has no way from this state by this event."""


def next_state(state: OrderState, event: OrderEvent) -> OrderState:
    """Give the state that follows.

    Raises:
        IllegalTransition: the table does not name this pair.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalTransition(f"an order in {state} cannot be {event}") from None


_REPORTED = {
    **{state: FinalState(state.value) for state in S if state.value in set(FinalState)},
    S.SKIPPED: FinalState.NOT_SENT,
    S.PLANNED: FinalState.NOT_SENT,
    # A claim without an answer is not known to be unsent, so the report must not say so.
    S.SENDING: FinalState.UNKNOWN,
}


def final_state(state: OrderState) -> FinalState:
    """Say in the report's words where a row stands."""
    return _REPORTED[state]
