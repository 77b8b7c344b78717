"""The files that a command must not write over, whatever name they are given. Layer 2.

A file has many names: a relative path, a hard link, other letters on a file system that does not
tell them apart. So files are compared by what they are, and names only where there is none yet.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from batch.errors import ReportError, TargetMisnamed


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that no target may be.

    Attributes:
        what: what it is to this command, with its article: `the order sheet`.
    """

    path: Path
    what: str


class Protection:
    """Keeps a command from writing over its inputs, or two of its files into one.

    Args:
        kept: inputs, the journal, the settings: what is there, or may come to be.
    """

    def __init__(self, kept: Iterable[Kept]) -> None:
        self._kept = list(kept)
        self._targets: list[Kept] = []

    def claim(self, target: Path, what: str) -> None:
        """Take a file as a target, so that nothing else of this command is written to it.

        Args:
            what: what is written there, with its article: `the report`.

        Raises:
            ReportError: it is one of the kept files.
            TargetMisnamed: it is another target.
        """
        for kept in [*self._targets, *self._kept]:
            if is_same_file(target, kept.path):
                same = "" if str(kept.path) == str(target) else f" ({kept.path})"
                error = TargetMisnamed if kept in self._targets else ReportError
                raise error(
                    f"{target}: expected a file for {what} alone, found {kept.what}{same}, which "
                    "it would overwrite; name another file"
                )
        self._targets.append(Kept(target, what))


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two names lead to one file, or would once it is written.

    Case and the way in which letters are composed do not tell names apart where nothing stands
    yet: there are file systems that write both to one file.
    """
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        pass
    if _exists(one) != _exists(other):
        return False
    return _folded(one.name) == _folded(other.name) and _is_same_folder(
        _folder(one), _folder(other)
    )


def _exists(path: Path) -> bool:
    try:
        return os.path.exists(path)
    except (OSError, ValueError):
        return False


def _folder(path: Path) -> Path:
    # Not resolved: what the last part is a link to does not say in which folder it stands.
    return Path(os.path.realpath(os.path.abspath(path.parent)))


def _is_same_folder(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):
        return _folded(str(one)) == _folded(str(other))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
