"""Bytes to the venue and back: who knows whether a request left, and when to stop waiting.

Two things that requests does not offer are added at its own extension points:

- Whether any byte of a request was handed to the network. A connection notes when it starts to
  connect and when it starts to send, so "nothing was sent" is known from what happened and is
  not guessed from the type of an exception.
- A deadline for the whole call. Every single read of a socket waits at the most until the
  deadline, so a server that drips headers or body one byte a second cannot hold a thread.

Exceptions of requests and urllib3 carry the request, and so the token, in their frames. None of
them leaves this module, not even as the context of another.
"""

from __future__ import annotations

import errno
import http.client
import io
import ipaddress
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any
from urllib.parse import SplitResult, urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPConnectionPool, HTTPHeaderDict, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from batch import __version__
from batch.config import VenueSettings
from batch.errors import ConfigError
from batch.venue import wire

log = logging.getLogger("batch.venue")
# urllib3 warns of headers that it cannot parse by printing them, and one may be a token.
logging.getLogger("urllib3.connection").addFilter(lambda record: not record.exc_info)

# Many servers close a connection after 5 s without a request, and a POST that meets the close is
# one more order in doubt. A connection that is idle for longer than this is not used again.
MAX_IDLE_S = 4.0

# All active orders of a large desk are some tens of megabytes; more is not an answer.
MAX_BODY_BYTES = 128 * 1024 * 1024
_CHUNK_BYTES = 64 * 1024


class Unsent(Exception):
    """Proven: no byte of the request was handed to the network. The text says why."""


class Lost(Exception):
    """No status line came back, and the request may have been processed. The text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the venue answered. Headers and body may hold a token, so its repr shows neither.

    Attributes:
        body: None where it did not arrive whole; `flaw` then says why.
    """

    status: int
    headers: HTTPHeaderDict = field(repr=False)
    body: bytes | None = field(repr=False)
    flaw: str
    request_id: str


class Stage(Enum):
    """How far a call came."""

    NOT_STARTED = 0
    CONNECTING = 1
    SENDING = 2


class _Call(threading.local):
    """The call that this thread makes just now; its connection reads and writes it."""

    ends_at: float = 0.0
    stage: Stage = Stage.NOT_STARTED


_call = _Call()


class _DeadlinePassed(TimeoutError):
    pass


class _TimedReader(io.RawIOBase):
    """Reads a socket, each time waiting no longer than the call may still take."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw
        self._read_timeout_s = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = _call.ends_at - time.monotonic()
        if left <= 0:
            raise _DeadlinePassed
        timeout = self._read_timeout_s
        self._sock.settimeout(left if timeout is None else min(left, timeout))
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            if time.monotonic() >= _call.ends_at:
                raise _DeadlinePassed from None
            raise

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach()))


class _Watched(HTTPConnection):
    """A connection that tells the call how far it came, and is not used again when idle."""

    response_class = _TimedResponse
    _last_used_at = 0.0

    def connect(self) -> None:
        _call.stage = Stage.CONNECTING
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        # http.client would connect on its own in the middle of sending; the line between
        # "connecting" and "sending" must be sharp.
        if self.sock is None:
            self.connect()
        if time.monotonic() >= _call.ends_at:
            raise _DeadlinePassed
        _call.stage = Stage.SENDING
        self._last_used_at = time.monotonic()
        super().request(*args, **kwargs)

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._last_used_at < MAX_IDLE_S


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


_POOLS = {"http": _Pool, "https": _TLSPool}


class _Adapter(HTTPAdapter):
    """An adapter for one host, whose connections are watched."""

    _pool: Any = None

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        # Host, proxy and certificates are the same for every request; working out the pool's key
        # anew each time costs as much as reading an order.
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool


class _Session(requests.Session):
    """A session that never looks at where a redirect points."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        # Even with allow_redirects=False, Session.send reads the body of a redirect and prepares
        # the next hop, token included.
        return None


