"""Options that several commands share, and the kinds of values that they take."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from batch.cli.helping import SETTINGS, GroupedOption
from batch.cli.opening import CommonOptions
from batch.desk.options import GateOptions, ReadingOptions, RunningOptions
from batch.desk.verdict import ACCEPTABLE

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

F = TypeVar("F", bound=Callable[..., Any])

READING = "Reading the sheet"
GATES = "Gates before the first order"
RUNNING = "Sending and following"
RESULTS = "Results"

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_AMOUNT = re.compile(r"([A-Za-z]{3})=(\d{1,18}(?:\.\d{1,15})?)")


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


class Percentage(click.ParamType[Decimal]):
    """`1.5%` → the fraction 0.015."""

    name = "percentage"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Decimal:
        from batch.config import parse_percentage

        try:
            return parse_percentage(str(value))
        except ValueError as error:
            self.fail(f'{error}, found "{value}"', param, ctx)


class Amount(click.ParamType[tuple[str, Decimal]]):
    """`EUR=12500000` → the currency and its amount."""

    name = "amount"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Decimal]:
        found = _AMOUNT.fullmatch(str(value).strip())
        if found is None:
            self.fail(
                f'expected a currency and a plain amount such as EUR=12500000, found "{value}"',
                param,
                ctx,
            )
        return found[1].upper(), Decimal(found[2])


DURATION = Duration()
PERCENTAGE = Percentage()
AMOUNT = Amount()
PATH = click.Path(path_type=Path)


def option(group: str, *names: str, **attributes: Any) -> Callable[[F], F]:
    """Make an option that the help shows under a heading."""
    return click.option(*names, cls=GroupedOption, group=group, **attributes)


def _gathered(
    name: str,
    kind: type[DataclassInstance],
    options: list[Callable[[Any], Any]],
    check: Callable[[Any], None] = lambda _: None,
) -> Callable[[Any], Any]:
    """Give a command options whose values come to it as one typed value.

    Args:
        name: the command's parameter for that value.
        kind: a dataclass with a field for each option; other fields keep their defaults.
        check: raises `click.BadParameter` where the values do not go together.
    """
    names = {field.name for field in fields(kind)}

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def command(**given: Any) -> Any:
            value = kind(**{key: given[key] for key in names & given.keys()})
            check(value)
            others = {key: said for key, said in given.items() if key not in names}
            return function(**others, **{name: value})

        for each in reversed(options):
            command = each(command)
        return command

    return add


def _check_signs(reading: ReadingOptions) -> None:
    """Judge the two signs of numbers together, as whoever reads the sheet does."""
    if reading.thousands is None:
        return
    from batch.errors import ConfigError
    from batch.schema.cells import NumberReader

    try:
        NumberReader(reading.decimal, reading.thousands)
    except ConfigError as error:
        words = str(error).removeprefix("thousands: ")
        raise click.BadParameter(f"{words}.", param_hint="'--thousands'") from None


common: Callable[[Any], Any] = _gathered(
    "common",
    CommonOptions,
    [
        option(
            SETTINGS,
            "--venue",
            metavar="NAME",
            help="Use [venue.NAME] of config.toml as the venue.",
        ),
        option(
            SETTINGS,
            "--journal",
            metavar="PATH",
            help="The journal's file; default journal.db in the application's folder.",
        ),
        option(
            SETTINGS,
            "--config",
            type=PATH,
            metavar="PATH",
            help="A config.toml to use instead of the usual one.",
        ),
        option(SETTINGS, "--verbose", "-v", is_flag=True, help="Say more on stderr."),
        option(SETTINGS, "--quiet", "-q", is_flag=True, help="Say only what went wrong."),
        option(
            SETTINGS,
            "--log-file",
            type=PATH,
            metavar="PATH",
            help="Write a detailed log into this file; five older ones of 10 MB are kept.",
        ),
        option(
            SETTINGS,
            "--log-format",
            type=click.Choice(["text", "json"]),
            default="text",
            show_default=True,
            help="Readable lines, or one JSON object a line.",
        ),
    ],
)
"""Options of every command; given after the command's name."""

