"""Fault 24: no password and no token in messages, tracebacks, reprs or logs."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator

import pytest
from urllib3 import HTTPHeaderDict

from batch.config import VenueSettings
from batch.errors import ConfigError, VenueError
from batch.venue import Venue
from batch.venue.http.transport import Reply
from tests.venue.conftest import PASSWORD, PAYLOAD, Connect, HandClock, Serve
from tests.venue.sockets import Peer, Request, answer, token_answer

TOKEN = "tok-never-to-be-seen"
SECRETS = (TOKEN, PASSWORD)


def cut_off(peer: Peer, request: Request) -> None:
    peer.send(answer(202, b"{}" * 9)[:-3])
    peer.close()


def break_headers(peer: Peer, request: Request) -> None:
    head = b"HTTP/1.1 202 OK\r\nContent-Length: 0\r\nbroken\r\n"
    peer.send(head + f"SSO_TOKEN: {TOKEN}\r\n\r\n".encode())


def refuse(status: int) -> Callable[[Peer, Request], None]:
    return lambda peer, request: peer.send(answer(status, b'{"errorMessage": "no"}'))


FAULTS: dict[str, Callable[[Peer, Request], None]] = {
    "reset": lambda peer, request: peer.reset(),
    "close": lambda peer, request: peer.close(),
    "silence": lambda peer, request: None,
    "not http": lambda peer, request: peer.send(b"\x00\x01\r\n\r\n"),
    "cut off": cut_off,
    "html": lambda peer, request: peer.send(answer(202, b"<html>")),
    "redirect": lambda peer, request: peer.send(answer(307, b"", Location="http://127.0.0.1:1/")),
    "broken headers": break_headers,
    **{str(status): refuse(status) for status in (400, 401, 404, 429, 500)},
}


@pytest.fixture
def everything_logged(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.DEBUG):
        yield caplog


def shown(error: BaseException) -> str:
    """Render an exception in every way that a person or a logger might."""
    ways = [str(error), repr(error), repr(vars(error))]
    # What "from None" only hides is looked at, too.
    chain: BaseException | None = error
    while chain is not None:
        rendered = traceback.TracebackException.from_exception(chain, capture_locals=True)
        # This file's own frames hold the server, which knows the secrets.
        frames = [frame for frame in rendered.stack if frame.filename != __file__]
        assert frames
        ways += traceback.StackSummary.from_list(frames).format()
        ways += traceback.format_exception(chain)
        chain = chain.__context__
    return "\n".join(ways)


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    "call",
    [
        lambda venue: venue.place(PAYLOAD, "b1-2", "req-1"),
        lambda venue: venue.query("77"),
        lambda venue: venue.active(),
    ],
    ids=["place", "query", "active"],
)
def test_fault_24_failed_call_shows_no_secret(
    connect: Connect,
    serve: Serve,
    everything_logged: pytest.LogCaptureFixture,
    fault: str,
    call: Callable[[Venue], object],
) -> None:
    server = serve(FAULTS[fault])
    server.login_answer = token_answer(TOKEN)
    venue = connect(server.url, read_timeout_s=0.2)

    try:
        answer_text = repr(call(venue))
    except VenueError as error:
        answer_text = shown(error)

    everything = answer_text + everything_logged.text + repr(venue) + repr(vars(venue))
    assert [secret for secret in SECRETS if secret in everything] == []


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_24_failed_login_shows_no_secret(
    connect: Connect, serve: Serve, everything_logged: pytest.LogCaptureFixture, fault: str
) -> None:
    server = serve(refuse(400))
    server.on_login = lambda peer: FAULTS[fault](peer, Request("", "", {}, b""))
    venue = connect(server.url, read_timeout_s=0.2)
    text = ""

    try:
        venue.login()
    except VenueError as error:
        text = shown(error)

    everything = text + everything_logged.text
    assert [secret for secret in SECRETS if secret in everything] == []


def test_fault_24_token_that_no_header_can_hold_is_not_shown(
    connect: Connect, serve: Serve
) -> None:
    server = serve(refuse(400))
    server.login_answer = token_answer(TOKEN + "\x00\u00e9")
    venue = connect(server.url)

    with pytest.raises(VenueError) as caught:
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert TOKEN not in shown(caught.value)


def test_fault_24_refused_connection_shows_no_secret(connect: Connect, serve: Serve) -> None:
    server = serve(refuse(400))
    server.login_answer = token_answer(TOKEN)
    venue = connect(server.url)
    venue.login()
    server.stop()

    with pytest.raises(VenueError) as caught:
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert [secret for secret in SECRETS if secret in shown(caught.value)] == []


def test_fault_24_reply_does_not_show_its_headers_or_body(
    connect: Connect, serve: Serve, clock: HandClock
) -> None:
    reply = Reply(200, HTTPHeaderDict({"SSO_TOKEN": TOKEN}), TOKEN.encode(), "", "req-1")

    assert TOKEN not in repr(reply)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": f"https://ops:{PASSWORD}@venue.test"},
        {"url": f"ftp://ops:{PASSWORD}@venue.test"},
        {"url": f"http://ops:{PASSWORD}@venue.test"},
        {"proxy": f"socks5://ops:{PASSWORD}@proxy.test"},
        {"proxy": f"ops:{PASSWORD}@proxy.test:3128"},
    ],
    ids=str,
)
def test_fault_24_setting_that_is_refused_is_shown_without_its_password(
    clock: HandClock, changes: dict[str, str]
) -> None:
    settings = VenueSettings.model_validate({"url": "https://venue.test", **changes})

    with pytest.raises(ConfigError) as caught:
        Venue(settings, clock=clock)

    assert PASSWORD not in str(caught.value)


def test_log_names_method_path_status_and_request_and_nothing_else(
    connect: Connect, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(refuse(400))
    venue = connect(server.url)
    caplog.set_level(logging.DEBUG, logger="batch.venue")

    with pytest.raises(VenueError):
        venue.place(PAYLOAD, "b1-2", "req-1")

    last = caplog.records[-1]
    assert last.name == "batch.venue"
    assert last.getMessage().startswith("POST /v2/orders: 400, ")
    assert last.getMessage().endswith(" ms, request req-1")
