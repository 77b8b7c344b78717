"""Where a venue's password comes from when the environment does not hold it."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from batch.config.files import read_text
from batch.config.tables import Settings, VenueSettings
from batch.errors import ConfigError

KEYRING_SERVICE = "orderbatch"
"""The keyring's name for our passwords where the settings give no other."""


_LARGEST_PASSWORD_FILE = 10_000


def find_password(venue: VenueSettings) -> VenueSettings:
    """Give the settings of a venue with the password from its file or the system's keyring.

    Raises:
        ConfigError: the file is missing, unreadable or readable by others, or there is no keyring.
    """
    if venue.password.get_secret_value():
        return venue
    if venue.password_file is not None:
        password = _read_password(venue.password_file)
    elif venue.password_keyring:
        password = _ask_keyring(venue)
    else:
        return venue
    return venue.model_copy(update={"password": SecretStr(password)})


def find_journal_password(settings: Settings) -> str | None:
    """Give the password for a journal in a server from its file; None where there is no file.

    Raises:
        ConfigError: the file is missing, unreadable or readable by others.
    """
    path = settings.journal_password_file
    return None if path is None else _read_password(path)


def _ask_keyring(venue: VenueSettings) -> str:
    service = venue.password_keyring if isinstance(venue.password_keyring, str) else KEYRING_SERVICE
    where = f'settings, password_keyring: expected service "{service}", user "{venue.user}"'
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        raise ConfigError(
            f"{where}, found no support for keyrings. Run: pip install 'orderbatch[keyring]'"
        ) from None
    try:
        password = keyring.get_password(service, venue.user)
    except Exception as error:  # each system's keyring has exceptions of its own
        raise ConfigError(
            f"{where}, found a keyring that does not answer ({type(error).__name__})."
        ) from None
    if not password:
        raise ConfigError(
            f"{where}, found no such password. Run: keyring set {service} {venue.user}"
        )
    return str(password)


def _read_password(path: Path) -> str:
    return read_text(path, "password file", _LARGEST_PASSWORD_FILE, private=True).rstrip("\r\n")