reading: Callable[[Any], Any] = _gathered(
    "reading",
    ReadingOptions,
    [
        option(READING, "--sheet", "worksheet", metavar="NAME", help="Which worksheet to read."),
        option(
            READING,
            "--decimal",
            type=click.Choice(["point", "comma"]),
            default="point",
            show_default=True,
            help="What separates decimals in text.",
        ),
        option(
            READING,
            "--thousands",
            metavar="CHARACTER",
            help="What groups thousands in text, if anything may.",
        ),
        option(
            READING,
            "--hidden-rows",
            type=click.Choice(["refuse", "include", "skip"]),
            default="refuse",
            show_default=True,
            help="What to do with hidden or filtered-out rows, and with hidden columns.",
        ),
        option(
            READING,
            "--ignore-column",
            "ignore",
            multiple=True,
            metavar="NAME",
            help="Carry the column with this header along unread, whatever it may mean; "
            "repeatable.",
        ),
    ],
    _check_signs,
)
"""How to read a sheet."""

gates: Callable[[Any], Any] = _gathered(
    "gates",
    GateOptions,
    [
        option(
            GATES,
            "--expect-rows",
            type=click.IntRange(min=0),
            metavar="N",
            help="Refuse unless the sheets hold exactly N orders together.",
        ),
        option(
            GATES,
            "--expect-total",
            "expect_totals",
            type=AMOUNT,
            multiple=True,
            metavar="CCY=AMOUNT",
            help="Refuse unless the sizes in this dealt currency add up to exactly this; "
            "repeatable.",
        ),
        option(
            GATES,
            "--max-rows",
            type=click.IntRange(min=1),
            metavar="N",
            help="Refuse a sheet with more orders than this.",
        ),
        option(
            GATES,
            "--collar",
            type=PERCENTAGE,
            metavar="PERCENT",
            help="Refuse limit prices on the wrong side of the venue's spot rate by more than "
            "this, such as 1.5%.",
        ),
        option(
            GATES,
            "--approved",
            "approved",
            multiple=True,
            metavar="CODE",
            help="Refuse a sheet unless this is the code that `check` printed for it; repeatable.",
        ),
        option(
            GATES,
            "--approved-by",
            metavar="NAME",
            help="Who gave the approval; goes into the batch's history.",
        ),
    ],
)
"""What must hold before anything is sent."""

force: Callable[[Any], Any] = option(
    RESULTS,
    "--force",
    is_flag=True,
    help="Replace what stands at the names given for reports and the like, whatever file it is.",
)

running: Callable[[Any], Any] = _gathered(
    "running",
    RunningOptions,
    [
        option(
            RUNNING,
            "--wait",
            "wait_s",
            type=DURATION,
            default="15m",
            show_default=True,
            help="How long to follow open orders; 0 = do not poll.",
        ),
        option(
            RUNNING,
            "--max-in-flight",
            type=click.IntRange(1, 256),
            default=16,
            show_default=True,
            help="How many requests may be on their way at once.",
        ),
        option(
            RUNNING,
            "--rate",
            "rate_per_s",
            type=click.FloatRange(min=0, min_open=True),
            metavar="N",
            help="Send at most so many requests a second in this run.",
        ),
        option(
            RESULTS,
            "--report",
            "reports",
            type=PATH,
            multiple=True,
            metavar="PATH",
            help="Where the results go: .xlsx, .csv, .json or .html; repeatable; a folder, {sheet} "
            "and {batch} may stand in it. Default: <sheet>-results-<batch>.xlsx beside the sheet.",
        ),
        option(
            RESULTS,
            "--corrections",
            type=PATH,
            metavar="PATH",
            help="Also write the rows that can be mended and sent again, as an order sheet: "
            ".xlsx or .csv; {sheet} and {batch} may stand in it.",
        ),
        force,
        option(
            RESULTS,
            "--accept",
            type=click.Choice(ACCEPTABLE, case_sensitive=False),
            metavar="STATE",
            multiple=True,
            help="A final state that is as good as filled for the exit code, such as expired; "
            "repeatable.",
        ),
    ],
)
"""How to run a batch and what to do with its results."""

run_key: Callable[[Any], Any] = option(
    RUNNING,
    "--run",
    metavar="KEY",
    help="The key of this run, up to 40 letters, digits, -, _ and .; {date} in it stands for the "
    "trading day. The same sheet under another key is sent once more, under the same one never.",
)

cancel_open: Callable[[Any], Any] = option(
    RUNNING,
    "--cancel-open",
    is_flag=True,
    help="When --wait ends, cancel what is still open and follow it to its end.",
)

json_document: Callable[[Any], Any] = option(
    RESULTS, "--json", "as_json", is_flag=True, help="Print one JSON document on stdout."
)