class Transport:
    """Sends one prepared request at a time for each thread; connections are shared.

    Raises:
        ConfigError: the URL, the proxy or the bundle of certificates cannot be used.
    """

    def __init__(self, settings: VenueSettings, *, threads: int) -> None:
        self.base_url = _checked_url(settings.url)
        self._deadline_s = settings.deadline_s
        self._connect_timeout_s = min(settings.connect_timeout_s, settings.deadline_s)
        self._read_timeout_s = min(settings.read_timeout_s, settings.deadline_s)
        self._verify = _checked_bundle(settings)
        self._proxies = _checked_proxies(settings)
        self._adapter = _Adapter(pool_connections=1, pool_maxsize=threads, max_retries=0)
        self._sessions = threading.local()

    def close(self) -> None:
        """Close all connections."""
        self._adapter.close()

    def prepare(
        self, method: str, target: str, request_id: str, headers: Mapping[str, str], body: str = ""
    ) -> requests.PreparedRequest:
        """Make a request of exactly these parts; nothing is merged in from anywhere.

        Args:
            target: path and query, already quoted.
        """
        request = requests.PreparedRequest()
        request.method = method
        request.url = self.base_url + target
        request.headers = CaseInsensitiveDict(headers)
        request.headers["Accept"] = "application/json"
        request.headers["User-Agent"] = f"orderbatch/{__version__}"
        request.headers[wire.REQUEST_ID_HEADER] = request_id
        request.hooks = default_hooks()
        if body:
            request.body = body.encode()
            request.headers["Content-Type"] = "application/json"
            request.headers["Content-Length"] = str(len(request.body))
        return request

    def send(self, request: requests.PreparedRequest) -> Reply:
        """Send it once and read the whole answer within the deadline.

        Raises:
            Unsent: nothing left this machine.
            Lost: it may have been processed, and no status came back.
        """
        started_at = time.monotonic()
        _call.ends_at = started_at + self._deadline_s
        _call.stage = Stage.NOT_STARTED
        outcome = self._exchange(request)
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s %s: %s, %.0f ms, request %s",
                request.method,
                request.path_url,
                outcome.status if isinstance(outcome, Reply) else outcome,
                (time.monotonic() - started_at) * 1000,
                request.headers[wire.REQUEST_ID_HEADER],
            )
        if isinstance(outcome, Reply):
            return outcome
        # Raised outside of any except block, so that no exception of requests hangs on to it.
        raise outcome

    def _exchange(self, request: requests.PreparedRequest) -> Reply | Unsent | Lost:
        try:
            response = self._session().send(
                request,
                stream=True,
                allow_redirects=False,
                timeout=(self._connect_timeout_s, self._read_timeout_s),
                verify=self._verify,
                proxies=self._proxies,
            )
        # Whatever it is: only a call that was still connecting is proven to be unsent.
        except Exception as error:
            reason = self._reason(error)
            return Unsent(reason) if _call.stage is Stage.CONNECTING else Lost(reason)
        body: bytes | None = None
        flaw = ""
        try:
            body = _whole_body(response.raw)
        except Exception as error:
            flaw = self._reason(error)
            response.close()
        return Reply(
            status=response.status_code,
            headers=HTTPHeaderDict(response.raw.headers),
            body=body,
            flaw=flaw,
            request_id=str(request.headers[wire.REQUEST_ID_HEADER]),
        )

    def _session(self) -> requests.Session:
        try:
            session: requests.Session = self._sessions.session
        except AttributeError:
            session = _Session()
            session.trust_env = False
            session.mount("https://", self._adapter)
            session.mount("http://", self._adapter)
            self._sessions.session = session
        return session

    def _reason(self, error: BaseException) -> str:
        """Say what went wrong, from the innermost cause that says something."""
        for cause in reversed(list(_causes(error))):
            if words := self._words(cause):
                return words
        return f"a broken exchange ({type(error).__name__})"

    def _words(self, error: BaseException) -> str:
        match error:
            case _DeadlinePassed():
                return f"no complete answer within {self._deadline_s:g} s"
            case socket.gaierror():
                return "a host name that cannot be resolved"
            case ssl.SSLCertVerificationError():
                return f"a certificate that is not trusted ({error.verify_message})"
            case ssl.SSLError():
                return f"a TLS failure ({error.reason or type(error).__name__})"
            case urllib3.exceptions.ConnectTimeoutError():
                return f"no connection within {self._connect_timeout_s:g} s"
            case urllib3.exceptions.ReadTimeoutError() | TimeoutError():
                if _call.stage is Stage.CONNECTING:
                    return f"no connection within {self._connect_timeout_s:g} s"
                return f"no answer within {self._read_timeout_s:g} s"
            case http.client.RemoteDisconnected():
                return "a connection that was closed without an answer"
            case urllib3.exceptions.IncompleteRead() | http.client.IncompleteRead():
                return "an answer that was cut off"
            case _BodyTooLarge():
                return f"an answer of more than {MAX_BODY_BYTES} bytes"
            case OSError() if error.errno in _ERRNO_WORDS:
                return _ERRNO_WORDS[error.errno]
            case OSError() if str(error).startswith("Tunnel connection failed"):
                return f"a proxy that refused the connection ({str(error)[26:80]})"
        return ""


