"""Which URLs a password may travel over, and how they are shown."""

from __future__ import annotations

import pytest

from batch.errors import ConfigError
from batch.urls import canonical_url, check_url, password_in


@pytest.mark.parametrize(
    "url",
    [
        "https://venue.example",
        "https://venue.example:8443/",
        "http://localhost:8080",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
    ],
)
def test_a_url_over_which_a_password_may_travel_is_taken(url: str) -> None:
    check_url(url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://venue.example", "found plain http:// to venue.example"),
        ("http://localhost.venue.example", "found plain http://"),
        ("http://127.0.0.1.venue.example", "found plain http://"),
        ("ftp://venue.example", "expected something like https://venue.example"),
        ("venue.example", "expected something like https://venue.example"),
        ("https://", "expected something like https://venue.example"),
        ("https://venue.example:0", "expected something like https://venue.example"),
        ("https://venue.example/api", "expected only a scheme and a host"),
        ("https://venue.example?x=1", "expected only a scheme and a host"),
        ("https://venue.example#x", "expected only a scheme and a host"),
        ("https://venue.example:port", "expected a URL"),
        ("https://[venue", "expected a URL"),
    ],
)
def test_any_other_url_is_refused(url: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_url(url)

    assert words in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://desk:s3cret@venue.example",
        "https://s3cret@venue:1",
        "https://desk:s3cret@venue:port",
        "desk:s3cret@venue.example",
        "https://desk:s3cret@[venue",
    ],
)
def test_a_url_with_a_password_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match="expected no user or password inside the URL") as caught:
        check_url(url)

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "password"),
    [
        ("http://ops:p%40ss:w@proxy.test:3128", "p@ss:w"),
        ("ops:secret@proxy.test", "secret"),
        ("http://ops@proxy.test", ""),
        ("http://proxy.test:3128/a:b", ""),
    ],
)
def test_password_of_a_url_is_found_without_its_escapes(url: str, password: str) -> None:
    assert password_in(url) == password


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://venue.example", "https://venue.example"),
        ("HTTPS://VENUE.Example:443/", "https://venue.example"),
        ("http://localhost:80", "http://localhost"),
        ("http://localhost:443", "http://localhost:443"),
        ("https://venue.example.", "https://venue.example"),
        ("https://venue.example:8443/", "https://venue.example:8443"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        (" https://venue.example ", "https://venue.example"),
        ("https://venue:port", "https://venue:port"),
    ],
)
def test_a_server_has_one_spelling(url: str, same: str) -> None:
    assert canonical_url(url) == canonical_url(same) == same
