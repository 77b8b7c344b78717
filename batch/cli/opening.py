"""From the options of a command to the desk that does it, and from its outcome to the exit code."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from batch import __version__
from batch.cli.logs import STORY, files_of_log, set_up_logging

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


def open_desk(
    common: CommonOptions,
    *,
    inputs: Sequence[Path] = (),
    simulated: bool = False,
    as_json: bool = False,
    sends: bool = False,
) -> Desk:
    """Give a desk that tells the terminal how it goes.

    Args:
        inputs: files that this command reads.
        as_json: stdout is for the one document alone.
        sends: the command sends orders.

    Raises:
        BatchError: the log cannot be written, or is a file that it would destroy.
    """
    from batch.cli.terminal import Terminal
    from batch.config import application_folder, exposure_of_settings, load
    from batch.desk import Desk
    from batch.report.protection import Kept, Protection

    named = common.config or os.environ.get("ORDERBATCH_CONFIG") or None
    config = Path(named) if named else application_folder() / "config.toml"
    kept = [Kept(config, "the settings")]
    if common.log_file is not None:
        from batch.journal import files_of

        journal = common.journal or os.environ.get("ORDERBATCH_JOURNAL")
        journal = journal or str(application_folder() / "journal.db")
        others = [
            *kept,
            *(Kept(path, "an order sheet") for path in inputs),
            *(Kept(path, "the journal") for path in files_of(journal)),
        ]
        for path in files_of_log(common.log_file):
            Protection(others).claim(path, "the log")
            kept.append(Kept(path, "the log"))
    set_up_logging(common.verbose, common.log_file, common.log_format)
    _log_beginning()
    listener = Terminal(quiet=common.quiet, simulated=simulated, as_json=as_json, sends=sends)
    if (context := click.get_current_context(silent=True)) is not None:
        context.obj = listener
        # Whatever ends the command before its outcome is known.
        context.call_on_close(listener.let_out)

    def settings() -> Settings:
        found = load(
            config_path=common.config,
            default_dir=application_folder(),
            environment=os.environ,
            venue=common.venue,
        )
        if words := exposure_of_settings(config):
            listener.warn(words)
        return found

    return Desk(
        settings,
        journal=common.journal,
        simulated=simulated,
        kept=kept,
        listener=listener,
    )


def _log_beginning() -> None:
    """Say in the log what was asked for; whatever could hold a password is left out."""
    context = click.get_current_context(silent=True)
    if context is None:
        return
    said = [
        f"{name}={value}"
        for name, value in context.params.items()
        if name not in _NOT_LOGGED
        and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    STORY.info("orderbatch %s: %s %s", __version__, context.command_path, " ".join(said))


_NOT_LOGGED = ("journal",)
"""A URL of a journal may hold a password."""


def end(outcome: Outcome, *, as_json: bool = False) -> int:
    """Say why a command was not done, where it was not, and give its exit code.

    Raises:
        click.UsageError: it was asked for in a way that cannot be.
    """
    from batch.cli.advice import words_of
    from batch.cli.console import print_json
    from batch.cli.exits import Ended, tell
    from batch.cli.terminal import Terminal
    from batch.desk.verdict import Verdict, WrongUsage

    context = click.get_current_context(silent=True)
    listener = context.find_object(Terminal) if context is not None else None
    if listener is not None:
        has_sent_all = all(result.has_sent for result in outcome.batches)
        is_done = outcome.verdict is Verdict.DONE and bool(outcome.batches)
        listener.end(has_sent_all=has_sent_all and is_done)
    if isinstance(outcome.error, WrongUsage):
        raise click.UsageError(words_of(outcome.error))
    if outcome.error is not None:
        if as_json:
            # Whoever asked for a document gets one, also where there is nothing but a refusal.
            from batch.cli.documents import of_refusal

            print_json({**of_refusal(outcome.error), "exit_code": outcome.verdict})
        tell(words_of(outcome.error))
    counts = (f"{count:,} {state.value}" for state, count in outcome.counts.items())
    return Ended(outcome.verdict, ", ".join(counts))


def end_of_batch(outcome: Outcome, *, as_json: bool) -> int:
    """Print the document of a command about one batch, if asked for, and give its exit code."""
    if as_json and outcome.error is None:
        from batch.cli.console import print_json
        from batch.cli.documents import of_result

        results = [of_result(result) for result in outcome.batches]
        print_json(results[0] if results else {"exit_code": outcome.verdict})
    return end(outcome, as_json=as_json)
