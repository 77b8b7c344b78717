"""One login for all threads: the token, how long it lives, and who renews it.

Lifetimes are the difference of two times of the venue's clock, counted on our monotonic clock
from before the request left, so that a wrong wall clock anywhere does no harm.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from math import inf
from uuid import uuid4

from pydantic import SecretStr
from urllib3 import HTTPHeaderDict

from batch.clock import Clock
from batch.config import VenueSettings
from batch.errors import LoginFailed, LoginNeeded, NotDelivered, Throttled, VenueAway, VenueError
from batch.venue.http.exact import Misfit, read_json, retry_after_s, server_time
from batch.venue.http.redaction import Secrets
from batch.venue.http.transport import Lost, Reply, Transport, Unsent
from batch.venue.integral import wire
from batch.venue.integral.answers import error_code, error_words
from batch.venue.integral.credentials import Credential
from batch.venue.port import Lease

# Early enough that a renewal that takes a whole deadline still comes in time.
_RENEW_AT_SHARE = 0.8

MOST_REFUSED = 1
"""So many tokens in a row may get a 401; one more, and fresh ones are no better."""


@dataclass(frozen=True, slots=True)
class Token:
    """A login's token; equal to another only if it is the same one.

    Attributes:
        lifetime_s, ends_at: as long as it is used; counted from before it was asked for.
        lease: its life as the venue told it, for those who must know when it is dead.
        dead_at: monotonic time from which the venue takes it no more, at the latest: counted from
            when it had come. Infinity where the venue named no lifetime.
    """

    value: SecretStr
    lifetime_s: float
    renew_at: float
    ends_at: float
    lease: Lease
    dead_at: float

    def headers(self, method: str, target: str, body: str) -> dict[str, str]:
        """Give the token twice, as the reference and the seed document each ask for it."""
        text = self.value.get_secret_value()
        return {wire.TOKEN_NAME: text, "Cookie": f"{wire.TOKEN_NAME}={text}"}

    def passing_secrets(self) -> tuple[SecretStr, ...]:
        """Give the token."""
        return (self.value,)


class TokenAuth:
    """Logs in once for all threads and keeps the token fresh."""

    advice = (
        "Check user, password and the permissions of this user; where the venue speaks of a token "
        "that has ended, ask its support: it was a new one."
    )

    def __init__(
        self, settings: VenueSettings, transport: Transport, clock: Clock, secrets: Secrets
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._secrets = secrets
        self._clock = clock
        self._login_lock = threading.Lock()
        self._renewal_lock = threading.Lock()
        self._token: Token | None = None
        self._renew_not_before = 0.0
        self._failed_logins = 0
        self._failure: VenueError | None = None
        self._numbers = count()
        self._placing: Token | None = None
        self._refused: Token | None = None
        self._refused_in_a_row = 0
        self._dead_at = float("-inf")

    def login(self) -> None:
        """Log in, unless a token is at hand that still lives."""
        self.current()

    def current(self) -> Token:
        """Give a token that lives; log in or renew first where that is due.

        Raises:
            LoginFailed: the venue refused the credentials, now or ever before.
            Throttled, NotDelivered: no login, and nothing that depends on it was sent.
            VenueAway: no usable answer to the login.
        """
        failed_logins = self._failed_logins
        token = self._token
        now = self._clock.monotonic()
        if token is None or token is self._refused or now >= token.ends_at:
            return self._log_in(token, failed_logins)
        if now >= max(token.renew_at, self._renew_not_before):
            return self._renewed(token)
        return token

    def replace(self, refused: Credential) -> Token:
        """Give a token that is not the refused one; whoever comes first logs in for all.

        Raises:
            As `current`.
        """
        failed_logins = self._failed_logins
        token = self._token
        if token is not None and token is not refused:
            return token
        return self._log_in(token, failed_logins)

    def for_placing(self) -> Token:
        """Give the token that is in use for placing.

        Raises:
            LoginNeeded: there is none, or it has ended.
            LoginFailed: the venue refused the credentials before.
        """
        token = self._placing
        if token is not None and self._clock.monotonic() < token.ends_at:
            return token
        if isinstance(self._failure, LoginFailed):
            raise copy.copy(self._failure)
        raise LoginNeeded(
            f"venue {self._transport.base_url}: expected a login that lives, found none. Nothing "
            "was sent; it is after the next login."
        )

    def refused(self, credential: Credential) -> bool:
        """Take note that a placing got a 401; say whether another login may help."""
        with self._login_lock:
            if credential is not self._refused:
                assert isinstance(credential, Token)
                self._refused = credential
                self._refused_in_a_row += 1
            if self._placing is credential:
                self._placing = None
            return self._refused_in_a_row <= MOST_REFUSED

    def worked(self) -> None:
        """Take note that a placing was let in."""
        self._refused_in_a_row = 0

    def wants_login(self) -> bool:
        """Say whether a token for placing is missing or ends soon, and none is offered."""
        now = self._clock.monotonic()
        token = self._placing
        is_due = token is None or now >= min(
            token.ends_at, max(token.renew_at, self._renew_not_before)
        )
        return is_due and self.offered() is None

    def can_place(self) -> bool:
        """Say whether a token is in use for placing, and lives."""
        return self._placing is not None and self._clock.monotonic() < self._placing.ends_at

    def offered(self) -> Lease | None:
        """Give the lease of the newest token if it is not in use for placing."""
        token = self._token
        if token is None or token is self._placing or token is self._refused:
            return None
        return token.lease if self._clock.monotonic() < token.ends_at else None

    def use(self, lease: Lease) -> None:
        """Place with the token of this lease from now on."""
        token = self._token
        if token is not None and token.lease == lease:
            self._placing = token
            self._dead_at = max(self._dead_at, token.dead_at)

    def lay_down(self) -> None:
        """Place with none until one is put to use anew; the newest is offered again."""
        self._placing = None

    def dead_at(self) -> float:
        """Give the monotonic time at which the last token in use so far has ended."""
        return self._dead_at

    def _log_in(self, stale: Token | None, failed_logins: int) -> Token:
        """Log in, unless another thread did.

        Args:
            stale: the token that is no good any more.
            failed_logins: how many had failed when this thread saw the need.
        """
        with self._login_lock:
            if self._token is not None and self._token is not stale:
                return self._token
            # Whoever waited here while another tried takes that try's outcome as its own; a
            # refusal of the credentials holds for ever, so that no account is locked by us.
            if self._failure is not None and (
                isinstance(self._failure, LoginFailed) or failed_logins != self._failed_logins
            ):
                raise copy.copy(self._failure)
            try:
                self._token = self._ask_for_login()
            except VenueError as failure:
                self._failure = copy.copy(failure)
                self._failed_logins += 1
                raise
            self._failure = None
            return self._token

    def _renewed(self, token: Token) -> Token:
        if not self._renewal_lock.acquire(blocking=False):
            # Another thread is at it; the old token is good for a while.
            return token
        try:
            if self._token is not token:
                return self.current()
            renewed = self._ask_for_renewal(token)
            if renewed is not None:
                self._token = renewed
                return renewed
            try:
                return self._log_in(token, self._failed_logins)
            except LoginFailed:
                raise
            except VenueError:
                # The venue is away and the old token still lives: go on with it, try again later.
                now = self._clock.monotonic()
                self._renew_not_before = now + (token.ends_at - now) / 2
                return token
        finally:
            self._renewal_lock.release()

    def _ask_for_login(self) -> Token:
        request_id = uuid4().hex
        started_at = self._clock.monotonic()
        where = f"venue {self._transport.base_url}: POST {wire.LOGIN_PATH}"
        failure: VenueError
        try:
            reply = self._transport.send(
                self._transport.prepare("POST", wire.LOGIN_PATH, request_id, {}, self._login_body())
            )
        except Unsent as unsent:
            failure = not_delivered(self._transport.base_url, unsent, request_id)
        except Lost as lost:
            failure = VenueAway(
                f"{where}: expected an answer, found: {lost}. Try again later.",
                request_id=request_id,
            )
        else:
            return self._read_login(discreet(reply, self._secrets), where, started_at)
        raise failure

    def _login_body(self) -> str:
        settings = self._settings
        return json.dumps(
            {
                "user": settings.user,
                "pass": settings.password.get_secret_value(),
                "org": settings.org,
            }
        )

    def _read_login(self, reply: Reply, where: str, started_at: float) -> Token:
        if reply.status == 429:
            raise throttled(reply, where, self._clock.now())
        words = error_words(reply)
        if 400 <= reply.status < 500 and reply.status not in wire.LOGIN_MAY_BE_REPEATED:
            raise self._login_failed(reply, where, words)
        if not 200 <= reply.status < 300:
            raise VenueAway(
                f"{where}: expected a token, found: HTTP {reply.status}"
                f"{f' ({words})' if words else ''}. Try again later.",
                status=reply.status,
                request_id=reply.request_id,
            )
        token = self._read_token(reply, started_at, wire.DEFAULT_TOKEN_LIFETIME_S)
        if token is None:
            if _says_no(reply):
                raise self._login_failed(reply, where, words)
            raise VenueAway(
                f"{where}: expected a token in the answer's headers, found none. "
                "Ask the venue's support.",
                status=reply.status,
                request_id=reply.request_id,
            )
        return token

    def _login_failed(self, reply: Reply, where: str, words: str) -> LoginFailed:
        return LoginFailed(
            f"{where}: expected a login, found: HTTP {reply.status}, "
            f"{words or 'without a reason'}. Check user, password and org; it was tried once and "
            "is not tried again, so that the account is not locked.",
            status=reply.status,
            request_id=reply.request_id,
            error_code=error_code(reply),
        )

    def _ask_for_renewal(self, token: Token) -> Token | None:
        """Give the new token, or None where only a fresh login can help."""
        started_at = self._clock.monotonic()
        try:
            reply = self._transport.send(
                self._transport.prepare(
                    "GET",
                    wire.RENEW_PATH,
                    uuid4().hex,
                    token.headers("GET", wire.RENEW_PATH, ""),
                )
            )
        except (Unsent, Lost):
            return None
        reply = discreet(reply, self._secrets, token)
        if not 200 <= reply.status < 300 or _says_no(reply):
            return None
        return self._read_token(reply, started_at, token.lifetime_s)

    def _read_token(self, reply: Reply, started_at: float, fallback_s: float) -> Token | None:
        value = next(_token_values(reply.headers), None)
        if value is None:
            return None
        told_s = _lifetime_s(reply)
        lifetime_s = told_s or fallback_s
        return Token(
            value=value,
            lifetime_s=lifetime_s,
            renew_at=started_at + lifetime_s * _RENEW_AT_SHARE,
            ends_at=started_at + lifetime_s,
            lease=Lease(told_s, next(self._numbers)),
            dead_at=inf if told_s is None else self._clock.monotonic() + told_s,
        )


def discreet(reply: Reply, secrets: Secrets, credential: Credential | None = None) -> Reply:
    """Give a reply from which nothing secret can be read: not what was sent, nor what it brings.

    Args:
        credential: with which the request was made.
    """
    carried = credential.passing_secrets() if credential is not None else ()
    for secret in (*_token_values(reply.headers), *carried):
        secrets.add_passing(secret)
    return replace(reply, redact=secrets.redact)


def _token_values(headers: HTTPHeaderDict) -> Iterator[SecretStr]:
    """Find the token in its own header or in a cookie.

    The raw lines and no cookie jar: a jar drops a cookie whose domain is not the host's.
    """
    cookies = (line.partition(";")[0].partition("=") for line in headers.getlist("Set-Cookie"))
    values = [
        *headers.getlist(wire.TOKEN_NAME),
        *(value for name, _, value in cookies if name.strip() == wire.TOKEN_NAME),
    ]
    for value in values:
        if bare := value.strip().strip('"'):
            yield SecretStr(bare)


def _says_no(reply: Reply) -> bool:
    try:
        data = read_json(reply)
    except Misfit:
        return False
    return isinstance(data, dict) and (
        data.get(wire.STATUS) not in (None, wire.LOGIN_OK) or bool(data.get(wire.ERROR_CODE))
    )


def _lifetime_s(reply: Reply) -> float | None:
    """Give the lifetime by the venue's own clock alone; None where the answer does not say."""
    try:
        data = read_json(reply)
    except Misfit:
        return None
    if not isinstance(data, dict):
        return None
    expiry, now = data.get(wire.TOKEN_EXPIRY), data.get(wire.SERVER_TIME)
    date = server_time(reply.headers)
    if not isinstance(now, Decimal) and date is not None:
        now = Decimal(int((date - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000))
    if not isinstance(expiry, Decimal) or not isinstance(now, Decimal) or expiry <= now:
        return None
    return float(expiry - now) / 1000


def not_delivered(base_url: str, unsent: Unsent, request_id: str) -> NotDelivered:
    """Say that nothing left this machine."""
    return NotDelivered(
        f"venue {base_url}: expected a connection, found: {unsent}. Check {unsent.check}; nothing "
        "was sent.",
        request_id=request_id,
    )


def throttled(reply: Reply, where: str, now: datetime) -> Throttled:
    """Say that the venue wants fewer requests, and for how long."""
    wait_s = retry_after_s(reply.headers, now)
    wish = "names no time" if wait_s is None else f"asks to wait {wait_s:g} s"
    return Throttled(
        f"{where}: too many requests (HTTP 429); the venue {wish}. The request was not processed.",
        retry_after_s=wait_s,
        request_id=reply.request_id,
        error_code=error_code(reply),
    )
