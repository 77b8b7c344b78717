"""The tables of `config.toml`, each key with its meaning, its bounds and its default.

Secrets are `SecretStr`, so that no `repr`, log line or traceback shows them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from batch.escaping import shown


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
        rate: the most requests a second of all processes together that use this login and the
            same journal; without it nothing is shared.
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
    rate: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    settle_s: float = Field(default=45.0, ge=0)
    retry_after_cap_s: float = Field(default=120.0, gt=0)
    client_id_query_covers_done_orders: bool = False
    bulk_query: bool = True


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise ValueError('expected currencies such as "CNH"')
    return text


class SheetSettings(_Table):
    """How a desk's sheets differ from the standard.

    Attributes:
        columns: a header of the desk's own -> the order field that it means.
        ignore: headers of columns that are carried along unread, whatever they may mean.
        defaults: order field -> the value for sheets that lack that column.
        price_decimals: symbol -> the most decimals that a limit price may have.
        more_currencies: codes that the venue deals in beside those of ISO 4217 and of the market.
        prefix_client_order_id: the desk's IDs are unique for a day only; send `<batch>-<id>`.
    """

    columns: dict[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    defaults: dict[str, str] = Field(default_factory=dict)
    price_decimals: dict[str, int] = Field(default_factory=dict)
    more_currencies: tuple[Annotated[str, AfterValidator(_currency)], ...] = ()
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


LONGEST_RUN_KEY = 40


def run_key(text: str, day: date) -> str:
    """Give a run key with the trading day in it.

    Args:
        text: letters, digits, `-`, `_` and `.`; `{date}` in it stands for the day.

    Raises:
        ValueError: it holds something else, nothing, or too much.
    """
    key = text.replace("{date}", day.isoformat())
    if not re.fullmatch(rf"[A-Za-z0-9._-]{{1,{LONGEST_RUN_KEY}}}", key):
        raise ValueError(
            f"expected up to {LONGEST_RUN_KEY} letters, digits, -, _ and ., with {{date}} for the "
            f'trading day, found "{shown(text)}"'
        )
    return key


def _run(text: str) -> str:
    run_key(text, date.min)
    return text


def parse_cut_off(text: str) -> tuple[time, ZoneInfo]:
    """Read `17:00 America/New_York`.

    Raises:
        ValueError: not a time and a zone, or a zone that this machine does not know.
    """
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d) +(\S+)", text.strip())
    if found is None:
        raise ValueError('expected a time and a time zone, such as "17:00 America/New_York"')
    return time(int(found[1]), int(found[2])), parse_zone(found[3])


def parse_zone(name: str) -> ZoneInfo:
    """Read `America/New_York`.

    Raises:
        ValueError: this machine does not know it.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f'expected a time zone that this machine knows, found "{name}"; Windows and bare '
            "containers know none before: pip install tzdata"
        ) from None


def _zone(name: str) -> str:
    parse_zone(name)
    return name


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


class DayLimits(_Table):
    """What all batches of a venue and org may send in one trading day.

    In the file the currencies stand beside `max_orders`: `EUR = 50_000_000`.

    Attributes:
        max_orders: how many orders.
        sizes: dealt currency -> the sizes of all orders together, less what ended unfilled. A
            currency that is not named is not allowed once any is.
    """

    max_orders: int | None = Field(default=None, gt=0)
    sizes: dict[Annotated[str, Field(pattern=r"^[A-Z]{3}$")], _Size] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather_currencies(cls, table: object) -> object:
        if not isinstance(table, Mapping) or "sizes" in table:
            return table
        sizes = {name: size for name, size in table.items() if name != "max_orders"}
        rest = {name: value for name, value in table.items() if name == "max_orders"}
        return {**rest, "sizes": sizes}


class LimitSettings(_Table):
    """What a batch may not exceed, whoever submits it; empty means unlimited.

    Attributes:
        max_rows: orders in one batch; above 100,000 it also raises what is read of a sheet.
        per_order, per_batch: dealt currency -> the largest size of one order, and of all orders
            of a batch together, bought and sold. A currency that a table does not name is not
            allowed once the table names any.
        per_day: what all batches may send together in a trading day.
        times_in_force: `IOC`, `GTC`, …
        accounts: accounts that orders may name; orders without an account are not concerned.
        crossing: what becomes of a buy at or above a sell of the same pair and account.
        collar: how far a limit price may lie on the wrong side of the spot rate, as a fraction.
        cut_off: nothing new is sent from this time until midnight, in its time zone.
    """

    max_rows: int | None = Field(default=None, gt=0)
    per_order: dict[str, _Size] = Field(default_factory=dict)
    per_batch: dict[str, _Size] = Field(default_factory=dict)
    per_day: DayLimits = DayLimits()
    symbols: tuple[Annotated[str, AfterValidator(_symbol)], ...] = ()
    accounts: tuple[str, ...] = ()
    times_in_force: tuple[Literal["GTC", "IOC", "FOK", "GTT", "DAY"], ...] = ()
    crossing: Literal["warn", "refuse"] = "warn"
    collar: Annotated[Decimal, BeforeValidator(_percentage)] | None = None
    cut_off: Annotated[str, AfterValidator(_cut_off)] | None = None


DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MOMENT = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) +([01]?\d|2[0-3]):([0-5]\d)"


