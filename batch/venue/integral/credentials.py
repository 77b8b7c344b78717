"""What makes a request ours, whichever way the venue is told."""

from __future__ import annotations

from typing import Protocol


class Credential(Protocol):
    """Something that authenticates requests. Its repr shows no secret."""

    def headers(self, method: str, target: str, body: str) -> dict[str, str]:
        """Give the headers that authenticate this one request."""

    def hide(self, body: bytes) -> bytes:
        """Take out of an answer what only we and the venue may know, should it echo it."""


class Auth(Protocol):
    """Where credentials come from, for all threads."""

    def login(self) -> None:
        """Make sure that there is a credential."""

    def current(self) -> Credential:
        """Give a credential that should be good now."""

    def replace(self, refused: Credential) -> Credential | None:
        """Give another one for one that got a 401; None where there cannot be another."""
