"""The sockets of a simulated venue, and answers that go wrong on the wire. Side module."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from batch.simulator.service import Delivery, Reply
from batch.simulator.wire import Answer, Request, error_body

MAX_BODY = 1_000_000
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class VenueServer(ThreadingHTTPServer):
    """A thread for each connection; connections can be counted and cut.

    Args:
        answer: processes a request; called from many threads.
        server_date: gives the time for the header `Date`.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 1024

    def __init__(
        self,
        address: tuple[str, int],
        answer: Callable[[Request], Reply],
        server_date: Callable[[], str],
        stopping: threading.Event,
    ) -> None:
        self.answer = answer
        self.server_date = server_date
        self.stopping = stopping
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._connections_lock = threading.Lock()
        super().__init__(address, VenueHandler)

    def server_bind(self) -> None:
        """Bind without the name look-up of the base class, which can take seconds."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve one connection to its end."""
        with self._connections_lock:
            self._connections[request] = threading.current_thread()
        try:
            if not self.stopping.is_set():
                super().process_request_thread(request, client_address)
        finally:
            with self._connections_lock:
                self._connections.pop(request, None)
            request.close()

    def cut_connections(self) -> None:
        """Close every connection, whatever is going on there, and wait for its thread."""
        with self._connections_lock:
            connections = dict(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in connections.values():
            thread.join(timeout=2.0)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet when a client goes away; anything else is our own fault and is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class VenueHandler(BaseHTTPRequestHandler):
    """One connection."""

    server: VenueServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def handle_request(self) -> None:
        """Read a request to its end, and deliver what the venue says to it."""
        request = self._read()
        if request is None:
            return
        self._deliver(request, self.server.answer(request))

    do_GET = do_POST = do_DELETE = do_PUT = do_PATCH = do_HEAD = do_OPTIONS = handle_request

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing; what happened is in the log of requests."""

    def _read(self) -> Request | None:
        parts = urlsplit(self.path)
        length = self.headers.get("Content-Length", "0")
        body = b""
        if "Transfer-Encoding" in self.headers or not length.isdigit() or int(length) > MAX_BODY:
            self.close_connection = True
            refusal = error_body("BODY_LENGTH", "expected a Content-Length of at most 1000000")
            self._send(Answer(400, refusal), refusal, len(refusal))
            return None
        if length != "0":
            body = self.rfile.read(int(length))
            if len(body) < int(length):
                self.close_connection = True
                return None
        return Request(
            method=self.command,
            target=self.path,
            path=unquote(parts.path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=self.headers,
            body=body,
            http_version=self.request_version,
        )

    def _deliver(self, request: Request, reply: Reply) -> None:
        answer = reply.answer
        body = b"" if request.method == "HEAD" else answer.body
        match reply.delivery:
            case Delivery.WHOLE:
                self._send(answer, body, len(answer.body))
            case Delivery.CLOSED:
                self.close_connection = True
            case Delivery.RESET:
                self.close_connection = True
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                # Closed here, because the base class would first say an orderly goodbye.
                self.connection.close()
            case Delivery.CUT:
                self.close_connection = True
                self._send(answer, body[: len(body) // 2], len(answer.body))
            case Delivery.DRIPPING:
                self._send(answer, b"", len(answer.body))
                for index in range(len(body)):
                    if self.server.stopping.wait(reply.interval_s):
                        return
                    self.wfile.write(body[index : index + 1])

    def _send(self, answer: Answer, body: bytes, length: int) -> None:
        headers = [
            ("Server", "orderbatch-simulator"),
            ("Date", self.server.server_date()),
            ("Content-Type", answer.content_type),
            ("Content-Length", str(length)),
            *answer.headers,
        ]
        if request_id := self.headers.get("X-Request-ID"):
            headers.append(("X-Request-ID", request_id))
        if self.close_connection:
            headers.append(("Connection", "close"))
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Scripted"
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{n}: {v}" for n, v in headers), "", ""]
        # One write, so that an answer is one packet.
        self.wfile.write("\r\n".join(lines).encode("latin-1") + body)
