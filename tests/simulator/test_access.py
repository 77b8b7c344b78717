"""Logins, tokens that expire by the server's clock, and signed requests."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from email.utils import formatdate, parsedate_to_datetime

import pytest

from tests.simulator.client import Client, Response
from tests.simulator.conftest import Start, SteppedClock


def test_a_login_hands_out_the_token_both_ways(start: Start) -> None:
    _, client = start()

    response = client.log_in()

    token = response.headers["SSO_TOKEN"]
    assert response.headers.get_all("Set-Cookie") == [
        f"SSO_TOKEN={token}; Domain=.integral.com; Path=/",
        f"SSO_TOKEN={token}",
    ]
    assert response.json["status"] == "OK"
    assert response.json["errorCode"] is None


@pytest.mark.parametrize(
    ("token_in", "in_header", "in_cookie"),
    [("both", True, True), ("header", True, False), ("cookie", False, True)],
)
def test_a_token_can_be_handed_out_one_way_only(
    start: Start, token_in: str, in_header: bool, in_cookie: bool
) -> None:
    _, client = start(token_in=token_in)

    response = client.log_in()

    assert ("SSO_TOKEN" in response.headers, "Set-Cookie" in response.headers) == (
        in_header,
        in_cookie,
    )


def test_the_lifetime_is_told_by_a_server_clock_that_may_be_wrong(start: Start) -> None:
    _, client = start(clock_offset_s=3600, token_lifetime_s=30)

    response = client.log_in()

    told = response.json
    assert told["expiryTime"] - told["serverUTCTime"] == 30_000
    assert told["serverUTCTime"] / 1000 == pytest.approx(time.time() + 3600, abs=5)
    date = parsedate_to_datetime(response.headers["Date"])
    assert date.timestamp() == pytest.approx(time.time() + 3600, abs=5)


@pytest.mark.parametrize(
    ("name", "form"), [("SSO_TOKEN", "{}"), ("Cookie", "a/@=b; SSO_TOKEN={}"), ("sso_token", "{}")]
)
def test_a_token_is_taken_from_the_header_or_the_cookie(start: Start, name: str, form: str) -> None:
    _, client = start()
    token = client.headers["SSO_TOKEN"]

    response = client.ask("GET", "/v2/orders", headers={name: form.format(token)})

    assert response.status == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"SSO_TOKEN": "made-up"}, {"Cookie": "SSO_TOKEN=made-up"}, {"Cookie": "a;;=\x01"}],
)
def test_without_a_token_that_was_handed_out_nothing_is_answered(
    start: Start, headers: dict[str, str]
) -> None:
    _, client = start()

    response = client.ask("GET", "/v2/orders", headers=headers)

    assert (response.status, response.json["errorCode"]) == (401, "UNAUTHORIZED")


def test_a_token_ends_and_is_renewed(start: Start, clock: SteppedClock) -> None:
    _, client = start(token_lifetime_s=60)

    clock.step(59)
    in_time = client.place().status
    clock.step(1)
    expired = client.place().status
    renewal = client.ask("GET", "/v2/sso/token/renew")
    client.headers = {"SSO_TOKEN": renewal.headers["SSO_TOKEN"]}
    renewed = client.place().status

    assert (in_time, expired, renewed) == (202, 401, 202)
    assert (renewal.json["valid"], renewal.json["expired"]) == (False, True)


def test_a_renewal_in_time_says_that_the_token_was_valid(start: Start) -> None:
    _, client = start()

    renewal = client.ask("GET", "/v2/sso/token/renew")

    assert (renewal.json["valid"], renewal.json["expired"]) == (True, False)
    assert renewal.json["expiryTime"] > 0


def test_all_tokens_can_be_ended_at_once(start: Start) -> None:
    simulator, client = start()

    simulator.expire_tokens()

    assert client.place().status == 401


@pytest.mark.parametrize(
    ("user", "password", "org", "status"),
    [
        ("ops", "secret", "ORG", 200),
        ("ops", "wrong", "ORG", 401),
        ("other", "secret", "ORG", 401),
        ("ops", "secret", "OTHER", 401),
        ("", "secret", "ORG", 400),
    ],
)
def test_a_venue_can_have_one_login_only(
    start: Start, user: str, password: str, org: str, status: int
) -> None:
    _, client = start(user="ops", password="secret", org="ORG")

    assert client.log_in(user, password, org).status == status


def test_a_venue_without_a_login_of_its_own_holds_each_user_to_the_first_password(
    start: Start,
) -> None:
    _, client = start()
    client.log_in("new", "first", "ORG")

    statuses = [
        client.log_in("new", "second", "ORG").status,
        client.log_in("new", "first", "ORG").status,
        client.log_in("new", "second", "ELSEWHERE").status,
    ]

    assert statuses == [401, 200, 200]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"user": 1, "pass": "p", "org": "o"}'])
def test_a_malformed_login_is_refused(start: Start, body: bytes) -> None:
    _, client = start()

    assert client.ask("POST", "/v2/sso/login", body, {}).status == 400


def test_an_organisation_sees_its_own_orders_only(start: Start) -> None:
    _, client = start()
    order_id = client.place(price=1, timeInForce="GTC").json["orderId"]

    client.log_in("spy", "secret", "OTHER")

    assert client.query(order_id).status == 404
    assert client.find("A-1").status == 404
    assert client.ask("GET", "/v2/orders").json == []
    assert client.ask("DELETE", f"/v2/orders/{order_id}").status == 404


def signed(
    method: str = "POST",
    target: str = "/v2/orders",
    body: bytes = b"",
    /,
    *,
    secret: str = "key",
    names: str = "date digest request-line",
    date: str = "",
    **changes: str,
) -> dict[str, str]:
    """Sign a request by the vendor's rules, as its documents describe them."""
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {
        "date": date or formatdate(usegmt=True),
        "digest": f"SHA-256={digest}",
        "type": "hmac",
    }
    lines = {name: f"{name}: {value}" for name, value in headers.items()}
    lines["request-line"] = f"{method} {target} HTTP/1.1"
    text = "\n".join(lines[name] for name in names.split() if name in lines)
    mac = hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()
    claims = {
        "username": "robot",
        "algorithm": "hmac-sha256",
        "headers": names,
        "signature": base64.b64encode(mac).decode(),
    } | {name: value for name, value in changes.items() if name not in headers}
    authorization = ", ".join(f'{name}="{value}"' for name, value in claims.items())
    return (
        headers
        | {"Authorization": f"hmac {authorization}"}
        | {name: value for name, value in changes.items() if name in headers}
    )


