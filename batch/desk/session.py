"""What one command works with: its settings, its login, its journal, its venue."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from batch.clock import Clock, bounds_of_day, trading_day
from batch.config import (
    Settings,
    VenueSettings,
    application_folder,
    find_journal_password,
    find_password,
    parse_cut_off,
    require_login,
    run_key,
)
from batch.desk.listener import Listener
from batch.desk.verdict import WrongUsage
from batch.errors import (
    Advice,
    ConfigError,
    GateError,
    Hint,
    JournalError,
    LoginFailed,
    SheetError,
    VenueError,
)
from batch.plan.identity import Login
from batch.report.protection import Kept
from batch.sheet.companion import read_companion

if TYPE_CHECKING:
    from batch.journal import Journal
    from batch.simulator import Simulator
    from batch.venue import Venue

SIMULATED_URL = "simulator:"
"""Stands for the embedded venue in a batch's identity; its port is another one each time."""

PRACTICE = "practice"

LOGIN_PATIENCE_S = 15.0
"""For so long a venue that is away is asked for a login again; nothing is planned before that."""

LOGIN_FIRST_PAUSE_S = 1.0


class JournalPlace(NamedTuple):
    """Where a journal is, and what is allowed that does not keep it safe for certain.

    Attributes:
        password: for a server; None where the environment has it, or none is needed.
    """

    location: str
    allow_network: bool
    allow_memory: bool
    may_lose_commits: bool
    password: str | None


