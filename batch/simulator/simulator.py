"""A venue of one's own: starts, stops and is looked into. The face of the side module."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from email.utils import formatdate
from types import TracebackType
from typing import Self

from batch.errors import ConfigError
from batch.simulator.exchanges import Exchange, RequestLog
from batch.simulator.faults import Fault, FaultScript
from batch.simulator.ledger import Ledger
from batch.simulator.market import Market
from batch.simulator.options import SimulatorOptions
from batch.simulator.server import VenueServer
from batch.simulator.service import Reply, Service, operation_of
from batch.simulator.timeline import Timeline
from batch.simulator.wire import Request

_POLL_S = 0.02


class SimulatorError(ConfigError):
    """The simulated venue cannot listen where it was told to."""


class Simulator:
    """A local venue over HTTP, as the vendor's API describes it.

    Args:
        host, port: where to listen; port 0 takes any free one. Loopback only makes sense.
        market: the rates; None takes the table that comes with the package.
        clock: seconds that never go back; tests pass one that they step by hand. Pauses (latency,
            delays, dripping) are always real.
    """

    def __init__(
        self,
        options: SimulatorOptions | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        market: Market | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        options = options or SimulatorOptions()
        self._address = (host, port)
        self._timeline = Timeline(clock, options.clock_offset_s)
        self._script = FaultScript()
        # Ends the pauses of one life; each start makes a new one.
        self._stopping = threading.Event()
        self._service = Service(
            options, market or Market.reference(), self._timeline, self._script, self._pause
        )
        self._server: VenueServer | None = None
        self._placeholder: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self.requests = RequestLog(options.kept_exchanges)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Listen, and serve in the background.

        Raises:
            SimulatorError: the port is taken, or the address is not this machine's.
        """
        self._stopping = threading.Event()
        self._release_placeholder()
        try:
            self._server = VenueServer(
                self._address, self._answer, self._server_date, self._stopping
            )
        except OSError as error:
            host, port = self._address
            raise SimulatorError(
                f"simulator: cannot listen on {host}:{port}: {error.strerror}; "
                "choose another port, or 0 for any free one"
            ) from error
        # A venue that comes back does so at the address that its clients know.
        self._address = (self._address[0], self._server.server_port)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": _POLL_S},
            name="simulator",
            daemon=True,
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and cut every connection; what was taken stays in the ledger."""
        self._release_placeholder()
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        self._stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()
        server.cut_connections()

    def set_down(self, down: bool) -> None:
        """Take the venue off the network, where connections are refused, or bring it back.

        Its orders go on living meanwhile; its address stays.
        """
        if down and self._server is not None:
            self.stop()
            # Bound but not listening: connections are refused, and nobody takes the port.
            self._placeholder = socket.socket()
            self._placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._placeholder.bind(self._address)
        elif not down and self._server is None:
            self.start()

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        host, port = self._address
        return f"http://{host}:{port}"

    @property
    def ledger(self) -> Ledger:
        """Everything that was taken."""
        return self._service.ledger

    def is_quiet(self) -> bool:
        """Whether no order will ever change again by itself."""
        return self._service.book.is_quiet()

    def add_fault(self, fault: Fault) -> None:
        """Add a line to the script of faults."""
        self._script.add(fault)

    def clear_faults(self) -> None:
        """Drop the script: from now on nothing goes wrong."""
        self._script.clear()

    def expire_tokens(self) -> None:
        """Let every token that was handed out expire at once."""
        self._service.access.expire_tokens()

    def _answer(self, request: Request) -> Reply:
        operation = operation_of(request)
        at = self._timeline.now()
        reply = self._service.reply(request, operation)
        self.requests.add(
            Exchange(
                at=self._timeline.true_time(at),
                operation=operation,
                method=request.method,
                target=request.target,
                headers=tuple(request.headers.items()),
                body=request.body,
                status=reply.status,
                answer_headers=reply.answer.headers,
                answer_body=reply.answer.body,
            )
        )
        return reply

    def _release_placeholder(self) -> None:
        if self._placeholder is not None:
            self._placeholder.close()
            self._placeholder = None

    def _server_date(self) -> str:
        return formatdate(self._timeline.server_epoch(self._timeline.now()), usegmt=True)

    def _pause(self, seconds: float) -> None:
        self._stopping.wait(seconds)
