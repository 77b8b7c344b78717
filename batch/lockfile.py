"""One process at a time on something, by a lock file that is gone when it is over.

The lock is the operating system's, so it ends with the process, however that ends. What a process
leaves that was killed is an empty file that locks nothing, and that the next one takes away.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

TRIES = 20
"""How often a file that went away between being opened and being locked is opened anew."""


@contextmanager
def alone_by(path: Path) -> Iterator[bool]:
    """Hold a lock file until the block ends or the process dies; never wait for it.

    Args:
        path: the lock file, in a folder that is there.

    Yields:
        False where another process holds it, or another part of this one.

    Raises:
        OSError: the file cannot be made or locked.
    """
    # Only a lock of the operating system's ends with the process; where there is none, say so.
    lock = FileLock(path, timeout=0, fallback_to_soft=False)
    if not _acquired(lock, path):
        yield False
        return
    try:
        yield True
    finally:
        # While it is still locked, so that nobody else's is deleted. Whoever has opened this one
        # meanwhile locks a file without a name, which filelock takes for no lock. Windows has no
        # such files: there filelock deletes the file itself, where nobody else has it open.
        if os.name != "nt":
            with suppress(OSError):
                path.unlink()
        lock.release()


def _acquired(lock: FileLock, path: Path) -> bool:
    for _ in range(TRIES):
        with suppress(Timeout):
            lock.acquire()
            return True
        if path.exists():
            return False
        # Its holder let go of it this moment: nobody holds what is not there.
    return False
