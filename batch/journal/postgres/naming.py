"""From a URL to what a connection needs; nothing secret in it, nothing sent in the clear."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict

from batch.errors import JournalError

SECRET = ("password", "sslpassword")

VERIFIED = "verify-full"


@dataclass(frozen=True, slots=True)
class Place:
    """A journal in a server.

    Attributes:
        where: its name in messages, without a secret.
        parameters: for the driver.
    """

    where: str
    parameters: dict[str, Any] = field(repr=False)


def find_server(location: str, password: str | None = None) -> Place:
    """Take a journal's URL apart.

    Args:
        password: to log in with, unless the environment holds one.

    Raises:
        JournalError: it is none, it holds a password, or what it says of encryption is too weak for
            a server on another machine.
    """
    try:
        found = conninfo_to_dict(location)
    except psycopg.Error:
        # Without the driver's own words, which may quote a password.
        raise JournalError(
            "journal postgresql://…: expected postgresql://HOST/NAME, found a URL that cannot be "
            "read. Nothing was sent.",
            is_final=True,
        ) from None
    parameters = {name: str(value) for name, value in found.items() if value is not None}
    where = _where(parameters)
    for name in SECRET:
        if name in parameters:
            raise JournalError(
                f"{where}: expected a URL without a password, found one. Others can read it there. "
                "Nothing was sent. Take it out and set PGPASSWORD, or write it into ~/.pgpass.",
                is_final=True,
            )
    parameters |= {"client_encoding": "utf8", "application_name": "orderbatch"}
    parameters.setdefault("connect_timeout", "10")
    for name, value in (("idle", "5"), ("interval", "3"), ("count", "3")):
        parameters.setdefault(f"keepalives_{name}", value)
    parameters.setdefault("tcp_user_timeout", "15000")
    if "," in _hosts(parameters):
        parameters.setdefault("target_session_attrs", "read-write")
    if not _is_here(parameters):
        _require_encryption(where, parameters)
    if password and not os.environ.get("PGPASSWORD"):
        parameters["password"] = password
    return Place(where, parameters)


def _where(parameters: dict[str, str]) -> str:
    hosts, ports = (parameters.get(name, "").split(",") for name in ("host", "port"))
    # One port is every host's; of several that a URL names, each may be without.
    hosts = [f"[{host}]" if ":" in host else host for host in hosts]
    each = zip(hosts, ports * len(hosts) if len(ports) == 1 else ports, strict=False)
    servers = ",".join(f"{host}:{port}" if port else host for host, port in each)
    return f"journal postgresql://{servers}/{parameters.get('dbname', '')}"


def _hosts(parameters: dict[str, str]) -> str:
    return (
        parameters.get("hostaddr")
        or os.environ.get("PGHOSTADDR")
        or parameters.get("host")
        or os.environ.get("PGHOST")
        or ""
    )


def _is_here(parameters: dict[str, str]) -> bool:
    """Say whether the server is on this machine: by a socket, or by the loopback address."""
    if "service" in parameters or os.environ.get("PGSERVICE"):
        return False
    return all(_is_local(host.strip()) for host in _hosts(parameters).split(","))


def _is_local(host: str) -> bool:
    if not host or host.startswith(("/", "@")) or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _require_encryption(where: str, parameters: dict[str, str]) -> None:
    mode = parameters.get("sslmode") or os.environ.get("PGSSLMODE") or VERIFIED
    if mode != VERIFIED:
        raise JournalError(
            f"{where}: expected sslmode={VERIFIED} for a server on another machine, found {mode}. "
            "Nothing was sent. Take sslmode out, and name the certificate that signs the server's "
            "with sslrootcert=PATH.",
            is_final=True,
        )
    parameters["sslmode"] = VERIFIED
