"""`orderbatch template`: writes a blank order sheet."""

from __future__ import annotations

from pathlib import Path

import click

from batch.cli.advice import in_words
from batch.cli.console import echo
from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, open_desk
from batch.cli.options import PATH, common


@click.command(cls=GroupedCommand)
@click.argument("path", type=PATH)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@common
def template(path: Path, force: bool, common: CommonOptions) -> None:
    """Write a blank order workbook that can be filled in without a manual.

    \b
    Example:
      orderbatch template orders.xlsx
    """
    from batch.report import Placing, write_template

    desk = open_desk(common)
    if (path.exists() or path.is_symlink()) and not force:
        # Somebody may have filled it in since.
        raise click.UsageError(
            f"{path}: expected a new name, found a file. Add --force to lose it."
        )
    desk.protect(path, "the order sheet")
    echo(write_template(path, placing=Placing(force=force), word=in_words))
    desk.listener.say(f"Fill it in, then: orderbatch check {path}")
