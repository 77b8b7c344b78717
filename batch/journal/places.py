"""Which database a journal lies in, and what is loaded for it."""

from __future__ import annotations

import getpass
import importlib
import os
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from batch.errors import JournalError

SCHEMES = ("postgresql", "postgres")


def in_server(location: str) -> bool:
    """Say whether a journal is one in a server, which several hosts share."""
    scheme, is_url, _ = location.partition("://")
    return bool(is_url) and scheme in SCHEMES


def user_of(location: str) -> str:
    """Give the user under whom a journal in a server is opened; empty for one in a file."""
    if not in_server(location):
        return ""
    with suppress(ValueError):
        parts = urlsplit(location)
        named = parse_qs(parts.query).get("user", [""])[-1]
        if user := named or unquote(parts.username or "") or os.environ.get("PGUSER", ""):
            return user
    return getpass.getuser()


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
