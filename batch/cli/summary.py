"""How a batch ended, in a paragraph."""

from __future__ import annotations

from pathlib import Path

from batch.cli.advice import in_words
from batch.desk.outcome import BatchResult
from batch.desk.standing import counts, counts_in_words, is_finished
from batch.errors import Advice, hint
from batch.report.wording import counted
from batch.states import FinalState, OrderState


def closing_words(result: BatchResult, *, names_reports: bool = True) -> str:
    """Say how a batch ended and what to do next, for a tired person.

    Args:
        names_reports: the files that were written are said here and nowhere else.
    """
    batch, states, outcome = result.batch, result.states, result.run
    assert batch is not None
    sends = result.sends
    name = Path(batch.sheet_path).name
    standing = counts_in_words(states)
    lines = [f"Batch {batch.batch_id} of {name}, {counted(batch.row_count, 'row')}: {standing}."]
    if outcome is None:
        before = "It was finished before; n" if is_finished(states) else "N"
        lines.append(
            f"This is how it stands now: {result.run_by} runs it, and writes its report."
            if result.run_by
            else f"{before}othing was sent now."
        )
    else:
        if outcome.stopped_by:
            lines.append(f"It was {outcome.stopped_by}: nothing more was sent.")
        elif outcome.interrupted:
            lines.append("Interrupted: nothing more was sent.")
        if outcome.stopped and sends and not outcome.stopped_by:
            lines.append(f"Sending stopped early: {outcome.stopped}")
        if outcome.at_rest:
            lines.append(
                "The simulated market is at rest, so waiting for the open orders ended early."
            )
    for alarm in result.alarms:
        row = "ROW" if alarm.row is None else alarm.row
        to_do = in_words(hint(Advice.END_ALARM, batch.batch_id, row))
        lines.append(f"ALARM: {alarm.words}. {to_do}")
    if result.alarms and states.get(OrderState.PLANNED):
        lines.append("Nothing more of this batch is sent before that.")
    by_final = counts(states)
    if batch.simulated:
        lines.append("This was practice: nothing went to a real venue.")
    elif by_final.keys() == {FinalState.FILLED} and not result.alarms:
        lines.append("Every row is filled; there is nothing left to do.")
    elif not by_final.keys() & {FinalState.OPEN, FinalState.UNKNOWN, FinalState.NOT_SENT}:
        lines.append("Every row has come to its end.")
        if result.can_be_mended:
            lines[-1] += (
                " Those of which certainly nothing was filled, as a sheet to mend and submit: "
                f"orderbatch report {batch.batch_id} --corrections mend.xlsx"
            )
    # A simulated venue ends with its process, so there is nothing to go on with.
    if not (batch.simulated or result.run_by):
        lines += _how_to_go_on(result)
    if FinalState.UNKNOWN in by_final:
        lines += _what_to_ask(result, by_final[FinalState.UNKNOWN])
    if names_reports:
        lines.extend(f"Report: {path}" for path in result.reports)
    return "\n".join(lines)


def _how_to_go_on(result: BatchResult) -> list[str]:
    assert result.batch is not None
    resume = f"orderbatch resume {result.batch.batch_id}"
    unsent = result.states.get(OrderState.PLANNED)
    if not (unsent or {FinalState.OPEN, FinalState.UNKNOWN} & counts(result.states).keys()):
        return []
    stop = result.stopped
    if stop is None:
        return [f"Go on with: {resume}"]
    which = "--all" if stop.batch_id is None else stop.batch_id
    release = f"orderbatch stop {which} --release"
    if unsent:
        return [
            f"A stop by {stop.by} stands, so nothing is sent. Lift it first, if that is right: "
            f"{release}",
            f"Then go on with: {resume}",
        ]
    return [f"What may be open is followed with: {resume}"]


def _what_to_ask(result: BatchResult, count: int) -> list[str]:
    """Say what a person does about UNKNOWN orders, after everything that the program can do."""
    batch = result.batch
    assert batch is not None
    left = "those" if batch.simulated or result.run_by else "what that leaves UNKNOWN"
    lines = [
        f"{count:,} UNKNOWN: the venue may or may not hold such an order, and it is not sent "
        f"again. About {left}, ask the venue's desk by client order ID, and record what they find: "
        f"orderbatch resolve {batch.batch_id} ROW --placed SERVER_ID, or --not-placed."
    ]
    lines.extend(f"  row {o.row}: client order ID {o.client_order_id}" for o in result.unknown)
    if count > len(result.unknown) > 0:
        lines.append("  and more; the report has all of them")
    return lines
