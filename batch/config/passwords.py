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
        password = _ask_keyring("password_keyring", venue.password_keyring, venue.user)
    else:
        return venue
    return venue.model_copy(update={"password": SecretStr(password)})


def find_journal_password(settings: Settings, user: str) -> str | None:
    """Give the password for a journal in a server from its file or the system's keyring.

    Args:
        user: whose it is, as the server knows them.

    Returns:
        None where the settings name neither.

    Raises:
        ConfigError: the file is missing, unreadable or readable by others, or there is no keyring.
    """
    if settings.journal_password_file is not None:
        return _read_password(settings.journal_password_file)
    if settings.journal_password_keyring and user:
        return _ask_keyring("journal_password_keyring", settings.journal_password_keyring, user)
    return None


def _ask_keyring(key: str, named: bool | str, user: str) -> str:
    service = named if isinstance(named, str) else KEYRING_SERVICE
    where = f'settings, {key}: expected service "{service}", user "{user}"'
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        raise ConfigError(
            f"{where}, found no support for keyrings. Run: pip install 'orderbatch[keyring]'"
        ) from None
    try:
        password = keyring.get_password(service, user)
    except Exception as error:  # each system's keyring has exceptions of its own
        raise ConfigError(
            f"{where}, found a keyring that does not answer ({type(error).__name__})."
        ) from None
    if not password:
        raise ConfigError(f"{where}, found no such password. Run: keyring set {service} {user}")
    return str(password)


def _read_password(path: Path) -> str:
    return read_text(path, "password file", _LARGEST_PASSWORD_FILE, private=True).rstrip("\r\n")
