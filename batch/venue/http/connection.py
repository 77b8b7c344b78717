"""Connections that know how far a call came, and when it must end.

Things that requests does not offer are added at its own extension points:

- Whether any byte of a request was handed to the network. A connection notes when it starts to
  connect and when it starts to send, so "nothing was sent" is known from what happened and is
  not guessed from the type of an exception.
- A deadline for the whole call. Every single read of a socket waits at the most until the
  deadline, so a server that drips headers or body one byte a second cannot hold a thread.
- A connection whose answer is still to come is reset when it is closed, and not ended in order. A
  request that is given up, or whose process is killed, then leaves the kernel with it: what was
  not sent yet is never sent.
- A connection goes back to the others only when its answer was looked at, because an answer to
  another request shows that it is out of step.
- Interim answers (1xx) are read past.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection

from batch.venue.http.call import DeadlinePassed, Parked, Stage, call
from batch.venue.http.reading import ShortAnswer, TimedResponse, read_answer, read_slowly
from batch.venue.http.socket_io import send_whole, unblock

# Many servers close a connection after 5 s without a request, and a POST that meets the close is
# one more order in doubt. A connection that is idle for longer than this is not used again.
MAX_IDLE_S = 4.0


class _Watched(HTTPConnection):
    """A connection that tells the call how far it came, and is not used again when idle."""

    response_class = TimedResponse
    _last_used_at = 0.0
    _unblocked: Any = None
    _asked = ("", "")

    def connect(self) -> None:
        call.stage = Stage.UNSENT
        super().connect()

    def request(
        self,
        method: str,
        url: str,
        body: Any = None,
        headers: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        """Send a request of exactly these parts, in one piece."""
        call.stage = Stage.UNSENT
        whole = _written(method, url, headers or {}, body or b"")
        # http.client would connect on its own in the middle of sending; the line between the
        # two must be sharp.
        if self.sock is None:
            self.connect()
        sock = self.sock
        if time.monotonic() >= call.ends_at:
            raise DeadlinePassed
        if sock is not self._unblocked:
            unblock(sock)
            self._unblocked = sock
        _reset_on_close(sock, True)
        call.stage = Stage.SENDING
        self._last_used_at = time.monotonic()
        self._asked = (method, url)
        timeout_s = self.timeout
        assert timeout_s is None or isinstance(timeout_s, int | float)
        send_whole(sock, whole, timeout_s)

    def getresponse(self) -> Any:
        """Read the answer, or the head of one that is long or unusual."""
        timeout_s = self.timeout
        assert timeout_s is None or isinstance(timeout_s, int | float)
        read = read_answer(self.sock, timeout_s)
        if isinstance(read, ShortAnswer):
            return read
        try:
            answer, is_last = read_slowly(self.sock, *self._asked, read, timeout_s)
        except ConnectionError:
            self.close()
            raise
        if is_last:
            self.close()  # the answer keeps the socket open until it is read
        return answer

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._last_used_at < MAX_IDLE_S


def _written(method: str, url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Give a request as it goes over the wire.

    Raises:
        ValueError: a part of it would be read as more than it is.
    """
    lines = [f"{method} {url} HTTP/1.1", *(f"{name}: {text}" for name, text in headers.items())]
    head = "\r\n".join(lines)
    ends = len(lines) - 1
    if head.count("\n") != ends or head.count("\r") != ends or lines[0].count(" ") != 2:
        raise ValueError("a request with a line break or a blank in a part of it")
    return f"{head}\r\n\r\n".encode("latin-1") + body


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


def _reset_on_close(sock: socket.socket | None, is_wanted: bool) -> None:
    """Say whether closing a socket, or the death of its process, throws away what is unsent."""
    if sock is not None:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER.pack(is_wanted, 0))


_LINGER = struct.Struct("hh" if os.name == "nt" else "ii")


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parked: set[Any] = set()

    def close(self) -> None:
        super().close()
        while self.parked:
            self.parked.pop().close()

    def _put_conn(self, conn: Any) -> None:
        if conn is None:
            self.take_back(None)
        else:
            _reset_on_close(conn.sock, False)
            self.parked.add(conn)
            call.parked = Parked(self, conn)

    def take_back(self, conn: Any) -> None:
        """Let a connection be used again; None makes room for a new one."""
        super()._put_conn(conn)


class _TLSPool(_Pool, HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


POOLS = {"http": _Pool, "https": _TLSPool}


class Adapter(HTTPAdapter):
    """An adapter for one host, whose connections are watched."""

    _pool: Any = None
    _left_out = 0

    def close(self) -> None:
        super().close()
        if self._pool is not None:
            self._pool.close()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request, and give the answer before its body is read.

        Exceptions are those of urllib3.
        """
        assert request.url is not None
        if self._pool is None:
            self._choose(request, verify, proxies)
        connect_s, read_s = timeout
        answer = self._pool.urlopen(
            method=request.method,
            url=request.url[self._left_out :],
            body=request.body,
            headers=dict(request.headers.items()),
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            retries=self.max_retries,
            timeout=Timeout(connect=connect_s, read=read_s),
        )
        return Response(request, answer)

    def _choose(
        self, request: requests.PreparedRequest, verify: Any, proxies: Mapping[str, str] | None
    ) -> None:
        # Host, proxy and certificates are the same for every request; working them out anew each
        # time costs as much as reading an order.
        assert request.url is not None
        pool: Any = self.get_connection_with_tls_context(request, verify, proxies=proxies)
        self.cert_verify(pool, request.url, verify, None)  # type: ignore[no-untyped-call]
        parts = urlsplit(request.url)
        is_whole = not self.request_url(request, proxies).startswith("/")  # for a proxy to read
        self._left_out = 0 if is_whole else len(f"{parts.scheme}://{parts.netloc}")
        self._pool = pool


class Response(requests.Response):
    """An answer as requests knows it, without what only browsers need, such as cookies."""

    def __init__(self, request: requests.PreparedRequest, raw: Any) -> None:
        self._content = False  # type: ignore[assignment]
        self._content_consumed = False
        self._next = None
        self.request = request
        self.url = request.url or ""
        self.raw = raw
        self.status_code = raw.status
        self.reason = raw.reason
        self.headers = raw.headers
        self.encoding = None
        self.history = []


class Session(requests.Session):
    """A session that never looks at where a redirect points."""

    def resolve_redirects(self, *args: Any, **kwargs: Any) -> Iterator[Any]:
        # Even with allow_redirects=False, Session.send reads the body of a redirect and prepares
        # the next hop, token included.
        yield from ()
