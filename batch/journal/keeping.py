"""Looking after a journal: looking it through, copying it, bringing it up to date."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from batch.errors import JournalError
from batch.journal.examining import Examination
from batch.journal.places import in_server, servers
from batch.journal.sqlite import keeping
from batch.journal.store import BUSY_TIMEOUT_S, Journal


def examine(
    location: str,
    *,
    allow_network: bool = False,
    allow_memory: bool = False,
    password: str | None = None,
) -> Examination:
    """Look a journal through from end to end; nothing is changed, nor upgraded.

    Args:
        location, allow_network, allow_memory, password: as of `Journal.open`.

    Returns:
        How much it holds and all that is wrong with it, whatever else uses it meanwhile.

    Raises:
        JournalError: there is none, or so little of one that it cannot be looked at.
    """
    if in_server(location):
        found = servers(location).examine(
            location, password=password, busy_timeout_s=BUSY_TIMEOUT_S
        )
        assert isinstance(found, Examination)
        return found
    return keeping.examine(
        location,
        allow_network=allow_network,
        allow_memory=allow_memory,
        busy_timeout_s=BUSY_TIMEOUT_S,
    )


def back_up(
    location: str, target: Path, now: datetime, *, allow_network: bool = False
) -> Examination:
    """Copy a journal as it is at this moment, a running batch or not, and look the copy through.

    Args:
        location, allow_network: as of `Journal.open`.
        target: the copy's file; where something stands it is not touched.

    Returns:
        What the copy holds.

    Raises:
        JournalError: there is no journal, the target is taken or cannot be written, or the copy is
            not whole; there is no copy then.
    """
    if in_server(location):
        raise JournalError(
            "expected a journal in a file, found one in a server. Nothing was copied. Copy it with "
            "the server's own pg_dump, or a base backup.",
            is_final=True,
        )
    return keeping.back_up(
        location, target, now, allow_network=allow_network, busy_timeout_s=BUSY_TIMEOUT_S
    )


def upgrade(
    location: str,
    *,
    allow_network: bool = False,
    allow_memory: bool = False,
    password: str | None = None,
) -> None:
    """Make a journal's tables, or bring those of an older version up to date.

    Raises:
        JournalError: as of `Journal.open`.
    """
    if in_server(location):
        servers(location).upgrade(location, password=password, busy_timeout_s=BUSY_TIMEOUT_S)
        return
    Journal.open(location, allow_network=allow_network, allow_memory=allow_memory).close()
