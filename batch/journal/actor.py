"""Who records: this process, by a name that an auditor can follow up, and that no other one has."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
from functools import cache

_LABELS = [""]


def name_host(label: str) -> None:
    """Call this machine by a label from now on, as a container's own name says nothing to anybody.

    Args:
        label: empty for its own name.
    """
    _LABELS[:] = [label]
    _name.cache_clear()


def actor() -> str:
    """Name this process for the record: operating-system user, host, a random word, number.

    Two containers can have the same name, and in each the first process has the same number.
    """
    return _name(os.getpid())


def system_user() -> str:
    """Give the operating-system user, by number where the user has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no such user in the password database, as in bare containers
        return str(os.getuid()) if hasattr(os, "getuid") else "unknown"


@cache
def _word(_: int) -> str:
    return secrets.token_hex(4)


@cache
def _name(number: int) -> str:
    host = _LABELS[0] or socket.gethostname()
    return f"{system_user()}@{host}/{_word(number)} process {number}"
