"""Requests that carry a signature in place of a token."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from batch.clock import SystemClock
from batch.config import VenueSettings
from batch.errors import ConfigError, LoginFailed
from batch.simulator import Simulator, SimulatorOptions
from batch.venue import Venue
from batch.venue.integral.signing import sign
from tests.contract.validation import assert_request_valid
from tests.venue.conftest import PASSWORD, PAYLOAD, HandClock

DATE = "Mon, 05 Jan 2026 12:00:00 GMT"
# The digest of no bytes at all, as every implementation of SHA-256 gives it.
EMPTY_DIGEST = "SHA-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def signed_settings(url: str, password: str = PASSWORD) -> VenueSettings:
    return VenueSettings(url=url, auth="hmac", user="ops", password=SecretStr(password), org="Desk")


def test_signature_covers_request_line_date_and_digest() -> None:
    headers = sign(
        "GET", "/v2/orders?coId=b1-2", b"", user="ops", secret=SecretStr("key"), date=DATE
    )

    text = f"GET /v2/orders?coId=b1-2 HTTP/1.1\ndate: {DATE}\ndigest: {EMPTY_DIGEST}"
    mac = base64.b64encode(hmac.new(b"key", text.encode(), hashlib.sha256).digest()).decode()
    assert headers == {
        "Authorization": (
            'hmac username="ops", algorithm="hmac-sha256", '
            f'headers="request-line date digest", signature="{mac}"'
        ),
        "Date": DATE,
        "Digest": EMPTY_DIGEST,
        "type": "hmac",
    }


@pytest.mark.parametrize(
    "change",
    [
        {"method": "POST"},
        {"target": "/v2/orders?coId=b1-3"},
        {"body": b"{}"},
        {"date": "Mon, 05 Jan 2026 12:00:01 GMT"},
        {"secret": SecretStr("other")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_any_change_changes_the_signature(change: dict[str, object]) -> None:
    parts: dict[str, object] = {
        "method": "GET",
        "target": "/v2/orders?coId=b1-2",
        "body": b"",
        "user": "ops",
        "secret": SecretStr("key"),
        "date": DATE,
    }

    before = sign(**parts)  # type: ignore[arg-type]
    after = sign(**{**parts, **change})  # type: ignore[arg-type]

    assert before["Authorization"] != after["Authorization"]


def test_venue_that_verifies_signatures_takes_every_kind_of_request() -> None:
    options = SimulatorOptions(hmac_secrets={"ops": PASSWORD})
    with (
        Simulator(options) as simulator,
        Venue(signed_settings(simulator.url), clock=SystemClock()) as venue,
    ):
        venue.login()

        placed = venue.place(PAYLOAD, "b1-2", "req-1")
        found = venue.find("b1-2")
        queried = venue.query(placed.server_order_id)
        venue.active()
        venue.spot_rate("EUR/USD")

        for exchange in simulator.requests.exchanges:
            assert_request_valid(exchange.method, exchange.target, exchange.headers, exchange.body)
            assert "SSO_TOKEN" not in dict(exchange.headers)

    assert [order.server_order_id for order in found] == [placed.server_order_id]
    assert queried is not None
    assert simulator.ledger.posts == 1


@pytest.fixture
def refused() -> Iterator[tuple[Simulator, Venue]]:
    """A venue that knows another secret of this user."""
    options = SimulatorOptions(hmac_secrets={"ops": "another"})
    with (
        Simulator(options) as simulator,
        Venue(signed_settings(simulator.url), clock=SystemClock()) as venue,
    ):
        yield simulator, venue


def test_fault_16_refused_signature_is_tried_once(refused: tuple[Simulator, Venue]) -> None:
    simulator, venue = refused
    for _ in range(3):
        with pytest.raises(LoginFailed) as caught:
            venue.place(PAYLOAD, "b1-2", "req-1")

        assert PASSWORD not in str(caught.value)

    assert len(simulator.requests.exchanges) == 1


@pytest.mark.parametrize("is_asked", [False, True], ids=["placed", "asked"])
def test_fault_16_refused_signature_sends_to_the_clock_and_speaks_of_no_token(
    refused: tuple[Simulator, Venue], is_asked: bool
) -> None:
    simulator, venue = refused
    for _ in range(2):
        with pytest.raises(LoginFailed) as caught:
            venue.find("b1-2") if is_asked else venue.place(PAYLOAD, "b1-2", "req-1")

        assert "Check user, password and this machine's clock." in str(caught.value)
        assert "a token" not in str(caught.value)

    assert len(simulator.requests.exchanges) == 1


def test_signature_does_not_show_its_secret(clock: HandClock) -> None:
    venue = Venue(signed_settings("https://venue.test"), clock=clock)

    assert PASSWORD not in repr(venue._auth.current())


def test_a_user_with_quotes_stays_one_quoted_string() -> None:
    headers = sign("GET", "/", b"", user='a"b\\c', secret=SecretStr("key"), date=DATE)

    assert headers["Authorization"].startswith('hmac username="a\\"b\\\\c", algorithm=')


@pytest.mark.parametrize("user", ["Jürg", "a\r\nX-Evil: 1", "a\x00b", "a\tb"])
def test_a_user_that_no_header_can_hold_is_a_setting_to_mend(clock: HandClock, user: str) -> None:
    settings = signed_settings("https://venue.test").model_copy(update={"user": user})

    with pytest.raises(ConfigError) as caught:
        Venue(settings, clock=clock)

    assert 'expected plain ASCII letters and signs for auth = "hmac"' in str(caught.value)
    assert "ORDERBATCH_USER" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert PASSWORD not in str(caught.value)
