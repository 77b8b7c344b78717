"""The validator itself: a check that cannot fail is worth nothing."""

from __future__ import annotations

import json

import pytest

from tests.contract.validation import (
    ContractBroken,
    assert_request_valid,
    assert_response_valid,
)

ORDER: dict[str, object] = {
    "coId": "A-1",
    "type": "Limit",
    "side": "Buy",
    "symbol": "EUR/USD",
    "currency": "EUR",
    "size": 1000000,
    "price": 1.0971678,
    "timeInForce": "IOC",
}
PLACED = ORDER | {"orderId": "4820276016", "status": "RECEIVED"}
JSON = {"Content-Type": "application/json"}
TOKEN = {"SSO_TOKEN": "token"}


@pytest.mark.parametrize(
    ("method", "url", "headers", "body"),
    [
        ("POST", "http://localhost:9/v2/orders", JSON | TOKEN, json.dumps(ORDER)),
        ("POST", "/v2/orders", [*JSON.items(), *TOKEN.items()], json.dumps(ORDER).encode()),
        ("GET", "/v2/orders", TOKEN, None),
        ("GET", "/v2/orders?coId=A%2F1", TOKEN, None),
        ("GET", "/v2/orders/4820276016", TOKEN, None),
        ("DELETE", "/v2/orders/4820276016", TOKEN, None),
        ("GET", "/v2/rates/spot?symbol=EUR%2FUSD", TOKEN, None),
        ("GET", "/v2/orders", {"type": "hmac", "Authorization": "hmac …"}, None),
        ("POST", "/v2/sso/login", JSON, '{"user": "u", "pass": "p", "org": "o"}'),
    ],
)
def test_a_good_request_passes(
    method: str, url: str, headers: dict[str, str], body: bytes | str | None
) -> None:
    assert_request_valid(method, url, headers, body)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": "1000000"}, "is not of type 'number'"),
        ({"size": 0}, "minimum of 0"),
        ({"price": None}, "is not of type 'number'"),
        ({"type": "LIMIT"}, "'Limit' was expected"),
        ({"timeInForce": "GTT"}, "'expiryTime' is a required property"),
        ({"timeInForce": "GTT", "expiryTime": 86400}, "maximum of 86399"),
        ({"account": "A"}, "'org' is a dependency of 'account'"),
        ({"symbol": "EURUSD"}, "does not match"),
        ({"coId": "x" * 256}, "is too long"),
        ({"quantity": 5}, "unknown members: ['quantity']"),
    ],
)
def test_a_wrong_order_is_caught(changes: dict[str, object], words: str) -> None:
    with pytest.raises(ContractBroken) as caught:
        assert_request_valid("POST", "/v2/orders", JSON | TOKEN, json.dumps(ORDER | changes))

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("method", "url", "headers", "body"),
    [
        ("GET", "/v2/orders", {}, None),
        ("GET", "/v2/orders?clientId=A-1", TOKEN, None),
        ("GET", "/v2/orders?coId=", TOKEN, None),
        ("GET", "/v2/rates/spot", TOKEN, None),
        ("GET", "/v2/order", TOKEN, None),
        ("PATCH", "/v2/orders", TOKEN, None),
        ("POST", "/v2/orders", TOKEN, json.dumps(ORDER)),
        ("POST", "/v2/orders", JSON | TOKEN, None),
        ("POST", "/v2/orders", JSON | TOKEN, "{"),
        ("POST", "/v2/sso/login", JSON, '{"user": "u", "pass": "", "org": "o"}'),
    ],
)
def test_any_other_wrong_request_is_caught(
    method: str, url: str, headers: dict[str, str], body: str | None
) -> None:
    with pytest.raises(ContractBroken):
        assert_request_valid(method, url, headers, body)


@pytest.mark.parametrize(
    ("method", "url", "status", "body"),
    [
        ("POST", "/v2/orders", 202, ORDER),
        ("POST", "/v2/orders", 202, PLACED | {"status": "NEW"}),
        ("POST", "/v2/orders", 202, PLACED | {"orderId": 4820276016}),
        ("POST", "/v2/orders", 200, PLACED),
        ("GET", "/v2/orders", 200, [ORDER]),
        ("GET", "/v2/orders/1", 200, PLACED | {"cumQty": "3"}),
        ("GET", "/v2/orders/1", 200, PLACED | {"transactTime": "2026-10-30"}),
        ("POST", "/v2/sso/login", 200, {"status": "OK"}),
        ("GET", "/v2/rates/spot?symbol=EUR/USD", 200, {"symbol": "EUR/USD", "bid": 1}),
        ("GET", "/v2/orders/1", 418, {}),
        ("GET", "/v2/orders/1", 404, ["not an object"]),
    ],
)
def test_a_wrong_answer_is_caught(method: str, url: str, status: int, body: object) -> None:
    with pytest.raises(ContractBroken):
        assert_response_valid(method, url, status, JSON, json.dumps(body).encode())


def test_an_answer_that_is_not_json_is_caught() -> None:
    with pytest.raises(ContractBroken):
        assert_response_valid("GET", "/v2/orders/1", 200, {"Content-Type": "text/html"}, b"<p>")
