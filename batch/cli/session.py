"""What one command works with: its words, its settings, its journal, its venue."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batch.cli.logs import set_up_logging
from batch.clock import Clock, SystemClock
from batch.errors import ConfigError

if TYPE_CHECKING:
    from batch.config import Settings, VenueSettings
    from batch.journal import Journal
    from batch.plan.identity import Login
    from batch.simulator import Simulator
    from batch.venue import Venue

APPLICATION = "orderbatch"

SIMULATED_URL = "simulator:"
"""Stands for the embedded venue in a batch's identity; its port is another one each time."""

PRACTICE = "practice"


class Session:
    """The common options of a command, and what they lead to."""

    def __init__(
        self,
        *,
        journal: str | None,
        config: Path | None,
        venue: str | None,
        verbose: bool,
        quiet: bool,
        log_file: Path | None,
        log_format: str,
        simulated: bool = False,
    ) -> None:
        self._journal = journal
        self._config = config
        self._venue = venue
        self._quiet = quiet
        self._settings: Settings | None = None
        self._venue_settings: VenueSettings | None = None
        self.simulated = simulated
        self.clock: Clock = SystemClock()
        set_up_logging(verbose, log_file, log_format)

    @property
    def settings(self) -> Settings:
        """The settings without passwords, read when first asked for."""
        if self._settings is None:
            from batch.config import load

            self._settings = load(
                config_path=self._config,
                default_dir=Path(click.get_app_dir(APPLICATION)),
                environment=os.environ,
                venue=self._venue,
            )
        return self._settings

    @property
    def venue_settings(self) -> VenueSettings:
        """The venue's settings with the password, looked up when first asked for."""
        if self._venue_settings is None:
            from batch.config import find_password

            self._venue_settings = find_password(self.settings.venue)
        return self._venue_settings

    def say(self, words: str = "") -> None:
        """Tell a person on stderr how it goes."""
        if not self._quiet:
            self.warn(words)

    def warn(self, words: str) -> None:
        """Tell a person on stderr what must be known, --quiet or not."""
        mark = "SIMULATED  " if self.simulated else ""
        lines = [mark + line for line in words.split("\n")]
        if sys.stderr.isatty():
            lines = [folded for line in lines for folded in _fold(line)]
        click.echo("\n".join(lines), err=True)

    @contextmanager
    def open_journal(self, *, read_only: bool = False) -> Iterator[Journal]:
        """Open the journal; a temporary one for a simulation that names none.

        Args:
            read_only: for commands that only look; a running batch does not keep them out.
        """
        from batch.journal import Journal

        if self.simulated and self._journal is None:
            import tempfile

            with (
                tempfile.TemporaryDirectory(prefix="orderbatch-", ignore_cleanup_errors=True) as d,
                Journal.open(str(Path(d) / "journal.db")) as journal,
            ):
                yield journal
            return
        location = self._journal or self.settings.journal
        assert location is not None
        allow_network = self.settings.journal_on_network_drive
        with Journal.open(location, read_only=read_only, allow_network=allow_network) as journal:
            yield journal

    def login(self) -> Login:
        """Say whose orders at which venue these are.

        Raises:
            ConfigError: a setting is missing, or the URL is not safe to use.
        """
        from batch.config import require_login
        from batch.plan.identity import Login

        if self.simulated:
            return Login(SIMULATED_URL, PRACTICE, PRACTICE)
        venue = self.venue_settings
        require_login(venue)
        return Login(venue.url.rstrip("/"), venue.org, venue.user)

    def known_login(self) -> Login | None:
        """Say whose orders these would be as far as the settings know, without a password."""
        venue = self.settings.venue
        if not (venue.url and venue.org and venue.user):
            return None
        from batch.plan.identity import Login

        return Login(venue.url.rstrip("/"), venue.org, venue.user)

    @contextmanager
    def open_venue(self, threads: int) -> Iterator[tuple[Venue, Simulator | None]]:
        """Log in; for a simulation at a venue of our own, inside this process.

        Raises:
            VenueError: the venue is out of reach or refuses the login; nothing was sent.
        """
        from batch.venue import Venue

        if not self.simulated:
            with Venue(self.venue_settings, clock=self.clock, threads=threads) as venue:
                venue.login()
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
                }
            )
            with Venue(settings, clock=self.clock, threads=threads) as venue:
                venue.login()
                yield venue, simulator

    def require_venue_of(self, url: str, org: str, user: str) -> None:
        """Make sure that the settings speak of the login that a batch belongs to."""
        if url == SIMULATED_URL:
            raise ConfigError(
                "this batch was simulated: expected a venue that still exists, but the simulated "
                "one ended with the process that ran it. Submit the sheet again with --simulate."
            )
        now = self.login()
        if (now.url, now.org, now.user) != (url, org, user):
            raise ConfigError(
                f"settings: expected the login of this batch, {user} of {org} at {url}, found "
                f"{now.user} of {now.org} at {now.url}. Set ORDERBATCH_URL, ORDERBATCH_USER and "
                "ORDERBATCH_ORG to the batch's, or choose the table that has them: --venue NAME."
            )


def _fold(line: str) -> list[str]:
    """Break a line between words, so that no terminal breaks it inside one."""
    return textwrap.wrap(
        line,
        shutil.get_terminal_size().columns,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    ) or [line]
