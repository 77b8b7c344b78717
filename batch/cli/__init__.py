"""The command line. One command is one short function that asks the desk.

Commands and heavy modules are loaded when they are called, so that `--help` comes at once.
"""

from __future__ import annotations

import gc
import sys

import click

from batch import __version__
from batch.cli.exits import guarded, with_lost_output
from batch.cli.helping import LazyCommands, Listed
from batch.cli.streams import lost_output, steady_streams

__all__ = ["commands", "main"]

_BEFORE = "Before"
_SEND = "Send and follow"
_LOOK = "Look at what was sent"
_PERSON = "When a person must look"
_PRACTISE = "Practise"
_MORE = "Read more"

TABLE = {
    "template": Listed(
        _BEFORE,
        "batch.cli.template",
        "Write a blank order workbook that can be filled in without a manual.",
    ),
    "check": Listed(_BEFORE, "batch.cli.check", "Read and validate an order sheet; send nothing."),
    "approve": Listed(
        _BEFORE,
        "batch.cli.approve",
        "Sign exactly what would be sent of a sheet, as the second person.",
    ),
    "submit": Listed(
        _SEND,
        "batch.cli.submit",
        "Check order sheets, send their rows as limit orders, follow them, report.",
    ),
    "resume": Listed(
        _SEND, "batch.cli.resume", "Go on with a batch that was interrupted or has open orders."
    ),
    "cancel": Listed(
        _SEND,
        "batch.cli.cancel",
        "Ask the venue to cancel a batch's open orders, and follow them to their end.",
    ),
    "stop": Listed(
        _SEND,
        "batch.cli.stop",
        "Have running processes stop sending at once, whoever started them and wherever.",
    ),
    "batches": Listed(_LOOK, "batch.cli.batches", "List the batches in the journal, newest first."),
    "show": Listed(_LOOK, "batch.cli.show", "Show a batch, or the whole story of one of its rows."),
    "report": Listed(_LOOK, "batch.cli.report", "Write a batch's report again, from the journal."),
    "day": Listed(_LOOK, "batch.cli.day", "Report a trading day over all its batches."),
    "events": Listed(
        _LOOK,
        "batch.cli.events",
        "Print a batch's history, event by event, as tab-separated lines.",
    ),
    "reconcile": Listed(
        _PERSON,
        "batch.cli.reconcile",
        "Ask the venue again about every order of a batch, and tell what differs.",
    ),
    "resolve": Listed(
        _PERSON, "batch.cli.resolve", "Record what a person found out about an UNKNOWN order."
    ),
    "journal": Listed(_PERSON, "batch.cli.journal", "Upgrade, check or copy the journal."),
    "simulator": Listed(
        _PRACTISE,
        "batch.cli.simulator",
        "Run the local venue on this machine, for practice and tests.",
    ),
    "help": Listed(_MORE, "batch.cli.help", "Show a longer topic; without a TOPIC, list them."),
}
"""Every command; a test holds the summaries against the commands' own."""


@click.group(
    cls=LazyCommands,
    table=TABLE,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="orderbatch")
def commands() -> None:
    """Send the rows of an order sheet as limit orders, each exactly once.

    \b
    Start here:
      orderbatch check orders.xlsx                     reads it, sends nothing
      orderbatch submit orders.xlsx --simulate --yes   practice, the whole way
      orderbatch submit orders.xlsx                    the real thing; asks first
    """


_GARBAGE_AFTER = 50_000
"""So many values more than before, and Python looks for garbage; 700 unless told."""


def main() -> None:
    """Run the command line and leave with the contract's exit code."""
    # What is imported stays, and looking for garbage among it is a tenth of a short command.
    gc.set_threshold(_GARBAGE_AFTER)
    steady_streams()
    code = guarded(lambda: commands.main(prog_name="orderbatch", standalone_mode=False))
    sys.exit(with_lost_output(code, lost_output()))
