"""Settings: which source wins, what is refused, and that no secret is shown."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import SecretStr

from batch.config import (
    Settings,
    VenueSettings,
    find_password,
    load,
    require_login,
    run_key,
)
from batch.errors import Advice, ConfigError, Hint


def write(folder: Path, text: str, name: str = "config.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def settings_of(folder: Path, text: str | None = None, **environment: str) -> Settings:
    if text is not None:
        write(folder, text)
    return load(config_path=None, default_dir=folder, environment=environment)


def test_without_any_setting_there_is_no_venue_and_a_journal_of_its_own(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)

    assert settings.venue == VenueSettings()
    assert settings.venue.url == ""
    assert settings.journal == str(tmp_path / "journal.db")
    assert settings.journal_on_network_drive is False


def test_a_file_sets_what_it_names(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        """
        journal = "/desk/journal.db"
        journal_on_network_drive = true
        [venue]
        url = "https://venue.example"
        deadline_s = 12.5
        [sheet.columns]
        Limit = "price"
        """,
    )

    assert settings.journal == "/desk/journal.db"
    assert settings.journal_on_network_drive
    assert settings.venue.url == "https://venue.example"
    assert settings.venue.deadline_s == 12.5
    assert settings.sheet.columns == {"Limit": "price"}


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        'journal = "file.db"\n[venue]\nuser = "file"\norg = "FILE"\nurl = "https://file.example"',
        ORDERBATCH_URL="https://environment.example",
        ORDERBATCH_USER="environment",
        ORDERBATCH_PASSWORD="s3cret",
        ORDERBATCH_ORG="",
        ORDERBATCH_JOURNAL="environment.db",
    )

    assert settings.venue.url == "https://environment.example"
    assert settings.venue.user == "environment"
    assert settings.venue.password.get_secret_value() == "s3cret"
    assert settings.venue.org == "FILE"
    assert settings.journal == "environment.db"


def test_the_environment_can_name_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, 'journal = "named.db"', "desk.toml")

    settings = settings_of(tmp_path, 'journal = "default.db"', ORDERBATCH_CONFIG=str(path))

    assert settings.journal == str(tmp_path / "named.db")


def test_a_file_named_by_the_user_wins_over_the_environments(tmp_path: Path) -> None:
    path = write(tmp_path, 'journal = "named.db"', "desk.toml")

    settings = load(
        config_path=path, default_dir=tmp_path, environment={"ORDERBATCH_CONFIG": "/missing.toml"}
    )

    assert settings.journal == str(tmp_path / "named.db")


def test_a_named_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml: expected a readable config file, found"):
        load(config_path=tmp_path / "missing.toml", default_dir=tmp_path, environment={})


def test_a_file_that_is_no_toml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("journal = ")

    with pytest.raises(ConfigError, match=r"config\.toml: expected TOML, found"):
        settings_of(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('jurnal = "x"', r'config\.toml, jurnal: .*found another\. Did you mean "journal"\?'),
        ("[venue]\nuserr = 'x'", r'config\.toml, \[venue\] userr: .*Did you mean "user"\?'),
        ("[venue]\nzzz = 1", r"\[venue\] zzz: .*Known: url, auth, user, password_file,"),
        ("[venue]\ndeadline_s = 0", r"\[venue\] deadline_s: Input should be greater than 0"),
        ("[venue]\nrate = 0", r"\[venue\] rate: Input should be greater than 0"),
        ("[venue]\nrate = inf", r"\[venue\] rate: Input should be a finite number"),
        ("[venue]\nauth = 'basic'", r"\[venue\] auth: Input should be 'token' or 'hmac'"),
        ("journal_on_network_drive = 'maybe'", "journal_on_network_drive: Input should be a valid"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        settings_of(tmp_path, text)


def test_a_mistake_in_a_value_does_not_show_the_value(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_of(tmp_path, '[venue]\ndeadline_s = "s3cret"')

    assert "s3cret" not in str(caught.value)


def test_a_password_in_the_file_is_refused_without_showing_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="expected no password in this file, found one") as caught:
        settings_of(tmp_path, '[venue]\npassword = "s3cret"')

    assert "s3cret" not in str(caught.value)


def test_a_password_is_read_from_its_file(tmp_path: Path) -> None:
    secret = write(tmp_path, " s3 cret \r\n", "password")
    secret.chmod(0o600)

    settings = settings_of(tmp_path, f'[venue]\npassword_file = "{secret}"')
    venue = find_password(settings.venue)

    assert venue.password.get_secret_value() == " s3 cret "


def test_the_environments_password_wins_over_the_password_file(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, '[venue]\npassword_file = "/missing"', ORDERBATCH_PASSWORD="s3cret"
    )

    assert find_password(settings.venue).password.get_secret_value() == "s3cret"


def test_without_any_source_there_is_no_password() -> None:
    assert find_password(VenueSettings()) == VenueSettings()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    secret = write(tmp_path, "s3cret", "password")
    secret.chmod(mode)

    venue = settings_of(tmp_path, f'[venue]\npassword_file = "{secret}"').venue

    with pytest.raises(ConfigError, match=rf"found mode {mode:o}\. Run: chmod 600") as caught:
        find_password(venue)

    assert "s3cret" not in str(caught.value)


def test_a_password_file_that_is_missing_is_refused() -> None:
    with pytest.raises(ConfigError, match="expected a readable password file, found: No such file"):
        find_password(VenueSettings(password_file=Path("/missing")))


def test_a_password_is_not_shown_by_settings(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, ORDERBATCH_PASSWORD="s3cret")

    assert "s3cret" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_everything_that_a_login_lacks_is_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        require_login(VenueSettings(user="desk"))

    assert "found no ORDERBATCH_URL, ORDERBATCH_PASSWORD, ORDERBATCH_ORG." in str(caught.value)
    assert caught.value.advice == (Hint(Advice.OR_PRACTISE),)


def test_a_whole_login_is_enough() -> None:
    require_login(
        VenueSettings(
            url="https://venue.example", user="desk", org="ACME", password=SecretStr("s3cret")
        )
    )


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("batches.db", "{folder}/batches.db"),
        ("../batches.db", "{folder}/../batches.db"),
        ("sqlite:///batches.db", "sqlite:///{folder}/batches.db"),
        ("/var/batches.db", "/var/batches.db"),
        ("sqlite:////var/batches.db", "sqlite:////var/batches.db"),
        ("~/batches.db", "~/batches.db"),
    ],
)
def test_a_journal_in_the_config_file_is_relative_to_that_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, found: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)

    settings = settings_of(tmp_path, f'journal = "{written}"')

    assert settings.journal == found.format(folder=tmp_path)


def test_a_journal_in_the_environment_is_relative_to_the_working_folder(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, 'journal = "batches.db"', ORDERBATCH_JOURNAL="mine.db")

    assert settings.journal == "mine.db"


def test_a_password_file_in_the_config_file_is_relative_to_that_file(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, '[venue]\npassword_file = "secret.txt"')

    assert settings.venue.password_file == tmp_path / "secret.txt"


@pytest.mark.parametrize("run", ["", "a b", "x" * 41, "{day}", "é"])
def test_a_run_key_of_other_letters_is_refused(tmp_path: Path, run: str) -> None:
    with pytest.raises(ConfigError, match=r"\[batch\] run: expected up to 40 letters"):
        settings_of(tmp_path, f'[batch]\nrun = "{run}"')


def test_a_run_key_has_the_trading_day_in_it() -> None:
    assert run_key("eod_{date}.1", date(2026, 10, 30)) == "eod_2026-10-30.1"
