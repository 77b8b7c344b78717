"""What is wrong with a sheet, and what it adds up to, in words and figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from batch.desk.outcome import BatchResult
from batch.errors import Hint
from batch.escaping import escaped, escaped_line
from batch.model import Order, Problem, Sheet

Wording = Callable[[Hint], str]


def where(sheet: Sheet) -> str:
    """Name a sheet as a person knows it."""
    name = escaped_line(sheet.path.name)
    return f"{name}, sheet {escaped_line(sheet.worksheet)}" if sheet.worksheet else name


def sentence(sheet: Sheet, problem: Problem, word: Wording = str) -> str:
    """Say one problem: where, what was expected, what was found, what to do."""
    place = [where(sheet)]
    if problem.row is not None:
        place.append(f"row {problem.row}")
    if problem.column:
        place.append(escaped_line(problem.column))
    if problem.code == "not-sent":
        return f"{where(sheet)}: not sent: {problem.found}"
    said = f'{", ".join(place)}: expected {problem.expected}, found "{problem.found}"'
    if problem.action:
        said += f". {problem.action[0].upper()}{problem.action[1:]}"
    return ". ".join([said, *map(word, problem.advice)])


def totals(orders: Iterable[Order]) -> list[tuple[str, str, str, int, Decimal]]:
    """Add orders up: symbol, side, dealt currency, number of orders, size in that currency."""
    sums: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    for order in orders:
        key = (order.symbol, order.side.value, order.currency)
        count, size = sums.get(key, (0, Decimal(0)))
        sums[key] = (count + 1, size + order.size)
    return [(*key, count, size) for key, (count, size) in sorted(sums.items())]


def totals_by_currency(orders: Iterable[Order]) -> dict[str, Decimal]:
    """Add orders up by dealt currency, bought and sold together, as expectations do."""
    sums: dict[str, Decimal] = {}
    for order in orders:
        sums[order.currency] = sums.get(order.currency, Decimal(0)) + order.size
    return dict(sorted(sums.items()))


def why(result: BatchResult, word: Wording = str) -> str:
    """Say why a sheet was refused, a line for each reason."""
    lines = []
    if result.error is not None:
        lines.append(" ".join([str(result.error), *map(word, result.error.advice)]))
    if (found := result.validation) is not None:
        lines += [sentence(found.sheet, problem, word) for problem in found.problems]
    return escaped("\n".join([*lines, ""]))
