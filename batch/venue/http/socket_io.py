"""Bytes into a socket and out of it, waiting no longer than the call may still take.

Sockets do not block here. Whoever sets how long one blocks asks the system each time and gives the
interpreter away each time, and then waits among all the other threads to get it back; four times
for each answer. A wait of its own, before the bytes that it is for, costs it once.
"""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

from urllib3.util.wait import wait_for_read, wait_for_write

from batch.venue.http.call import DeadlinePassed, call


def unblock(sock: Any) -> None:
    """Make a socket ready for the others here."""
    # TLS within the TLS of a proxy is no socket, and has no way of its own to wait.
    if isinstance(sock, socket.socket):
        sock.settimeout(0.0)


def send_whole(sock: Any, data: bytes, timeout_s: float | None) -> None:
    """Hand all bytes to the network.

    Args:
        timeout_s: the longest wait for room; the deadline of the call holds besides.

    Raises:
        DeadlinePassed, TimeoutError: not all of them went in time.
        OSError: the connection is gone.
    """
    rest = memoryview(data)
    while rest:
        try:
            rest = rest[_told(sock, timeout_s).send(rest) :]
        except (BlockingIOError, ssl.SSLWantWriteError):
            _wait(wait_for_write, sock, timeout_s)
        except ssl.SSLWantReadError:
            _wait(wait_for_read, sock, timeout_s)


def receive(sock: Any, most: int, timeout_s: float | None) -> bytes:
    """Take what has come, and wait for it where nothing has.

    Args:
        timeout_s: the longest wait; the deadline of the call holds besides.

    Returns:
        At most so many bytes; none where the other side has ended the connection.

    Raises:
        DeadlinePassed, TimeoutError: nothing came in time.
        OSError: the connection is gone.
    """
    while True:
        if not _holds_more(sock):
            _wait(wait_for_read, sock, timeout_s)
        try:
            data: bytes = _told(sock, timeout_s).recv(most)
            return data
        except (BlockingIOError, ssl.SSLWantReadError):
            continue  # only a part of what must come whole
        except ssl.SSLWantWriteError:
            _wait(wait_for_write, sock, timeout_s)


def _wait(wait: Any, sock: Any, timeout_s: float | None) -> None:
    if not wait(sock, _wait_s(timeout_s)):
        _wait_s(timeout_s)  # which of the two it was
        raise TimeoutError


def _wait_s(timeout_s: float | None) -> float:
    left = call.ends_at - time.monotonic()
    if left <= 0:
        raise DeadlinePassed
    return left if timeout_s is None else min(left, timeout_s)


def _told(sock: Any, timeout_s: float | None) -> Any:
    if not isinstance(sock, socket.socket):
        sock.settimeout(_wait_s(timeout_s))
    return sock


def _holds_more(sock: Any) -> bool:
    """Say whether bytes have come already that waiting would not see."""
    if isinstance(sock, ssl.SSLSocket):
        return sock.pending() > 0
    return not isinstance(sock, socket.socket)
