"""Which settings a venue takes, and which it refuses before anything is sent."""

from __future__ import annotations

import errno
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

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


NO_BUNDLES = {
    "an empty file": b"",
    "a sheet": b"symbol,side\nEUR/USD,Buy\n",
    "no text": bytes(range(256)),
    "a broken certificate": b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    "a secret key": trustme.CA().private_key_pem.bytes(),
}


@pytest.mark.parametrize("name", NO_BUNDLES)
def test_fault_7_bundle_that_holds_no_certificate_is_a_setting_to_mend(
    clock: HandClock, tmp_path: Path, name: str
) -> None:
    bundle = tmp_path / "o.csv"
    bundle.write_bytes(NO_BUNDLES[name])

    with pytest.raises(ConfigError) as caught:
        Venue(VenueSettings(url="https://venue.test", ca_bundle=bundle), clock=clock)

    words = str(caught.value)
    assert words.startswith("venue ca_bundle: expected a file of certificates (PEM")
    assert f"found none that can be read in {bundle} (" in words
    assert "Set ca_bundle to" in words
    assert not [line for line in NO_BUNDLES[name].decode("latin-1").split() if line in words]


def test_bundle_of_revocations_only_is_a_setting_to_mend(clock: HandClock, tmp_path: Path) -> None:
    key, day = ec.generate_private_key(ec.SECP256R1()), datetime(2026, 1, 5)
    builder = x509.CertificateRevocationListBuilder(x509.Name([]), day, day + timedelta(days=1))
    bundle = tmp_path / "crl.pem"
    bundle.write_bytes(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))

    with pytest.raises(ConfigError, match=r"venue ca_bundle: .* found none in .*crl\.pem"):
        Venue(VenueSettings(url="https://venue.test", ca_bundle=bundle), clock=clock)


def test_bundle_that_cannot_be_read_is_a_setting_to_mend(
    clock: HandClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_text("x")

    def may_not(self: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "is_file", may_not)

    with pytest.raises(ConfigError, match=r"ca\.pem, which cannot be read \(Permission denied\)"):
        Venue(VenueSettings(url="https://venue.test", ca_bundle=bundle), clock=clock)
