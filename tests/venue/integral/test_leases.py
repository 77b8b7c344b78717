"""Placing never logs in by itself, and only with a login whose life the run has on record."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests_mock
from pydantic import SecretStr

from batch.config import VenueSettings
from batch.errors import LoginFailed, LoginNeeded
from batch.venue import Venue
from batch.venue.port import Lease
from tests.venue.conftest import PAYLOAD, PLACED, HandClock
from tests.venue.mocks import ORDERS, URL, allow_login

LIFE_S = 3600


@pytest.fixture
def mock() -> Iterator[requests_mock.Mocker]:
    with requests_mock.Mocker() as mocker:
        allow_login(mocker, lifetime_s=LIFE_S)
        mocker.post(ORDERS, status_code=202, json=PLACED)
        yield mocker


def make_venue(clock: HandClock, **changes: object) -> Venue:
    settings: dict[str, object] = {
        "url": URL,
        "user": "ops",
        "password": SecretStr("secret"),
        "org": "Desk",
        **changes,
    }
    return Venue(VenueSettings.model_validate(settings), clock=clock)


@pytest.fixture
def venue(clock: HandClock) -> Iterator[Venue]:
    with make_venue(clock) as made:
        yield made


def take_offered(venue: Venue) -> Lease:
    lease = venue.offered()
    assert lease is not None
    venue.use(lease)
    return lease


def posts(mock: requests_mock.Mocker, path: str) -> int:
    return sum((r.method, r.path) == ("POST", path) for r in mock.request_history)


def test_placing_without_a_login_sends_nothing(mock: requests_mock.Mocker, venue: Venue) -> None:
    with pytest.raises(LoginNeeded):
        venue.place(PAYLOAD, "b1-2", "req-1")

    assert mock.request_history == []
    assert venue.wants_login() and not venue.can_place()


def test_placing_waits_until_the_life_of_the_login_is_on_record(
    mock: requests_mock.Mocker, venue: Venue, clock: HandClock
) -> None:
    venue.login()
    with pytest.raises(LoginNeeded):
        venue.place(PAYLOAD, "b1-2", "req-1")

    lease = take_offered(venue)

    assert lease.life_s == LIFE_S
    assert venue.place(PAYLOAD, "b1-2", "req-1").server_order_id == "77"
    assert venue.dead_at() == clock.seconds + LIFE_S
    assert venue.offered() is None


def test_fault_11_a_401_hands_the_row_back_and_one_login_serves_all(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    venue.login()
    take_offered(venue)
    mock.post(ORDERS, status_code=401)

    def place(number: int) -> bool:
        with pytest.raises(LoginNeeded):
            venue.place(PAYLOAD, "b1-2", f"req-{number}")
        return venue.wants_login()

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(place, range(16)))
        list(pool.map(lambda _: venue.login(), range(16)))

    assert posts(mock, "/v2/sso/login") == 2
    mock.post(ORDERS, status_code=202, json=PLACED)
    take_offered(venue)
    assert venue.place(PAYLOAD, "b1-2", "req-99").server_order_id == "77"


def test_a_401_to_a_fresh_login_too_is_a_failed_login(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    mock.post(ORDERS, status_code=401, json={"errorMessage": "no trading permission"})
    for expected in (LoginNeeded, LoginFailed):
        venue.login()
        take_offered(venue)
        with pytest.raises(expected, match="no trading permission"):
            venue.place(PAYLOAD, "b1-2", "req-1")


def test_a_renewed_login_is_not_placed_with_before_its_life_is_on_record(
    mock: requests_mock.Mocker, venue: Venue, clock: HandClock
) -> None:
    venue.login()
    take_offered(venue)
    mock.get(
        f"{URL}/v2/sso/token/renew",
        json={"status": "OK", "expiryTime": LIFE_S * 1000, "serverUTCTime": 0},
        headers={"SSO_TOKEN": "tok-2"},
    )
    clock.seconds += 0.9 * LIFE_S
    assert venue.wants_login()

    venue.login()
    venue.place(PAYLOAD, "b1-2", "req-1")
    first = mock.request_history[-1].headers["SSO_TOKEN"]
    take_offered(venue)
    venue.place(PAYLOAD, "b1-2", "req-2")

    assert (first, mock.request_history[-1].headers["SSO_TOKEN"]) == ("tok-1", "tok-2")
    assert venue.dead_at() == clock.seconds + LIFE_S


def test_a_login_that_names_no_life_is_never_known_to_be_dead(
    mock: requests_mock.Mocker, venue: Venue
) -> None:
    mock.post(f"{URL}/v2/sso/login", json={"status": "OK"}, headers={"SSO_TOKEN": "tok-1"})
    venue.login()

    assert take_offered(venue).life_s is None
    assert venue.dead_at() == float("inf")


def test_a_signed_request_is_never_known_to_be_dead(
    mock: requests_mock.Mocker, clock: HandClock
) -> None:
    with make_venue(clock, auth="hmac") as venue:
        assert not venue.can_place() and not venue.wants_login()

        assert take_offered(venue).life_s is None

        assert venue.can_place() and venue.offered() is None
        assert venue.dead_at() == float("inf")
        assert venue.place(PAYLOAD, "b1-2", "req-1").server_order_id == "77"
