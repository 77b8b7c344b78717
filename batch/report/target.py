"""Putting a finished file into place, whole or not at all. Part of `report`, layer 2.

A target is a name, never what a link of that name leads to. What stands there is replaced only
where it is known to be ours to replace.
"""

from __future__ import annotations

import errno
import io
import os
import secrets
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from batch.clock import Clock
from batch.errors import Advice, Hint, ReportError, TargetMisnamed, hint
from batch.model import shown
from batch.report.standing import Standing, StandingKind, stranger

NAME_BYTES = 255
"""Bytes of a file's name, on the file systems that are in use."""

_DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
# Where a file system has no hard links, or the system call is not there.
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}
_MODE = 0o660
_NOFOLLOW = getattr(os, "O_NOFOLLOW", 0)

Judge = Callable[[Path], Standing]
"""Says what a regular file that stands at a target is."""


@dataclass(frozen=True, slots=True)
class Placing:
    """How a file is put into place.

    Attributes:
        force: replace what stands there whatever file it is, as long as it is one.
        say: told why a sibling was written.
    """

    force: bool = False
    say: Callable[[str], None] = lambda _: None


AS_USUAL = Placing()


class TargetTaken(ReportError):
    """Something stands at the target that is not to be replaced."""


def check_target(target: Path, suffixes: tuple[str, ...]) -> None:
    """Refuse early, before anything is sent, a target that can never be written.

    Raises:
        TargetMisnamed: another suffix.
        ReportError: too long a name, no such folder, no right to write there, or
            what stands there is a folder, a link, a device or a pipe.
    """
    if target.suffix.lower() not in suffixes:
        raise TargetMisnamed(
            f"{target}: expected a name that ends in {_one_of(suffixes)}, "
            f'found "{target.suffix or target.name}"'
        )
    if len(os.fsencode(target.name)) > NAME_BYTES:
        raise ReportError(
            f"{target}: expected a name of at most {NAME_BYTES} bytes, found "
            f"{len(os.fsencode(target.name))}; name a shorter one"
        )
    if not os.path.isdir(target.parent):
        raise ReportError(
            f"{target}: there is no folder {target.parent}; make it, or name another place"
        )
    if target.is_dir() and not target.is_symlink():
        raise ReportError(f"{target}: this is a folder; name a file in it")
    if words := _no_plain_file(target):
        raise ReportError(f"{target}: {words}; name another file")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise ReportError(
            f"{target}: no permission to write into the folder {target.parent}; name another place"
        )


def check_standing(target: Path, judge: Judge) -> None:
    """Refuse early a target at which something stands that is not ours to replace.

    Raises:
        TargetTaken: it is somebody else's, or another batch's.
    """
    standing = _judge(target, judge)
    if standing is not None and standing.kind is StandingKind.STRANGE:
        raise _taken(target, standing)


def put_in_place(
    target: Path,
    write: Callable[[BinaryIO], None],
    clock: Clock | None = None,
    *,
    judge: Judge = stranger,
    placing: Placing = AS_USUAL,
) -> Path:
    """Write a file beside its target, make it durable, and move it into place.

    Whatever stops this, Ctrl-C included, leaves the old file as it was and no remains.

    Args:
        write: writes the whole content to the stream that it is given.
        clock: tells the time for the name of the sibling; None where a target that cannot be
            replaced is an error.
        judge: says of what stands there whether it may be replaced.

    Returns:
        The path really written: a sibling of the target where that is open in another program, or
        is not to be replaced.

    Raises:
        TargetTaken: what stands there is not to be replaced, and there is no clock.
        ReportError: it could not be written anywhere.
    """
    draft = target.parent / f".orderbatch-{secrets.token_hex(8)}.tmp"
    try:
        try:
            replaced = stat.S_IMODE(target.lstat().st_mode) if _is_plain(target) else None
            _write_durably(draft, write)
            written = _move(draft, target, clock, judge, placing)
            if written == target and replaced is not None:
                written.chmod(replaced)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ReportError(f"{target}: {_words(error, target)}") from error
    return written


