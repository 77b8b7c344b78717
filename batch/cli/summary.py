"""How a batch ended, in a paragraph."""

from __future__ import annotations

from pathlib import Path

from batch.desk.outcome import BatchResult
from batch.desk.standing import counts, counts_in_words, is_finished
from batch.report.wording import counted
from batch.states import FinalState, OrderState


def closing_words(result: BatchResult, *, names_reports: bool = True) -> str:
    """Say how a batch ended and what to do next, for a tired person.

    Args:
        names_reports: the files that were written are said here and nowhere else.
    """
    batch, states, outcome = result.batch, result.states, result.run
    assert batch is not None
    sends, unknown = result.sends, result.unknown
    name = Path(batch.sheet_path).name
    standing = counts_in_words(states)
    lines = [f"Batch {batch.batch_id} of {name}, {counted(batch.row_count, 'row')}: {standing}."]
    if outcome is None:
        before = "It was finished before; n" if is_finished(states) else "N"
        lines.append(f"{before}othing was sent now.")
    else:
        if outcome.stopped_by:
            lines.append(f"It was {outcome.stopped_by}: nothing more was sent.")
        elif outcome.interrupted:
            lines.append("Interrupted: nothing more was sent.")
        if outcome.stopped and sends and not outcome.stopped_by:
            lines.append(f"Sending stopped early: {outcome.stopped}")
        lines += [f"ALARM: {alarm}." for alarm in outcome.alarms]
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
    if names_reports:
        lines.extend(f"Report: {path}" for path in result.reports)
    return "\n".join(lines)
