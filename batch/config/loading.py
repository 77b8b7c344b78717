"""From the environment and `config.toml` to `Settings`; every mistake is named with its place."""

from __future__ import annotations

import difflib
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError

from batch.config.files import read_text
from batch.config.tables import Settings, VenueSettings
from batch.errors import Advice, ConfigError, hint
from batch.urls import check_url

ENVIRONMENT = {
    "url": "ORDERBATCH_URL",
    "user": "ORDERBATCH_USER",
    "password": "ORDERBATCH_PASSWORD",
    "org": "ORDERBATCH_ORG",
}


APPLICATION = "orderbatch"

_LARGEST_CONFIG = 1_000_000


def application_folder() -> Path:
    """Give the folder where this system keeps an application's settings, as click does."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home()) / APPLICATION
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / APPLICATION
    return Path(os.environ.get("XDG_CONFIG_HOME", Path.home() / ".config")) / APPLICATION


def load(
    *,
    config_path: Path | None,
    default_dir: Path,
    environment: Mapping[str, str],
    venue: str | None = None,
) -> Settings:
    """Read the settings from the environment and `config.toml`.

    A password that the environment does not hold is not looked up here: see `find_password`.

    Args:
        config_path: the file that the user named; None for `config.toml` in `default_dir`, which
            may be missing.
        default_dir: the application's own folder.
        environment: usually `os.environ`; what it sets wins over the file.
        venue: the `[venue.NAME]` to use; None for `default_venue`, or else `[venue]`.

    Raises:
        ConfigError: the file is missing, unreadable or not TOML, a key is unknown or wrong, an
            environment variable is not UTF-8, or there is no such venue.
    """
    _refuse_unreadable(environment)
    named = config_path or (
        Path(environment["ORDERBATCH_CONFIG"]) if environment.get("ORDERBATCH_CONFIG") else None
    )
    path = named or default_dir / "config.toml"
    tables = _read_toml(path) if named or _is_there(path) else {}
    _refuse_secrets(path, tables)
    settings = _anchored(_parse(path, _with_chosen_venue(path, tables, venue)), path)
    overrides = {
        key: environment[name] for key, name in ENVIRONMENT.items() if environment.get(name)
    }
    if venue is not None:
        _refuse_contradictions(path, venue, settings.venue, overrides)
    secret = {key: SecretStr(value) for key, value in overrides.items() if key == "password"}
    login = settings.venue.model_copy(update={**overrides, **secret})
    # A blank beside a name is nobody's other name.
    bare = {key: getattr(login, key).strip() for key in ("url", "user", "org")}
    login = login.model_copy(update=bare)
    journal = environment.get("ORDERBATCH_JOURNAL") or settings.journal
    return settings.model_copy(
        update={"venue": login, "journal": journal or str(default_dir / "journal.db")}
    )


def require_login(venue: VenueSettings) -> None:
    """Make sure that there is everything that a login needs, and a URL that is safe to use.

    Raises:
        ConfigError: names every missing setting at once, or what is wrong with the URL.
    """
    present = {
        "url": venue.url,
        "user": venue.user,
        "password": venue.password.get_secret_value(),
        "org": venue.org,
    }
    missing = [ENVIRONMENT[key] for key, value in present.items() if not value]
    if missing:
        raise ConfigError(
            f"settings: expected {', '.join(ENVIRONMENT.values())}, found no {', '.join(missing)}. "
            "Set them in the environment (all but the password also in [venue] of config.toml, "
            "which has password_file and password_keyring for that).",
            advice=Advice.OR_PRACTISE,
        )
    check_url(venue.url)


def _is_there(path: Path) -> bool:
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # perhaps: reading it says what is wrong
    return True


def _read_toml(path: Path) -> dict[str, Any]:
    text = read_text(path, "config file", _LARGEST_CONFIG, advice=(hint(Advice.CHECK_CONFIG),))
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: expected TOML, found: {error}.") from None
    except RecursionError:
        raise ConfigError(
            f"{path}: expected TOML, found tables or lists nested too deep."
        ) from None
    except ValueError:  # Python reads no integer of thousands of digits
        raise ConfigError(f"{path}: expected TOML, found a number that is too long.") from None


def _anchored(settings: Settings, path: Path) -> Settings:
    """Take relative paths in a config file as relative to it, wherever the command is called."""
    folder = path.absolute().parent
    venue = settings.venue
    for key in ("password_file", "ca_bundle"):
        if (named := getattr(venue, key)) is not None:
            venue = venue.model_copy(update={key: folder / named})
    approval = settings.approval
    if approval.allowed_signers is not None:
        approval = approval.model_copy(
            update={"allowed_signers": folder / approval.allowed_signers}
        )
    journal = settings.journal
    if journal is not None:
        scheme, is_url, rest = journal.partition("://")
        if not is_url and not journal.startswith("~"):
            journal = str(folder / journal)
        elif scheme == "sqlite" and rest.startswith("/") and not rest.startswith("/~"):
            journal = f"sqlite:///{folder / rest[1:]}"
    secret = settings.journal_password_file
    return settings.model_copy(
        update={
            "venue": venue,
            "journal": journal,
            "approval": approval,
            "journal_password_file": None if secret is None else folder / secret,
        }
    )


def _refuse_unreadable(environment: Mapping[str, str]) -> None:
    for name in (*ENVIRONMENT.values(), "ORDERBATCH_JOURNAL", "ORDERBATCH_CONFIG"):
        try:
            environment.get(name, "").encode("utf-8")
        except UnicodeEncodeError:
            raise ConfigError(
                f"{name}: expected text in UTF-8 in this environment variable, found bytes that "
                "are none. Set it again, in a shell whose encoding is UTF-8."
            ) from None


def _refuse_secrets(path: Path, tables: Mapping[str, Any]) -> None:
    venue = tables.get("venue")
    if not isinstance(venue, Mapping):
        return
    named = {f"venue.{name}": table for name, table in _named_venues(venue).items()}
    for name, table in {"venue": venue, **named}.items():
        if "password" in table:
            raise ConfigError(
                f"{path}, [{name}] password: expected no password in this file, found one. "
                "Use ORDERBATCH_PASSWORD, password_keyring, or password_file with a file that "
                "only you can read."
            )


def _named_venues(venue: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: table for name, table in venue.items() if isinstance(table, Mapping)}


def _with_chosen_venue(path: Path, tables: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    """Put the chosen venue's table where `[venue]` is; every other one is checked all the same.

    A named venue takes nothing over from `[venue]`: half a login of each would be a third one.
    """
    venue = tables.get("venue", {})
    if not isinstance(venue, Mapping):
        return dict(tables)
    named = _named_venues(venue)
    for other, table in named.items():
        _parse(path, {"venue": table}, f"venue.{other}")
    name = name if name is not None else tables.get("default_venue")
    unnamed = {key: value for key, value in venue.items() if key not in named}
    if not isinstance(name, str):  # none, or no name at all, which the tables' types refuse
        return {**tables, "venue": unnamed}
    _parse(path, {"venue": unnamed})
    if name not in named:
        known = ", ".join(f"[venue.{other}]" for other in named) or "none"
        raise ConfigError(
            f'{path}: expected a table [venue.{name}] for venue "{name}", found: {known}.'
        )
    return {**tables, "venue": named[name]}


def _refuse_contradictions(
    path: Path, name: str, venue: VenueSettings, overrides: Mapping[str, str]
) -> None:
    for key in ("url", "user", "org"):
        said, found = getattr(venue, key), overrides.get(key)
        if said and found and said != found:
            # Either reading of it could send orders to the wrong place.
            raise ConfigError(
                f'{path}, [venue.{name}] {key}: expected what {ENVIRONMENT[key]} says, "{found}", '
                f'found "{said}". Unset {ENVIRONMENT[key]}.',
                advice=[hint(Advice.OR_LEAVE_OUT_VENUE, name)],
            )


def _parse(path: Path, tables: Mapping[str, Any], venue: str = "venue") -> Settings:
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        # Only the place and the kind of each mistake: the input itself might be a secret.
        first = error.errors(include_url=False, include_input=False)[0]
        *tables_above, key = (str(part) for part in first["loc"])
        shown = [venue if name == "venue" else name for name in tables_above]
        where = f"{path}, [{'.'.join(shown)}] {key}" if shown else f"{path}, {key}"
        if first["type"] != "extra_forbidden":
            words = first["msg"].removeprefix("Value error, ")
            raise ConfigError(f"{where}: {words}.") from None
        known = _known_keys(tables_above)
        nearest = difflib.get_close_matches(key, known, n=1)
        hint = f'Did you mean "{nearest[0]}"?' if nearest else f"Known: {', '.join(known)}."
        raise ConfigError(f"{where}: expected a known setting, found another. {hint}") from None


def _known_keys(tables_above: list[str]) -> list[str]:
    table: Any = Settings
    for name in tables_above:
        table = table.model_fields[name].annotation
    return [name for name in table.model_fields if name != "password"]