_ERRNO_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection closed by the other side",
    errno.EHOSTUNREACH: "no route to the host",
    errno.ENETUNREACH: "no route to the network",
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Give an exception and those inside it, wherever requests and urllib3 keep them."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        item = queue.pop(0)
        if not isinstance(item, BaseException) or id(item) in seen:
            continue
        seen.add(id(item))
        yield item
        context = None if item.__suppress_context__ else item.__context__
        queue += [getattr(item, "reason", None), *item.args, item.__cause__, context]


class _BodyTooLarge(Exception):
    pass


def _whole_body(raw: urllib3.HTTPResponse) -> bytes:
    """Read to the end; urllib3 raises where fewer bytes come than were announced."""
    chunks: list[bytes] = []
    size = 0
    for chunk in raw.stream(_CHUNK_BYTES, decode_content=True):
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise _BodyTooLarge
        chunks.append(chunk)
    raw.release_conn()
    return b"".join(chunks)


def _checked_url(url: str) -> str:
    parts = _split(url)
    if parts is None:
        raise ConfigError(
            'venue url: expected one like "https://api.example.com", found '
            f'"{_without_user(url)}". Set ORDERBATCH_URL or url in the configuration.'
        )
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigError(
            f'venue url: expected only a scheme and a host, found "{_without_user(url)}". '
            "Leave out user, path and query."
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ConfigError(
            f'venue url: expected https://, found "{_without_user(url)}". Plain http is for this '
            "machine only, because the password would travel in the clear."
        )
    return f"{parts.scheme}://{parts.netloc}"


def _split(url: str) -> SplitResult | None:
    """Take a URL apart; None where it names no server that HTTP could reach."""
    try:
        parts = urlsplit(url)
        return parts if parts.scheme in _POOLS and parts.hostname and parts.port != 0 else None
    except ValueError:
        # Brackets without an address, or a port that is not a number.
        return None


def _without_user(url: str) -> str:
    scheme, mark, rest = url.rpartition("://")
    return scheme + mark + rest.rpartition("@")[2]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _checked_bundle(settings: VenueSettings) -> bool | str:
    if settings.ca_bundle is None:
        return True
    if not settings.ca_bundle.is_file():
        raise ConfigError(
            f"venue ca_bundle: expected a file of certificates, found none at {settings.ca_bundle}."
        )
    return str(settings.ca_bundle)


def _checked_proxies(settings: VenueSettings) -> dict[str, str]:
    if settings.proxy is None:
        return {}
    if _split(settings.proxy) is None:
        raise ConfigError(
            'venue proxy: expected one like "http://proxy.example.com:3128", found '
            f'"{_without_user(settings.proxy)}".'
        )
    return {"http": settings.proxy, "https": settings.proxy}
