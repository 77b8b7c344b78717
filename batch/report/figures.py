"""The sums of a report as a program takes them, money as text. Part of `report`, layer 2."""

from __future__ import annotations

from batch.report.columns import plain_number, timestamp
from batch.report.totals import Amounts, Line, Survey


def totals(found: Survey) -> dict[str, object]:
    """Give the `totals` object of a JSON document.

    Returns:
        Numbers that are money as text; null for what is not known or does not exist. In
        each group `size` = `filled_size` + `unfilled_size` + `not_known_size`, and `fill_rate` is
        the part that is known to be filled, cut off.
    """
    times = found.times
    return {
        "rows": found.rows,
        "sent": found.sent,
        "filled": found.filled,
        "part_filled": found.part_filled,
        "left_out": found.left_out,
        "needs_person": {one.need.value: one.count for one in found.pressing},
        "by_symbol": [_line(line) for line in found.lines],
        "by_currency": [
            {"currency": currency, **amounts_facts(amounts)}
            for currency, amounts in sorted(found.currencies.items())
        ],
        "first_sent": timestamp(times.first_sent),
        "last_answer": timestamp(times.last_answer),
        "median_fill_s": times.median_fill_s,
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "symbol": line.symbol,
        "side": line.side.value,
        "currency": line.currency,
        **amounts_facts(line.amounts),
        "average_price": plain_number(line.average_price),
        "average_limit": plain_number(line.average_limit),
        "pips": plain_number(line.pips),
        "notional": plain_number(line.notional),
        "notional_currency": line.other_currency,
        "unpriced_size": plain_number(line.unpriced),
    }


def amounts_facts(amounts: Amounts) -> dict[str, object]:
    """Give the sizes of a group of orders."""
    return {
        "orders": amounts.orders,
        "size": plain_number(amounts.size),
        "filled_size": plain_number(None if amounts.is_unknown else amounts.filled),
        "unfilled_size": plain_number(None if amounts.is_unknown else amounts.unfilled),
        "not_known_size": plain_number(amounts.not_known),
        "fill_rate": plain_number(amounts.fill_rate),
    }
