"""Questions: what is an answer, what is none, and what "not found" may mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests_mock

from batch.errors import LoginFailed, Throttled, VenueAway, VenueRefused
from batch.model import SpotRate
from batch.venue import Venue
from batch.venue.http import exact
from tests.venue.conftest import Connect
from tests.venue.mocks import ORDERS, URL, allow_login

NEW = {"coId": "b1-2", "orderId": "77", "status": "NEW"}
QUESTIONS: list[Callable[[Venue], object]] = [
    lambda venue: venue.query("77"),
    lambda venue: venue.find("b1-2"),
    lambda venue: venue.active(),
    lambda venue: venue.cancel("77"),
    lambda venue: venue.spot_rate("EUR/USD"),
]


@pytest.fixture
def mock() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        allow_login(mocker)
        yield mocker


@pytest.fixture
def venue(connect: Connect) -> Venue:
    return connect(URL)


def answer_all(mock: requests_mock.Mocker, **answer: Any) -> None:
    mock.get(requests_mock.ANY, **answer)
    mock.delete(requests_mock.ANY, **answer)


def test_query_gives_fills_to_the_digit_and_the_status_as_it_came(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    mock.get(
        f"{ORDERS}/77",
        text='{"coId": "b1-2", "orderId": "77", "status": "Partially_Filled", "cumQty": 250000.10, '
        '"averagePrice": "1.100000000000001", "reason": "half", "execId": "FXI0077"}',
    )

    order = venue.query("77")

    assert order is not None
    assert order.status == "Partially_Filled"
    assert str(order.filled_size) == "250000.10"
    assert str(order.average_price) == "1.100000000000001"
    assert order.execution_id == "FXI0077"
    assert order.message == "half"
    assert order.request_id == mock.request_history[-1].headers["X-Request-ID"]


@pytest.mark.parametrize("value", ['"many"', "-1", "true", "null", "[]", '"1e99999"', '"NaN"'])
def test_fill_that_cannot_be_read_counts_as_not_said(
    mock: requests_mock.Mocker, venue: Venue, value: str
) -> None:
    mock.get(f"{ORDERS}/77", text=f'{{"orderId": "77", "status": "NEW", "cumQty": {value}}}')

    order = venue.query("77")

    assert order is not None
    assert order.filled_size is None


def test_ids_are_quoted_in_the_path_and_in_the_query(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    mock.get(requests_mock.ANY, status_code=404)

    venue.query("x/a b?c")
    venue.find("ü&x=/1")

    assert [request.url for request in mock.request_history[1:]] == [
        f"{ORDERS}/x%2Fa%20b%3Fc",
        f"{ORDERS}?coId=%C3%BC%26x%3D%2F1",
    ]


@pytest.mark.parametrize("server_order_id", ["..", ".", "", "../sso", "a/../b", "a\\..", "a//b"])
def test_an_id_that_leads_elsewhere_as_a_path_is_never_asked_for(
    mock: requests_mock.Mocker, venue: Venue, server_order_id: str
) -> None:
    answer_all(mock, json=NEW)

    for ask in (venue.query, venue.cancel):
        with pytest.raises(VenueAway, match="which as a path leads elsewhere; nothing was asked"):
            ask(server_order_id)

    assert mock.request_history == []


@pytest.mark.parametrize("body", ["", '{"errorCode": "NO_ORDER"}'])
def test_fault_17_not_found_is_an_answer(
    mock: requests_mock.Mocker, venue: Venue, body: str
) -> None:
    mock.get(requests_mock.ANY, status_code=404, text=body)

    answers = (venue.query("77"), venue.find("b1-2"), venue.active())

    assert answers == (None, (), {})


@pytest.mark.parametrize("ask", QUESTIONS[:3])
def test_fault_17_not_found_by_a_gateway_is_no_answer(
    mock: requests_mock.Mocker, venue: Venue, ask: Callable[[Venue], object]
) -> None:
    mock.get(requests_mock.ANY, status_code=404, text="<html>no such page</html>")

    with pytest.raises(VenueAway, match="not readable JSON"):
        ask(venue)


def test_find_takes_one_order_or_a_list(mock: requests_mock.Mocker, venue: Venue) -> None:
    mock.get(ORDERS, [{"json": NEW}, {"json": [NEW, {**NEW, "orderId": "78"}]}, {"json": []}])

    found = [[order.server_order_id for order in venue.find("b1-2")] for _ in range(3)]

    assert found == [["77"], ["77", "78"], []]


def test_find_leaves_out_the_orders_of_others(mock: requests_mock.Mocker, venue: Venue) -> None:
    mock.get(ORDERS, json=[{**NEW, "coId": "b1-3", "orderId": "78"}, NEW])

    found = venue.find("b1-2")

    assert [order.server_order_id for order in found] == ["77"]


@pytest.mark.parametrize(
    "others",
    [{**NEW, "coId": "b1-3"}, [{**NEW, "coId": "b1-3"}], {"orderId": "77", "status": "NEW"}],
    ids=["one", "list", "no client ID"],
)
def test_find_that_brings_only_the_orders_of_others_proves_nothing(
    mock: requests_mock.Mocker, venue: Venue, others: object
) -> None:
    mock.get(ORDERS, json=others)

    with pytest.raises(VenueAway, match="other client IDs only"):
        venue.find("b1-2")


@pytest.mark.parametrize(
    "body",
    [{}, {"status": "NEW"}, {"orderId": "77"}, {"orderId": "78", "status": "NEW"}, [NEW, NEW], []],
    ids=str,
)
def test_query_with_an_answer_about_something_else_is_no_answer(
    mock: requests_mock.Mocker, venue: Venue, body: object
) -> None:
    mock.get(f"{ORDERS}/77", json=body)

    with pytest.raises(VenueAway):
        venue.query("77")


def test_active_orders_come_by_server_id(mock: requests_mock.Mocker, venue: Venue) -> None:
    mock.get(ORDERS, json=[NEW, {**NEW, "orderId": "78"}])

    active = venue.active()

    assert list(active) == ["77", "78"]
    assert active["78"].client_order_id == "b1-2"
    assert "?" not in mock.request_history[-1].url


@pytest.mark.parametrize("odd", [{"coId": "b1-3"}, "text", None, 7, {**NEW, "orderId": 1.5}])
def test_fault_30_one_odd_entry_of_the_active_list_spoils_only_itself(
    mock: requests_mock.Mocker, venue: Venue, odd: object
) -> None:
    mock.get(ORDERS, json=[NEW, odd])

    assert [order.server_order_id for order in venue.active().values()] == [NEW["orderId"]]


def test_fault_30_a_list_of_what_are_not_orders_is_no_answer(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    mock.get(ORDERS, json=[{"page": 1}])

    with pytest.raises(VenueAway, match="not orders"):
        venue.active()


def test_cancel_asks_once_and_needs_no_readable_answer(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    mock.delete(f"{ORDERS}/77", status_code=202, text="fine")

    venue.cancel("77")

    assert mock.request_history[-1].method == "DELETE"


def test_cancel_of_an_unknown_order_is_refused(mock: requests_mock.Mocker, venue: Venue) -> None:
    mock.delete(f"{ORDERS}/77", status_code=404, json={"errorMessage": "no such order"})

    with pytest.raises(VenueRefused, match="no such order") as caught:
        venue.cancel("77")

    assert caught.value.status == 404


def test_spot_rate_is_read_to_the_digit(mock: requests_mock.Mocker, venue: Venue) -> None:
    mock.get(
        f"{URL}/v2/rates/spot?symbol=EUR%2FUSD",
        text='{"symbol": "EUR/USD", "bid": 1.09710, "offer": 1.09720, "time": 1}',
    )

    rate = venue.spot_rate("EUR/USD")

    assert rate == SpotRate("EUR/USD", Decimal("1.09710"), Decimal("1.09720"))
    assert str(rate.bid) == "1.09710"


@pytest.mark.parametrize(
    "body",
    [
        {"symbol": "EUR/GBP", "bid": 1, "offer": 2},
        {"symbol": "EUR/USD", "bid": 0, "offer": 2},
        {"symbol": "EUR/USD", "bid": 1},
        [],
    ],
    ids=str,
)
def test_spot_rate_that_does_not_fit_is_no_answer(
    mock: requests_mock.Mocker, venue: Venue, body: object
) -> None:
    mock.get(f"{URL}/v2/rates/spot", json=body)

    with pytest.raises(VenueAway):
        venue.spot_rate("EUR/USD")


@pytest.mark.parametrize("ask", QUESTIONS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, VenueAway),
        (307, VenueAway),
        (400, VenueRefused),
        (403, VenueRefused),
        (401, LoginFailed),
        (429, Throttled),
        (500, VenueAway),
        (503, VenueAway),
    ],
)
def test_failed_question_says_what_kind_of_failure_it_is(
    mock: requests_mock.Mocker,
    venue: Venue,
    ask: Callable[[Venue], object],
    status: int,
    kind: type[Exception],
) -> None:
    answer_all(mock, status_code=status, headers={"Location": f"{URL}/elsewhere"})

    with pytest.raises(kind) as caught:
        ask(venue)

    assert type(caught.value) is kind
    assert caught.value.status == status  # type: ignore[attr-defined]
    assert caught.value.request_id == mock.request_history[-1].headers["X-Request-ID"]  # type: ignore[attr-defined]
    assert mock.request_history[-1].path != "/elsewhere"


@pytest.mark.parametrize("ask", [QUESTIONS[0], QUESTIONS[1], QUESTIONS[2], QUESTIONS[4]])
def test_unreadable_answer_to_a_question_is_no_answer(
    mock: requests_mock.Mocker, venue: Venue, ask: Callable[[Venue], object]
) -> None:
    answer_all(mock, text="<html>")

    with pytest.raises(VenueAway, match="not readable JSON"):
        ask(venue)


def test_each_question_has_a_request_id_of_its_own(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    mock.get(f"{ORDERS}/77", json=NEW)

    for _ in range(3):
        venue.query("77")

    ids = {request.headers["X-Request-ID"] for request in mock.request_history}
    assert len(ids) == 4
    assert all(len(request_id) == 32 for request_id in ids)


@pytest.mark.parametrize("value", ["1", "{}", "[]", '""', "null"])
def test_list_of_millions_of_anything_is_given_up_unread(
    mock: requests_mock.Mocker, venue: Venue, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    body = "[" + f"{value}," * exact.MOST_VALUES + f"{value},1]"
    answer_all(mock, text=body)
    venue.login()
    monkeypatch.setattr(exact, "_texts", lambda *_: pytest.fail("it was read"))

    with pytest.raises(VenueAway, match="an answer of more than 3,000,000 values"):
        venue.active()


def test_list_of_as_many_orders_as_a_sheet_may_hold_is_read(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    orders = ",".join(f'{{"coId":"b-{n}","orderId":"{n}","status":"NEW"}}' for n in range(2_000))
    answer_all(mock, text=f"[{orders}]")

    assert len(venue.active()) == 2_000
    # Each of 100,000 may have 28 fields.
    assert exact.MOST_VALUES >= (28 + 2) * 100_000
