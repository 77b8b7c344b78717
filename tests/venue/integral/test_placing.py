"""What each answer to a placing means; malformed answers by requests-mock."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests
import requests_mock

from batch.errors import (
    Disputed,
    LoginFailed,
    NotDelivered,
    OutcomeUnknown,
    Throttled,
    VenueError,
    VenueRefused,
)
from batch.model import VenueOrder
from tests.venue.conftest import PASSWORD, PAYLOAD, PLACED, Connect
from tests.venue.mocks import ORDERS, URL, allow_login


@pytest.fixture
def mock() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        allow_login(mocker)
        yield mocker


def place(connect: Connect) -> VenueOrder:
    return connect(URL).place(PAYLOAD, "b1-2", "req-1")


def test_accepted_order_comes_back_with_the_server_id_and_exact_numbers(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    body = PAYLOAD[:-1] + ', "orderId": "77", "status": "RECEIVED", "userFullName": "Ops"}'
    mock.post(ORDERS, status_code=202, text=body, headers={"X-Request-ID": "req-1"})

    order = place(connect)

    assert order.server_order_id == "77"
    assert order.client_order_id == "b1-2"
    assert order.status == "RECEIVED"
    assert order.request_id == "req-1"
    assert str(order.terms.price) == "1.39270"
    assert order.terms.size == Decimal(1000000)
    assert (order.filled_size, order.average_price) == (None, None)


def test_server_id_in_bare_digits_is_read_as_text(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    mock.post(ORDERS, status_code=202, text='{"coId": "b1-2", "orderId": 4820276016}')

    order = place(connect)

    assert (order.server_order_id, order.status) == ("4820276016", "")


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("", "an empty answer"),
        ("<html>Bad gateway</html>", "not readable JSON"),
        ('{"coId": "b1-2"', "not readable JSON"),
        ("[" * 100_000, "not readable JSON"),
        (b"\xff\xfe", "not readable JSON"),
        ("[]", "not an order"),
        ('"77"', "not an order"),
        ('{"coId": "b1-2", "status": "RECEIVED"}', "an order without orderId"),
        ('{"coId": "b1-2", "orderId": ""}', "an order without orderId"),
        ('{"coId": "b1-2", "orderId": null}', "an order without orderId"),
        ('{"coId": "b1-2", "orderId": 1.5}', "an order without orderId"),
        ('{"coId": "b1-3", "orderId": "77"}', "an answer about another order"),
    ],
    ids=str,
)
def test_fault_9_success_that_cannot_be_read_is_unknown(
    mock: requests_mock.Mocker, connect: Connect, body: str | bytes, found: str
) -> None:
    content = body if isinstance(body, bytes) else body.encode()
    mock.post(ORDERS, status_code=202, content=content)

    with pytest.raises(OutcomeUnknown, match=found) as caught:
        place(connect)

    assert caught.value.status == 202
    assert caught.value.request_id == "req-1"


@pytest.mark.parametrize("status", [400, 403, 404, 405, 410, 422, 451])
def test_fault_10_refusal_is_final_and_in_the_words_of_the_venue(
    mock: requests_mock.Mocker, connect: Connect, status: int
) -> None:
    mock.post(
        ORDERS,
        status_code=status,
        json={"status": "ERROR", "errorCode": "LIMIT", "errorMessage": "too\nlarge", "x": None},
    )

    with pytest.raises(VenueRefused) as caught:
        place(connect)

    assert str(caught.value) == (
        f"venue {URL}: POST /v2/orders: refused by the venue with HTTP {status}, status: ERROR; "
        r"errorCode: LIMIT; errorMessage: too\nlarge."
    )
    assert caught.value.status == status
    assert caught.value.error_code == "LIMIT"
    assert caught.value.request_id == "req-1"


@pytest.mark.parametrize("body", ["", "<html>no</html>", "[]", '"no"', "{}"])
@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_fault_27_a_4xx_that_is_a_gateways_is_asked_about_first(
    mock: requests_mock.Mocker, connect: Connect, body: str, status: int
) -> None:
    mock.post(ORDERS, status_code=status, text=body)

    with pytest.raises(Disputed, match="ask for it, do not send it again") as caught:
        place(connect)

    assert caught.value.error_code is None
    assert "html" not in str(caught.value)


@pytest.mark.parametrize("status", [408, 409, 425, 444, 460, 499])
def test_fault_27_a_status_of_something_on_the_way_is_asked_about_first(
    mock: requests_mock.Mocker, connect: Connect, status: int
) -> None:
    mock.post(ORDERS, status_code=status, json={"errorMessage": "client closed request"})

    with pytest.raises(Disputed, match=f"HTTP {status}, errorMessage: client closed request"):
        place(connect)


@pytest.mark.parametrize(
    "error",
    [
        {"errorCode": "DUPLICATE_ORDER"},
        {"errorMessage": "Duplicate coId"},
        {"errorCode": "ORDER_ALREADY_EXISTS"},
        {"detail": {"reason": "client order id already used"}},
        {"errorMessage": "coId must be unique"},
    ],
    ids=str,
)
def test_fault_27_a_refusal_that_speaks_of_a_duplicate_is_asked_about_first(
    mock: requests_mock.Mocker, connect: Connect, error: dict[str, object]
) -> None:
    mock.post(ORDERS, status_code=400, json=error)

    with pytest.raises(Disputed):
        place(connect)


@pytest.mark.parametrize("words", ["account does not exist", "market is closed already"])
def test_a_refusal_that_only_sounds_like_it_is_final(
    mock: requests_mock.Mocker, connect: Connect, words: str
) -> None:
    mock.post(ORDERS, status_code=400, json={"errorMessage": words})

    with pytest.raises(VenueRefused, match=words):
        place(connect)


@pytest.mark.parametrize(
    "odd",
    [
        b'"price": NaN',
        b'"price": 1e999999999',
        b'"price": ' + b"1" * 5000,
        b'"userFullName": "J\xf6rg"',
        b'"size": -Infinity',
    ],
    ids=lambda odd: odd[:20].decode("latin-1"),
)
def test_fault_26_an_odd_value_spoils_itself_and_no_order_id_beside_it(
    mock: requests_mock.Mocker, connect: Connect, odd: bytes
) -> None:
    body = b'{"coId": "b1-2", "orderId": "77", "status": "RECEIVED", ' + odd + b"}"
    mock.post(ORDERS, status_code=202, content=body)

    order = place(connect)

    assert order.server_order_id == "77"
    assert (order.terms.price, order.terms.size) == (None, None)


def test_fault_26_an_answer_in_the_charset_that_it_declares_is_read(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    mock.post(
        ORDERS,
        status_code=202,
        content='{"coId": "b1-2", "orderId": "77", "status": "RECEIVED"}'.encode("utf-16"),
        headers={"Content-Type": 'application/json; charset="utf-16"'},
    )

    assert place(connect).server_order_id == "77"


def test_long_words_of_the_venue_are_shortened(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    mock.post(ORDERS, status_code=400, json={"errorMessage": "x" * 5000})

    with pytest.raises(VenueRefused) as caught:
        place(connect)

    assert len(str(caught.value)) < 450


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize("body", ['{"errorCode": "DOWN", "orderId": "77"}', "<html>", ""])
def test_fault_13_server_error_is_unknown_whatever_it_says(
    mock: requests_mock.Mocker, connect: Connect, status: int, body: str
) -> None:
    mock.post(ORDERS, status_code=status, text=body)

    with pytest.raises(OutcomeUnknown, match=f"HTTP {status}") as caught:
        place(connect)

    assert caught.value.status == status


@pytest.mark.parametrize("status", [101, 103, 304, 600, 999])
def test_status_of_no_known_kind_is_unknown(
    mock: requests_mock.Mocker, connect: Connect, status: int
) -> None:
    mock.post(ORDERS, status_code=status, json=PLACED)

    with pytest.raises(OutcomeUnknown):
        place(connect)


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "999999"}, 999999.0),
        ({"Retry-After": "0"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "9" * 400}, None),
        # Relative to the venue's own clock, which may be hours away from ours.
        (
            {
                "Retry-After": "Mon, 05 Jan 2026 03:00:30 GMT",
                "Date": "Mon, 05 Jan 2026 03:00:00 GMT",
            },
            30.0,
        ),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:20 GMT"}, 20.0),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:20 GMT", "Date": "nonsense"}, 20.0),
        ({"Retry-After": "Mon, 05 Jan 2026 12:00:20 -0000"}, 20.0),
        ({"Retry-After": "Mon, 05 Jan 2026 11:59:00 GMT"}, 0.0),
    ],
    ids=str,
)
def test_fault_12_too_many_requests_says_how_long_to_wait(
    mock: requests_mock.Mocker, connect: Connect, headers: dict[str, str], wait_s: float | None
) -> None:
    mock.post(ORDERS, status_code=429, json={"errorCode": "RATE"}, headers=headers)

    with pytest.raises(Throttled) as caught:
        place(connect)

    assert caught.value.retry_after_s == wait_s
    assert (caught.value.status, caught.value.request_id) == (429, "req-1")
    assert caught.value.error_code == "RATE"
    assert "was not processed" in str(caught.value)


def test_fault_11_one_401_leads_to_one_login_and_one_more_post(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    mock.post(ORDERS, [{"status_code": 401}, {"status_code": 202, "json": PLACED}])

    order = place(connect)

    assert order.server_order_id == "77"
    assert [(r.method, r.path) for r in mock.request_history] == [
        ("POST", "/v2/sso/login"),
        ("POST", "/v2/orders"),
        ("POST", "/v2/sso/login"),
        ("POST", "/v2/orders"),
    ]
    assert {r.headers["X-Request-ID"] for r in mock.request_history if r.path == "/v2/orders"} == {
        "req-1"
    }


def test_second_401_is_a_failed_login_and_nothing_was_processed(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    mock.post(ORDERS, status_code=401, json={"errorMessage": "no trading permission"})

    with pytest.raises(LoginFailed, match="no trading permission") as caught:
        place(connect)

    assert "permissions of this user" in str(caught.value)
    assert "it was a new one" in str(caught.value)
    assert caught.value.status == 401
    assert sum(r.path == "/v2/orders" for r in mock.request_history) == 2


@pytest.mark.parametrize(
    "login",
    [{"status_code": 503}, {"exc": requests.exceptions.ReadTimeout}, {"status_code": 302}],
    ids=str,
)
def test_order_whose_login_fails_stays_at_home(
    mock: requests_mock.Mocker, connect: Connect, login: dict[str, object]
) -> None:
    placing = mock.post(ORDERS, status_code=202, json=PLACED)
    mock.post(f"{URL}/v2/sso/login", [login])

    with pytest.raises(NotDelivered, match="The order was not sent") as caught:
        place(connect)

    assert not placing.called
    assert caught.value.request_id == "req-1"


def test_failed_login_after_a_401_is_not_a_refusal_of_the_order(
    mock: requests_mock.Mocker, connect: Connect
) -> None:
    mock.post(ORDERS, status_code=401)
    venue = connect(URL)
    venue.login()
    mock.post(f"{URL}/v2/sso/login", status_code=409, json={"errorMessage": PASSWORD})

    with pytest.raises(LoginFailed) as caught:
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    "failure",
    [
        requests.exceptions.ConnectionError("mocked"),
        requests.exceptions.ConnectTimeout("mocked"),
        requests.exceptions.SSLError("mocked"),
        requests.exceptions.ChunkedEncodingError("mocked"),
        ValueError("mocked"),
    ],
    ids=lambda failure: type(failure).__name__,
)
def test_failure_that_no_connection_can_prove_unsent_is_unknown(
    mock: requests_mock.Mocker, connect: Connect, failure: Exception
) -> None:
    mock.post(ORDERS, exc=failure)

    with pytest.raises(VenueError) as caught:
        place(connect)

    assert type(caught.value) is OutcomeUnknown
