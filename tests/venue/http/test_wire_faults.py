"""What the network can do to a placing, on real sockets; row numbers are of the fault table."""

from __future__ import annotations

import socket
import ssl
import threading
import time

import pytest

from batch.errors import NotDelivered, OutcomeUnknown, VenueAway
from batch.venue.http.connection import MAX_IDLE_S
from tests.venue.conftest import PAYLOAD, PLACED, Connect, Serve
from tests.venue.sockets import Peer, Request, answer


def place(connect: Connect, url: str, **changes: object) -> None:
    connect(url, **changes).place(PAYLOAD, "b1-2", "req-1")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_fault_7_refused_connection_is_proven_unsent(connect: Connect) -> None:
    port = free_port()

    with pytest.raises(NotDelivered) as caught:
        place(connect, f"http://127.0.0.1:{port}")

    assert str(caught.value) == (
        f"venue http://127.0.0.1:{port}: expected a connection, found: connection refused. "
        "Check ORDERBATCH_URL and the network; nothing was sent."
    )


def test_fault_7_refused_after_the_login_is_proven_unsent(connect: Connect, serve: Serve) -> None:
    server = serve(lambda peer, request: peer.answer(202, PLACED))
    venue = connect(server.url)
    venue.login()
    server.stop()

    # The kept connection is seen to be closed, so a new one is tried.
    with pytest.raises(NotDelivered, match="connection refused") as caught:
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert caught.value.request_id == "req-1"
    assert server.sent("POST", "/v2/orders") == []


def test_fault_7_unknown_host_name_is_proven_unsent(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_such_name(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)

    with pytest.raises(NotDelivered, match="host name that cannot be resolved"):
        place(connect, "https://venue.invalid")


def test_fault_7_connect_timeout_is_proven_unsent(connect: Connect) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # Fill the queue of connections, so that the next one gets no answer at all.
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())

        with pytest.raises(NotDelivered, match=r"no connection within 0\.05 s"):
            place(connect, f"http://127.0.0.1:{listener.getsockname()[1]}", connect_timeout_s=0.05)

        for filler in fillers:
            filler.close()


def test_fault_7_tls_failure_is_proven_unsent(connect: Connect, serve: Serve) -> None:
    server = serve(lambda peer, request: peer.close())

    def talk_plainly(peer: Peer) -> None:
        peer.sock.recv(1000)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    server._serve = talk_plainly  # type: ignore[method-assign]

    with pytest.raises(NotDelivered, match="TLS failure"):
        place(connect, f"https://127.0.0.1:{server.port}")


def test_fault_7_handshake_that_never_ends_is_proven_unsent(connect: Connect, serve: Serve) -> None:
    server = serve(lambda peer, request: None)
    server._serve = lambda peer: None  # type: ignore[method-assign]

    with pytest.raises(NotDelivered, match=r"no connection within 0\.1 s"):
        place(connect, f"https://127.0.0.1:{server.port}", connect_timeout_s=0.1)


