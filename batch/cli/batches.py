"""`orderbatch batches`: lists what is in the journal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import common, json_document
from batch.states import FinalState


@click.command(cls=GroupedCommand)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"]),
    metavar="TIME",
    help="Only those made then or later, such as 2026-10-30 or 2026-10-30T16:00; local time.",
)
@click.option(
    "--state",
    "states",
    type=click.Choice([state.value.lower() for state in FinalState], case_sensitive=False),
    metavar="STATE",
    multiple=True,
    help="Only those with a row in this final state, such as unknown; repeatable.",
)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the N newest.")
@json_document
@common
def batches(
    since: datetime | None,
    states: tuple[str, ...],
    limit: int | None,
    as_json: bool,
    common: CommonOptions,
) -> int:
    """List the batches in the journal, newest first.

    \b
    Examples:
      orderbatch batches
      orderbatch batches --since 2026-10-30 --state unknown --state open
    """
    from batch.cli.console import print_json, show
    from batch.cli.layout import WIDE, table, width
    from batch.desk.standing import counts, counts_in_words
    from batch.report import batch_facts

    desk = open_desk(common, as_json=as_json)
    outcome = desk.batches(since=since.astimezone() if since else None, states=states, limit=limit)
    if outcome.error is not None:
        return end(outcome, as_json=as_json)
    if as_json:
        listed = [
            {
                **batch_facts(o.batch, counts(o.states)),
                "alarms": [alarm.words for alarm in o.alarms],
            }
            for o in outcome.batches
            if o.batch
        ]
        print_json({"batches": listed})
        return end(outcome)
    if not outcome.batches:
        chosen = "like that" if since or states else "yet"
        desk.listener.say(f"The journal holds no batches {chosen}.")
        return end(outcome)
    is_wide = width() >= WIDE
    heads = ["Batch", "Made (UTC)", "Rows", "States", "Sheet"]
    if is_wide:
        heads[1:1] = ["Run key", "User"]
    rows = []
    for item in outcome.batches:
        batch = item.batch
        assert batch is not None
        mark = " (SIMULATED)" if batch.simulated else ""
        cells = [
            batch.batch_id,
            f"{batch.created_at:%Y-%m-%d %H:%M}",
            f"{batch.row_count:,}",
            ("ALARM, " if item.alarms else "") + counts_in_words(item.states),
            Path(batch.sheet_path).name + mark,
        ]
        if is_wide:
            cells[1:1] = [batch.run_key, batch.user]
        rows.append(cells)
    show(table(heads, rows, right=["Rows"]))
    return end(outcome)
