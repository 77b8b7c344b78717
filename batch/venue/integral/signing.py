"""The other way to authenticate: no login and no token, but a signature on each request.

Source: venue-api, "Alternative to tokens, HMAC".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from email.utils import format_datetime
from math import inf

from pydantic import SecretStr

from batch.clock import Clock
from batch.config import VenueSettings
from batch.errors import ConfigError, LoginFailed
from batch.escaping import shown
from batch.venue.integral.credentials import Credential
from batch.venue.port import Lease

# The request line holds path and query, the digest stands for the body, and the date keeps a
# recorded request from being of use later.
_SIGNED = ("request-line", "date", "digest")


def sign(
    method: str, target: str, body: bytes, *, user: str, secret: SecretStr, date: str
) -> dict[str, str]:
    """Give the headers that sign a request.

    Args:
        target: path and query, as they stand in the request line.
        body: empty where the request has none.
        date: of the request, as RFC 7231 writes it.
    """
    digest = f"SHA-256={_base64(hashlib.sha256(body).digest())}"
    lines = {
        "request-line": f"{method} {target} HTTP/1.1",
        "date": f"date: {date}",
        "digest": f"digest: {digest}",
    }
    text = "\n".join(lines[name] for name in _SIGNED)
    key = secret.get_secret_value().encode()
    signature = _base64(hmac.new(key, text.encode(), hashlib.sha256).digest())
    return {
        "Authorization": (
            f'hmac username="{_quoted(user)}", algorithm="hmac-sha256", '
            f'headers="{" ".join(_SIGNED)}", signature="{signature}"'
        ),
        "Date": date,
        "Digest": digest,
        "type": "hmac",
    }


def _quoted(text: str) -> str:
    """Escape what would end a quoted string of a header."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(frozen=True, slots=True)
class Signature:
    """Signs requests as one user."""

    user: str
    secret: SecretStr
    clock: Clock

    def headers(self, method: str, target: str, body: str) -> dict[str, str]:
        """Sign this one request, now."""
        date = format_datetime(self.clock.now(), usegmt=True)
        return sign(method, target, body.encode(), user=self.user, secret=self.secret, date=date)

    def passing_secrets(self) -> tuple[SecretStr, ...]:
        """Give nothing: the secret never leaves."""
        return ()


class SignatureAuth:
    """Signs every request; once a signature was refused, none is tried again.

    Raises:
        ConfigError: no header can hold the user's name.
    """

    advice = "Check user, password and this machine's clock."

    def __init__(self, settings: VenueSettings, clock: Clock) -> None:
        if not (settings.user.isascii() and settings.user.isprintable()):
            raise ConfigError(
                'venue user: expected plain ASCII letters and signs for auth = "hmac", because '
                f'each request carries the user in a header, found "{shown(settings.user)}". '
                "Set ORDERBATCH_USER to the name that the venue gave you."
            )
        self._signature = Signature(settings.user, settings.password, clock)
        self._refused = False
        self._is_used = False

    def login(self) -> None:
        """Do nothing: there is no login to make."""

    def current(self) -> Credential:
        """Give the signature.

        Raises:
            LoginFailed: it was refused before.
        """
        if self._refused:
            raise LoginFailed(
                "venue: a signature was refused with HTTP 401 before and is not tried again. "
                f"{self.advice} Nothing was sent."
            )
        return self._signature

    def replace(self, refused: Credential) -> None:
        """Remember the refusal; a second signature would be no better."""
        self._refused = True

    def for_placing(self) -> Credential:
        """Give the signature, as to everybody."""
        return self.current()

    def refused(self, credential: Credential) -> bool:
        """Remember the refusal, for good."""
        self._refused = True
        return False

    def worked(self) -> None:
        """Learn nothing from it."""

    def wants_login(self) -> bool:
        """Never: there is no login."""
        return False

    def can_place(self) -> bool:
        """Say whether it is on record that signed requests leave."""
        return self._is_used

    def offered(self) -> Lease | None:
        """Give the one lease that there is: a signed request may be taken however late."""
        return None if self._is_used else Lease(life_s=None, number=0)

    def use(self, lease: Lease) -> None:
        """Take note that it is on record."""
        self._is_used = True

    def lay_down(self) -> None:
        """Offer the one lease that there is again."""
        self._is_used = False

    def dead_at(self) -> float:
        """Give no time: nothing of a signature ever ends."""
        return inf
