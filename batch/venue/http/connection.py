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

import http
import http.client
import io
import logging
import os
import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
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
    """The call that this thread makes just now; its connection reads and writes it.

    Attributes:
        parked: the connection of this thread's last whole answer, until that was looked at.
    """

    ends_at: float = 0.0
    stage: Stage = Stage.UNTOLD
    parked: Parked | None = None


call = Call()


@dataclass(frozen=True, slots=True)
class Parked:
    """A connection on its way back to the pool."""

    pool: _Pool
    connection: Any

    def keep(self) -> None:
        """Let it be used again."""
        self.pool.parked.discard(self.connection)
        self.pool.take_back(self.connection)

    def drop(self) -> None:
        """Close it."""
        self.pool.parked.discard(self.connection)
        self.connection.close()


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

    def _read_status(self) -> tuple[str, int, str]:
        # http.client itself reads on after a 100 only.
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 < status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)


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
        _reset_on_close(self.sock, True)
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
