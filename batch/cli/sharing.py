"""From the options of a command to what it works with."""

from __future__ import annotations

from typing import Any

from batch.cli.reading import ReadingOptions
from batch.cli.session import Session


def start_session(options: dict[str, Any], *, simulated: bool = False) -> Session:
    """Take the common options out of a command's options."""
    return Session(
        journal=options.pop("journal"),
        config=options.pop("config"),
        venue=options.pop("venue"),
        verbose=options.pop("verbose"),
        quiet=options.pop("quiet"),
        log_file=options.pop("log_file"),
        log_format=options.pop("log_format"),
        simulated=simulated,
    )


def split_options(
    options: dict[str, Any], *, simulated: bool = False
) -> tuple[Session, ReadingOptions]:
    """Take the common options and those about reading out of a command's options."""
    session = start_session(options, simulated=simulated)
    names = ("worksheet", "decimal", "thousands", "hidden_rows", "ignore")
    return session, ReadingOptions(**{name: options.pop(name) for name in names})
