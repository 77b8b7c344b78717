"""One process at a time on a batch: an operating-system lock, released by death."""

from __future__ import annotations

import glob
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from batch.errors import JournalError, JournalLocked
from batch.journal.actor import actor
from batch.lockfile import alone_by

LOCK, HOLDER = ".lock", ".holder"

AN_INSTANT_S = 0.02


@contextmanager
def hold(folder: Path, journal_name: str, batch_id: str, since: datetime) -> Iterator[None]:
    """Hold a batch until the block ends or the process dies.

    Args:
        folder: where the journal lies; the lock file is beside it as long as the batch is held.
        journal_name: file name of the journal, so that two journals in a folder do not meet.
        batch_id: the batch to hold.
        since: when this holding starts, for the message to a second process.

    Raises:
        JournalLocked: another process holds it; says which and since when.
        JournalError: the lock file cannot be made.
    """
    path = folder / f".{journal_name}.{batch_id}{LOCK}"
    who = path.with_suffix(HOLDER)
    with ExitStack() as held:
        try:
            is_ours = held.enter_context(alone_by(path))
            if not is_ours:
                # Whoever clears away what a dead process left holds it for an instant.
                time.sleep(AN_INSTANT_S)
                is_ours = held.enter_context(alone_by(path))
        except OSError as error:
            raise JournalError(
                f"{path}: expected to be able to make a lock file beside the journal, "
                f"found: {error.strerror}. Nothing was sent."
            ) from None
        if not is_ours:
            raise JournalLocked(
                f"batch {batch_id}: expected to be the only process on it, found that "
                f"{_holder(who)} works on it. Wait for it to end; a process that died holds "
                "nothing."
            )
        # Only words for others, which a full disk must not turn into a failure: the lock is held.
        with suppress(OSError):
            moment = since.astimezone(UTC)
            who.write_text(f"{actor()}\n{moment:%Y-%m-%d %H:%M:%S} UTC\n", encoding="utf-8")
        try:
            yield
        finally:
            with suppress(OSError):
                who.unlink(missing_ok=True)
            _clear_away(folder, f".{journal_name}.")


def _clear_away(folder: Path, start: str) -> None:
    """Delete the lock files of batches whose process was killed, and of earlier versions."""
    with suppress(OSError):
        for path in folder.glob(f"{glob.escape(start)}*{LOCK}"):
            with suppress(OSError), alone_by(path) as is_ours:
                if is_ours:
                    path.with_suffix(HOLDER).unlink(missing_ok=True)


def _holder(who: Path) -> str:
    try:
        name, since = who.read_text(encoding="utf-8").splitlines()[:2]
    except (OSError, ValueError):
        # The holder has just started or is just ending: the lock says all that is certain.
        return "another process"
    return f"{name} (since {since})"
