"""`orderbatch journal`: upgrades, checks and copies the journal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import PATH, common, json_document

if TYPE_CHECKING:
    from batch.desk import Outcome


@click.group()
def journal() -> None:
    """Upgrade, check or copy the journal.

    \b
    Examples:
      orderbatch journal check
      orderbatch journal backup /backups/journal-2026-10-30.db
    """


@journal.command(cls=GroupedCommand)
@json_document
@common
def upgrade(as_json: bool, common: CommonOptions) -> int:
    """Make the journal's tables, or bring those of an older version up to date.

    A copy of what was before is kept beside it.

    \b
    Example:
      orderbatch journal upgrade
    """
    return _end(open_desk(common, as_json=as_json).upgrade_journal(), as_json=as_json)


@journal.command(cls=GroupedCommand)
@json_document
@common
def check(as_json: bool, common: CommonOptions) -> int:
    """Look the journal through from end to end; a running batch does not mind.

    Exit code 0: it is sound; 78: it is damaged, or contradicts itself.

    \b
    Example:
      orderbatch journal check
    """
    return _end(open_desk(common, as_json=as_json).check_journal(), as_json=as_json)


@journal.command(cls=GroupedCommand)
@click.argument("path", type=PATH)
@json_document
@common
def backup(path: Path, as_json: bool, common: CommonOptions) -> int:
    """Copy the journal as it is at this moment, and look the copy through.

    A batch may be running meanwhile. PATH must be a name that is free. Whoever puts the copy in
    the journal's place loses what was sent since: see `orderbatch help journal`.

    \b
    Example:
      orderbatch journal backup /backups/journal-2026-10-30.db
    """
    return _end(open_desk(common, as_json=as_json).back_up_journal(path), as_json=as_json)


def _end(outcome: Outcome, *, as_json: bool) -> int:
    from batch.cli.console import print_json
    from batch.escaping import escaped_line

    found = outcome.examination
    if found is None:
        return end(outcome, as_json=as_json)
    if as_json:
        document: dict[str, Any] = {
            "journal": outcome.words,
            "version": found.version,
            "batches": found.counts.batches,
            "rows": found.counts.rows,
            "events": found.counts.events,
            "faults": list(found.faults),
            "exit_code": outcome.verdict,
        }
        print_json(document)
        return end(outcome)
    click.echo(f"{outcome.words}: version {found.version}, {found.counts}")
    for fault in found.faults:
        click.echo(f"  {escaped_line(fault)}")
    click.echo(f"{len(found.faults):,} faults" if found.faults else "It is sound.")
    return end(outcome)
