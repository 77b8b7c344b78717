"""What makes a request ours, whichever way the venue is told."""

from __future__ import annotations

from typing import Protocol

from pydantic import SecretStr

from batch.venue.port import Lease


class Credential(Protocol):
    """Something that authenticates requests. Its repr shows no secret."""

    def headers(self, method: str, target: str, body: str) -> dict[str, str]:
        """Give the headers that authenticate this one request."""

    def passing_secrets(self) -> tuple[SecretStr, ...]:
        """Give what its requests carry and an answer must not show."""


class Auth(Protocol):
    """Where credentials come from, for all threads.

    Questions take the newest and may log in; placing takes the one that the run has put to use.

    Attributes:
        advice: what to check where fresh credentials are refused; a sentence.
    """

    advice: str

    def login(self) -> None:
        """Make sure that there is a credential."""

    def current(self) -> Credential:
        """Give a credential that should be good now."""

    def replace(self, refused: Credential) -> Credential | None:
        """Give another one for one that got a 401; None where there cannot be another."""

    def for_placing(self) -> Credential:
        """Give the one that is in use for placing.

        Raises:
            LoginNeeded: there is none, or it has ended.
            LoginFailed: the venue refused the credentials before.
        """

    def refused(self, credential: Credential) -> bool:
        """Take note that a placing got a 401; say whether another login may help."""

    def worked(self) -> None:
        """Take note that a placing was let in."""

    def wants_login(self) -> bool:
        """Say whether one for placing is missing or ends soon, and none is offered."""

    def can_place(self) -> bool:
        """Say whether one is in use for placing, and lives."""

    def offered(self) -> Lease | None:
        """Give the newest one's lease if it is not in use for placing."""

    def use(self, lease: Lease) -> None:
        """Use it for placing."""

    def lay_down(self) -> None:
        """Place with none until one is put to use anew."""

    def dead_at(self) -> float:
        """Give the monotonic time at which the last of those in use so far has ended."""
