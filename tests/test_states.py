"""The life of an order: the table, and that nothing beside it is possible."""

from __future__ import annotations

import pytest

from batch.states import (
    AT_VENUE,
    FINAL,
    TRANSITIONS,
    FinalState,
    IllegalTransition,
    OrderEvent,
    OrderState,
    final_state,
    next_state,
)


@pytest.mark.parametrize(
    ("state", "event"), [(state, event) for state in OrderState for event in OrderEvent]
)
def test_only_the_steps_of_the_table_can_be_taken(state: OrderState, event: OrderEvent) -> None:
    if (state, event) in TRANSITIONS:
        assert next_state(state, event) is TRANSITIONS[state, event]
        return

    with pytest.raises(IllegalTransition, match=f"an order in {state} cannot be {event}"):
        next_state(state, event)


def test_nothing_follows_a_final_state() -> None:
    assert FINAL.isdisjoint(state for state, _ in TRANSITIONS)


def test_every_other_state_leads_to_a_final_one() -> None:
    reached = set(FINAL)

    for _ in OrderState:
        reached |= {state for (state, _), after in TRANSITIONS.items() if after in reached}

    assert reached == set(OrderState)


def test_a_row_is_sent_only_after_its_claim() -> None:
    into_sending = {pair for pair, after in TRANSITIONS.items() if after is OrderState.SENDING}

    assert into_sending == {(OrderState.PLANNED, OrderEvent.CLAIMED)}


def test_a_claimed_row_is_sendable_again_only_by_proof_or_by_a_persons_word() -> None:
    into_planned = {pair for pair, after in TRANSITIONS.items() if after is OrderState.PLANNED}

    assert into_planned == {
        (OrderState.SENDING, OrderEvent.RELEASED),
        (OrderState.UNKNOWN, OrderEvent.RELEASED),
        (OrderState.UNKNOWN, OrderEvent.DECLARED_NOT_PLACED),
    }


def test_not_found_leaves_an_order_unknown() -> None:
    assert next_state(OrderState.UNKNOWN, OrderEvent.ABSENT) is OrderState.UNKNOWN


def test_only_rows_that_were_never_claimed_can_be_withdrawn() -> None:
    withdrawable = {state for state, event in TRANSITIONS if event is OrderEvent.WITHDRAWN}

    assert withdrawable == {OrderState.PLANNED}


def test_states_that_may_be_an_exposure_are_never_reported_as_not_sent() -> None:
    assert FinalState.NOT_SENT not in {final_state(state) for state in AT_VENUE}


@pytest.mark.parametrize(
    ("state", "reported"),
    [
        (OrderState.SKIPPED, FinalState.NOT_SENT),
        (OrderState.PLANNED, FinalState.NOT_SENT),
        (OrderState.SENDING, FinalState.UNKNOWN),
        *((state, FinalState(state.value)) for state in OrderState if state in FinalState),
    ],
)
def test_every_state_has_its_word_in_the_report(state: OrderState, reported: FinalState) -> None:
    assert final_state(state) is reported