def test_fault_7_untrusted_certificate_is_proven_unsent_and_named(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    failure = ssl.SSLCertVerificationError(1, "certificate verify failed")
    failure.verify_message = "self-signed certificate"

    def untrusted(*args: object, **kwargs: object) -> None:
        raise failure

    monkeypatch.setattr("urllib3.connection._ssl_wrap_socket_and_match_hostname", untrusted)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"

        with pytest.raises(NotDelivered, match=r"not trusted \(self-signed certificate\)"):
            place(connect, url)


@pytest.mark.parametrize("status", [407, 502])
def test_fault_7_proxy_that_refuses_the_tunnel_is_proven_unsent(
    connect: Connect, serve: Serve, status: int
) -> None:
    proxy = serve(lambda peer, request: peer.send(answer(status, b"")))

    with pytest.raises(NotDelivered, match=f"a proxy that refused the connection \\({status}"):
        place(connect, "https://venue.invalid", proxy=proxy.url)

    assert [request.method for request in proxy.requests] == ["CONNECT"]


def test_fault_7_proxy_that_is_away_is_proven_unsent(connect: Connect) -> None:
    with pytest.raises(NotDelivered, match="connection refused"):
        place(connect, "https://venue.invalid", proxy=f"http://127.0.0.1:{free_port()}")


def test_fault_7_proxy_that_drips_its_answer_meets_the_deadline(
    connect: Connect, serve: Serve
) -> None:
    def drip(peer: Peer, request: Request) -> None:
        for byte in answer(200, b"", Filler="x" * 200):
            peer.send(bytes([byte]))
            time.sleep(0.02)

    proxy = serve(drip)

    with pytest.raises(NotDelivered, match="no complete answer within"):
        place(connect, "https://venue.invalid", proxy=proxy.url, deadline_s=0.5)


@pytest.mark.parametrize("end", [Peer.reset, Peer.close])
def test_fault_8_connection_ended_after_the_post_is_unknown_and_not_repeated(
    connect: Connect, serve: Serve, end: object
) -> None:
    def script(peer: Peer, request: Request) -> None:
        assert callable(end)
        end(peer)

    server = serve(script)

    with pytest.raises(OutcomeUnknown, match="may or may not hold order b1-2") as caught:
        place(connect, server.url)

    assert len(server.sent("POST", "/v2/orders")) == 1
    assert caught.value.request_id == "req-1"
    assert caught.value.status is None


def test_fault_8_read_timeout_is_unknown(connect: Connect, serve: Serve) -> None:
    server = serve(lambda peer, request: None)

    with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.3 s"):
        place(connect, server.url, read_timeout_s=0.3)

    assert len(server.sent("POST", "/v2/orders")) == 1


def test_fault_8_post_on_a_kept_connection_that_is_cut_is_unknown(
    connect: Connect, serve: Serve
) -> None:
    def script(peer: Peer, request: Request) -> None:
        if len(server.sent("POST", "/v2/orders")) == 1:
            peer.answer(202, PLACED)
        else:
            peer.reset()

    server = serve(script)
    venue = connect(server.url)
    venue.place(PAYLOAD, "b1-2", "req-1")

    with pytest.raises(OutcomeUnknown):
        venue.place(PAYLOAD, "b1-2", "req-2")

    assert server.connections == 1
    assert len(server.sent("POST", "/v2/orders")) == 2


def test_kept_connection_that_the_server_closed_meanwhile_is_not_used_for_a_post(
    connect: Connect, serve: Serve
) -> None:
    closed = threading.Event()

    def script(peer: Peer, request: Request) -> None:
        peer.answer(202, PLACED)
        peer.sock.shutdown(socket.SHUT_RDWR)
        closed.set()

    server = serve(script)
    venue = connect(server.url)
    venue.place(PAYLOAD, "b1-2", "req-1")
    closed.wait(2)

    placed = venue.place(PAYLOAD, "b1-2", "req-2")

    assert placed.server_order_id == "77"
    assert server.connections == 2


def test_connection_that_was_idle_for_long_is_not_used_again(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda peer, request: peer.answer(202, PLACED))
    venue = connect(server.url)
    venue.place(PAYLOAD, "b1-2", "req-1")
    venue.place(PAYLOAD, "b1-2", "req-2")
    before = server.connections
    real = time.monotonic
    monkeypatch.setattr(time, "monotonic", lambda: real() + MAX_IDLE_S)

    venue.place(PAYLOAD, "b1-2", "req-3")

    assert before == 1
    assert server.connections == 2


def test_fault_7_deadline_that_passes_before_the_first_byte_is_proven_unsent(
    connect: Connect, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(lambda peer, request: peer.answer(202, PLACED))
    venue = connect(server.url)
    venue.login()
    real = time.monotonic
    resolved: list[float] = []

    def resolve_slowly(*args: object, **kwargs: object) -> object:
        resolved.append(1000)
        return getaddrinfo(*args, **kwargs)  # type: ignore[arg-type]

    getaddrinfo = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", resolve_slowly)
    monkeypatch.setattr(time, "monotonic", lambda: real() + MAX_IDLE_S + sum(resolved))

    with pytest.raises(NotDelivered, match="no complete answer within 4 s"):
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert server.sent("POST", "/v2/orders") == []


def test_fault_9_body_that_is_cut_off_is_unknown(connect: Connect, serve: Serve) -> None:
    def script(peer: Peer, request: Request) -> None:
        whole = answer(202, b'{"coId": "b1-2", "orderId": "77", "status": "RECEIVED"}')
        peer.send(whole[:-30])
        peer.close()

    with pytest.raises(OutcomeUnknown, match="an answer that was cut off") as caught:
        place(connect, serve(script).url)

    assert caught.value.status == 202


def test_fault_9_cut_off_chunked_body_is_unknown_though_its_text_is_whole(
    connect: Connect, serve: Serve
) -> None:
    def script(peer: Peer, request: Request) -> None:
        body = b'{"coId": "b1-2", "orderId": "77", "status": "RECEIVED"}'
        peer.send(b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n")
        peer.send(f"{len(body):x}\r\n".encode() + body + b"\r\n")
        peer.close()

    with pytest.raises(OutcomeUnknown):
        place(connect, serve(script).url)


@pytest.mark.parametrize("kept", [0, 60], ids=["headers", "body"])
def test_fault_9_answer_that_drips_ends_at_the_deadline(
    connect: Connect, serve: Serve, kept: int
) -> None:
    def drip(peer: Peer, request: Request) -> None:
        whole = answer(202, b'{"coId": "b1-2", "orderId": "77", "status": "RECEIVED"}' + b" " * 500)
        peer.send(whole[:kept])
        for byte in whole[kept:]:
            peer.send(bytes([byte]))
            time.sleep(0.02)

    server = serve(drip)
    started_at = time.monotonic()

    with pytest.raises(OutcomeUnknown, match=r"no complete answer within 0\.5 s"):
        place(connect, server.url, deadline_s=0.5)

    # Left alone it would take ten seconds.
    assert time.monotonic() - started_at < 5


def test_fault_9_endless_body_is_given_up(connect: Connect, serve: Serve) -> None:
    def flood(peer: Peer, request: Request) -> None:
        peer.send(b"HTTP/1.1 202 Accepted\r\n\r\n")
        while True:
            peer.send(b" " * 65536)

    with pytest.raises(OutcomeUnknown, match="more than 1048576 bytes"):
        place(connect, serve(flood).url)


def test_fault_9_bytes_that_are_not_http_are_unknown(connect: Connect, serve: Serve) -> None:
    def script(peer: Peer, request: Request) -> None:
        peer.send(b"\x15\x03\x01 whatever\r\n\r\n")
        peer.close()

    with pytest.raises(OutcomeUnknown, match="a broken exchange"):
        place(connect, serve(script).url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_fault_14_redirect_is_never_followed(connect: Connect, serve: Serve, status: int) -> None:
    elsewhere = serve(lambda peer, request: peer.answer(202, PLACED))
    server = serve(
        lambda peer, request: peer.answer(
            status, {}, Location=f"{elsewhere.url}/v2/orders", Connection="keep-alive"
        )
    )

    with pytest.raises(OutcomeUnknown, match=f"HTTP {status}"):
        place(connect, server.url)

    assert elsewhere.connections == 0
    assert len(server.sent("POST", "/v2/orders")) == 1


def test_fault_14_redirect_whose_body_drips_meets_the_deadline(
    connect: Connect, serve: Serve
) -> None:
    def drip(peer: Peer, request: Request) -> None:
        whole = answer(307, b" " * 500, Location="http://127.0.0.1:1/")
        peer.send(whole[:-499])
        for _ in range(499):
            peer.send(b" ")
            time.sleep(0.02)

    with pytest.raises(OutcomeUnknown, match="HTTP 307"):
        place(connect, serve(drip).url, deadline_s=0.5)


def test_fault_18_question_to_a_venue_that_is_away_says_so(connect: Connect) -> None:
    venue = connect(f"http://127.0.0.1:{free_port()}")

    with pytest.raises(VenueAway, match="connection refused"):
        venue.query("77")


def test_fault_18_question_without_an_answer_says_so(connect: Connect, serve: Serve) -> None:
    server = serve(lambda peer, request: peer.reset())

    with pytest.raises(VenueAway, match="GET /v2/orders/77: expected an answer, found: connection"):
        connect(server.url).query("77")


def test_fault_23_proxy_and_netrc_of_the_environment_are_ignored(
    connect: Connect,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login eve password eve\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    server = serve(lambda peer, request: peer.answer(202, PLACED))

    place(connect, server.url)

    (request,) = server.sent("POST", "/v2/orders")
    assert "authorization" not in request.headers


def test_request_carries_exactly_the_payload_and_few_headers(
    connect: Connect, serve: Serve
) -> None:
    server = serve(lambda peer, request: peer.answer(202, PLACED))

    place(connect, server.url)

    (request,) = server.sent("POST", "/v2/orders")
    assert request.body == PAYLOAD.encode()
    assert set(request.headers) == {
        "accept",
        "accept-encoding",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "sso_token",
        "user-agent",
        "x-request-id",
    }
    assert request.headers["x-request-id"] == "req-1"
    assert request.headers["sso_token"] == "tok-1"
    assert request.headers["cookie"] == "SSO_TOKEN=tok-1"
