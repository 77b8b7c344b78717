"""`orderbatch show`: one batch, or the whole story of one row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from batch.cli.advice import in_words
from batch.cli.helping import GroupedCommand
from batch.cli.opening import CommonOptions, end, open_desk
from batch.cli.options import common, json_document
from batch.escaping import escaped_line

if TYPE_CHECKING:
    from batch.desk.outcome import BatchResult, Outcome
    from batch.model import EventRecord
    from batch.report.totals import Survey

LISTED = 20
"""Rows that need a person, by name; the report has all of them."""


@click.command(cls=GroupedCommand)
@click.argument("batch")
@click.argument("row", type=click.IntRange(min=1), required=False)
@json_document
@common
def show(batch: str, row: int | None, as_json: bool, common: CommonOptions) -> int:
    """Show a batch, or the whole story of one of its rows.

    ROW is the row number in the sheet.

    \b
    Examples:
      orderbatch show k3vz7q2m
      orderbatch show k3vz7q2m 17
    """
    from batch.cli.console import print_json

    outcome = open_desk(common, as_json=as_json).show(batch, row)
    if outcome.error is not None:
        return end(outcome, as_json=as_json)
    (result,) = outcome.batches
    if as_json:
        print_json(_document(outcome, result))
    elif row is None:
        _show_batch(result)
    else:
        _show_row(result, outcome.events)
    return end(outcome)


def _document(outcome: Outcome, result: BatchResult) -> dict[str, Any]:
    from batch.cli.documents import of_event
    from batch.report import as_document

    assert result.batch is not None
    document = as_document(result.batch, result.orders, result.background)
    events = {"events": [of_event(one) for one in outcome.events]} if outcome.events else {}
    return {**document, **events, "exit_code": outcome.verdict}


def _show_batch(result: BatchResult) -> None:
    from batch.report.totals import survey
    from batch.report.wording import amount_lines, facts, headline

    batch = result.batch
    assert batch is not None
    found = survey(result.orders)
    if batch.simulated:
        click.echo("SIMULATED: practice against a local venue. No real order was placed.")
    for alarm in result.background.alarms_in_words:
        click.echo(escaped_line(alarm))
    click.echo(headline(found, result.background.alarms))
    for line in amount_lines(found):
        click.echo(f"  {line}")
    click.echo()
    for group in facts(batch, found, result.background, None):
        for label, value in group:
            click.echo(escaped_line(f"{label + ':':14}{value}"))
    _show_states(result)
    _show_totals(found)
    _show_needs(result, found)


def _show_states(result: BatchResult) -> None:
    from batch.desk.standing import counts_in_words

    click.echo(f"{'States:':14}{counts_in_words(result.states) or '(no rows)'}")


def _show_totals(found: Survey) -> None:
    from batch.cli.console import show as print_table
    from batch.cli.layout import WIDE, table, width
    from batch.report.wording import rate_in_words

    if not found.lines:
        return
    heads = ["Symbol", "Side", "Ccy", "Orders", "Size", "Filled", "Rate"]
    more = ["Not filled", "Avg. price", "Pips"] if width() >= WIDE else []
    rows = []
    for line in found.lines:
        amounts = line.amounts
        cells = [
            line.symbol,
            line.side.value,
            line.currency,
            f"{amounts.orders:,}",
            f"{amounts.size:,f}",
            "not known" if amounts.is_unknown else f"{amounts.filled:,f}",
            rate_in_words(amounts),
        ]
        if more:
            cells += [
                "not known" if amounts.is_unknown else f"{amounts.unfilled:,f}",
                "" if line.average_price is None else f"{line.average_price:f}",
                "" if line.pips is None else f"{line.pips:f}",
            ]
        rows.append(cells)
    click.echo()
    print_table(table([*heads, *more], rows, right=[*heads[3:], *more]))


def _show_needs(result: BatchResult, found: Survey) -> None:
    from batch.cli.console import show as print_table
    from batch.cli.layout import WIDE, table, width
    from batch.report.attention import reason, what_to_do

    if not found.pressing or result.batch is None:
        return
    is_wide = width() >= WIDE
    entries = [(one, record) for one in found.pressing for _, record in one.first][:LISTED]
    heads = ["Row", "Why", "Client order ID", "Server order ID"]
    heads += ["What became of it", "What to do"] if is_wide else ["What to do"]
    rows = [
        [
            str(record.row),
            one.need.value,
            record.client_order_id or "",
            record.server_order_id or "",
            *([reason(record)] if is_wide else []),
            what_to_do(one.need, result.batch, record, in_words),
        ]
        for one, record in entries
    ]
    click.echo(f"\nNeeds a person: {found.needs_person:,}")
    print_table(table(heads, rows, right=["Row"]))
    if found.needs_person > len(entries):
        click.echo(f"and {found.needs_person - len(entries):,} more; the report has all of them")


def _show_row(result: BatchResult, events: tuple[EventRecord, ...]) -> None:
    from batch.cli.console import show as print_table
    from batch.cli.layout import table
    from batch.report.attention import need_of, what_to_do
    from batch.report.columns import line_texts, result_names
    from batch.states import FinalState, final_state

    batch, (record,) = result.batch, result.orders
    assert batch is not None
    click.echo(f"Row {record.row} of batch {batch.batch_id}: {record.final_state}")
    click.echo("\nIn the sheet")
    for column, value in zip(batch.columns, record.values, strict=True):
        click.echo(escaped_line(f"  {column.header + ':':20} {value}").rstrip())
    is_sent = record.final_state not in (FinalState.NOT_SENT, FinalState.INVALID)
    click.echo("\nSent" if is_sent else "\nNot sent; what would leave")
    click.echo(f"  {escaped_line(record.payload or '(nothing: it was not read as an order)')}")
    click.echo("\nWhat became of it")
    texts = line_texts(batch, record)[1 + len(batch.columns) :]
    for name, text in zip(result_names(batch)[1:], texts, strict=True):
        click.echo(escaped_line(f"  {name + ':':20} {text or ''}").rstrip())
    need = need_of(record)
    if need is not None:
        advice = what_to_do(need, batch, record, in_words)
        click.echo(escaped_line(f"  {'what to do:':20} {advice}"))
    click.echo("\nIts history (UTC)")
    rows = [
        [
            f"{one.at:%Y-%m-%d %H:%M:%S.%f}"[:-3],
            one.kind,
            final_state(one.state).value if one.state else "",
            one.detail,
            one.request_id or "",
        ]
        for one in events
    ]
    print_table(table(["At", "Event", "State", "Detail", "Request ID"], rows))
