"""Connections that know how far a call came, and when it must end.

Two things that requests does not offer are added at its own extension points:

- Whether any byte of a request was handed to the network. A connection notes when it starts to
  connect and when it starts to send, so "nothing was sent" is known from what happened and is
  not guessed from the type of an exception.
- A deadline for the whole call. Every single read of a socket waits at the most until the
  deadline, so a server that drips headers or body one byte a second cannot hold a thread.
"""

from __future__ import annotations

import http.client
import io
import logging
import socket
import threading
import time
from enum import Enum
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

# urllib3 warns of headers that it cannot parse by printing them, and one may be a token.
logging.getLogger("urllib3.connection").addFilter(lambda record: not record.exc_info)

# Many servers close a connection after 5 s without a request, and a POST that meets the close is
# one more order in doubt. A connection that is idle for longer than this is not used again.
MAX_IDLE_S = 4.0


class Stage(Enum):
    """How far a call came, as far as a connection told."""

    UNTOLD = 0
    UNSENT = 1
    SENDING = 2


class Call(threading.local):
    """The call that this thread makes just now; its connection reads and writes it."""

    ends_at: float = 0.0
    stage: Stage = Stage.UNTOLD


call = Call()


class DeadlinePassed(TimeoutError):
    """The call took as long as it may."""


class _TimedReader(io.RawIOBase):
    """Reads a socket, each time waiting no longer than the call may still take."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase) -> None:
        self._sock = sock
        self._raw = raw
        self._read_timeout_s = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        left = call.ends_at - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        timeout = self._read_timeout_s
        self._sock.settimeout(left if timeout is None else min(left, timeout))
        try:
            return self._raw.readinto(buffer)
        except TimeoutError:
            if time.monotonic() >= call.ends_at:
                raise DeadlinePassed from None
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
    _parts: list[Any] | None = None

    def connect(self) -> None:
        call.stage = Stage.UNSENT
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        call.stage = Stage.UNSENT
        # http.client would connect on its own in the middle of sending; the line between the
        # two must be sharp.
        if self.sock is None:
            self.connect()
        if time.monotonic() >= call.ends_at:
            raise DeadlinePassed
        call.stage = Stage.SENDING
        self._last_used_at = time.monotonic()
        # Head and body would leave in a packet each, and wake the other side twice.
        self._parts = []
        try:
            super().request(*args, **kwargs)
            whole = b"".join(self._parts)
        finally:
            self._parts = None
        self.send(whole)

    def send(self, data: Any) -> None:
        if self._parts is None:
            super().send(data)
        else:
            self._parts.append(data)

    @property
    def is_connected(self) -> bool:
        return super().is_connected and time.monotonic() - self._last_used_at < MAX_IDLE_S


class _WatchedTLS(_Watched, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Watched


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _WatchedTLS


POOLS = {"http": _Pool, "https": _TLSPool}


class Adapter(HTTPAdapter):
    """An adapter for one host, whose connections are watched."""

    _pool: Any = None

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **proxy_kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        # Host, proxy and certificates are the same for every request; working out the pool's key
        # anew each time costs as much as reading an order.
        if self._pool is None:
            self._pool = super().get_connection_with_tls_context(*args, **kwargs)
        return self._pool


class Session(requests.Session):
    """A session that never looks at where a redirect points."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        # Even with allow_redirects=False, Session.send reads the body of a redirect and prepares
        # the next hop, token included.
        return None
