"""Who may ask: logins, tokens that expire, and signed requests. Side module.

Source: venue-api, "Login".
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from batch.simulator.options import SimulatorOptions
from batch.simulator.timeline import Timeline
from batch.simulator.wire import Answer, Refusal, Request, decode_object, encode

TOKEN_NAME = "SSO_TOKEN"
API_VERSION = "1.0.1"
SIGNED_AT_LEAST = frozenset({"request-line", "date", "digest"})
DATE_TOLERANCE_S = 300.0

_DEFAULT_ORG = "SIMULATED"
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks, and until when the venue's monotonic clock lets them."""

    user: str
    org: str
    ends_at: float


class Access:
    """The venue's door; thread-safe."""

    def __init__(self, options: SimulatorOptions, timeline: Timeline) -> None:
        self._options = options
        self._timeline = timeline
        self._lock = threading.Lock()
        self._passwords: dict[tuple[str, str], str] = {}
        self._sessions: dict[str, Session] = {}

    def log_in(self, request: Request) -> Answer:
        """Answer a login.

        Raises:
            Refusal: 400 for a malformed one, 401 for wrong credentials.
        """
        members = decode_object(request.body)
        user, password, org = (_credential(members, name) for name in ("user", "pass", "org"))
        options = self._options
        wanted = ((options.user, user), (options.password, password), (options.org, org))
        if any(configured not in {None, given} for configured, given in wanted):
            raise _unauthorised("wrong user, password or organisation")
        with self._lock:
            if self._passwords.setdefault((org, user), password) != password:
                raise _unauthorised("wrong user, password or organisation")
        token, session = self._open_session(user, org)
        return self._hand_out(
            token,
            {
                "status": "OK",
                "errorCode": None,
                "responseTuples": None,
                "expiryTime": self._timeline.server_ms(session.ends_at),
                "serverUTCTime": self._timeline.server_ms(self._timeline.now()),
            },
        )

    def renew(self, request: Request) -> Answer:
        """Answer a renewal; an expired token gets a new one, too.

        Raises:
            Refusal: 401; there is no token, or it was never handed out.
        """
        old = self._session_of(request)
        expired = self._timeline.now() >= old.ends_at
        token, session = self._open_session(old.user, old.org)
        return self._hand_out(
            token,
            {
                "status": "OK",
                "errorCode": None,
                "responseTuples": None,
                "valid": not expired,
                "expiryTime": self._timeline.server_ms(session.ends_at),
                "apiVersion": API_VERSION,
                "expired": expired,
            },
        )

    def admit(self, request: Request) -> Session:
        """Say who asks.

        Raises:
            Refusal: 401; no token, an unknown or expired one, or a signature that is wrong.
        """
        if request.headers.get("type", "").lower() == "hmac":
            return self._verify_signature(request)
        session = self._session_of(request)
        if self._timeline.now() >= session.ends_at:
            raise _unauthorised("the token has expired")
        return session

    def expire_tokens(self) -> None:
        """Let every token that was handed out expire at once."""
        now = self._timeline.now()
        with self._lock:
            self._sessions = {
                token: Session(session.user, session.org, min(session.ends_at, now))
                for token, session in self._sessions.items()
            }

    def _open_session(self, user: str, org: str) -> tuple[str, Session]:
        token = secrets.token_urlsafe(24)
        session = Session(user, org, self._timeline.now() + self._options.token_lifetime_s)
        with self._lock:
            self._sessions[token] = session
        return token, session

    def _session_of(self, request: Request) -> Session:
        token = request.headers.get(TOKEN_NAME) or _cookie(request)
        if not token:
            raise _unauthorised("no token")
        with self._lock:
            session = self._sessions.get(token)
        if session is None:
            raise _unauthorised("the token is not valid")
        return session

    def _hand_out(self, token: str, members: dict[str, object]) -> Answer:
        headers: list[tuple[str, str]] = []
        if self._options.token_in != "cookie":
            headers.append((TOKEN_NAME, token))
        if self._options.token_in != "header":
            headers.append(("Set-Cookie", f"{TOKEN_NAME}={token}; Domain=.integral.com; Path=/"))
            headers.append(("Set-Cookie", f"{TOKEN_NAME}={token}"))
        return Answer(200, encode(members), tuple(headers))

    def _verify_signature(self, request: Request) -> Session:
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        claims = dict(_PARAMETER.findall(rest))
        if scheme.lower() != "hmac" or claims.get("algorithm") != "hmac-sha256":
            raise _unauthorised("Authorization: expected hmac with algorithm hmac-sha256")
        user = claims.get("username", "")
        secret = self._options.hmac_secrets.get(user)
        if secret is None:
            raise _unauthorised("Authorization: unknown username")
        names = claims.get("headers", "").lower().split()
        if missing := SIGNED_AT_LEAST - set(names):
            raise _unauthorised(f"Authorization: not signed: {', '.join(sorted(missing))}")
        self._check_date(request.headers.get("Date", ""))
        digest = base64.b64encode(hashlib.sha256(request.body).digest()).decode()
        if request.headers.get("Digest") != f"SHA-256={digest}":
            raise _unauthorised("Digest: does not match the body")
        signed = "\n".join(_signed_line(request, name) for name in names)
        mac = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
        signature = base64.b64encode(mac).decode()
        if not hmac.compare_digest(signature.encode(), claims.get("signature", "").encode()):
            raise _unauthorised("Authorization: the signature does not match")
        return Session(user, self._options.org or _DEFAULT_ORG, float("inf"))

    def _check_date(self, text: str) -> None:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            raise _unauthorised("Date: expected an RFC 7231 date") from None
        server_time = self._timeline.server_epoch(self._timeline.now())
        if not text.endswith(" GMT") or abs(date.timestamp() - server_time) > DATE_TOLERANCE_S:
            raise _unauthorised("Date: not the time of the server, or not in GMT")


def _signed_line(request: Request, name: str) -> str:
    if name == "request-line":
        return request.request_line
    value = request.headers.get(name)
    if value is None:
        raise _unauthorised(f"Authorization: names a header that is not there: {name}")
    return f"{name}: {value}"


def _credential(members: dict[str, object], name: str) -> str:
    value = members.get(name)
    if not isinstance(value, str) or not value:
        raise Refusal(400, "INVALID_LOGIN", f"{name}: expected a string that is not empty")
    return value


def _cookie(request: Request) -> str | None:
    # The standard library's cookie reader gives up on the whole header for one odd neighbour.
    for pair in request.headers.get("Cookie", "").split(";"):
        name, _, value = pair.strip().partition("=")
        if name == TOKEN_NAME:
            return value
    return None


def _unauthorised(words: str) -> Refusal:
    return Refusal(401, "UNAUTHORIZED", words)
