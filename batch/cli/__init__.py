"""The command line. Layer 4: one command is one short function that calls the layers below.

Heavy modules are imported inside the commands that need them, so that `--help` comes at once.
"""

from __future__ import annotations

import sys

import click

from batch import __version__
from batch.cli.batches import batches
from batch.cli.cancel import cancel
from batch.cli.check import check
from batch.cli.events import events
from batch.cli.exits import guarded, with_lost_output
from batch.cli.helping import GroupedCommands
from batch.cli.report import report
from batch.cli.resolve import resolve
from batch.cli.resume import resume
from batch.cli.simulator import simulator
from batch.cli.streams import lost_output, steady_streams
from batch.cli.submit import submit
from batch.cli.template import template

__all__ = ["commands", "main"]


@click.group(
    cls=GroupedCommands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="orderbatch")
def commands() -> None:
    """Send the rows of an order sheet as limit orders, each exactly once.

    \b
    Start here:
      orderbatch check orders.xlsx                      reads and validates, sends nothing
      orderbatch submit orders.xlsx --simulate --yes    the whole way, at a practice venue
      orderbatch submit orders.xlsx                     the real thing; asks before it sends
    """


commands.add_section("Before", template, check)
commands.add_section("Send and follow", submit, resume, cancel)
commands.add_section("Look at what was sent", batches, report, events)
commands.add_section("When a person must look", resolve)
commands.add_section("Practise", simulator)


def main() -> None:
    """Run the command line and leave with the contract's exit code."""
    steady_streams()
    code = guarded(lambda: commands.main(prog_name="orderbatch", standalone_mode=False))
    sys.exit(with_lost_output(code, lost_output()))
