"""`orderbatch help`: longer topics, shown from the installation, so that they need no network."""

from __future__ import annotations

from importlib.resources import files

import click

from batch.cli.helping import GroupedCommand

TOPICS = {
    "states": "where a row can end, as the report says it",
    "exit-codes": "what a scheduler learns from the exit code",
    "recovery": "an interrupted run, an UNKNOWN order, a venue that stops answering",
    "sheets": "columns, numbers, headers, working in the spreadsheet",
    "gates": "control totals, limits, four eyes",
    "reports": "formats, how the sums are made, one day, your own sheet with the results",
    "journal": "where it lies, what it holds, what it refuses",
    "changes": "what changed, and what scripts must know of it",
}
"""Each topic, a file of its own in `topics/`, and what it is about."""


@click.command("help", cls=GroupedCommand)
@click.argument("topic", type=click.Choice(list(TOPICS)), required=False)
def help(topic: str | None) -> None:
    """Show a longer topic; without a TOPIC, list them.

    \b
    Examples:
      orderbatch help
      orderbatch help recovery
    """
    if topic is not None:
        click.echo(text_of(topic), nl=False)
        return
    width = max(map(len, TOPICS))
    click.echo("Topics, shown by: orderbatch help TOPIC\n")
    for name, about in TOPICS.items():
        click.echo(f"  {name:<{width}}  {about}")
    click.echo("\nThe options of a command are shown by: orderbatch COMMAND --help")


def text_of(topic: str) -> str:
    """Give a topic's text, lines of at most 80 characters."""
    return files("batch.cli").joinpath("topics", f"{topic}.txt").read_text(encoding="utf-8")
