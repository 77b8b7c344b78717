"""Putting a finished file into place, whole or not at all. Part of `report`, layer 2."""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, cast

from batch.clock import Clock
from batch.errors import ReportError

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def check_target(target: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse early, before anything is sent, a target that can never be written.

    Raises:
        ReportError: another suffix, no such folder, no right to write there, or a folder of
            that name.
    """
    if target.suffix.lower() not in suffixes:
        raise ReportError(
            f"{target}: expected a name that ends in {_one_of(suffixes)}, "
            f'found "{target.suffix or target.name}"'
        )
    if not target.parent.is_dir():
        raise ReportError(
            f"{target}: there is no folder {target.parent}; make it, or name another place"
        )
    if target.is_dir():
        raise ReportError(f"{target}: this is a folder; name a file in it")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise ReportError(
            f"{target}: no permission to write into the folder {target.parent}; name another place"
        )


def put_in_place(
    target: Path, write: Callable[[BinaryIO], None], clock: Clock | None = None
) -> Path:
    """Write a file beside its target, make it durable, and move it into place.

    Whatever stops this, Ctrl-C included, leaves the old file as it was and no remains.

    Args:
        write: writes the whole content to the stream that it is given.
        clock: tells the time for the name of the sibling; None where a locked target is an error.

    Returns:
        The path really written: a sibling of the target where another program holds that open.

    Raises:
        ReportError: it could not be written anywhere.
    """
    # A link stays a link: its file is what gets replaced.
    place = Path(os.path.realpath(target))
    draft = place.parent / f".orderbatch-{secrets.token_hex(8)}.tmp"
    try:
        try:
            _write_durably(draft, place, write)
            written = _move(draft, place, clock)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReportError(f"{target}: {_words(error, place)}") from error
    return target if written == place else written


def _write_durably(draft: Path, place: Path, write: Callable[[BinaryIO], None]) -> None:
    # Not tempfile: its files are closed to everyone but their owner, and a report is passed on.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with open(os.open(draft, flags, 0o666), "wb") as stream:
        if place.exists() and not _held(place):
            draft.chmod(stat.S_IMODE(place.stat().st_mode))
        sink = _Sink(stream)
        write(cast(BinaryIO, sink))
        if sink.failure is not None:
            raise sink.failure
        stream.flush()
        os.fsync(stream.fileno())


class _Sink(io.RawIOBase):
    """Takes the content, and keeps the first failure for the end.

    A zip file that an exception interrupts tries again to finish itself when it is collected,
    and complains on the terminal where nobody can catch it.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if self.failure is None and not self._stream.closed:
            try:
                self._stream.write(data)
            except OSError as error:
                self.failure = error
        return len(data)


def _move(draft: Path, place: Path, clock: Clock | None) -> Path:
    if not _held(place):
        try:
            os.replace(draft, place)
        except PermissionError:
            if clock is None:
                raise
        else:
            _sync_folder(place.parent)
            return place
    if clock is None:
        raise PermissionError(errno.EACCES, "held open")
    sibling = _sibling(place, clock)
    os.replace(draft, sibling)
    _sync_folder(sibling.parent)
    return sibling


def _held(place: Path) -> bool:
    """Tell whether the target is marked read-only or open in a spreadsheet program.

    Where the operating system does not lock open files, replacing one would go through, and
    the program's next save would put the old content over the report.
    """
    marks = (f".~lock.{place.name}#", f"~${place.name}")
    return (place.exists() and not os.access(place, os.W_OK)) or any(
        (place.parent / mark).exists() for mark in marks
    )


def _sibling(place: Path, clock: Clock) -> Path:
    moment = clock.now().strftime("%Y%m%dT%H%M%SZ")
    sibling = place.with_name(f"{place.stem}-{moment}{place.suffix}")
    attempt = 2
    while sibling.exists():
        sibling = place.with_name(f"{place.stem}-{moment}-{attempt}{place.suffix}")
        attempt += 1
    return sibling


def _sync_folder(folder: Path) -> None:
    # Windows cannot open a folder, and some file systems cannot sync one: the file itself is safe.
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)


def _words(error: OSError, place: Path) -> str:
    if error.errno in _DISK_FULL:
        cause = "the disk is full; make room"
    elif error.errno == errno.ENOENT:
        cause = f"the folder {place.parent} is gone; make it again"
    elif isinstance(error, PermissionError):
        cause = f"no permission to write into {place.parent}, or the file is open elsewhere"
    else:
        cause = f"it could not be written ({error.strerror or error})"
    return f"{cause}, or name another place. The orders and the journal are untouched"


def _one_of(suffixes: tuple[str, ...]) -> str:
    *most, last = suffixes
    return f"{', '.join(most)} or {last}" if most else last
