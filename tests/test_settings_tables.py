"""Settings for several venues, passwords from a keyring, limits; and the sample file."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import BaseModel

from batch.config import (
    DayLimits,
    Settings,
    VenueSettings,
    find_journal_password,
    find_password,
    load,
    parse_cut_off,
)
from batch.errors import ConfigError
from batch.journal.places import user_of

SAMPLE = Path(__file__).parents[1] / "samples" / "config.toml"

VENUES = """
[venue]
url = "https://plain.example"
user = "plain"
[venue.uat]
url = "https://uat.example"
user = "tester"
"""


def load_text(folder: Path, text: str, venue: str | None = None, **environment: str) -> Settings:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load(config_path=path, default_dir=folder, environment=environment, venue=venue)


def every_key(table: type[BaseModel]) -> Iterator[str]:
    """Give the keys of a table and of those in it, as they stand in the file."""
    for name, field in table.model_fields.items():
        kind = field.annotation
        if table is DayLimits and name == "sizes":
            continue  # the currencies stand beside the count
        if name != "password":
            yield name
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from every_key(kind)


def test_the_sample_names_every_key_and_means_what_it_says() -> None:
    def read(venue: str | None) -> Settings:
        return load(config_path=SAMPLE, default_dir=Path(), environment={}, venue=venue)

    uat, production = read(None), read("production")

    assert uat.venue.url == "https://uat.venue.example"
    assert uat.venue.password_file == Path("/etc/orderbatch/uat-password")
    assert (production.venue.auth, production.venue.password_keyring) == ("hmac", True)
    assert production.limits.collar == Decimal("0.015")
    assert production.limits.per_order["EUR"] == 5_000_000
    assert not production.approval.required
    text = SAMPLE.read_text(encoding="utf-8")
    assert [key for key in every_key(Settings) if not re.search(rf"\b{key}\b", text)] == []


def test_a_named_venue_takes_nothing_over_from_the_unnamed_one(tmp_path: Path) -> None:
    text = VENUES + '[venue.other]\nurl = "https://other.example"\n'

    venue = load_text(tmp_path, text, "other").venue

    assert (venue.url, venue.user) == ("https://other.example", "")


@pytest.mark.parametrize(
    ("default", "chosen", "user"),
    [("", None, "plain"), ("", "uat", "tester"), ('default_venue = "uat"\n', None, "tester")],
)
def test_a_venue_is_chosen(tmp_path: Path, default: str, chosen: str | None, user: str) -> None:
    assert load_text(tmp_path, default + VENUES, chosen).venue.user == user


def test_a_venue_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[venue\.prod\].*found: \[venue\.uat\]"):
        load_text(tmp_path, VENUES, "prod")
    with pytest.raises(ConfigError, match="found: none"):
        load_text(tmp_path, "", "prod")


def test_an_environment_that_contradicts_the_chosen_venue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="ORDERBATCH_URL"):
        load_text(tmp_path, VENUES, "uat", ORDERBATCH_URL="https://live.example")

    same = load_text(tmp_path, VENUES, "uat", ORDERBATCH_USER="tester", ORDERBATCH_ORG="DESK")
    assert (same.venue.user, same.venue.org) == ("tester", "DESK")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[venue.uat]\nurll = ""\n', r'\[venue\.uat\] urll: .*Did you mean "url"'),
        ('[venue.uat]\npassword = "s3cret"\n', r"\[venue\.uat\] password"),
        ("[limits]\ncolar = '1%'\n", r'\[limits\] colar: .*Did you mean "collar"'),
        ("[limits]\ncollar = 1.5\n", r"\[limits\] collar: expected a percentage"),
        ("[limits]\ncut_off = '25:00 UTC'\n", r"\[limits\] cut_off: expected a time and"),
        ("[limits]\ncut_off = '17:00'\n", r"\[limits\] cut_off: expected a time and"),
        ("[limits]\ncut_off = '17:00 Mars/Base'\n", "pip install tzdata"),
        ("[limits]\nsymbols = ['EURUSD']\n", r'symbols\] 0: expected symbols such as "EUR/USD"'),
        ("[limits.per_order]\nEUR = 0\n", r"\[limits\.per_order\] EUR: .*greater than 0"),
        ("[approval]\nrequire = true\n", r'\[approval\] require: .*Did you mean "required"'),
        ("venue = 3\n", "venue"),
    ],
)
def test_a_mistake_in_a_table_is_named_with_its_place(
    tmp_path: Path, text: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        load_text(tmp_path, text)
    assert "s3cret" not in str(caught.value)


def test_a_mistake_in_a_venue_that_is_not_used_is_found_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\[venue\.live\] usr"):
        load_text(tmp_path, VENUES + "[venue.live]\nusr = 'x'\n", "uat")


def test_a_cut_off_knows_its_zone() -> None:
    at, zone = parse_cut_off("9:30 America/New_York")

    assert (at.hour, at.minute, zone.key) == (9, 30, "America/New_York")


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str], str]:
    """Stand in for the system's keyring."""
    passwords: dict[tuple[str, str], str] = {}
    module = types.ModuleType("keyring")
    module.get_password = lambda service, user: passwords.get((service, user))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", module)
    return passwords


