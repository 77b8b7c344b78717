"""How a batch stands, in a sentence, a paragraph and a JSON object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from batch.states import FINAL, FinalState, OrderState, final_state

if TYPE_CHECKING:
    from batch.model import BatchRecord, OrderRecord
    from batch.run.options import Outcome


def counts(states: Mapping[OrderState, int]) -> dict[FinalState, int]:
    """Count rows in the report's words, in the contract's order, without zeros."""
    sums: dict[FinalState, int] = {}
    for state, count in states.items():
        if count:
            sums[final_state(state)] = sums.get(final_state(state), 0) + count
    return {state: sums[state] for state in FinalState if state in sums}


def is_finished(states: Mapping[OrderState, int]) -> bool:
    """Say whether nothing is left to do for a batch."""
    return all(state in FINAL for state, count in states.items() if count)


def counts_in_words(states: Mapping[OrderState, int]) -> str:
    """Say `40 FILLED, 8 EXPIRED`."""
    return ", ".join(f"{count:,} {state.value}" for state, count in counts(states).items())


def closing_words(
    batch: BatchRecord,
    states: Mapping[OrderState, int],
    outcome: Outcome | None,
    reports: Sequence[Path],
    *,
    unknown: Sequence[OrderRecord] = (),
    sends: bool = True,
) -> str:
    """Say how a batch ended and what to do next, for a tired person.

    Args:
        unknown: the first rows that are UNKNOWN, to be named.
    """
    name = Path(batch.sheet_path).name
    standing = counts_in_words(states)
    lines = [f"Batch {batch.batch_id} of {name}, {batch.row_count:,} rows: {standing}."]
    if outcome is None:
        before = "It was finished before; n" if is_finished(states) else "N"
        lines.append(f"{before}othing was sent now.")
    else:
        if outcome.interrupted:
            lines.append("Interrupted: nothing more was sent.")
        if outcome.stopped and sends:
            lines.append(f"Sending stopped early: {outcome.stopped}")
        if outcome.at_rest:
            lines.append(
                "The simulated market is at rest, so waiting for the open orders ended early."
            )
    by_final = counts(states)
    if FinalState.UNKNOWN in by_final:
        lines.append(
            f"{by_final[FinalState.UNKNOWN]:,} UNKNOWN: the venue may or may not hold such an "
            "order, and it is not sent again. Ask the venue's desk by client order ID, and record "
            f"what they find: orderbatch resolve {batch.batch_id} ROW --placed SERVER_ID, or "
            "--not-placed."
        )
        lines.extend(f"  row {o.row}: client order ID {o.client_order_id}" for o in unknown)
        if by_final[FinalState.UNKNOWN] > len(unknown) > 0:
            lines.append("  and more; the report has all of them")
    if batch.simulated:
        lines.append("This was practice: nothing went to a real venue.")
    elif by_final.keys() == {FinalState.FILLED}:
        lines.append("Every row is filled; there is nothing left to do.")
    elif not by_final.keys() & {FinalState.OPEN, FinalState.UNKNOWN, FinalState.NOT_SENT}:
        lines.append(
            "Every row has come to its end. For those that were not filled, as a sheet to mend "
            f"and submit: orderbatch report {batch.batch_id} --corrections mend.xlsx"
        )
    # A simulated venue ends with its process, so there is nothing to go on with.
    if not batch.simulated and (
        states.get(OrderState.PLANNED)
        or FinalState.OPEN in by_final
        or (FinalState.UNKNOWN in by_final)
    ):
        first = "Then go" if FinalState.UNKNOWN in by_final else "Go"
        lines.append(f"{first} on with: orderbatch resume {batch.batch_id}")
    lines.extend(f"Report: {path}" for path in reports)
    return "\n".join(lines)
