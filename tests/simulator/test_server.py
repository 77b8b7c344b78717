"""The wire and the venue's own life: keep-alive, limits, going down and coming back."""

from __future__ import annotations

import re
import socket
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from batch.simulator import Market, Simulator, SimulatorError, SimulatorOptions
from tests.simulator.client import Client
from tests.simulator.conftest import Start, SteppedClock


def raw(simulator: Simulator, text: bytes) -> bytes:
    """Send bytes as they are, and read to the end of the connection."""
    host, port = simulator.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_serves_many_requests_and_echoes_each_request_id(start: Start) -> None:
    _, client = start()
    client.ask("GET", "/v2/orders")
    opened = client.connection.sock

    answers = [
        client.ask("GET", "/v2/orders", headers=client.headers | {"X-Request-ID": f"R-{number}"})
        for number in range(3)
    ]

    assert [answer.headers["X-Request-ID"] for answer in answers] == ["R-0", "R-1", "R-2"]
    assert client.connection.sock is opened


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"),
        ("GET", "/v2/sso/login"),
        ("PUT", "/v2/orders"),
        ("PATCH", "/v2/orders/1"),
        ("POST", "/v2/rates/spot"),
    ],
)
def test_what_is_not_served_is_not_found(start: Start, method: str, target: str) -> None:
    _, client = start()

    assert client.ask(method, target).status == 404


def test_a_head_request_gets_no_body(start: Start) -> None:
    _, client = start()

    response = client.ask("HEAD", "/v2/orders")

    assert (response.status, response.body) == (404, b"")


@pytest.mark.parametrize(
    "header", ["Content-Length: x", "Content-Length: 9999999", "Transfer-Encoding: chunked"]
)
def test_a_body_of_unknown_or_absurd_length_is_refused(start: Start, header: str) -> None:
    simulator, _ = start()

    answer = raw(simulator, f"POST /v2/orders HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\n".encode())

    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in answer


def test_a_request_that_is_cut_off_is_not_processed(start: Start) -> None:
    simulator, _ = start()

    answer = raw(simulator, b'POST /v2/orders HTTP/1.1\r\nContent-Length: 50\r\n\r\n{"coId')

    assert answer == b""
    assert simulator.ledger.posts == 0


