"""`orderbatch reconcile`: asks the venue again, and tells what differs from the journal."""

from __future__ import annotations

from dataclasses import asdict

import click

from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import common, json_document
from batch.errors import Advice, hint
from batch.states import OrderState

SHOWN = 5


@click.command(cls=GroupedCommand)
@click.argument("batch")
@json_document
@common
def reconcile(batch: str, as_json: bool, common: CommonOptions) -> int:
    """Ask the venue again about every order of a batch, and tell what differs.

    Late fills, amounts that changed, orders under our client order IDs that the journal does not
    know. Changes nothing. Exit code 0: nothing differs; 5: something does, or an order is UNKNOWN
    in the journal, so that a person must look; 6: nothing differs as far as the venue answered, and
    it did not answer about every order.

    \b
    Example:
      orderbatch reconcile k3vz7q2m
    """
    from batch.cli.console import print_json, show
    from batch.cli.layout import table
    from batch.escaping import escaped_line
    from batch.report.wording import counted

    desk = open_desk(common, as_json=as_json)
    outcome = desk.reconcile(batch)
    found = outcome.reconciliation
    if found is None:
        return end(outcome, as_json=as_json)
    if as_json:
        print_json(
            {
                "batch": batch,
                "asked": found.asked,
                "differences": [asdict(one) for one in found.differences],
                "unanswered": [{"row": row, "why": why} for row, why in found.unanswered.items()],
                "exit_code": outcome.verdict,
            }
        )
        return end(outcome)
    if found.differences:
        heads = ["Row", "What", "Journal", "Venue", "Client order ID", "Server order ID"]
        rows = [
            [
                str(one.row),
                *(
                    escaped_line(text)
                    for text in (
                        one.what,
                        one.journal,
                        one.venue,
                        one.client_order_id,
                        one.server_order_id,
                    )
                ),
            ]
            for one in found.differences
        ]
        show(table(heads, rows, right=["Row"]))
    unanswered = len(found.unanswered)
    differing = len({one.row for one in found.differences})
    desk.listener.warn(
        f"Batch {batch}: {found.asked:,} orders asked about, {differing:,} differ from the journal"
        + (f", {unanswered:,} without a usable answer." if unanswered else ".")
    )
    if unknown := sum(one.states.get(OrderState.UNKNOWN, 0) for one in outcome.batches):
        desk.listener.warn(
            f"{counted(unknown, 'order')} of it {'is' if unknown == 1 else 'are'} UNKNOWN in the "
            "journal.",
            hint(Advice.RESUME, batch),
        )
    for row, why in list(found.unanswered.items())[:SHOWN]:
        desk.listener.warn(f"  row {row}: {why}")
    return end(outcome)
