"""One login for all threads, and tokens that live by the venue's clock alone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
import requests_mock

from batch.errors import LoginFailed, NotDelivered, Throttled, VenueAway, VenueError
from tests.venue.conftest import PASSWORD, PAYLOAD, Connect, HandClock, Serve
from tests.venue.mocks import ORDERS, URL, allow_login
from tests.venue.sockets import Peer, Request, ScriptedServer, token_answer

LOGIN = f"{URL}/v2/sso/login"
RENEW = f"{URL}/v2/sso/token/renew"
NEW = {"coId": "b1-2", "orderId": "77", "status": "NEW"}


@pytest.fixture
def mock() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        allow_login(mocker, lifetime_s=100)
        mocker.get(f"{ORDERS}/77", json=NEW)
        yield mocker


def paths(mock: requests_mock.Mocker) -> list[str]:
    return [request.path for request in mock.request_history]


def tokens(mock: requests_mock.Mocker) -> list[str | None]:
    """Give the tokens of the queries, one for each."""
    return [
        request.headers.get("SSO_TOKEN")
        for request in mock.request_history
        if request.path.startswith("/v2/orders")
    ]


def renewal(token: str, **body: object) -> dict[str, Any]:
    return {
        "json": {"status": "OK", "valid": True, "expired": False, **body},
        "headers": {"SSO_TOKEN": token},
    }


def test_login_sends_the_credentials_once_and_no_token(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    venue = connect(URL)

    venue.login()
    venue.login()

    (request,) = mock.request_history
    assert request.json() == {"user": "ops", "pass": PASSWORD, "org": "Desk"}
    assert "SSO_TOKEN" not in request.headers
    assert "Cookie" not in request.headers


@pytest.mark.parametrize(
    "lines",
    [
        ["SSO_TOKEN: tok-9"],
        ["sso_token: tok-9"],
        [
            "Set-Cookie: SSO_TOKEN=tok-9; Domain=.integral.com; Path=/",
            "Set-Cookie: SSO_TOKEN=tok-9",
        ],
        ["Set-Cookie: lang=en; Path=/", 'Set-Cookie: SSO_TOKEN="tok-9"; HttpOnly'],
        ["Set-Cookie: SSO_TOKEN=; Max-Age=0", "Set-Cookie: SSO_TOKEN=tok-9; Path=/"],
    ],
    ids=str,
)
def test_token_is_taken_from_its_header_or_from_any_cookie_line(
    connect: Connect, serve: Serve, lines: list[str]
) -> None:
    server = serve(lambda peer, request: peer.answer(200, NEW))
    server.login_answer = token_answer().replace(b"SSO_TOKEN: tok-1", "\r\n".join(lines).encode())

    connect(server.url).query("77")

    headers = server.sent("GET", "/v2/orders/77")[0].headers
    assert headers["sso_token"] == "tok-9"
    assert headers["cookie"] == "SSO_TOKEN=tok-9"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 423])
def test_fault_16_refused_login_is_tried_once_and_says_why(
    mock: requests_mock.Mocker, connect: Connect, status: int
) -> None:
    mock.post(
        LOGIN,
        status_code=status,
        json={"errorCode": "AUTH", "errorMessage": f"user ops, password {PASSWORD}: wrong"},
    )
    venue = connect(URL)

    with pytest.raises(LoginFailed) as first:
        venue.login()
    with pytest.raises(LoginFailed) as second:
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert str(second.value) == str(first.value)
    assert "user ops, password ***: wrong" in str(first.value)
    assert "Check user, password and org" in str(first.value)
    assert (first.value.status, first.value.error_code) == (status, "AUTH")
    assert paths(mock) == ["/v2/sso/login"]


def test_fault_16_refusal_with_a_200_is_a_failed_login(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    mock.post(LOGIN, json={"status": "ERROR", "errorCode": "AUTH"})

    with pytest.raises(LoginFailed, match="AUTH"):
        connect(URL).login()


def test_fault_16_wrong_password_is_tried_once_by_16_threads(
    connect: Connect, serve: Serve
) -> None:
    server = serve(lambda peer, request: peer.answer(200, NEW))
    server.login_answer = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    venue = connect(server.url)
    start = threading.Barrier(16)

    def ask() -> type[BaseException] | None:
        start.wait(5)
        try:
            venue.query("77")
        except VenueError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(16) as pool:
        outcomes = [future.result() for future in [pool.submit(ask) for _ in range(16)]]

    assert outcomes == [LoginFailed] * 16
    assert len(server.sent("POST", "/v2/sso/login")) == 1


def test_threads_that_waited_for_a_failing_login_share_its_failure(
    connect: Connect, serve: Serve, clock: HandClock
) -> None:
    def fail(peer: Peer) -> None:
        # Each thread looks at the clock on its way to the login, the first one once more for it.
        for _ in range(8 + 1):
            clock.reads.acquire(timeout=5)
        peer.send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n")

    server = serve(lambda peer, request: peer.answer(200, NEW))
    server.on_login = fail
    venue = connect(server.url)

    def ask(_: int) -> type[BaseException] | None:
        try:
            venue.query("77")
        except VenueError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(ask, range(8)))

    assert outcomes == [VenueAway] * 8
    assert len(server.sent("POST", "/v2/sso/login")) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status_code": 429, "headers": {"Retry-After": "3"}}, Throttled),
        ({"status_code": 408}, VenueAway),
        ({"status_code": 503}, VenueAway),
        ({"status_code": 302, "headers": {"Location": "https://evil.test"}}, VenueAway),
        ({"json": {"status": "OK"}}, VenueAway),
        ({"text": "<html>"}, VenueAway),
        ({"exc": requests.exceptions.ReadTimeout}, VenueAway),
    ],
    ids=str,
)
def test_login_without_a_verdict_may_be_tried_again(
    mock: requests_mock.Mocker, connect: Connect, answer: dict[str, Any], kind: type[Exception]
) -> None:
    mock.post(LOGIN, [answer, {"json": {"status": "OK"}, "headers": {"SSO_TOKEN": "tok-2"}}])
    venue = connect(URL)

    with pytest.raises(kind) as caught:
        venue.login()
    venue.login()

    assert type(caught.value) is kind
    assert paths(mock) == ["/v2/sso/login"] * 2


def test_login_without_a_connection_is_not_delivered(connect: Connect, serve: Serve) -> None:
    server = serve(lambda peer, request: None)
    venue = connect(server.url)
    server.stop()

    with pytest.raises(NotDelivered, match="connection refused"):
        venue.login()


def test_fault_11_401_in_the_middle_of_16_threads_leads_to_one_login(
    connect: Connect, serve: Serve
) -> None:
    all_refused = threading.Barrier(16)

    def script(peer: Peer, request: Request) -> None:
        if request.headers["sso_token"] == "tok-1":
            # Nobody logs in before everybody was refused.
            all_refused.wait(5)
            peer.send(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")
        else:
            client_id = request.body.decode().partition('"coId": "')[2].partition('"')[0]
            peer.answer(202, {"coId": client_id, "orderId": f"s-{client_id}"})

    server = serve(script)
    venue = connect(server.url)
    venue.login()
    server.login_answer = token_answer("tok-2")

    def place(number: int) -> str:
        client_id = f"b1-{number}"
        payload = PAYLOAD.replace("b1-2", client_id)
        return venue.place(payload, client_id, f"req-{number}").server_order_id

    with ThreadPoolExecutor(16) as pool:
        placed = list(pool.map(place, range(16)))

    assert placed == [f"s-b1-{number}" for number in range(16)]
    assert len(server.sent("POST", "/v2/sso/login")) == 2
    assert len(served(server, "tok-2")) == 16


def served(server: ScriptedServer, token: str) -> list[Request]:
    return [
        request
        for request in server.sent("POST", "/v2/orders")
        if request.headers["sso_token"] == token
    ]


def test_fault_15_token_is_renewed_before_its_end(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock
) -> None:
    mock.get(RENEW, [renewal("tok-2", expiryTime=350_000, serverUTCTime=150_000)])
    venue = connect(URL)

    for step in (0, 79, 2, 100, 58):
        clock.seconds += step
        venue.query("77")

    assert tokens(mock) == ["tok-1", "tok-1", "tok-2", "tok-2", "tok-2"]
    assert paths(mock).count("/v2/sso/login") == 1
    assert paths(mock).count("/v2/sso/token/renew") == 1
    request = next(r for r in mock.request_history if r.path == "/v2/sso/token/renew")
    assert request.headers["SSO_TOKEN"] == "tok-1"


def test_fault_15_wall_clock_that_is_wrong_or_jumps_changes_nothing(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock
) -> None:
    venue = connect(URL)

    for hours in (-5, 10, -30):
        clock.wall += timedelta(hours=hours)
        venue.query("77")

    assert paths(mock).count("/v2/sso/login") == 1
    assert paths(mock).count("/v2/sso/token/renew") == 0


def test_fault_15_expired_token_is_never_used(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock
) -> None:
    venue = connect(URL)
    venue.login()
    clock.seconds += 100
    allow_login(mock, "tok-2")

    venue.query("77")

    assert tokens(mock) == ["tok-2"]
    assert paths(mock) == ["/v2/sso/login", "/v2/sso/login", "/v2/orders/77"]


def test_expired_token_does_not_serve_on_when_the_venue_is_away(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock
) -> None:
    venue = connect(URL)
    venue.login()
    mock.post(LOGIN, status_code=503)
    clock.seconds += 100

    with pytest.raises(VenueAway):
        venue.query("77")

    assert tokens(mock) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 401},
        {"status_code": 500},
        {"exc": requests.exceptions.ConnectTimeout},
        {"json": {"status": "OK"}},
        {"json": {"status": "ERROR"}, "headers": {"SSO_TOKEN": "tok-x"}},
    ],
    ids=str,
)
def test_renewal_that_fails_leads_to_a_fresh_login(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock, answer: dict[str, Any]
) -> None:
    mock.get(RENEW, [answer])
    venue = connect(URL)
    venue.login()
    clock.seconds += 85
    allow_login(mock, "tok-2")

    venue.query("77")

    assert tokens(mock) == ["tok-2"]


def test_old_token_serves_on_while_neither_renewal_nor_login_is_to_be_had(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock
) -> None:
    mock.get(RENEW, status_code=503)
    venue = connect(URL)
    venue.login()
    mock.post(LOGIN, status_code=503)
    clock.seconds += 80

    for step in (0, 1, 8, 2):
        clock.seconds += step
        venue.query("77")

    assert tokens(mock) == ["tok-1"] * 4
    # At 80 s, and not again before half of what is left has passed.
    assert paths(mock).count("/v2/sso/token/renew") == 2


def test_login_refused_at_a_renewal_stops_everything(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock
) -> None:
    mock.get(RENEW, status_code=401)
    venue = connect(URL)
    venue.login()
    mock.post(LOGIN, status_code=403)
    clock.seconds += 85

    with pytest.raises(LoginFailed):
        venue.query("77")

    assert tokens(mock) == []


@pytest.mark.parametrize(
    ("body", "date", "lifetime_s"),
    [
        ({"expiryTime": 300_000, "serverUTCTime": 100_000}, None, 200),
        ({"expiryTime": 1767614460000}, "Mon, 05 Jan 2026 12:00:00 GMT", 60),
        # Nothing that can be reckoned with: as long as the login's token.
        ({"expiryTime": 300_000}, None, 100),
        ({"expiryTime": "soon", "serverUTCTime": 100_000}, None, 100),
        ({"expiryTime": 100_000, "serverUTCTime": 300_000}, None, 100),
        ({}, "Mon, 05 Jan 2026 12:00:00 GMT", 100),
    ],
    ids=str,
)
def test_lifetime_of_a_renewed_token_comes_from_the_clock_of_the_venue(
    mock: requests_mock.Mocker,
    connect: Connect,
    clock: HandClock,
    body: dict[str, object],
    date: str | None,
    lifetime_s: int,
) -> None:
    first = renewal("tok-2", **body)
    if date is not None:
        first["headers"]["Date"] = date
    mock.get(RENEW, [first, renewal("tok-3")])
    venue = connect(URL)
    venue.login()

    for step in (80, lifetime_s * 0.8 - 1, 2):
        clock.seconds += step
        venue.query("77")

    assert tokens(mock) == ["tok-2", "tok-2", "tok-3"]


@pytest.mark.parametrize("text", ["[]", "", "<html>"])
def test_login_that_names_no_lifetime_counts_as_the_shortest_known(
    mock: requests_mock.Mocker, connect: Connect, clock: HandClock, text: str
) -> None:
    mock.post(LOGIN, text=text, headers={"SSO_TOKEN": "tok-1"})
    mock.get(RENEW, [renewal("tok-2")])
    venue = connect(URL)

    for step in (0, 47, 2):
        clock.seconds += step
        venue.query("77")

    assert tokens(mock) == ["tok-1", "tok-1", "tok-2"]


def test_one_thread_renews_while_the_others_go_on_with_the_old_token(
    connect: Connect, serve: Serve, clock: HandClock
) -> None:
    renewing, go_on = threading.Event(), threading.Event()

    def script(peer: Peer, request: Request) -> None:
        if request.target == "/v2/sso/token/renew":
            renewing.set()
            go_on.wait(5)
            peer.send(token_answer("tok-2"))
        else:
            peer.answer(200, NEW)

    server = serve(script)
    venue = connect(server.url)
    venue.login()
    clock.seconds += 3600 * 0.9

    with ThreadPoolExecutor(1) as pool:
        renewer = pool.submit(venue.query, "77")
        renewing.wait(5)
        venue.query("77")
        go_on.set()
        renewer.result()
    venue.query("77")

    used = [r.headers["sso_token"] for r in server.sent("GET", "/v2/orders/77")]
    assert used == ["tok-1", "tok-2", "tok-2"]
    assert len(server.sent("GET", "/v2/sso/token/renew")) == 1
