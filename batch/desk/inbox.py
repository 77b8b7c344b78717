"""Folder runs: the order sheets of a shared folder, each taken by one process, one batch each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from batch.desk.conditions import closed_market, how_to_release, standing_stops, stopped_by
from batch.desk.folder import DONE, FAILED, Folder, Taken
from batch.desk.listener import Listener
from batch.desk.outcome import BatchResult
from batch.desk.problems import why
from batch.desk.session import Session
from batch.desk.verdict import Verdict, verdict_on
from batch.errors import BatchError, GateError, JournalLocked
from batch.sheet.companion import companion_path

_MOVES = {Verdict.DONE: DONE, Verdict.NOT_ALL_FILLED: DONE, Verdict.REFUSED: FAILED}
"""Where a sheet goes. After anything else the next run goes on with it."""

_NOTHING_WAS_SENT = frozenset({Verdict.NOT_NOW, Verdict.CANNOT_START})

_GOES_ON = frozenset({*_MOVES, Verdict.STILL_OPEN, Verdict.UNKNOWN})
"""After anything else the next sheet is not tried: what stopped this one would stop that, too."""


def run_folder(
    session: Session,
    path: Path,
    submit: Callable[[Path], list[BatchResult]],
    *,
    keep: bool,
    why_waiting: Callable[[Path], str] = lambda _: "",
    expected: Sequence[str] = (),
) -> list[BatchResult]:
    """Submit the sheets of a folder one after the other, and move each to where it belongs.

    Args:
        submit: takes one sheet from its file to its result.
        keep: leave the sheets where they are.
        why_waiting: says why a sheet is to wait for a person; empty for "take it".
        expected: patterns of names of which a sheet must have come in this trading day.

    Raises:
        SheetError: the folder cannot be read.
        GateError: nothing may be sent now; no sheet was touched.
    """
    _require_open_doors(session)
    folder = Folder(
        path,
        session,
        session.clock,
        keep=keep,
        why_waiting=lambda sheet: _without_companion(session, sheet) or why_waiting(sheet) or None,
    )
    results: list[BatchResult] = []
    came: list[str] = []
    for taken in folder.take_each():
        came.append(taken.name)
        session.say(f"{taken.name}:")
        with _concluding_later(session) as concluded:
            result, goes_on = _submit_one(session, taken.path, submit)
        result = _put_away(folder, taken, result, session)
        if concluded:
            # Told only now, so that the report is named where it is.
            session.listener.conclude(replace(concluded[-1], reports=result.reports))
        results.append(result)
        if not goes_on:
            break
    results += _not_come(session, path, expected, came)
    if not results:
        # However little somebody wants to hear: a day on which nothing came is no quiet one.
        session.warn(f"{path} holds no order sheets that can be taken; nothing was sent.")
    return results


def _require_open_doors(session: Session) -> None:
    """Make sure that sheets may be sent at all; one that is refused now is not a wrong sheet."""
    with session.open_journal() as journal:
        stops = standing_stops(journal)
    failed = [*stopped_by(stops), *closed_market(session)]
    if failed:
        raise GateError(
            f"{'; '.join(failed)}. Nothing was sent, and every sheet was left where it is.",
            advice=how_to_release(stops),
        )


def _without_companion(session: Session, sheet: Path) -> str:
    companion = companion_path(sheet)
    if session.settings.inbox.companion == "required" and not companion.is_file():
        return f"its companion file {companion.name} is not there yet"
    return ""


def _not_come(
    session: Session, folder: Path, expected: Sequence[str], came: Sequence[str]
) -> list[BatchResult]:
    """Give a refusal for each pattern of which no sheet came in this trading day, in any run."""
    if not expected:
        return []
    day, began = session.trading_day()
    names = {*came, *_refused_since(folder, began.timestamp())}
    with session.open_journal() as journal:
        names |= {
            Path(one.batch.sheet_path).name
            for one in journal.batches()
            if one.batch.created_at >= began
        }
    refusals = []
    for pattern in expected:
        wanted = pattern.replace("{date}", day.isoformat())
        if not any(fnmatchcase(name, wanted) for name in names):
            error = GateError(
                f"{folder}: expected a sheet named {wanted} in the trading day {day}, found that "
                "none came, in this run or an earlier one. Find out why it is missing."
            )
            session.listener.fail(error)
            refusals.append(BatchResult(Verdict.REFUSED, folder / wanted, error=error))
    return refusals


def _refused_since(folder: Path, moment: float) -> set[str]:
    """Give the sheets that were refused since a moment: they came, and have no batch."""
    try:
        return {path.name for path in (folder / FAILED).iterdir() if path.stat().st_ctime >= moment}
    except OSError:
        return set()


def _submit_one(
    session: Session, sheet: Path, submit: Callable[[Path], list[BatchResult]]
) -> tuple[BatchResult, bool]:
    """Submit a sheet; say also whether the next one may be tried."""
    try:
        (result,) = submit(sheet)
    except BatchError as error:
        session.listener.fail(error)
        verdict = verdict_on(error)
        result = BatchResult(verdict, sheet, error=error)
        return result, verdict is Verdict.REFUSED or isinstance(error, JournalLocked)
    return result, result.verdict in _GOES_ON


def _put_away(folder: Folder, taken: Taken, result: BatchResult, session: Session) -> BatchResult:
    place = _MOVES.get(result.verdict)
    if place is None:
        if result.verdict in _NOTHING_WAS_SENT:
            folder.give_back(taken)
        return result
    words = ""
    if place == FAILED:
        reason = why(result, session.listener.word).rstrip("\n")
        words = f"{reason}\nexit code {result.verdict.value}\n"
    return replace(result, reports=tuple(folder.put_away(taken, place, result.reports, words)))


class _Later:
    """A listener that keeps what a batch came to for later, and hands on all the rest."""

    def __init__(self, listener: Listener, concluded: list[BatchResult]) -> None:
        self._listener = listener
        self._concluded = concluded

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    def conclude(self, result: BatchResult) -> None:
        self._concluded.append(result)


@contextmanager
def _concluding_later(session: Session) -> Iterator[list[BatchResult]]:
    listener, concluded = session.listener, list[BatchResult]()
    session.listener = _Later(listener, concluded)
    try:
        yield concluded
    finally:
        session.listener = listener
