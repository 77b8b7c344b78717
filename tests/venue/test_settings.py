"""Which settings a venue takes, and which it refuses before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from batch.config import VenueSettings
from batch.errors import ConfigError
from batch.venue import Venue
from tests.venue.conftest import HandClock


@pytest.mark.parametrize(
    "url",
    [
        "https://venue.test",
        "https://venue.test:8443/",
        "http://127.0.0.1:8080",
        "http://localhost",
        "http://[::1]:8080",
    ],
)
def test_https_and_loopback_are_taken(clock: HandClock, url: str) -> None:
    with Venue(VenueSettings(url=url), clock=clock):
        pass


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "expected something like"),
        ("https://venue.test/api", "only a scheme and a host"),
        ("https://ops@venue.test", "no user or password"),
        ("http://venue.test", "expected https://"),
        ("http://localhost.evil.test", "expected https://"),
        ("http://10.0.0.1", "expected https://"),
    ],
)
def test_other_urls_are_refused_in_words(clock: HandClock, url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Venue(VenueSettings(url=url), clock=clock)


def test_bundle_that_is_not_there_is_refused(clock: HandClock, tmp_path: Path) -> None:
    settings = VenueSettings(url="https://venue.test", ca_bundle=tmp_path / "ca.pem")

    with pytest.raises(ConfigError, match="expected a file of certificates"):
        Venue(settings, clock=clock)
