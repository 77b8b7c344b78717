"""Options that several commands share, and the kinds of values that they take."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from batch.cli.exits import ACCEPTABLE

F = TypeVar("F", bound=Callable[..., Any])

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")


class Duration(click.ParamType[float]):
    """`90`, `90s`, `15m`, `1h30m` → seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        if isinstance(value, (int, float)):
            return float(value)
        text = str(value).strip().lower()
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return float(text)
        parts = _DURATION.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            self.fail(f'expected a duration such as 90s, 15m or 1h30m, found "{value}"', param, ctx)
        return sum(float(number) * _UNITS[unit] for number, unit in parts)


DURATION = Duration()
PATH = click.Path(path_type=Path)


def _all_of(options: list[Callable[[F], F]]) -> Callable[[F], F]:
    def add(command: F) -> F:
        for option in reversed(options):
            command = option(command)
        return command

    return add


common: Callable[[Any], Any] = _all_of(
    [
        click.option(
            "--journal",
            metavar="PATH",
            help="The journal's file; default journal.db in the application's folder.",
        ),
        click.option("--config", type=PATH, help="A config.toml to use instead of the usual one."),
        click.option("--verbose", "-v", is_flag=True, help="Say more on stderr."),
        click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong."),
        click.option("--log-file", type=PATH, help="Write a detailed log into this file."),
    ]
)
"""Options of every command; given after the command's name."""

reading: Callable[[Any], Any] = _all_of(
    [
        click.option("--sheet", "worksheet", metavar="NAME", help="Which worksheet to read."),
        click.option(
            "--decimal",
            type=click.Choice(["point", "comma"]),
            default="point",
            show_default=True,
            help="What separates decimals in text.",
        ),
        click.option(
            "--thousands",
            metavar="CHARACTER",
            help="What groups thousands in text, if anything may.",
        ),
        click.option(
            "--hidden-rows",
            type=click.Choice(["refuse", "include", "skip"]),
            default="refuse",
            show_default=True,
            help="What to do with hidden or filtered-out rows.",
        ),
    ]
)
"""How to read a sheet."""

running: Callable[[Any], Any] = _all_of(
    [
        click.option(
            "--report",
            "reports",
            type=PATH,
            multiple=True,
            metavar="PATH",
            help="Where the results go: .xlsx, .csv or .json; repeatable; a folder, {sheet} and "
            "{batch} may stand in it. Default: <sheet>-results-<batch>.xlsx beside the sheet.",
        ),
        click.option(
            "--corrections",
            type=PATH,
            metavar="PATH",
            help="Also write the rows that can be mended and sent again, as an order sheet: "
            ".xlsx or .csv; {sheet} and {batch} may stand in it.",
        ),
        click.option(
            "--accept",
            type=click.Choice(ACCEPTABLE, case_sensitive=False),
            multiple=True,
            help="A final state that is as good as filled for the exit code; repeatable.",
        ),
        click.option(
            "--wait",
            "wait_s",
            type=DURATION,
            default="15m",
            show_default=True,
            help="How long to follow open orders; 0 = do not poll.",
        ),
        click.option(
            "--max-in-flight",
            type=click.IntRange(1, 256),
            default=16,
            show_default=True,
            help="How many requests may be on their way at once.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout."),
    ]
)
"""How to run a batch and what to do with its results."""
