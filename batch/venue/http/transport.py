"""Bytes to the venue and back: who knows whether a request left, and when to stop waiting.

Exceptions of requests and urllib3 carry the request, and so the token, in their frames. None of
them leaves this module, not even as the context of another.
"""

from __future__ import annotations

import errno
import http.client
import logging
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import requests
import urllib3
from requests.hooks import default_hooks
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPHeaderDict
from urllib3.connection import port_by_scheme
from urllib3.util import parse_url

from batch import __version__
from batch.config import VenueSettings
from batch.errors import ConfigError
from batch.escaping import shown
from batch.urls import check_url, server_in, without_user
from batch.venue.http.call import DeadlinePassed, Stage, call
from batch.venue.http.connection import Adapter, Session
from batch.venue.http.redaction import Secrets

log = logging.getLogger("batch.venue")

MOST_BYTES = 1024 * 1024
"""An answer about one order is some hundred bytes; more than this is none."""

MOST_LISTED_BYTES = 128 * 1024 * 1024
"""All active orders of a large desk are some tens of megabytes."""

_CHUNK_BYTES = 64 * 1024

_SCHEMES = ("http", "https")

_NO_TUNNEL = "Tunnel connection failed"
"""How http.client begins what a proxy said in place of yes."""


class Unsent(Exception):
    """Proven: no byte of the request was handed to the network. The text says why.

    Attributes:
        check: what may stand in the way, as the object of "Check".
    """

    def __init__(self, why: str, check: str = "ORDERBATCH_URL and the network") -> None:
        super().__init__(why)
        self.check = check


class Lost(Exception):
    """No status line came back, and the request may have been processed. The text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the venue answered. Headers and body may hold a token, so its repr shows neither.

    Attributes:
        body: None where it did not arrive whole; `flaw` then says why.
        redact: takes what must not be shown out of every text that is read from the body, or
            shown of the headers.
    """

    status: int
    headers: HTTPHeaderDict = field(repr=False)
    body: bytes | None = field(repr=False)
    flaw: str
    request_id: str
    redact: Callable[[str], str] = field(default=str, repr=False)


class Transport:
    """Sends one prepared request at a time for each thread; connections are shared.

    Args:
        secrets: what no word about a failed exchange may show.
        request_id_header: carries a request's ID to the venue, and back if it echoes it.

    Raises:
        ConfigError: the URL, the proxy or the bundle of certificates cannot be used.
    """

    def __init__(
        self, settings: VenueSettings, secrets: Secrets, *, threads: int, request_id_header: str
    ) -> None:
        self._secrets = secrets
        self._request_id_header = request_id_header
        self.base_url = check_url(settings.url)
        self._is_tunnelled = self.base_url.startswith("https:")  # where it goes through a proxy
        self._deadline_s = settings.deadline_s
        self._connect_timeout_s = min(settings.connect_timeout_s, settings.deadline_s)
        self._read_timeout_s = min(settings.read_timeout_s, settings.deadline_s)
        self._verify = _checked_bundle(settings)
        self._proxies = {} if settings.proxy is None else dict.fromkeys(_SCHEMES, settings.proxy)
        # For words: host and port, and nothing of its user.
        self._proxy = None if settings.proxy is None else _proxy_in(settings.proxy)
        self._adapter = Adapter(pool_connections=1, pool_maxsize=threads, max_retries=0)
        self._sessions = threading.local()
        self._always = {
            "Host": _host_in(self.base_url),
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"orderbatch/{__version__}",
        }

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
        lines = {**headers, **self._always, self._request_id_header: request_id}
        if body:
            request.body = body.encode()
            lines["Content-Type"] = "application/json"
            lines["Content-Length"] = str(len(request.body))
        request.headers = CaseInsensitiveDict(lines)
        request.hooks = default_hooks()
        return request

    def drop(self) -> None:
        """Close the connection of this thread's last answer, which was not the answer to it."""
        if call.parked is not None:
            call.parked.drop()
            call.parked = None

    def send(self, request: requests.PreparedRequest, most_bytes: int = MOST_BYTES) -> Reply:
        """Send it once and read the whole answer within the deadline.

        Args:
            most_bytes: a longer body, unpacked, is no answer.

        Raises:
            Unsent: nothing left this machine.
            Lost: it may have been processed, and no status came back.
        """
        started_at = time.monotonic()
        call.ends_at = started_at + self._deadline_s
        call.stage = Stage.UNTOLD
        if call.parked is not None:
            call.parked.keep()
            call.parked = None
        outcome = self._exchange(request, most_bytes)
        if log.isEnabledFor(logging.DEBUG):
            log.debug(
                "%s %s: %s, %.0f ms, request %s",
                request.method,
                request.path_url,
                outcome.status if isinstance(outcome, Reply) else outcome,
                (time.monotonic() - started_at) * 1000,
                request.headers[self._request_id_header],
            )
        if isinstance(outcome, Reply):
            return outcome
        # Raised outside of any except block, so that no exception of requests hangs on to it.
        raise outcome

    def _exchange(
        self, request: requests.PreparedRequest, most_bytes: int
    ) -> Reply | Unsent | Lost:
        try:
            response = self._session().send(
                request,
                stream=True,
                allow_redirects=False,
                timeout=(self._connect_timeout_s, self._read_timeout_s),
                verify=self._verify,
                proxies=self._proxies,
            )
        # Whatever it is: only what a connection said to be unsent is proven to be.
        except Exception as error:
            reason = self._reason(error)
            if self._proxy is not None:
                reason += f"; the proxy is {self._proxy}"
            if call.stage is not Stage.UNSENT:
                return Lost(reason)
            return Unsent(reason, self._to_check(error))
        if response.status_code == 407 and self._proxy is not None and not self._is_tunnelled:
            response.close()
            self.drop()
            return Lost(
                f"a proxy that refused the request (HTTP 407); the proxy is {self._proxy}. Check "
                "[venue] proxy (its user and password)"
            )
        body: bytes | None = None
        flaw = ""
        try:
            body = _whole_body(response.raw, most_bytes)
        except Exception as error:
            flaw = self._reason(error)
            response.close()
            self.drop()
        request_id = str(request.headers[self._request_id_header])
        echoed = response.raw.headers.get(self._request_id_header, request_id)
        if echoed.strip() != request_id:
            # Whatever it says, it says of something else; and so may the next answer on this line.
            response.close()
            self.drop()
            return Lost("the answer to another request")
        return Reply(
            status=response.status_code,
            headers=response.raw.headers,
            body=body,
            flaw=flaw,
            request_id=request_id,
        )

    def _session(self) -> requests.Session:
        try:
            session: requests.Session = self._sessions.session
        except AttributeError:
            session = Session()
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

    def _to_check(self, error: BaseException) -> str:
        """Say what may keep a connection from being made."""
        things = ["ORDERBATCH_URL", "the network"]
        causes = list(_causes(error))
        if self._proxy is not None:
            wants_login = any(str(cause).startswith(f"{_NO_TUNNEL}: 407") for cause in causes)
            things.insert(0, f"[venue] proxy{' (its user and password)' if wants_login else ''}")
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            things.insert(-1, "[venue] ca_bundle (for a private authority)")
        return f"{', '.join(things[:-1])} and {things[-1]}"

    def _words(self, error: BaseException) -> str:
        match error:
            case DeadlinePassed():
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
                if call.stage is Stage.UNSENT:
                    return f"no connection within {self._connect_timeout_s:g} s"
                return f"no answer within {self._read_timeout_s:g} s"
            case http.client.RemoteDisconnected():
                return "a connection that was closed without an answer"
            case urllib3.exceptions.IncompleteRead() | http.client.IncompleteRead():
                return "an answer that was cut off"
            case _BodyTooLarge():
                return f"an answer of more than {error.most} bytes"
            case _OddlyPacked():
                return "an answer that cannot be unpacked"
            case OSError() if error.errno in _ERRNO_WORDS:
                return _ERRNO_WORDS[error.errno]
            case OSError() if str(error).startswith(_NO_TUNNEL):
                words = self._secrets.redact(str(error)[len(_NO_TUNNEL) + 2 :])
                return f"a proxy that refused the connection ({shown(words)})"
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
    def __init__(self, most: int) -> None:
        self.most = most


