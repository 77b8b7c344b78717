"""Which database a journal lies in, and what is loaded for it."""

from __future__ import annotations

import importlib
from typing import Any

from batch.errors import JournalError

SCHEMES = ("postgresql", "postgres")


def in_server(location: str) -> bool:
    """Say whether a journal is one in a server, which several hosts share."""
    scheme, is_url, _ = location.partition("://")
    return bool(is_url) and scheme in SCHEMES


def servers(location: str) -> Any:
    """Give the room of journals in a server, which is loaded when one is asked for.

    Raises:
        JournalError: its driver is not installed.
    """
    try:
        return importlib.import_module("batch.journal.postgres.opening")
    except ImportError:
        scheme = location.partition("://")[0]
        raise JournalError(
            f"journal {scheme}://…: expected the driver of PostgreSQL, found none. Run: pip "
            "install 'orderbatch[postgres]'",
            is_final=True,
        ) from None
