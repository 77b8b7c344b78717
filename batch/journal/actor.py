"""Who records: this process, by a name that an auditor can follow up."""

from __future__ import annotations

import getpass
import os
import socket
from functools import cache


@cache
def actor() -> str:
    """Name this process for the record: operating-system user, host, process number."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no such user in the password database, as in bare containers
        user = str(os.getuid()) if hasattr(os, "getuid") else "unknown"
    return f"{user}@{socket.gethostname()} process {os.getpid()}"
