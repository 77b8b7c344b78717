"""A proxy that stands in the way is named, and never by its user or password."""

from __future__ import annotations

import socket

import pytest

from batch.config import VenueSettings
from batch.errors import ConfigError, NotDelivered, OutcomeUnknown, VenueAway
from batch.venue import Venue
from tests.venue.conftest import PAYLOAD, PLACED, Connect, HandClock, Serve
from tests.venue.http.test_wire_faults import free_port
from tests.venue.sockets import answer

LOGIN = "proxy-user:pr0xy-pass"


def test_fault_7_proxy_that_is_away_is_named_in_place_of_the_venue(connect: Connect) -> None:
    port = free_port()

    with pytest.raises(NotDelivered) as caught:
        venue = connect("https://venue.invalid", proxy=f"http://{LOGIN}@127.0.0.1:{port}")
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert str(caught.value) == (
        "venue https://venue.invalid: expected a connection, found: connection refused; the proxy "
        f"is 127.0.0.1:{port}. Check [venue] proxy, ORDERBATCH_URL and the network; nothing was "
        "sent."
    )


def test_fault_7_question_that_no_proxy_takes_names_it_too(connect: Connect) -> None:
    port = free_port()
    proxy = f"http://{LOGIN}@127.0.0.1:{port}"
    venue = connect("https://venue.invalid", auth="hmac", proxy=proxy)

    with pytest.raises(VenueAway) as caught:
        venue.find("b1-2")

    assert str(caught.value) == (
        "venue https://venue.invalid: GET /v2/orders: expected an answer, found: connection "
        f"refused; the proxy is 127.0.0.1:{port}. Check [venue] proxy, ORDERBATCH_URL and the "
        "network. Ask again later."
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (f"http://{LOGIN}@Proxy.test", "proxy.test:80"),
        (f"https://{LOGIN}@proxy.test/", "proxy.test:443"),
        (f"http://{LOGIN}@[::1]:3128", "[::1]:3128"),
    ],
)
def test_fault_7_proxy_is_named_by_host_and_port(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, url: str, name: str
) -> None:
    def no_such_name(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)

    with pytest.raises(NotDelivered) as caught:
        connect("https://venue.invalid", proxy=url).place(PAYLOAD, "b1-2", "req-1")

    assert f"cannot be resolved; the proxy is {name}. Check [venue] proxy, " in str(caught.value)
    assert not [word for word in LOGIN.split(":") if word in str(caught.value)]


@pytest.mark.parametrize(
    ("status", "what"), [(407, "[venue] proxy (its user and password), "), (502, "[venue] proxy, ")]
)
def test_fault_7_proxy_that_lets_nobody_through_is_named(
    connect: Connect, serve: Serve, status: int, what: str
) -> None:
    proxy = serve(lambda peer, request: peer.send(answer(status, b"")))
    url = f"http://{LOGIN}@127.0.0.1:{proxy.port}"

    with pytest.raises(NotDelivered) as caught:
        connect("https://venue.invalid", proxy=url).place(PAYLOAD, "b1-2", "req-1")

    assert str(caught.value) == (
        "venue https://venue.invalid: expected a connection, found: a proxy that refused the "
        f"connection ({status} Whatever); the proxy is 127.0.0.1:{proxy.port}. Check {what}"
        "ORDERBATCH_URL and the network; nothing was sent."
    )
    assert [request.method for request in proxy.requests] == ["CONNECT"]


def test_407_without_a_tunnel_is_the_proxys_word_and_no_failed_login(
    connect: Connect, serve: Serve
) -> None:
    proxy = serve(lambda peer, request: peer.send(answer(407, b"")))
    venue = connect("http://127.0.0.1:1", proxy=f"http://{LOGIN}@127.0.0.1:{proxy.port}")
    named = (
        rf"a proxy that refused the request \(HTTP 407\); the proxy is 127\.0\.0\.1:{proxy.port}\. "
        r"Check \[venue\] proxy \(its user and password\)"
    )

    with pytest.raises(VenueAway, match=named):
        venue.login()
    with pytest.raises(VenueAway, match=named):
        venue.find("b1-2")


def test_407_without_a_tunnel_leaves_an_order_in_doubt(connect: Connect, serve: Serve) -> None:
    proxy = serve(lambda peer, request: peer.send(answer(407, b"")))
    venue = connect("http://127.0.0.1:1", auth="hmac", proxy=proxy.url)

    with pytest.raises(OutcomeUnknown, match=r"HTTP 407"):
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert len(proxy.requests) == 1


def test_order_goes_through_a_proxy(connect: Connect, serve: Serve) -> None:
    proxy = serve(lambda peer, request: peer.answer(202, PLACED))

    venue = connect("http://127.0.0.1:1", auth="hmac", proxy=proxy.url)

    assert venue.place(PAYLOAD, "b1-2", "req-1").server_order_id == "77"


@pytest.mark.parametrize("port", ["12", "x"])
@pytest.mark.parametrize("rest", ["/pass", "?pass", "#pass"])
def test_proxy_whose_password_would_be_taken_for_a_port_is_refused_unshown(
    clock: HandClock, port: str, rest: str
) -> None:
    settings = VenueSettings(
        url="https://venue.test", proxy=f"http://user:{port}{rest}@proxy.test:3128"
    )

    with pytest.raises(ConfigError) as caught:
        Venue(settings, clock=clock)

    assert "user" not in str(caught.value)
    assert 'found "http://proxy.test:3128"' in str(caught.value)
