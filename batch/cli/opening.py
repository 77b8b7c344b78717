"""From the options of a command to the desk that does it, and from its outcome to the exit code."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from batch.cli.logs import set_up_logging

if TYPE_CHECKING:
    from batch.config import Settings
    from batch.desk import Desk
    from batch.desk.outcome import Outcome


@dataclass(frozen=True, slots=True)
class CommonOptions:
    """What every command may be told."""

    journal: str | None
    config: Path | None
    venue: str | None
    verbose: bool
    quiet: bool
    log_file: Path | None
    log_format: str


def open_desk(common: CommonOptions, *, simulated: bool = False, as_json: bool = False) -> Desk:
    """Give a desk that tells the terminal how it goes.

    Args:
        as_json: stdout is for the one document alone.
    """
    from batch.cli.terminal import Terminal
    from batch.config import application_folder, load
    from batch.desk import Desk

    set_up_logging(common.verbose, common.log_file, common.log_format)

    def settings() -> Settings:
        return load(
            config_path=common.config,
            default_dir=application_folder(),
            environment=os.environ,
            venue=common.venue,
        )

    return Desk(
        settings,
        journal=common.journal,
        simulated=simulated,
        listener=Terminal(quiet=common.quiet, simulated=simulated, as_json=as_json),
    )


def end(outcome: Outcome, *, as_json: bool = False) -> int:
    """Say why a command was not done, where it was not, and give its exit code.

    Raises:
        click.UsageError: it was asked for in a way that cannot be.
    """
    from batch.cli.advice import words_of
    from batch.cli.console import print_json
    from batch.cli.exits import tell
    from batch.desk.verdict import WrongUsage

    if isinstance(outcome.error, WrongUsage):
        raise click.UsageError(words_of(outcome.error))
    if outcome.error is not None:
        if as_json:
            # Whoever asked for a document gets one, also where there is nothing but a refusal.
            from batch.cli.documents import of_refusal

            print_json({**of_refusal(outcome.error), "exit_code": outcome.verdict})
        tell(words_of(outcome.error))
    return outcome.verdict


def end_of_batch(outcome: Outcome, *, as_json: bool) -> int:
    """Print the document of a command about one batch, if asked for, and give its exit code."""
    if as_json and outcome.error is None:
        from batch.cli.console import print_json
        from batch.cli.documents import of_result

        results = [of_result(result) for result in outcome.batches]
        print_json(results[0] if results else {"exit_code": outcome.verdict})
    return end(outcome, as_json=as_json)