def parse_week(text: str) -> tuple[timedelta, timedelta, ZoneInfo]:
    """Read `Sun 17:00 - Fri 17:00 America/New_York`: from when to when a market is open.

    Returns:
        The opening and the closing as time since Monday 0:00, and the zone that they are in. A
        closing before the opening lies in the week after it.

    Raises:
        ValueError: not two moments and a zone, or a zone that this machine does not know.
    """
    found = re.fullmatch(rf"{_MOMENT} *- *{_MOMENT} +(\S+)", text.strip())
    if found is None:
        raise ValueError(
            'expected two days with times and a time zone, such as "Sun 17:00 - Fri 17:00 '
            'America/New_York"'
        )
    opens, closes = (
        timedelta(days=DAYS.index(day), hours=int(hour), minutes=int(minute))
        for day, hour, minute in (found.group(1, 2, 3), found.group(4, 5, 6))
    )
    if opens == closes:
        raise ValueError("expected an opening and a closing that differ, found the same moment")
    return opens, closes, parse_cut_off(f"0:00 {found[7]}")[1]


def _week(text: str) -> str:
    parse_week(text)
    return text


class CalendarSettings(_Table):
    """When the market is open, and what a submit outside of that is.

    Attributes:
        week: from when to when, each week.
        holidays: dates on which it is closed, in the zone of `week`.
        holidays_of: country codes whose public holidays count, too (the extra `calendar`).
        open_days: dates that are no holiday here, whatever the countries' lists say.
        closed: what to do with a sheet that comes while it is closed.
    """

    week: Annotated[str, AfterValidator(_week)] = "Sun 17:00 - Fri 17:00 America/New_York"
    holidays: tuple[date, ...] = ()
    holidays_of: tuple[Annotated[str, Field(pattern=r"^[A-Z]{2}$")], ...] = ()
    open_days: tuple[date, ...] = ()
    closed: Literal["warn", "refuse"] = "warn"


class InboxSettings(_Table):
    """How a folder of sheets is taken.

    Attributes:
        companion: whether a sheet waits until its companion file (`NAME.toml`) is there.
    """

    companion: Literal["optional", "required"] = "optional"


class NotifySettings(_Table):
    """Who is told when a run has ended.

    Attributes:
        command: a program and its arguments; it gets the outcome as JSON on its standard input.
        urls: services by their Apprise URLs (the extra `notify`); they can hold secrets.
        on: `attention` (everything but a clean 0) or `always`.
        timeout_s: the longest that telling may hold up the end of the run.
    """

    command: tuple[str, ...] = ()
    urls: tuple[SecretStr, ...] = ()
    on: tuple[Literal["attention", "always"], ...] = ("attention",)
    timeout_s: float = Field(default=30.0, gt=0, le=30)


class ApprovalSettings(_Table):
    """Whether a second person must have approved what is sent, and who that may be.

    Attributes:
        required: nothing is sent without an approval.
        required_above: dealt currency -> the sum of a sheet's sizes above which it needs one. A
            currency that is not named has no such bound, so a sheet in it always needs one.
        allowed_signers: who may sign, in the format of OpenSSH's allowed signers.
        signers: a user of the venue -> whose signature counts for what that user sends; for all
            others everybody's does who is not the submitter.
    """

    required: bool = False
    required_above: dict[str, _Size] = Field(default_factory=dict)
    allowed_signers: Path | None = None
    signers: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)


class BatchSettings(_Table):
    """What a batch is, beside its sheet.

    Attributes:
        run: the run key of whoever names none; `{date}` in it stands for the trading day.
        day_starts: when a trading day begins, as `parse_cut_off` reads it; None for this machine's
            midnight.
    """

    run: Annotated[str, AfterValidator(_run)] | None = None
    day_starts: Annotated[str, AfterValidator(_cut_off)] | None = None


class ReportSettings(_Table):
    """How results are told.

    Attributes:
        zone: the desk's time zone, shown beside UTC.
    """

    zone: Annotated[str, AfterValidator(_zone)] | None = None


class Settings(_Table):
    """Everything that is not said on the command line.

    Attributes:
        journal: the journal's file, or its `sqlite:///` URL, as every path in the config file
            relative to that file; or `postgresql://HOST/NAME`, without a password.
        journal_password_file: holds the password for a journal in a server, if PGPASSWORD does not.
        journal_password_keyring: true, or the service under which the system's keyring has it, for
            the user of the journal's URL.
        host_label: what this machine is called in the journal; None for its own name.
        journal_may_lose_commits: use a server, too, whose stand-by may lag behind. Only where
            somebody answers for what a fail-over then forgets.
        journal_on_network_drive: use a journal on a network drive all the same. Only for a file
            that one machine alone ever opens: such drives do not keep two apart for certain.
        journal_on_memory_drive: use a journal on a drive in memory all the same. Only where what
            it holds may be lost with the power.
    """

    journal: str | None = None
    journal_on_network_drive: bool = False
    journal_on_memory_drive: bool = False
    journal_password_file: Path | None = None
    journal_password_keyring: bool | str = False
    journal_may_lose_commits: bool = False
    host_label: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,40}$")] | None = None
    default_venue: str | None = None
    venue: VenueSettings = VenueSettings()
    limits: LimitSettings = LimitSettings()
    approval: ApprovalSettings = ApprovalSettings()
    batch: BatchSettings = BatchSettings()
    calendar: CalendarSettings = CalendarSettings()
    inbox: InboxSettings = InboxSettings()
    notify: NotifySettings = NotifySettings()
    report: ReportSettings = ReportSettings()
    sheet: SheetSettings = SheetSettings()
