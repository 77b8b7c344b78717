"""What makes a request ours, whichever way the venue is told."""

from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr


class Credential(Protocol):
    """Something that authenticates requests. Its repr shows no secret."""

    def headers(self, method: str, target: str, body: str) -> dict[str, str]:
        """Give the headers that authenticate this one request."""

    def passing_secrets(self) -> tuple[SecretStr, ...]:
        """Give what its requests carry and an answer must not show."""


class Auth(Protocol):
    """Where credentials come from, for all threads."""

    def login(self) -> None:
        """Make sure that there is a credential."""

    def current(self) -> Credential:
        """Give a credential that should be good now."""

    def replace(self, refused: Credential) -> Credential | None:
        """Give another one for one that got a 401; None where there cannot be another."""
