"""A line to a server that counts journeys, takes its time, and breaks where a test wants it to."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.journal.postgres_cluster import Cluster, database_of

LONGEST_DELAY_S = 5.0
SOON_S = 0.2

_FIELDS = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0"
END = b"E" + (4 + len(_FIELDS)).to_bytes(4, "big") + _FIELDS
"""What a server says that ends a session."""


@dataclass
class Break:
    """Where the line breaks next.

    Attributes:
        at: what the client says when it does.
        after: so often that passes before.
        takes: what is lost: the `request`, its `rest` from there on, or only the `answer` to it;
            with `late` the answer is lost, and the request arrives when the client, by another
            line, has asked for `until`; with `end` a word that the session ends stands for the
            answer, as a pooler says whose own line broke.
        stays: it does not come back.
        then: called when it has broken, before the client learns of it.
    """

    at: bytes
    after: int = 0
    takes: str = "answer"
    until: bytes = b""
    stays: bool = False
    then: Callable[[], None] = lambda: None


class Proxy:
    """Hands on what client and server say, over TCP.

    Args:
        delay_s: so long anything is on its way, there and back alike.

    Attributes:
        journeys: how often a client has waited for an answer.
        breaks: where it breaks; each does so once.
    """

    def __init__(self, cluster: Cluster, *, delay_s: float = 0.0) -> None:
        self._cluster = cluster
        self._delay_s = delay_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._is_away = False
        self._awaited = b""
        self._is_asked = threading.Event()
        self.journeys = 0
        self.breaks: list[Break] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def url(self, url: str) -> str:
        """Give a journal's URL, by this line."""
        name = database_of(url)
        return f"postgresql://tests@127.0.0.1:{self._listener.getsockname()[1]}/{name}"

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self._is_away:
                    client.close()
                    continue
                server = socket.create_connection(("127.0.0.1", self._cluster.port))
                for one in (client, server):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                line = _Line(client, server, self._delay_s)
                threading.Thread(target=self._ask, args=(line,), daemon=True).start()
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _ask(self, line: _Line) -> None:
        with suppress(OSError):
            while said := line.client.recv(65536):
                due = self._due(said)
                if due is not None and due.takes in ("request", "rest"):
                    if due.takes == "rest":
                        line.to_server(said[: said.index(due.at)])
                    self._break(line, due)
                    return
                if due is not None and due.takes == "late":
                    self._delay(line, due, said)
                    return
                with self._lock:
                    self.journeys += line.has_answered
                line.has_answered = False
                line.breaks = due
                line.to_server(said)
        line.close()

    def _delay(self, line: _Line, due: Break, said: bytes) -> None:
        line.is_breaking = True
        self._awaited = due.until
        _hang_up(line.client)
        self._is_asked.wait(LONGEST_DELAY_S)
        line.server.sendall(said)
        line.close()

    def _answer(self, line: _Line) -> None:
        with suppress(OSError):
            while said := line.server.recv(65536):
                if line.breaks is not None:
                    if line.breaks.takes == "end":
                        line.to_client(END)
                        time.sleep(SOON_S)  # so that it is read before the line breaks
                    self._break(line, line.breaks)
                    return
                line.has_answered = True
                line.to_client(said)
        if not line.is_breaking:
            line.close()

    def _due(self, said: bytes) -> Break | None:
        if self._awaited and self._awaited in said:
            self._is_asked.set()
        with self._lock:
            for one in self.breaks:
                if one.at in said:
                    if one.after == 0:
                        self.breaks.remove(one)
                        return one
                    one.after -= 1
        return None

    def _break(self, line: _Line, due: Break) -> None:
        self._is_away = due.stays
        line.is_breaking = True
        _hang_up(line.server)
        due.then()
        line.close()


class _Line:
    def __init__(self, client: socket.socket, server: socket.socket, delay_s: float) -> None:
        self.client = client
        self.server = server
        self.to_client = _Late(client, delay_s).send if delay_s else client.sendall
        self.to_server = _Late(server, delay_s).send if delay_s else server.sendall
        self.has_answered = True
        self.breaks: Break | None = None
        self.is_breaking = False

    def close(self) -> None:
        for one in (self.client, self.server):
            _hang_up(one)
            one.close()


class _Late:
    """Hands on what it is given, each so long after it came."""

    def __init__(self, to: socket.socket, delay_s: float) -> None:
        self._to = to
        self._delay_s = delay_s
        self._waiting: deque[tuple[float, bytes]] = deque()
        self._has_more = threading.Semaphore(0)
        threading.Thread(target=self._deliver, daemon=True).start()

    def send(self, said: bytes) -> None:
        self._waiting.append((time.monotonic() + self._delay_s, said))
        self._has_more.release()

    def _deliver(self) -> None:
        with suppress(OSError):
            while self._has_more.acquire():
                due, said = self._waiting.popleft()
                time.sleep(max(due - time.monotonic(), 0.0))
                self._to.sendall(said)


def _hang_up(one: socket.socket) -> None:
    # Closing alone says nothing to the other end while a thread still listens to it.
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxy_to(cluster: Cluster, *, delay_s: float = 0.0) -> Iterator[Proxy]:
    """Open a line to a server that ends with the block."""
    proxy = Proxy(cluster, delay_s=delay_s)
    try:
        yield proxy
    finally:
        proxy.close()
