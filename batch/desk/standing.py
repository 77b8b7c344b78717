"""How a batch stands, in the report's words."""

from __future__ import annotations

from collections.abc import Mapping

from batch.states import FINAL, NEVER_SENT, FinalState, OrderState, final_state


def counts(states: Mapping[OrderState, int]) -> dict[FinalState, int]:
    """Count rows in the report's words, in the contract's order, without zeros."""
    sums: dict[FinalState, int] = {}
    for state, count in states.items():
        if count:
            sums[final_state(state)] = sums.get(final_state(state), 0) + count
    return {state: sums[state] for state in FinalState if state in sums}


def counts_in_words(states: Mapping[OrderState, int]) -> str:
    """Say `40 FILLED, 8 EXPIRED`."""
    return ", ".join(f"{count:,} {state.value}" for state, count in counts(states).items())


def is_finished(states: Mapping[OrderState, int]) -> bool:
    """Say whether nothing is left to do for a batch."""
    return all(state in FINAL for state, count in states.items() if count)


def was_sent(states: Mapping[OrderState, int]) -> bool:
    """Say whether any row of a batch has left."""
    return any(state not in NEVER_SENT for state, count in states.items() if count)
