"""Stopping what runs, here or in other processes, and lifting that again."""

from __future__ import annotations

from collections.abc import Sequence

from batch.desk.cancelling import cancel_stopped
from batch.desk.options import RunningOptions
from batch.desk.outcome import BatchResult
from batch.desk.session import Session
from batch.desk.verdict import WrongUsage
from batch.errors import Advice, Hint, hint
from batch.journal import actor


def stop(
    session: Session, batches: Sequence[str] | None, *, cancel_open: bool, how: RunningOptions
) -> list[BatchResult]:
    """Have running processes send nothing more, from now until it is lifted.

    Args:
        batches: these; None for all, and for every new one.
        cancel_open: cancel what is open, too: by the process that runs a batch, or here where
            none does. That process is waited for.

    Returns:
        What came of the batches of which something was, or may have been, cancelled.

    Raises:
        JournalError: a batch is not there, or nothing could be recorded.
        BatchError: it is stopped, and nothing was cancelled, or the words say how to go on.
    """
    _require_some(batches)
    session.warn_of_no_journal("one is made now. Whoever sends by another one is not stopped.")
    with session.open_journal() as journal:
        for batch in batches or ():
            journal.batch(batch)
        journal.stops.ask(batches, cancel=cancel_open, by=actor(), now=session.clock.now())
        session.warn(
            f"Stopped: {_names(batches)}. Running processes send nothing more within two seconds"
            f"{', and new sheets are refused' if batches is None else ''}, until it is lifted.",
            Hint(Advice.RELEASE_STOP, tuple(batches or ())),
        )
        if not cancel_open:
            return []
        chosen = [
            found
            for found in journal.batches()
            if batches is None or found.batch.batch_id in batches
        ]
        return cancel_stopped(session, journal, chosen, how)


def release(session: Session, batches: Sequence[str] | None) -> None:
    """Lift the stops of these batches, or (None) the one for all.

    Raises:
        JournalError: a batch is not there, or nothing could be recorded.
    """
    _require_some(batches)
    with session.open_journal() as journal:
        for batch in batches or ():
            journal.batch(batch)
        count = journal.stops.release(batches, by=actor(), now=session.clock.now())
        if not count:
            session.warn(f"There was no stop of {_names(batches)} to lift.")
            return
        session.warn(f"Lifted: the stop of {_names(batches)}. Nothing is sent by this alone.")
        for other in journal.stops.standing():
            session.warn(
                f"Another stop stands: of {_names(other.batch_id and [other.batch_id])}, asked "
                f"for by {other.by}.",
                hint(Advice.RELEASE_STOP, *([other.batch_id] if other.batch_id else [])),
            )


def _require_some(batches: Sequence[str] | None) -> None:
    if batches is not None and not batches:
        raise WrongUsage("expected the batches that are to stop, or all of them, found neither.")


def _names(batches: Sequence[str] | str | None) -> str:
    if not batches:
        return "everything"
    return f"batch{'es' if len(batches) > 1 else ''} {', '.join(batches)}"