def ask_signed(client: Client, **choices: str) -> Response:
    return client.ask("GET", "/v2/orders", headers=signed("GET", "/v2/orders", **choices))


def test_a_request_that_is_signed_needs_no_token(start: Start) -> None:
    _, client = start(hmac_secrets={"robot": "key"}, org="ORG")
    body = (
        b'{"coId": "H-1", "type": "Limit", "side": "Buy", "symbol": "EUR/USD", '
        b'"currency": "EUR", "size": 1, "price": 1.2, "timeInForce": "IOC"}'
    )

    placed = client.ask("POST", "/v2/orders", body, signed("POST", "/v2/orders", body))
    listed = ask_signed(client)

    assert (placed.status, placed.json["userFullName"]) == (202, "robot")
    assert [order["coId"] for order in listed.json] == ["H-1"]


def test_more_headers_than_needed_may_be_signed_in_any_order(start: Start) -> None:
    _, client = start(hmac_secrets={"robot": "key"})

    assert ask_signed(client, names="request-line type digest date").status == 200


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"secret": "other"}, "signature does not match"),
        ({"signature": "é"}, "signature does not match"),
        ({"username": "nobody"}, "unknown username"),
        ({"algorithm": "hmac-md5"}, "expected hmac"),
        ({"names": "date request-line"}, "not signed: digest"),
        ({"names": "date digest request-line x-other"}, "not there: x-other"),
        ({"digest": "SHA-256=47DEQpj8"}, "Digest"),
        ({"date": formatdate(time.time() - 3600, usegmt=True)}, "Date"),
        ({"date": "2026-10-30T17:00:00Z"}, "Date"),
        ({"date": formatdate()}, "Date"),
    ],
)
def test_a_wrong_signature_is_not_admitted(
    start: Start, choices: dict[str, str], words: str
) -> None:
    _, client = start(hmac_secrets={"robot": "key"})

    response = ask_signed(client, **choices)

    assert response.status == 401
    assert words in response.json["errorMessage"]


def test_a_signature_holds_for_its_own_body_and_line_only(start: Start) -> None:
    simulator, client = start(hmac_secrets={"robot": "key"})

    other_body = client.ask(
        "POST", "/v2/orders", b'{"a": 1}', signed("POST", "/v2/orders", b'{"a": 2}')
    )
    other_line = client.ask("GET", "/v2/orders?coId=x", headers=signed("GET", "/v2/orders"))

    assert (other_body.status, other_line.status) == (401, 401)
    assert simulator.ledger.orders == ()
