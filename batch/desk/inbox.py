"""Folder runs: the order sheets of a shared folder, each taken by one process, one batch each."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from batch.desk.outcome import BatchResult
from batch.desk.problems import why
from batch.desk.session import Session
from batch.desk.verdict import Verdict, verdict_on
from batch.errors import BatchError, JournalLocked, SheetError

SHEET_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
"""Also the formats that are refused: whoever put such a file there should learn of it."""

PARTIAL_SUFFIXES = frozenset({".tmp", ".part", ".partial", ".crdownload", ".lock"})

QUIET_S = 2.0
"""A file that did not change for so long is complete."""

DONE, FAILED = "done", "failed"

_MOVES = {Verdict.DONE: DONE, Verdict.NOT_ALL_FILLED: DONE, Verdict.REFUSED: FAILED}
"""Where a sheet goes. After anything else it stays, and the next run goes on with it."""


def order_sheets(folder: Path, session: Session) -> list[Path]:
    """Give the complete order sheets of a folder in the order of their names.

    Raises:
        SheetError: the folder cannot be read.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.is_file() and _is_sheet(path))
    except OSError as error:
        raise SheetError(
            f"{folder}: expected a folder that can be read, found: {error.strerror}."
        ) from None
    before = {path: _shape(path) for path in found}
    if found:
        session.clock.sleep(QUIET_S)
    complete = []
    for path in found:
        shape = _shape(path)
        if shape is None:
            continue  # another process took it
        if shape != before[path] or shape[0] == 0:
            session.say(f"{path.name} is still being written; it is left for the next run.")
        else:
            complete.append(path)
    return complete


def run_folder(
    session: Session,
    sheets: Sequence[Path],
    submit: Callable[[Path], list[BatchResult]],
    *,
    keep: bool,
) -> list[BatchResult]:
    """Submit sheets one after the other and move each to where its result belongs.

    Args:
        submit: takes one sheet from its file to its result.
        keep: leave the sheets where they are.
    """
    results: list[BatchResult] = []
    for sheet in sheets:
        with _claim(sheet) as is_ours:
            if not is_ours:
                session.say(f"{sheet.name} is in another process's hands; it is left to that.")
                continue
            session.say(f"{sheet.name}:")
            result, goes_on = _submit_one(session, sheet, submit)
            results.append(result)
            if not keep and result.verdict in _MOVES:
                _put_away(session, sheet, result, _MOVES[result.verdict])
        if not goes_on:
            # What stopped this one would stop the others: no wrong password is tried twice.
            break
    return results


def _is_sheet(path: Path) -> bool:
    name, suffix = path.name, path.suffix.lower()
    if name.startswith((".", "~$")) or name.endswith("~") or suffix in PARTIAL_SUFFIXES:
        return False
    return suffix in SHEET_SUFFIXES and "-results-" not in name


def _shape(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


@contextmanager
def _claim(sheet: Path) -> Iterator[bool]:
    """Be the only process on a sheet's file, as far as the folder's locks reach.

    Where they do not, between hosts, the journal still lets only one send its rows.
    """
    place = sheet.with_name(f".{sheet.name}.orderbatch-lock")
    lock = FileLock(place, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except OSError as error:
        raise SheetError(
            f"{place}: expected to be able to make a lock file beside the sheet, found: "
            f"{error.strerror}. Nothing of it was sent."
        ) from None
    try:
        # Whoever had it before may have moved it since the folder was listed.
        yield sheet.exists()
    finally:
        with suppress(OSError):
            place.unlink(missing_ok=True)
        lock.release()


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
    return result, result.verdict not in (
        Verdict.COULD_NOT_START,
        Verdict.FAULT,
        Verdict.INTERRUPTED,
    )


def _put_away(session: Session, sheet: Path, result: BatchResult, name: str) -> None:
    folder = sheet.parent / name
    try:
        folder.mkdir(exist_ok=True)
        moved = _free_name(folder, sheet.name)
        os.replace(sheet, moved)
        for report in result.reports:
            if report.parent == sheet.parent:
                os.replace(report, folder / report.name)
        if name == FAILED:
            moved.with_name(f"{moved.name}.why.txt").write_text(
                why(result, session.listener.word), encoding="utf-8"
            )
    except OSError as error:
        # Its rows are recorded, so the next run sends none of them again.
        session.warn(
            f"{sheet}: expected to be able to move it to {folder}, found: {error.strerror}. "
            "Move it by hand."
        )
        return
    session.say(f"Moved to {moved}")


def _free_name(folder: Path, name: str) -> Path:
    wanted = folder / name
    number = 2
    while wanted.exists():
        wanted = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return wanted