class Session:
    """Settings, login, journal and venue: each is read, asked for or opened when first needed.

    Args:
        settings: gives the settings without passwords, once.
        journal: the place of the journal; None for that of the settings.
        simulated: the venue is one of our own, inside this process.
        kept: files that nothing may be written to, beside those that the settings name.
    """

    def __init__(
        self,
        settings: Callable[[], Settings],
        clock: Clock,
        listener: Listener,
        *,
        journal: str | None = None,
        simulated: bool = False,
        kept: Sequence[Kept] = (),
    ) -> None:
        self._read_settings = settings
        self._kept = tuple(kept)
        self._journal = journal
        self._settings: Settings | None = None
        self._venue_settings: VenueSettings | None = None
        self.clock = self._own_clock = clock
        self.listener = listener
        self.simulated = simulated

    @property
    def settings(self) -> Settings:
        """The settings without passwords, read when first asked for."""
        if self._settings is None:
            self._settings = self._read_settings()
            if self._settings.host_label is not None:
                from batch.journal.actor import name_host

                name_host(self._settings.host_label)
        return self._settings

    @property
    def account_rate_per_s(self) -> float | None:
        """The most requests a second of all that use the login; None where nothing is shared."""
        return None if self.simulated else self.settings.venue.rate

    @property
    def venue_settings(self) -> VenueSettings:
        """The venue's settings with the password, looked up or asked for when first needed."""
        if self._venue_settings is None:
            venue = find_password(self.settings.venue)
            is_missing = not venue.password.get_secret_value()
            if is_missing and venue.url and venue.user and venue.org:
                from pydantic import SecretStr

                said = self.listener.password(f"{venue.user} of {venue.org}")
                venue = venue.model_copy(update={"password": SecretStr(said)})
            self._venue_settings = venue
        return self._venue_settings

    def say(self, words: str, *advice: Hint) -> None:
        """Tell how it goes."""
        self.listener.say(words, *advice)

    def warn(self, words: str, *advice: Hint) -> None:
        """Tell what must be known."""
        self.listener.warn(words, *advice)

    def kept(self) -> list[Kept]:
        """Give the files that no report may be written to: the journal, the settings' and others'.

        Raises:
            ConfigError: the settings cannot be read.
        """
        from batch.journal import files_of

        venue = self.settings.venue
        named = [
            Kept(path, what)
            for path, what in (
                (venue.password_file, "the password file"),
                (venue.ca_bundle, "the bundle of certificates"),
                (self.settings.journal_password_file, "the password file"),
            )
            if path is not None
        ]
        location = self._location
        journal = [Kept(path, "the journal") for path in files_of(location)] if location else []
        return [*self._kept, *named, *journal]

    @contextmanager
    def open_journal(self, *, read_only: bool = False, is_begun: bool = False) -> Iterator[Journal]:
        """Open the journal; a temporary one for a simulation that names none.

        From then on the time is the journal's, where several hosts have it.

        Args:
            read_only: for commands that only look; a running batch does not keep them out.
            is_begun: for commands about what was sent, or runs: a new journal is none of theirs.

        Raises:
            WrongUsage: it would mix practice with what several hosts send in earnest.
            JournalError: it cannot be opened, or is not there and should be.
        """
        from batch.journal import Journal
        from batch.journal.places import in_server

        if self.simulated and self._journal is not None and in_server(self._journal):
            raise WrongUsage(
                "a practice: expected a journal in a file, or none, found one in a server, which "
                "other hosts share. Nothing was sent. Leave the journal out."
            )

        if self.simulated and self._journal is None:
            with (
                tempfile.TemporaryDirectory(prefix="orderbatch-", ignore_cleanup_errors=True) as d,
                # It goes with the practice, so it may lie in memory.
                Journal.open(str(Path(d) / "journal.db"), allow_memory=True) as journal,
            ):
                yield journal
            return
        place = self.journal_place()
        if is_begun and (path := _absent(place.location)) is not None:
            raise JournalError(
                f"journal {path}: expected the journal of what was sent or runs, found no such "
                "file. Nothing was done.",
                is_final=True,
                advice=Advice.OR_NAME_JOURNAL,
            )
        with Journal.open(
            place.location,
            read_only=read_only,
            allow_network=place.allow_network,
            allow_memory=place.allow_memory,
            may_lose_commits=place.may_lose_commits,
            password=place.password,
        ) as journal:
            self.clock = journal.clock(self._own_clock)
            yield journal

    @property
    def _location(self) -> str | None:
        """Where the journal is: as the command names it, or else the settings."""
        return self._journal or self.settings.journal

    def has_journal(self) -> bool:
        """Say whether there is a journal, as far as that shows without opening it."""
        return self._location is not None and _absent(self._location) is None

    def warn_of_no_journal(self, so: str = "nothing is known of what was sent.") -> None:
        """Say so where there is none: the name may be mistyped.

        Args:
            so: what that means.
        """
        if self._location is not None and (path := _absent(self._location)) is not None:
            self.warn(f"There is no journal at {path}: {so}")

    def journal_place(self) -> JournalPlace:
        """Say where the journal is, and on which drives it may lie."""
        from batch.journal.places import user_of

        location = self._location
        assert location is not None
        _require_folder(location)
        settings = self.settings
        return JournalPlace(
            location,
            settings.journal_on_network_drive,
            settings.journal_on_memory_drive,
            settings.journal_may_lose_commits,
            find_journal_password(settings, user_of(location)),
        )

    def login(self) -> Login:
        """Say whose orders at which venue these are.

        Raises:
            ConfigError: a setting is missing, or the URL is not safe to use.
        """
        if self.simulated:
            return Login(SIMULATED_URL, PRACTICE, PRACTICE)
        venue = self.venue_settings
        require_login(venue)
        return Login.of(venue.url, venue.org, venue.user)

    def run_key(self, named: str | None, sheet: Path) -> str:
        """Give the run key under which a sheet is sent; empty where nobody names one.

        What the caller names goes before the sheet's companion file, and that before the settings.

        Raises:
            WrongUsage: what the caller names is no run key.
            SheetError: what the companion file names is none.
            GateError: the companion file names another one than the caller.
        """
        settings = self.settings.batch
        day, _ = self.trading_day()
        try:
            said = None if named is None else run_key(named, day)
        except ValueError as error:
            raise WrongUsage(f"run key: {error}") from None
        companion = read_companion(sheet)
        if companion is not None and companion.run is not None:
            try:
                theirs = run_key(companion.run, day)
            except ValueError as error:
                raise SheetError(
                    f"{companion.path}, run: {error}. Nothing was sent.", code="companion-refused"
                ) from None
            if said is not None and said != theirs:
                raise GateError(
                    f"{sheet.name}: expected the run that its companion file {companion.path.name} "
                    f"names, {theirs}, found {said}. Nothing was sent. Leave the run key out, or "
                    "have the companion file made again."
                )
            return theirs
        if said is not None:
            return said
        return run_key(settings.run, day) if settings.run is not None else ""

    def trading_day(self) -> tuple[date, datetime]:
        """Give the trading day that it is now, and the moment at which it began."""
        text = self.settings.batch.day_starts
        starts = None if text is None else parse_cut_off(text)
        day = trading_day(self.clock.now(), starts)
        return day, bounds_of_day(day, starts)[0]

    def day_with_limits(self) -> datetime | None:
        """Say when this trading day began, where its batches together have limits; else None."""
        limits = self.settings.limits.per_day
        if self.simulated or not (limits.sizes or limits.max_orders):
            return None
        return self.trading_day()[1]

    def known_login(self) -> Login | None:
        """Say whose orders these would be as far as the settings know, without a password."""
        venue = self.settings.venue
        if not (venue.url and venue.org and venue.user):
            return None
        return Login.of(venue.url, venue.org, venue.user)

    @contextmanager
    def open_venue(self, threads: int) -> Iterator[tuple[Venue, Simulator | None]]:
        """Log in; for a simulation at a venue of our own, inside this process.

        Raises:
            VenueError: the venue is out of reach or refuses the login; nothing was sent.
        """
        from batch.venue import Venue

        if not self.simulated:
            with Venue(self.venue_settings, clock=self.clock, threads=threads) as venue:
                self._log_in(venue)
                yield venue, None
            return
        from pydantic import SecretStr

        from batch.simulator import Simulator

        with Simulator() as simulator:
            settings = self.settings.venue.model_copy(
                update={
                    "url": simulator.url,
                    "user": PRACTICE,
                    "org": PRACTICE,
                    "password": SecretStr(PRACTICE),
                    "auth": "token",
                    "proxy": None,
                    "ca_bundle": None,
                }
            )
            with Venue(settings, clock=self.clock, threads=threads) as venue:
                venue.login()
                yield venue, simulator

    def _log_in(self, venue: Venue) -> None:
        """Log in, for a while again and again where the venue is away; refused is refused."""
        gives_up_at = self.clock.monotonic() + LOGIN_PATIENCE_S
        pause_s = LOGIN_FIRST_PAUSE_S
        while True:
            try:
                venue.login()
                return
            except LoginFailed:
                raise
            except VenueError as error:
                wanted_s = getattr(error, "retry_after_s", None) or pause_s
                if self.clock.monotonic() + wanted_s > gives_up_at:
                    raise
                self.say(f"{error} Logging in is tried again in {wanted_s:.0f} s.", *error.advice)
                self.clock.sleep(wanted_s)
                pause_s *= 2

    def require_venue_of(self, url: str, org: str, user: str) -> None:
        """Make sure that the settings speak of the login that a batch belongs to."""
        if url == SIMULATED_URL:
            raise ConfigError(
                "this batch was simulated: expected a venue that still exists, but the simulated "
                "one ended with the process that ran it.",
                advice=Advice.PRACTISE_AGAIN,
            )
        now = self.login()
        if now != Login.of(url, org, user):
            raise ConfigError(
                f"settings: expected the login of this batch, {user} of {org} at {url}, found "
                f"{now.user} of {now.org} at {now.url}. Set ORDERBATCH_URL, ORDERBATCH_USER and "
                "ORDERBATCH_ORG to the batch's.",
                advice=Advice.OR_CHOOSE_VENUE,
            )


def _absent(location: str) -> Path | None:
    """Give a journal's file where it is not there; None for one in a server."""
    from batch.journal import files_of

    path = next(iter(files_of(location)), None)
    return None if path is None or os.path.lexists(path) else path


def _require_folder(location: str) -> None:
    """Make no folder for a journal but the usual one: a new journal knows of nothing that was sent.

    Raises:
        JournalError: the folder is not there.
    """
    from batch.journal import files_of

    path = next(iter(files_of(location)), None)
    if path is None or path.parent == application_folder().resolve():
        return
    if os.path.lexists(path.parent):
        return  # opening it says what stands in its way
    raise JournalError(
        f"journal {path}: expected a folder that exists, found no {path.parent}. A new journal "
        "would know nothing of what was sent before. If it is meant, make the folder first.",
        is_final=True,
        advice=Advice.OR_NAME_JOURNAL,
    )
