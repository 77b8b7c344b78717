"""URLs of servers: which may be used, and how they are shown. Layer 0."""

from __future__ import annotations

import ipaddress
from urllib.parse import SplitResult, unquote, urlsplit

from batch.errors import ConfigError

_DEFAULT_PORTS = {"http": 80, "https": 443}


def check_url(url: str) -> str:
    """Refuse a URL that names no venue, or over which a password must not travel.

    Returns:
        Scheme, host and port, to which paths are added.

    Raises:
        ConfigError: not an absolute http(s) URL of a host alone, or plain http to another machine.
    """
    # Cut off before anything is shown: what stands in front of an @ may be a password.
    shown = without_user(url)
    if shown != url:
        raise ConfigError(
            "settings, url: expected no user or password inside the URL, found one. "
            "Use ORDERBATCH_USER and ORDERBATCH_PASSWORD."
        )
    try:
        parts = server_in(url)
    except ValueError as error:
        raise ConfigError(f'settings, url: expected a URL, found "{shown}" ({error}).') from None
    if parts is None:
        raise ConfigError(
            f'settings, url: expected something like https://venue.example, found "{shown}".'
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(
            f'settings, url: expected only a scheme and a host, found "{shown}". '
            "Leave out path and query."
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"settings, url: expected https://, found plain http:// to {parts.hostname}. "
            "Passwords and orders do not travel unencrypted except to this machine itself."
        )
    return f"{parts.scheme}://{parts.netloc}"


def canonical_url(url: str) -> str:
    """Give the one spelling of a server's URL, so that two names of one venue are one venue.

    Scheme and host in lower case, no default port, no dot or slash at the end; what cannot be read
    as a URL of a server stays as it is.
    """
    text = url.strip()
    try:
        parts = server_in(text)
        port = parts.port if parts else None
    except ValueError:
        parts = None
    if parts is None or parts.hostname is None:
        return text.rstrip("/")
    host = parts.hostname.rstrip(".")
    host = f"[{host}]" if ":" in host else host
    shown = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{shown}{parts.path.rstrip('/')}"


def server_in(url: str) -> SplitResult | None:
    """Take a URL apart; None where it names no server that HTTP could reach.

    Raises:
        ValueError: brackets without an address, or a port that is not a number.
    """
    parts = urlsplit(url)
    names_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    return parts if names_one else None


def password_in(url: str) -> str:
    """Give the password that a URL holds, without its escapes; empty where it holds none."""
    user = url.rpartition("://")[2].rpartition("@")[0]
    return unquote(user.partition(":")[2])


def without_user(url: str) -> str:
    """Give a URL without user and password, whether or not it is one that can be read."""
    scheme, mark, rest = url.rpartition("://")
    return scheme + mark + rest.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    """Say whether a host is this machine itself."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
