"""A server of bare sockets that does whatever a test's script says, byte by byte."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = b""

    def read(self) -> Request | None:
        """Read a request; None when the other side closed the connection."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._receive():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", "0"))
        while len(self._buffer) < length:
            if not self._receive():
                return None
        body, self._buffer = self._buffer[:length], self._buffer[length:]
        return Request(method, target, headers, body)

    def _receive(self) -> bool:
        try:
            data = self.sock.recv(65536)
        except OSError:
            return False
        self._buffer += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def answer(self, status: int, data: object, **headers: str) -> None:
        self.send(answer(status, json.dumps(data).encode(), **headers))

    def close(self) -> None:
        self.sock.close()

    def reset(self) -> None:
        """Close with a TCP reset in place of an orderly end."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


def answer(status: int, body: bytes, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def token_answer(token: str = "tok-1", lifetime_s: int = 3600) -> bytes:
    body = {"status": "OK", "errorCode": None, "expiryTime": lifetime_s * 1000, "serverUTCTime": 0}
    data = json.dumps(body).encode()
    # The name has an underscore, which keyword arguments of `answer` would lose.
    return answer(200, data).replace(b"\r\n\r\n", f"\r\nSSO_TOKEN: {token}\r\n\r\n".encode(), 1)


Script = Callable[[Peer, Request], None]


@dataclass
class ScriptedServer:
    """Answers every login the same way; hands every other request to the script."""

    script: Script
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    login_answer: bytes = field(default_factory=lambda: token_answer())
    on_login: Callable[[Peer], None] | None = None

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._peers: list[Peer] = []
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Refuse new connections and end those that there are; may be called twice."""
        # Only a shutdown wakes a thread that waits at its socket.
        for sock in (self._listener, *(peer.sock for peer in self._peers)):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sent(self, method: str, target: str) -> list[Request]:
        """Give the requests of this kind that arrived."""
        return [r for r in self.requests if (r.method, r.target) == (method, target)]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            peer = Peer(sock)
            self._peers.append(peer)
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: Peer) -> None:
        try:
            while (request := peer.read()) is not None:
                self.requests.append(request)
                if request.target != "/v2/sso/login":
                    self.script(peer, request)
                elif self.on_login is not None:
                    self.on_login(peer)
                else:
                    peer.send(self.login_answer)
        except OSError:
            # The script ended the connection itself, or the test is over.
            pass
        finally:
            peer.close()
