"""A shared folder of order sheets: who takes which file, and where it goes afterwards.

A sheet is taken by moving it to `working/`: so it is read once and whole, whatever is put in its
place meanwhile, and two schedulers share a folder. Each step is one rename, so that a process
which is killed between any two of them leaves a folder with which the next run goes on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from batch.clock import Clock
from batch.desk.signatures import SUFFIX as APPROVAL_SUFFIX
from batch.errors import SheetError
from batch.lockfile import alone_by
from batch.sheet.companion import SUFFIX as COMPANION_SUFFIX

WORKING, DONE, FAILED = "working", "done", "failed"

SHEET_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
"""Also the formats that are refused: whoever put such a file there should learn of it."""

PARTIAL_SUFFIXES = frozenset({".tmp", ".part", ".partial", ".crdownload", ".lock"})

ESCORT_SUFFIXES = (COMPANION_SUFFIX, APPROVAL_SUFFIX)
"""What travels with a sheet: its name and one of these."""

LOCK_SUFFIX = ".orderbatch-lock"

HALF_REPORTS = ".orderbatch-*.tmp"
"""What a report is called while it is written; see `batch.report.target`."""

QUIET_S = 2.0
"""A file that did not change for so long is complete."""

EMPTY_S = 300.0
"""A file in which nobody has written anything for so long stays empty: no writer is that slow."""

TRIES = 5
"""How often the folder of what is being worked on is made anew where another run removes it."""

_ELSEWHERE = "is in another process's hands; it is left to that"

Shape = tuple[int, int, int]


class Teller(Protocol):
    """Whom a folder tells what it does."""

    def say(self, words: str) -> None:
        """Say what goes well."""

    def warn(self, words: str) -> None:
        """Say what somebody should know."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A sheet that this process alone works on.

    Attributes:
        path: where it stands now.
        name: its name in the folder.
        shape: what it was when it was taken; one that changed since is not what was read.
        is_left_over: an earlier run had taken it, and may still be at work on another host.
    """

    path: Path
    name: str
    shape: Shape
    is_left_over: bool = False


class Folder:
    """One folder run.

    Args:
        keep: leave the sheets where they are.
        why_waiting: says why a complete sheet is to wait for a later run; None for "take it".
    """

    def __init__(
        self,
        path: Path,
        teller: Teller,
        clock: Clock,
        *,
        keep: bool = False,
        why_waiting: Callable[[Path], str | None] = lambda _: None,
    ) -> None:
        self.path = path
        self._teller = teller
        self._clock = clock
        self._keep = keep
        self._why_waiting = why_waiting

    def take_each(self) -> Iterator[Taken]:
        """Give one sheet after the other, each ours until the next one is asked for.

        What an earlier run left in `working/` comes first.

        Raises:
            SheetError: the folder cannot be read, or no sheet can be moved in it.
        """
        try:
            yield from self._each()
        finally:
            with suppress(OSError):
                self._clear_away()
                if not self._keep:
                    (self.path / WORKING).rmdir()  # where it is empty

    def _each(self) -> Iterator[Taken]:
        left = [] if self._keep else self._left_behind()
        for name in left:
            with self._hold(self.path / WORKING, name) as is_ours:
                if is_ours:
                    self._fetch_escort(name)
                    yield replace(self._taken(self.path / WORKING / name), is_left_over=True)
                else:
                    self._leave(name, _ELSEWHERE)
        for name, shape in self._complete(busy=frozenset(left)):
            with self._take(name, shape) as taken:
                if taken is not None:
                    yield taken

    def put_away(
        self, taken: Taken, place: str, reports: Sequence[Path] = (), why: str = ""
    ) -> list[Path]:
        """Move a sheet, its reports and what travelled with it to `done/` or `failed/`.

        The sheet goes last: until then the next run would go on with it.

        Args:
            reports: those beside the sheet go with it; all others stay where somebody wanted them.
            why: goes beside a refused sheet.

        Returns:
            The reports where they are now.
        """
        if self._keep:
            return list(reports)
        if _shape(taken.path) != taken.shape:
            self._teller.warn(
                f"{taken.path}: it changed after it was read. What was read was handled; the file "
                "as it is now stays for the next run."
            )
            return list(reports)
        folder = self.path / place
        moved_reports = list(reports)
        try:
            folder.mkdir(exist_ok=True)
            target = _free_name(folder, taken.name)
            for number, report in enumerate(reports):
                is_beside = report.absolute().parent == taken.path.absolute().parent
                if is_beside and report.exists():
                    os.replace(report, folder / report.name)
                    moved_reports[number] = folder / report.name
            if why:
                _write(target.with_name(f"{target.name}.why.txt"), why)
            for suffix in ESCORT_SUFFIXES:
                escort = taken.path.with_name(f"{taken.name}{suffix}")
                if escort.exists():
                    os.replace(escort, target.with_name(f"{target.name}{suffix}"))
            os.replace(taken.path, target)
        except OSError as error:
            # Its rows are recorded, so the next run sends none of them again.
            self._teller.warn(
                f"{taken.path}: expected to be able to move it to {folder}, found: "
                f"{error.strerror}. Move it by hand, or let the next run go on with it."
            )
            return moved_reports
        self._teller.say(f"Moved to {target}")
        return moved_reports

    def give_back(self, taken: Taken) -> None:
        """Put a sheet back of which nothing was sent, so that a person finds it where it was.

        One that this run did not take stays, for the next run or for whoever has it in hand.
        """
        if self._keep or taken.is_left_over or taken.path.parent == self.path:
            return
        with suppress(OSError):
            for name in (*(f"{taken.name}{suffix}" for suffix in ESCORT_SUFFIXES), taken.name):
                source, target = taken.path.with_name(name), self.path / name
                if source.exists() and not target.exists():
                    os.rename(source, target)

    # How a sheet is found

    def _left_behind(self) -> list[str]:
        working = self.path / WORKING
        try:
            return sorted(path.name for path in working.iterdir() if _is_sheet(path))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _unreadable(working, error) from None

    def _complete(self, busy: frozenset[str]) -> Iterator[tuple[str, Shape]]:
        """Give the sheets that are complete, in the order of their names."""
        try:
            found = sorted(path for path in self.path.iterdir() if path.is_file())
        except OSError as error:
            raise _unreadable(self.path, error) from None
        before = {path: _shape(path) for path in found if _is_sheet(path)}
        for path in found:
            if path not in before and not _is_bystander(path):
                self._leave(path.name, "is no order sheet; it is left where it is")
            elif path.suffix.lower() in ESCORT_SUFFIXES and self._has_lost_its_sheet(path):
                self._teller.warn(f"{path.name} waits: its sheet {path.stem} is not there.")
        if before:
            self._clock.sleep(QUIET_S)
        for path, shape in before.items():
            now = _shape(path)
            if now is None:
                continue  # another process took it
            if now != shape:
                self._leave(path.name, "is still being written; it is left for the next run")
            elif self._may_be_begun(now):
                self._leave(path.name, "is empty, and may just be begun; it waits for the next run")
            elif path.name in busy:
                self._leave(path.name, "came while an earlier one of its name was open; it waits")
            elif why := self._why_waiting(path):
                self._teller.warn(f"{path.name} waits: {why}.")
            else:
                yield path.name, now

    def _has_lost_its_sheet(self, escort: Path) -> bool:
        # Another process may have taken the sheet, and fetch this at the next moment.
        places = (self.path, self.path / WORKING, self.path / DONE, self.path / FAILED)
        return not any((place / escort.stem).exists() for place in places)

    def _may_be_begun(self, shape: Shape) -> bool:
        """Say whether somebody may be about to write into an empty file."""
        size, changed_ns, _ = shape
        return size == 0 and self._clock.now().timestamp() - changed_ns / 1e9 < EMPTY_S

    @contextmanager
    def _take(self, name: str, shape: Shape) -> Iterator[Taken | None]:
        if self._keep:
            with self._hold(self.path, name) as is_ours:
                if not is_ours:
                    self._leave(name, _ELSEWHERE)
                yield Taken(self.path / name, name, shape) if is_ours else None
            return
        working = self.path / WORKING
        try:
            working.mkdir(exist_ok=True)
        except OSError as error:
            raise SheetError(
                f"{working}: expected a folder that can be made, found: {error.strerror}. Nothing "
                "was sent."
            ) from None
        with self._hold(working, name, is_there=False) as is_ours:
            if not is_ours:
                self._leave(name, _ELSEWHERE)
            yield self._move_in(name, shape) if is_ours else None

    def _move_in(self, name: str, shape: Shape) -> Taken | None:
        source, target = self.path / name, self.path / WORKING / name
        if target.exists():
            self._leave(name, "came while an earlier one of its name was open; it waits")
            return None
        try:
            # The sheet first: what travels with it is fetched by whoever goes on with it.
            os.rename(source, target)
        except FileNotFoundError:
            return None  # another process took it
        except OSError as error:
            raise SheetError(
                f"{source}: expected to be able to move it to {target.parent}, found: "
                f"{error.strerror}. Nothing was sent."
            ) from None
        taken = self._taken(target)
        if taken.shape != shape:
            # Whoever wrote it was not done, or put another one in its place this very moment.
            self.give_back(taken)
            self._leave(name, "is still being written; it is left for the next run")
            return None
        self._fetch_escort(name)
        return taken

    def _fetch_escort(self, name: str) -> None:
        """Move what travels with a sheet after it, unless it belongs to a later one."""
        if (self.path / name).exists():
            return
        for suffix in ESCORT_SUFFIXES:
            escort = self.path / f"{name}{suffix}"
            target = self.path / WORKING / escort.name
            if escort.exists() and not target.exists():
                with suppress(FileNotFoundError):
                    os.rename(escort, target)

    @contextmanager
    def _hold(self, folder: Path, name: str, *, is_there: bool = True) -> Iterator[bool]:
        """Be the only process on a sheet's file, as far as the folder's locks reach.

        Where they do not, between hosts, a move succeeds only once, and the journal still lets
        only one process send the rows.
        """
        place = folder / f".{name}{LOCK_SUFFIX}"
        with ExitStack() as held:
            try:
                is_ours = self._locked(place, held)
            except OSError as error:
                raise SheetError(
                    f"{place}: expected to be able to make a lock file beside the sheet, found: "
                    f"{error.strerror}. Nothing of it was sent."
                ) from None
            # Whoever had it before may have put it away since the folder was listed.
            yield is_ours and ((folder / name).exists() or not is_there)

    def _locked(self, place: Path, held: ExitStack) -> bool:
        for _ in range(TRIES):
            with suppress(FileNotFoundError):
                return held.enter_context(alone_by(place))
            # Another run came to its end this moment, and took the empty folder away.
            place.parent.mkdir(exist_ok=True)
        return held.enter_context(alone_by(place))

    def _clear_away(self) -> None:
        """Take away what killed processes left: locks of sheets that stand nowhere, half reports.

        A sheet that stands nowhere is one that nobody is about to take.
        """
        folder = self.path if self._keep else self.path / WORKING
        halves = [] if self._keep else list(folder.glob(HALF_REPORTS))
        for place in folder.glob(f".*{LOCK_SUFFIX}"):
            name = place.name[1 : -len(LOCK_SUFFIX)]
            if not (folder / name).exists() and not (self.path / name).exists():
                with alone_by(place):
                    pass
        # Whoever writes a report holds the lock of its sheet until that is put away.
        if halves and not any(folder.glob(f".*{LOCK_SUFFIX}")):
            for path in halves:
                path.unlink()

    def _taken(self, path: Path) -> Taken:
        return Taken(path, path.name, _shape(path) or (-1, -1, -1))

    def _leave(self, name: str, why: str) -> None:
        self._teller.say(f"{name} {why}.")


def _is_sheet(path: Path) -> bool:
    return path.suffix.lower() in SHEET_SUFFIXES and not _is_bystander(path)


def _is_bystander(path: Path) -> bool:
    """Say whether a file is none of ours to name: hidden, half written, a result, an escort."""
    name, suffix = path.name, path.suffix.lower()
    return (
        name.startswith((".", "~$"))
        or name.endswith("~")
        or suffix in PARTIAL_SUFFIXES
        or suffix in ESCORT_SUFFIXES
        or "-results-" in name
    )


def _shape(path: Path) -> Shape | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino


def _free_name(folder: Path, name: str) -> Path:
    wanted = folder / name
    number = 2
    while wanted.exists() or wanted.is_symlink():
        wanted = folder / f"{Path(name).stem}-{number}{Path(name).suffix}"
        number += 1
    return wanted


def _write(path: Path, text: str) -> None:
    # Never through a link that somebody put there: what it points to is not ours.
    path.unlink(missing_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _unreadable(folder: Path, error: OSError) -> SheetError:
    return SheetError(f"{folder}: expected a folder that can be read, found: {error.strerror}.")