def test_a_client_that_goes_away_is_no_trouble(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    simulator, client = start(latency_s=0.02)
    with Client(simulator.url) as leaving:
        leaving.connection.request("GET", "/v2/orders")

    time.sleep(0.04)

    assert client.ask("GET", "/v2/orders").status == 200
    assert capsys.readouterr().err == ""


def test_rates_show_a_pip_around_the_mid(start: Start) -> None:
    _, client = start()

    euro = client.ask("GET", "/v2/rates/spot?symbol=EUR/USD").json
    yen = client.ask("GET", "/v2/rates/spot?symbol=USD%2FJPY").json

    assert (euro["bid"], euro["offer"]) == (Decimal("1.11715"), Decimal("1.11725"))
    assert (yen["bid"], yen["offer"]) == (Decimal("157.245"), Decimal("157.255"))
    assert client.ask("GET", "/v2/rates/spot").status == 404


def test_a_market_of_ones_own_can_be_given() -> None:
    market = Market({"XAU/USD": Decimal(4000)})
    with Simulator(market=market) as simulator, Client(simulator.url) as client:
        client.log_in()

        rate = client.ask("GET", "/v2/rates/spot?symbol=XAU/USD").json

    assert (rate["bid"], rate["offer"]) == (3995, 4005)


def test_the_reference_market_is_the_table_that_comes_with_the_package() -> None:
    market = Market.reference()

    assert len(market.mids) == 18
    assert market.mid("EUR/USD") == Decimal("1.11720")
    assert market.mid("USD/EUR") is None


def test_orders_above_the_rate_limit_are_answered_with_429(
    start: Start, clock: SteppedClock
) -> None:
    simulator, client = start(rate_limit_per_s=2, rate_limit_retry_after="1")

    statuses = [client.place(f"A-{number}").status for number in range(3)]
    refused = client.find("A-0")
    clock.step(1.1)
    later = client.find("A-0").status

    assert statuses == [202, 202, 429]
    assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
    assert later == 200
    assert len(simulator.ledger.orders) == 2


def test_the_rate_limit_can_come_without_a_hint(start: Start) -> None:
    _, client = start(rate_limit_per_s=0)

    response = client.place()

    assert (response.status, response.headers["Retry-After"]) == (429, None)


def test_latency_holds_every_answer_up(start: Start) -> None:
    _, client = start(latency_s=0.03)

    begin = time.monotonic()
    client.ask("GET", "/v2/orders")

    assert time.monotonic() - begin >= 0.03


def test_a_venue_that_is_down_refuses_connections_and_comes_back_where_it_was(
    start: Start, clock: SteppedClock
) -> None:
    simulator, client = start()
    url = simulator.url
    order_id = client.place().json["orderId"]

    simulator.set_down(True)
    simulator.set_down(True)
    with pytest.raises(OSError, match=r".") as kept_alive:
        client.ask("GET", "/v2/orders")
    with Client(url) as fresh, pytest.raises(ConnectionRefusedError):
        fresh.ask("GET", "/v2/orders")
    clock.step(1)
    simulator.set_down(False)
    simulator.set_down(False)

    assert isinstance(kept_alive.value, ConnectionError)
    client.connection.close()
    assert simulator.url == url
    assert client.query(order_id).json["status"] == "FILLED"


def test_a_venue_can_be_stopped_while_it_is_down(start: Start) -> None:
    simulator, _ = start()
    simulator.set_down(True)

    simulator.stop()
    simulator.stop()

    assert simulator.ledger.orders == ()


def test_stopping_is_quick_with_connections_open(start: Start) -> None:
    simulator, client = start()
    client.ask("GET", "/v2/orders")

    begin = time.monotonic()
    simulator.stop()

    assert time.monotonic() - begin < 0.5


def test_a_port_that_is_taken_is_said_so(start: Start) -> None:
    simulator, _ = start()
    port = int(simulator.url.rsplit(":", 1)[1])

    with pytest.raises(SimulatorError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .*choose"):
        Simulator(port=port).start()


def test_requests_are_counted_and_the_last_ones_kept_in_full(start: Start) -> None:
    simulator, client = start(kept_exchanges=2)
    client.place("A-1")
    client.place("A-2")
    client.find("A-3")

    counts = simulator.requests.counts
    kept = simulator.requests.exchanges

    assert counts == {("login", 200): 1, ("place", 202): 2, ("find", 404): 1}
    assert simulator.requests.count() == 4
    assert simulator.requests.count("place") == simulator.requests.count(status=202) == 2
    assert [(one.method, one.target, one.status) for one in kept] == [
        ("POST", "/v2/orders", 202),
        ("GET", "/v2/orders?coId=A-3", 404),
    ]
    assert b'"A-2"' in kept[0].body
    assert b'"A-2"' in kept[0].answer_body
    assert ("SSO_TOKEN", client.headers["SSO_TOKEN"]) in kept[0].headers
    assert datetime.now(UTC) - kept[0].at < timedelta(minutes=1)


def test_secrets_stay_out_of_the_options_text() -> None:
    options = SimulatorOptions(password="hidden-one", hmac_secrets={"robot": "hidden-two"})

    assert re.search("hidden", repr(options)) is None


def test_trade_and_value_dates_skip_the_weekend(start: Start, clock: SteppedClock) -> None:
    _, client = start()
    seen = set()

    for day in range(7):
        order = client.place(f"A-{day}").json
        trade, value = (
            datetime.strptime(order[name], "%Y%m%d") for name in ("tradeDate", "valueDate")
        )
        seen.add((trade.weekday(), value.weekday(), (value - trade).days))
        clock.step(86400)
        client.log_in()

    assert seen == {(0, 2, 2), (1, 3, 2), (2, 4, 2), (3, 0, 4), (4, 1, 4), (5, 1, 3), (6, 1, 2)}


def test_a_dollar_canada_trade_settles_a_day_earlier(start: Start, clock: SteppedClock) -> None:
    _, client = start()
    while datetime.fromtimestamp(time.time() + clock() - 1000, UTC).weekday() != 0:
        clock.step(86400)
    client.log_in()

    order = client.place(symbol="USD/CAD", currency="USD", price=1.4).json

    trade, value = (datetime.strptime(order[name], "%Y%m%d") for name in ("tradeDate", "valueDate"))
    assert (trade.weekday(), value - trade) == (0, timedelta(days=1))
