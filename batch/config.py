"""Settings: options, then environment, then `config.toml`. Layer 1.

Secrets are `SecretStr`, so that no `repr`, log line or traceback shows them.
"""

from __future__ import annotations

import difflib
import importlib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from batch.errors import ConfigError
from batch.urls import check_url

ENVIRONMENT = {
    "url": "ORDERBATCH_URL",
    "user": "ORDERBATCH_USER",
    "password": "ORDERBATCH_PASSWORD",
    "org": "ORDERBATCH_ORG",
}


KEYRING_SERVICE = "orderbatch"
"""The keyring's name for our passwords where the settings give no other."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VenueSettings(_Table):
    """How to reach and treat one venue.

    Attributes:
        url: base URL without a path; `https://` but for loopback.
        auth: how requests are authenticated: by a login's token, or each by an HMAC signature whose
            secret is then the password.
        password_file: where the password stands, readable by its owner only.
        password_keyring: true, or the service under which the system's keyring has the password.
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
    password_keyring: bool | str = False
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


def parse_percentage(text: str) -> Decimal:
    """Read `1.5%` as the fraction 0.015.

    Raises:
        ValueError: no percent sign, no number, or not above 0.
    """
    found = re.fullmatch(r"(\d{1,6}(?:\.\d{1,10})?) ?%", text.strip())
    if found is None or not Decimal(found[1]):
        raise ValueError('expected a percentage above 0, such as "1.5%"')
    return Decimal(found[1]) / 100


def parse_cut_off(text: str) -> tuple[time, ZoneInfo]:
    """Read `17:00 America/New_York`.

    Raises:
        ValueError: not a time and a zone, or a zone that this machine does not know.
    """
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d) +(\S+)", text.strip())
    if found is None:
        raise ValueError('expected a time and a time zone, such as "17:00 America/New_York"')
    try:
        zone = ZoneInfo(found[3])
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f'expected a time zone that this machine knows, found "{found[3]}"; Windows and bare '
            "containers know none before: pip install tzdata"
        ) from None
    return time(int(found[1]), int(found[2])), zone


def _percentage(value: object) -> object:
    # A bare 1.5 could mean 1.5 % as well as 150 %.
    return parse_percentage(value) if isinstance(value, str) else parse_percentage("")


def _cut_off(text: str) -> str:
    parse_cut_off(text)
    return text


def _symbol(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}/[A-Z]{3}", text):
        raise ValueError('expected symbols such as "EUR/USD"')
    return text


_Size = Annotated[Decimal, Field(gt=0)]


class LimitSettings(_Table):
    """What a batch may not exceed, whoever submits it; empty means unlimited.

    Attributes:
        max_rows: orders in one batch.
        per_order, per_batch: dealt currency -> the largest size of one order, and of all orders
            of a batch together, bought and sold. A currency that a table does not name is not
            allowed once the table names any.
        times_in_force: `IOC`, `GTC`, …
        accounts: accounts that orders may name; orders without an account are not concerned.
        collar: how far a limit price may lie on the wrong side of the spot rate, as a fraction.
        cut_off: nothing new is sent from this time until midnight, in its time zone.
    """

    max_rows: int | None = Field(default=None, gt=0)
    per_order: dict[str, _Size] = Field(default_factory=dict)
    per_batch: dict[str, _Size] = Field(default_factory=dict)
    symbols: tuple[Annotated[str, AfterValidator(_symbol)], ...] = ()
    accounts: tuple[str, ...] = ()
    times_in_force: tuple[Literal["GTC", "IOC", "FOK", "GTT", "DAY"], ...] = ()
    collar: Annotated[Decimal, BeforeValidator(_percentage)] | None = None
    cut_off: Annotated[str, AfterValidator(_cut_off)] | None = None


class ApprovalSettings(_Table):
    """Whether a second person must have approved what is sent."""

    required: bool = False


class Settings(_Table):
    """Everything that is not said on the command line.

    Attributes:
        journal: the journal's file, or its `sqlite:///` URL.
        journal_on_network_drive: use a journal on a network drive all the same. Only for a file
            that one machine alone ever opens: such drives do not keep two apart for certain.
    """

    journal: str | None = None
    journal_on_network_drive: bool = False
    default_venue: str | None = None
    venue: VenueSettings = VenueSettings()
    limits: LimitSettings = LimitSettings()
    approval: ApprovalSettings = ApprovalSettings()
    sheet: SheetSettings = SheetSettings()


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
        ConfigError: the file is missing, unreadable or not TOML, a key is unknown or wrong, or
            there is no such venue.
    """
    named = config_path or (
        Path(environment["ORDERBATCH_CONFIG"]) if environment.get("ORDERBATCH_CONFIG") else None
    )
    path = named or default_dir / "config.toml"
    tables = _read_toml(path) if named or path.exists() else {}
    _refuse_secrets(path, tables)
    settings = _parse(path, _with_chosen_venue(path, tables, venue))
    overrides = {
        key: environment[name] for key, name in ENVIRONMENT.items() if environment.get(name)
    }
    if venue is not None:
        _refuse_contradictions(path, venue, settings.venue, overrides)
    secret = {key: SecretStr(value) for key, value in overrides.items() if key == "password"}
    login = settings.venue.model_copy(update={**overrides, **secret})
    journal = environment.get("ORDERBATCH_JOURNAL") or settings.journal
    return settings.model_copy(
        update={"venue": login, "journal": journal or str(default_dir / "journal.db")}
    )


def find_password(venue: VenueSettings) -> VenueSettings:
    """Give the settings of a venue with the password from its file or the system's keyring.

    Raises:
        ConfigError: the file is missing, unreadable or readable by others, or there is no keyring.
    """
    if venue.password.get_secret_value():
        return venue
    if venue.password_file is not None:
        password = _read_password(venue.password_file)
    elif venue.password_keyring:
        password = _ask_keyring(venue)
    else:
        return venue
    return venue.model_copy(update={"password": SecretStr(password)})


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
            "which has password_file and password_keyring for that), or practise with --simulate."
        )
    check_url(venue.url)


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
    if name is None:
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
                f'found "{said}". Unset {ENVIRONMENT[key]}, or leave out --venue {name}.'
            )


def _ask_keyring(venue: VenueSettings) -> str:
    service = venue.password_keyring if isinstance(venue.password_keyring, str) else KEYRING_SERVICE
    where = f'settings, password_keyring: expected service "{service}", user "{venue.user}"'
    try:
        keyring: Any = importlib.import_module("keyring")
    except ImportError:
        raise ConfigError(
            f"{where}, found no support for keyrings. Run: pip install 'orderbatch[keyring]'"
        ) from None
    try:
        password = keyring.get_password(service, venue.user)
    except Exception as error:  # each system's keyring has exceptions of its own
        raise ConfigError(
            f"{where}, found a keyring that does not answer ({type(error).__name__})."
        ) from None
    if not password:
        raise ConfigError(
            f"{where}, found no such password. Run: keyring set {service} {venue.user}"
        )
    return str(password)


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