@pytest.mark.parametrize(("key", "service"), [(True, "orderbatch"), ("desk", "desk")])
def test_a_password_comes_from_the_systems_keyring(
    keyring: dict[tuple[str, str], str], key: bool | str, service: str
) -> None:
    keyring[service, "ops"] = "s3cret"

    venue = find_password(VenueSettings(user="ops", password_keyring=key))

    assert venue.password.get_secret_value() == "s3cret"


@pytest.mark.parametrize(("key", "service"), [(True, "orderbatch"), ("desk", "desk")])
def test_a_journals_password_comes_from_the_systems_keyring(
    keyring: dict[tuple[str, str], str], key: bool | str, service: str
) -> None:
    keyring[service, "sender"] = "s3cret"
    settings = Settings(journal_password_keyring=key)

    assert find_journal_password(settings, "sender") == "s3cret"
    assert find_journal_password(settings, "") is None  # of a file
    with pytest.raises(ConfigError, match=f"journal_password_keyring.*keyring set {service} ana"):
        find_journal_password(settings, "ana")


@pytest.mark.parametrize(
    ("location", "user"),
    [
        ("postgresql://sender@db.example/fx", "sender"),
        ("postgresql://s%40desk@db.example/fx", "s@desk"),
        ("postgresql://db.example/fx?user=sender", "sender"),
        ("postgresql://db.example/fx", "of-the-environment"),
        ("journal.db", ""),
    ],
)
def test_the_user_of_a_journal_is_that_of_its_url(
    monkeypatch: pytest.MonkeyPatch, location: str, user: str
) -> None:
    monkeypatch.setenv("PGUSER", "of-the-environment")

    assert user_of(location) == user


def test_a_keyring_without_the_password_says_how_to_set_it(
    keyring: dict[tuple[str, str], str],
) -> None:
    with pytest.raises(ConfigError, match="keyring set orderbatch ops"):
        find_password(VenueSettings(user="ops", password_keyring=True))


def test_a_keyring_that_fails_is_a_clear_message(
    keyring: dict[tuple[str, str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lock(*_: object) -> str:
        raise RuntimeError("s3cret")

    monkeypatch.setattr(sys.modules["keyring"], "get_password", lock)

    with pytest.raises(ConfigError, match="RuntimeError") as caught:
        find_password(VenueSettings(user="ops", password_keyring=True))
    assert "s3cret" not in str(caught.value)


def test_without_the_extra_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)

    with pytest.raises(ConfigError, match=r"pip install 'orderbatch\[keyring\]'"):
        find_password(VenueSettings(user="ops", password_keyring=True))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[batch]\nday_starts = "17:00"', r"day_starts: expected a time and a time zone"),
        ('[report]\nzone = "Mars/Base"', r"zone: expected a time zone that this machine knows"),
    ],
)
def test_a_day_or_a_zone_that_cannot_be_read_is_refused(
    text: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=words):
        load_text(tmp_path, text)