class _OddlyPacked(Exception):
    pass


def _whole_body(raw: urllib3.HTTPResponse, most: int) -> bytes:
    """Read to the end; urllib3 raises where fewer bytes come than were announced.

    It is unpacked here, piece by piece: a few bytes can announce gigabytes.
    """
    unpack = _unpacking(raw.headers.get("Content-Encoding", ""))
    pieces: list[bytes] = []
    size = 0
    for chunk in raw.stream(_CHUNK_BYTES, decode_content=False):
        piece = unpack(chunk, most + 1 - size)
        size += len(piece)
        if size > most:
            raise _BodyTooLarge(most)
        pieces.append(piece)
    raw.release_conn()
    return b"".join(pieces)


def _unpacking(encoding: str) -> Callable[[bytes, int], bytes]:
    """Give what unpacks an encoding, at most so many bytes a piece."""
    encoding = encoding.strip().casefold()
    if encoding in ("", "identity"):
        return lambda chunk, _: chunk
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise _OddlyPacked
    # With either kind of header.
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    def unpack(chunk: bytes, most: int) -> bytes:
        try:
            return unpacker.decompress(chunk, most)
        except zlib.error:
            raise _OddlyPacked from None

    return unpack


def _host_in(url: str) -> str:
    parts = parse_url(url)
    is_usual = parts.port is None or parts.port == port_by_scheme.get(str(parts.scheme))
    return str(parts.host) if is_usual else f"{parts.host}:{parts.port}"


def _checked_bundle(settings: VenueSettings) -> bool | str:
    if settings.ca_bundle is None:
        return True
    path = settings.ca_bundle
    found = f"no file at {path}"
    try:
        if path.is_file():
            # A context that is given a bundle starts with no other certificates.
            context = ssl.create_default_context(cafile=path)
            if context.cert_store_stats()["x509"]:
                return str(path)
            found = f"none in {path}"
    except ssl.SSLError as error:
        reason = error.reason or type(error).__name__
        found = f"none that can be read in {path} ({reason})"
    except OSError as error:
        found = f"{path}, which cannot be read ({error.strerror})"
    raise ConfigError(
        "venue ca_bundle: expected a file of certificates (PEM, each from BEGIN CERTIFICATE to END "
        f"CERTIFICATE), found {found}. Set ca_bundle to the file of the authority that vouches for "
        "the venue, or leave it out to trust the usual ones."
    )


def _proxy_in(url: str) -> str:
    """Give a proxy's host and port.

    Raises:
        ConfigError: it is not the URL of a server alone. What follows a slash may be the rest of a
            password, whose beginning would be taken for the port.
    """
    try:
        server = server_in(url)
    except ValueError:
        server = None
    if server is None or server.path.strip("/") or server.query or server.fragment:
        raise ConfigError(
            'venue proxy: expected one like "http://proxy.example.com:3128", found '
            f'"{without_user(url)}".'
        )
    host = f"[{server.hostname}]" if ":" in str(server.hostname) else str(server.hostname)
    return f"{shown(host)}:{server.port or port_by_scheme[server.scheme]}"
