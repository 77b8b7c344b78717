"""Settings: options, then environment, then `config.toml`. Layer 1.

Secrets are `SecretStr`, so that no `repr`, log line or traceback shows them.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from batch.errors import ConfigError

ENVIRONMENT = {
    "url": "ORDERBATCH_URL",
    "user": "ORDERBATCH_USER",
    "password": "ORDERBATCH_PASSWORD",
    "org": "ORDERBATCH_ORG",
}


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VenueSettings(_Table):
    """How to reach and treat one venue.

    Attributes:
        url: base URL without a path; `https://` but for loopback.
        auth: how requests are authenticated: by a login's token, or each by an HMAC signature whose
            secret is then the password.
        password_file: where the password stands, readable by its owner only.
        proxy: URL of a proxy; the environment's proxies are never used.
        ca_bundle: a file of certificates to trust instead of the default ones.
        deadline_s: the longest that one call may take from its start to its last byte.
        settle_s: how long a run keeps asking about an order whose placing got no answer.
        client_id_query_covers_done_orders: a person has confirmed that this venue's query by
            client ID also finds orders that are done; only then is "not found" a proof.
        bulk_query: ask for all active orders at once where that saves requests.
    """

    url: str = ""
    auth: Literal["token", "hmac"] = "token"
    user: str = ""
    password: SecretStr = SecretStr("")
    password_file: Path | None = None
    org: str = ""
    proxy: str | None = None
    ca_bundle: Path | None = None
    connect_timeout_s: float = Field(default=5.0, gt=0)
    read_timeout_s: float = Field(default=20.0, gt=0)
    deadline_s: float = Field(default=30.0, gt=0)
    settle_s: float = Field(default=45.0, ge=0)
    retry_after_cap_s: float = Field(default=120.0, gt=0)
    client_id_query_covers_done_orders: bool = False
    bulk_query: bool = True


class SheetSettings(_Table):
    """How a desk's sheets differ from the standard.

    Attributes:
        columns: a header of the desk's own -> the order field that it means.
        defaults: order field -> the value for sheets that lack that column.
        price_decimals: symbol -> the most decimals that a limit price may have.
        prefix_client_order_id: the desk's IDs are unique for a day only; send `<batch>-<id>`.
    """

    columns: dict[str, str] = Field(default_factory=dict)
    defaults: dict[str, str] = Field(default_factory=dict)
    price_decimals: dict[str, int] = Field(default_factory=dict)
    prefix_client_order_id: bool = False


class Settings(_Table):
    """Everything that is not said on the command line.

    Attributes:
        journal: the journal's file, or its `sqlite:///` URL.
        journal_on_network_drive: use a journal on a network drive all the same. Only for a file
            that one machine alone ever opens: such drives do not keep two apart for certain.
    """

    journal: str | None = None
    journal_on_network_drive: bool = False
    venue: VenueSettings = VenueSettings()
    sheet: SheetSettings = SheetSettings()


def load(
    *,
    config_path: Path | None,
    default_dir: Path,
    environment: Mapping[str, str],
) -> Settings:
    """Read the settings from the environment and `config.toml`.

    Args:
        config_path: the file that the user named; None for `config.toml` in `default_dir`, which
            may be missing.
        default_dir: the application's own folder.
        environment: usually `os.environ`; what it sets wins over the file.

    Raises:
        ConfigError: the file is missing, unreadable or not TOML, or a key is unknown or wrong.
    """
    named = config_path or (
        Path(environment["ORDERBATCH_CONFIG"]) if environment.get("ORDERBATCH_CONFIG") else None
    )
    path = named or default_dir / "config.toml"
    tables = _read_toml(path) if named or path.exists() else {}
    _refuse_secrets(path, tables)
    settings = _parse(path, tables)
    overrides = {
        key: environment[name] for key, name in ENVIRONMENT.items() if environment.get(name)
    }
    if "password" not in overrides and settings.venue.password_file is not None:
        overrides["password"] = _read_password(settings.venue.password_file)
    secret = {key: SecretStr(value) for key, value in overrides.items() if key == "password"}
    venue = settings.venue.model_copy(update={**overrides, **secret})
    journal = environment.get("ORDERBATCH_JOURNAL") or settings.journal
    return settings.model_copy(
        update={"venue": venue, "journal": journal or str(default_dir / "journal.db")}
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
            "Set them in the environment (all but the password also in [venue] of config.toml), "
            "or practise with --simulate."
        )
    check_url(venue.url)


def check_url(url: str) -> None:
    """Refuse a URL over which a password must not travel.

    Raises:
        ConfigError: not an absolute http(s) URL, with user information, query or fragment in it,
            or plain http to another machine.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError(f'settings, url: expected a URL, found "{url}" ({error}).') from None
    if parts.username or parts.password:
        raise ConfigError(
            "settings, url: expected no user or password inside the URL, found one. "
            "Use ORDERBATCH_USER and ORDERBATCH_PASSWORD."
        )
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment:
        raise ConfigError(
            f'settings, url: expected something like https://venue.example, found "{url}".'
        )
    if parts.scheme == "http" and not _is_loopback(host):
        raise ConfigError(
            f"settings, url: expected https://, found plain http:// to {host}. "
            "Passwords and orders do not travel unencrypted except to this machine itself."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{path}: expected a readable config file, found: {error.strerror}. "
            "Check --config and ORDERBATCH_CONFIG."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: expected TOML, found: {error}.") from None


def _refuse_secrets(path: Path, tables: Mapping[str, Any]) -> None:
    venue = tables.get("venue")
    if isinstance(venue, Mapping) and "password" in venue:
        raise ConfigError(
            f"{path}, [venue] password: expected no password in this file, found one. "
            "Use ORDERBATCH_PASSWORD, or password_file with a file that only you can read."
        )


def _read_password(path: Path) -> str:
    try:
        # A password that others can read is not a secret any more; better to stop than to use it.
        if os.name == "posix" and path.stat().st_mode & 0o077:
            raise ConfigError(
                f"{path}: expected a password file that only its owner can read, "
                f"found mode {path.stat().st_mode & 0o777:o}. Run: chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{path}: expected a readable password file, found: {error.strerror}."
        ) from None


def _parse(path: Path, tables: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate(tables)
    except ValidationError as error:
        # Only the place and the kind of each mistake: the input itself might be a secret.
        first = error.errors(include_url=False, include_input=False)[0]
        *tables_above, key = (str(part) for part in first["loc"])
        where = f"{path}, [{'.'.join(tables_above)}] {key}" if tables_above else f"{path}, {key}"
        if first["type"] != "extra_forbidden":
            raise ConfigError(f"{where}: {first['msg']}.") from None
        known = _known_keys(tables_above)
        nearest = difflib.get_close_matches(key, known, n=1)
        hint = f'Did you mean "{nearest[0]}"?' if nearest else f"Known: {', '.join(known)}."
        raise ConfigError(f"{where}: expected a known setting, found another. {hint}") from None


def _known_keys(tables_above: list[str]) -> list[str]:
    table: Any = Settings
    for name in tables_above:
        table = table.model_fields[name].annotation
    return [name for name in table.model_fields if name != "password"]
