"""Answers from a connection: what comes whole and plain is read at once, all else by the libraries.

An answer about one order comes in one piece, with its length and nothing unusual. It needs none of
what http.client and urllib3 do for those that are in pieces, packed, interim, odd or broken; those
they read, from their first byte.
"""

from __future__ import annotations

import http
import http.client
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import urllib3
from urllib3 import HTTPHeaderDict

from batch.venue.http.socket_io import receive

MOST_AT_ONCE = 64 * 1024

_HEAD_END = b"\r\n\r\n"
_PLAIN_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9]{2})(?: [^\r\n\0]*)?\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[^\r\n\0]*\r\n){1,100})\r\n"
)
_LENGTH = re.compile(r"[0-9]{1,6}")
_FOLD = re.compile(r"\r?\n[ \t]+")
_WITHOUT_BODY = frozenset({http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED})


@dataclass(slots=True)
class Ahead:
    """What was read of an answer before it was known who reads it.

    Attributes:
        end: the error that then came.
        is_ended: the other side ended the connection then.
    """

    data: bytes = b""
    end: OSError | None = None
    is_ended: bool = False


class ShortAnswer:
    """A whole answer, in the shape that urllib3's pools and requests look for."""

    version_string = "HTTP/1.1"
    length_remaining = 0
    reason = ""
    retries: Any = None
    # Set by the pool: where the connection goes when this is read.
    _connection: Any = None
    _pool: Any = None

    def __init__(self, status: int, headers: HTTPHeaderDict, body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    def stream(self, amount: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Give the body as it came."""
        yield self._body

    def release_conn(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            self._pool._put_conn(self._connection)
            self._connection = None

    def close(self) -> None:
        """Close the connection, unless it was given back."""
        if self._connection is not None:
            self._connection.close()


class TimedResponse(http.client.HTTPResponse):
    """An answer as http.client reads it, never longer than the call may take.

    Args:
        ahead: what was read of it already.
        timeout_s: the longest wait for a byte of it.
    """

    def __init__(
        self,
        sock: Any,
        debuglevel: int = 0,
        method: str | None = None,
        url: str | None = None,
        *,
        ahead: Ahead | None = None,
        timeout_s: float | None = None,
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        if ahead is None:  # a proxy's, to the wish for a tunnel
            ahead, timeout_s = Ahead(), sock.gettimeout()
        self.fp = io.BufferedReader(_TimedReader(sock, self.fp.detach(), ahead, timeout_s))

    def _read_status(self) -> tuple[str, int, str]:
        # http.client itself reads on after a 100 only.
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if not 100 < status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _TimedReader(io.RawIOBase):
    """Reads what came ahead and then the socket, which stays open for so long."""

    def __init__(self, sock: Any, raw: io.RawIOBase, ahead: Ahead, timeout_s: float | None) -> None:
        self._sock = sock
        self._raw = raw
        self._ahead = ahead
        self._timeout_s = timeout_s

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        ahead = self._ahead
        if ahead.data:
            data, ahead.data = ahead.data[: len(buffer)], ahead.data[len(buffer) :]
        elif ahead.end is not None:
            raise ahead.end
        elif ahead.is_ended:
            data = b""
        else:
            data = receive(self._sock, len(buffer), self._timeout_s)
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._raw.close()
        super().close()


def read_answer(sock: Any, timeout_s: float | None) -> ShortAnswer | Ahead:
    """Read an answer if it is a short and plain one; otherwise give what was read of it.

    Args:
        timeout_s: the longest wait for a byte of it.
    """
    ahead = Ahead()
    while True:
        try:
            data = receive(sock, MOST_AT_ONCE, timeout_s)
        except OSError as error:
            ahead.end = error
            return ahead
        ahead.is_ended = not data
        ahead.data += data
        end = ahead.data.find(_HEAD_END)
        if end >= 0:
            break
        if ahead.is_ended or len(ahead.data) >= MOST_AT_ONCE:
            return ahead
    head = _PLAIN_HEAD.fullmatch(ahead.data, 0, end + len(_HEAD_END))
    if head is None:
        return ahead
    headers = HTTPHeaderDict()
    for line in head[2].decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        headers.add(name, value.strip(" \t"))
    status = int(head[1])
    length = _plain_length(status, headers)
    if length is None:
        return ahead
    whole = end + len(_HEAD_END) + length
    while len(ahead.data) < whole:
        try:
            data = receive(sock, MOST_AT_ONCE, timeout_s)
        except OSError as error:
            ahead.end = error
            return ahead
        if not data:
            ahead.is_ended = True
            return ahead
        ahead.data += data
    if len(ahead.data) > whole:
        return ahead
    return ShortAnswer(status, headers, ahead.data[whole - length :])


def _plain_length(status: int, headers: HTTPHeaderDict) -> int | None:
    """Give the length of the body; None where more than the length decides how it is read."""
    length = headers.get("Content-Length", "")
    if (
        status in _WITHOUT_BODY
        or "Transfer-Encoding" in headers
        or headers.get("Connection", "keep-alive").lower() != "keep-alive"
        or not _LENGTH.fullmatch(length)
        or int(length) > MOST_AT_ONCE
    ):
        return None
    return int(length)


def read_slowly(
    sock: Any, method: str, url: str, ahead: Ahead, timeout_s: float | None
) -> tuple[urllib3.HTTPResponse, bool]:
    """Read the head of any answer by the libraries; they read its body when it is wanted.

    Returns:
        The answer, and whether the connection ends with it.
    """
    response = TimedResponse(sock, method=method, ahead=ahead, timeout_s=timeout_s)
    try:
        response.begin()
    except BaseException:
        response.close()
        raise
    headers = [(name, _FOLD.sub(" ", value)) for name, value in response.msg.items()]
    answer = urllib3.HTTPResponse(
        body=response,
        headers=HTTPHeaderDict(headers),
        status=response.status,
        version=response.version,
        reason=response.reason,
        preload_content=False,
        decode_content=False,
        original_response=response,
        request_method=method,
        request_url=url,
    )
    return answer, response.will_close
