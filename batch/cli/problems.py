"""Problems and totals of a sheet, laid out for a person."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from batch.cli.advice import in_words
from batch.cli.console import echo
from batch.desk.problems import sentence, totals, totals_by_currency, where
from batch.escaping import escaped, escaped_line
from batch.model import Order, Problem, Sheet, Validation

if TYPE_CHECKING:
    from rich.table import Table

SHOWN = 50
"""Problems that a terminal shows at most; all of them are in --json."""

FEW = 20
"""So many are all shown, one by one."""

SHOWN_OF_CAUSE = 3
"""Of more problems, so many of each cause; five hundred of one say no more than the first three."""

NOTED = 10
"""Notes that a person is shown."""

NAMED = 20
"""Columns that are not sent, by name."""


def notes(validation: Validation) -> list[str]:
    """Give what is allowed but worth a look, a line each; many are only counted."""
    not_sent = [w.found for w in validation.warnings if w.code == "not-sent"]
    others = [w for w in validation.warnings if w.code != "not-sent"]
    lines = [f"note: {sentence(validation.sheet, w, in_words)}" for w in others[:NOTED]]
    if len(others) > NOTED:
        lines.append(f"note: and {len(others) - NOTED:,} more like these; see --json")
    if not_sent:
        more = f" and {len(not_sent) - NAMED:,} more; see --json" if len(not_sent) > NAMED else ""
        lines.insert(0, f"{where(validation.sheet)}: not sent: {', '.join(not_sent[:NAMED])}{more}")
    return lines


def expectations(orders: Sequence[Order]) -> str:
    """Write what orders come to as the options that expect exactly this."""
    sums = totals_by_currency(orders).items()
    options = [f"--expect-total {currency}={total:f}" for currency, total in sums]
    return " ".join([f"--expect-rows {len(orders)}", *options])


def show_failed_gates(sheet: Sheet, failed: Sequence[str]) -> None:
    """Print which limits keep a sheet from being sent; nothing where none does."""

    if failed:
        lines = "\n".join(f"  {words}" for words in failed)
        echo(
            f"\n{where(sheet)}: submit would refuse it: expected to pass every gate, found "
            f"{len(failed)} in the way:\n{lines}"
        )


def totals_table(orders: Sequence[Order]) -> Table:
    """Lay totals out for a person."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("Symbol", "Side", "Orders", "Total size"):
        table.add_column(header, justify="right" if header in ("Orders", "Total size") else "left")
    for symbol, side, currency, count, size in totals(orders):
        table.add_row(symbol, side, f"{count:,}", Text(f"{size:,f} {currency}"))
    return table


def show_problems(validation: Validation, *, err: bool = False) -> None:
    """Print what is wrong with a sheet: a few one by one, many by their causes."""

    from batch.cli.console import show
    from batch.report.wording import counted

    sheet, problems = validation.sheet, validation.problems
    echo(
        f"{where(sheet)}: {counted(len(problems), 'problem')} in "
        f"{len(validation.invalid_rows):,} of {counted(len(sheet.rows), 'row')}\n",
        err=err,
    )
    causes = _causes(problems)
    shown = _worth_showing(problems, causes)
    show(_problems_table(shown), err=err)
    if len(shown) < len(problems):
        echo(f"\nThese are {len(shown)} of them. All {len(problems):,} by cause:\n", err=err)
        show(_causes_table(causes), err=err)
        name = shlex.quote(escaped_line(str(sheet.path)))
        echo(
            f"\nEvery single one:      orderbatch check {name} --json"
            f"\nIn a copy of the sheet: orderbatch check {name} --annotate marked.xlsx",
            err=err,
        )


Causes = Mapping[tuple[str, str], Sequence[Problem]]


def _causes(problems: Sequence[Problem]) -> Causes:
    causes: dict[tuple[str, str], list[Problem]] = {}
    for problem in problems:
        causes.setdefault((problem.column or "", _wanted(problem)), []).append(problem)
    return causes


def _worth_showing(problems: Sequence[Problem], causes: Causes) -> Sequence[Problem]:
    """Give the first problems of each cause, in the sheet's order; all of them where few are."""
    if len(problems) <= FEW:
        return problems
    first = {id(one) for same in causes.values() for one in same[:SHOWN_OF_CAUSE]}
    return [problem for problem in problems if id(problem) in first][:SHOWN]


def _problems_table(problems: Sequence[Problem]) -> Table:
    table = _table("Row", "Column", "Expected", "Found")
    for problem in problems:
        row = "" if problem.row is None else str(problem.row)
        _add_texts(table, row, problem.column or "", _wanted(problem), f'"{problem.found}"')
    return table


def _causes_table(causes: Causes) -> Table:
    from batch.sheet import row_list

    table = _table("Problems", "Column", "Expected", "Rows")
    by_size = sorted(causes.items(), key=lambda cause: -len(cause[1]))
    for (column, wanted), same in by_size[:SHOWN]:
        rows = row_list([problem.row for problem in same if problem.row is not None])
        _add_texts(table, f"{len(same):,}", column, wanted, rows)
    if len(by_size) > SHOWN:
        _add_texts(table, "…", "", f"and {len(by_size) - SHOWN:,} more causes", "")
    return table


def _wanted(problem: Problem) -> str:
    advice = [in_words(hint) for hint in problem.advice]
    parts = [problem.action, *(f"{said[0].lower()}{said[1:].rstrip('.')}" for said in advice)]
    action = "; ".join(part for part in parts if part)
    return f"{problem.expected} ({action})" if action else problem.expected


def _table(number: str, *headers: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(number, justify="right", no_wrap=True)
    for header, ratio in zip(headers, (2, 5, 3), strict=True):
        table.add_column(header, overflow="fold", ratio=ratio)
    return table


def _add_texts(table: Table, *cells: str) -> None:
    from rich.text import Text

    # Text, not markup: a cell may hold anything.
    table.add_row(*(Text(escaped(cell)) for cell in cells))
