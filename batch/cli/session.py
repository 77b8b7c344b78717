"""What one command works with: its words, its settings, its journal, its venue."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batch.clock import Clock, SystemClock
from batch.errors import ConfigError

if TYPE_CHECKING:
    from batch.config import Settings
    from batch.journal import Journal
    from batch.runner import Login
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
        verbose: bool,
        quiet: bool,
        log_file: Path | None,
        simulated: bool = False,
    ) -> None:
        self._journal = journal
        self._config = config
        self._quiet = quiet
        self._settings: Settings | None = None
        self.simulated = simulated
        self.clock: Clock = SystemClock()
        set_up_logging(verbose, log_file)

    @property
    def settings(self) -> Settings:
        """The settings, read when first asked for."""
        if self._settings is None:
            from batch.config import load

            self._settings = load(
                config_path=self._config,
                default_dir=Path(click.get_app_dir(APPLICATION)),
                environment=os.environ,
            )
        return self._settings

    def say(self, words: str = "") -> None:
        """Tell a person on stderr how it goes."""
        if not self._quiet:
            self.warn(words)

    def warn(self, words: str) -> None:
        """Tell a person on stderr what must be known, --quiet or not."""
        mark = "SIMULATED  " if self.simulated else ""
        click.echo("\n".join(mark + line for line in words.split("\n")), err=True)

    @contextmanager
    def open_journal(self) -> Iterator[Journal]:
        """Open the journal; a temporary one for a simulation that names none."""
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
        with Journal.open(location) as journal:
            yield journal

    def login(self) -> Login:
        """Say whose orders at which venue these are.

        Raises:
            ConfigError: a setting is missing, or the URL is not safe to use.
        """
        from batch.config import require_login
        from batch.runner import Login

        if self.simulated:
            return Login(SIMULATED_URL, PRACTICE, PRACTICE)
        venue = self.settings.venue
        require_login(venue)
        return Login(venue.url.rstrip("/"), venue.org, venue.user)

    @contextmanager
    def open_venue(self, threads: int) -> Iterator[tuple[Venue, Simulator | None]]:
        """Log in; for a simulation at a venue of our own, inside this process.

        Raises:
            VenueError: the venue is out of reach or refuses the login; nothing was sent.
        """
        from batch.venue import Venue

        if not self.simulated:
            with Venue(self.settings.venue, clock=self.clock, threads=threads) as venue:
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
                    "proxy": None,
                    # The embedded venue is known to answer for done orders, too.
                    "client_id_query_covers_done_orders": True,
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
                "ORDERBATCH_ORG to the batch's."
            )


def set_up_logging(verbose: bool, log_file: Path | None) -> None:
    """Send our own log lines to where the options say; other libraries' stay silent."""
    logger = logging.getLogger("batch")
    logger.handlers.clear()
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    logger.addHandler(logging.NullHandler())
    line = logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s")
    if log_file is not None:
        try:
            handler: logging.Handler = logging.FileHandler(log_file, encoding="utf-8")
        except OSError as error:
            raise ConfigError(
                f"{log_file}: expected a log file that can be written, found: {error.strerror}."
            ) from None
        handler.setFormatter(line)
        logger.addHandler(handler)
    if verbose:
        console = logging.StreamHandler(sys.stderr)
        console.setFormatter(line)
        logger.addHandler(console)