def _write_durably(draft: Path, write: Callable[[BinaryIO], None]) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | getattr(os, "O_BINARY", 0)
    with open(os.open(draft, flags, _MODE), "wb") as stream:
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


def _move(
    draft: Path,
    target: Path,
    clock: Clock | None,
    judge: Judge,
    placing: Placing,
) -> Path:
    why = _replace(draft, target, stranger if placing.force else judge, placing.force)
    if not why:
        _sync_folder(target.parent)
        return target
    if clock is None:
        if why is _OPEN_ELSEWHERE:
            raise PermissionError(errno.EACCES, "held open")
        raise TargetTaken(f"{target}: {why}; name another file", advice=_may_force(target))
    sibling = _move_beside(draft, target, clock)
    _sync_folder(sibling.parent)
    placing.say(f"{target} {why}; the report is {sibling}")
    return sibling


_OPEN_ELSEWHERE = "is open in another program, or may not be written"


def _replace(draft: Path, target: Path, judge: Judge, force: bool) -> str:
    """Move a draft to its target; give why not, or nothing where it is done."""
    try:
        standing = _judge(target, judge)
    except PermissionError:
        return _OPEN_ELSEWHERE
    if standing is None:
        return "" if _move_to_free(draft, target) else _replace(draft, target, judge, force)
    if _no_plain_file(target):
        return standing.words
    if standing.kind is not StandingKind.OURS and not force:
        return standing.words
    if _held(target):
        return _OPEN_ELSEWHERE
    try:
        os.replace(draft, target)
    except PermissionError:
        return _OPEN_ELSEWHERE
    return ""


def _judge(target: Path, judge: Judge) -> Standing | None:
    """Say what stands at a target; None where nothing does."""
    try:
        target.lstat()
    except FileNotFoundError:
        return None
    if words := _no_plain_file(target):
        return Standing(StandingKind.STRANGE, words)
    return judge(target)


def _move_to_free(draft: Path, target: Path) -> bool:
    """Move to a name at which nothing stood; say False where something does by now."""
    try:
        os.link(draft, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        try:
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW, _MODE))
        except FileExistsError:
            return False
        os.replace(draft, target)
    else:
        draft.unlink()
    return True


def _move_beside(draft: Path, target: Path, clock: Clock) -> Path:
    moment = clock.now().strftime("%Y%m%dT%H%M%SZ")
    ending, attempt = f"-{moment}{target.suffix}", 1
    while not _move_to_free(draft, sibling := target.with_name(fitting(target.stem, ending))):
        attempt += 1
        ending = f"-{moment}-{attempt}{target.suffix}"
    return sibling


def fitting(stem: str, ending: str) -> str:
    """Make a file's name of two parts, the first shortened so that a file system takes it."""
    room = NAME_BYTES - len(os.fsencode(ending))
    content = os.fsencode(stem)
    if len(content) <= room:
        return stem + ending
    cut = content[: max(room, 0)]
    # Never in the middle of a character.
    while cut and content[len(cut)] & 0xC0 == 0x80:
        cut = cut[:-1]
    return os.fsdecode(cut) + ending


def _taken(target: Path, standing: Standing) -> TargetTaken:
    return TargetTaken(f"{target}: {standing.words}; name another file", advice=_may_force(target))


def _may_force(target: Path) -> tuple[Hint, ...]:
    return (hint(Advice.REPLACE_TARGET),) if _is_plain(target) else ()


def _is_plain(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _no_plain_file(path: Path) -> str:
    """Say what a name is that no file may be written to; empty where it is free or a file."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return ""
    if stat.S_ISLNK(mode):
        return f'is a symbolic link, to "{shown(os.readlink(path), 200)}", and is not followed'
    return "" if stat.S_ISREG(mode) else "is a folder, a device, a pipe or a socket"


def _held(place: Path) -> bool:
    """Tell whether the target is marked read-only or open in a spreadsheet program.

    Where the operating system does not lock open files, replacing one would go through, and
    the program's next save would put the old content over the report.
    """
    marks = (f".~lock.{place.name}#", f"~${place.name}")
    return not os.access(place, os.W_OK) or any(
        os.path.exists(place.parent / mark) for mark in marks
    )


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
