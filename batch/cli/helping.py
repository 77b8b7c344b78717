"""Help texts with their options in groups, which click itself does not know."""

from __future__ import annotations

import json
from collections import Counter
from importlib import import_module
from typing import Any, NamedTuple

import click

from batch.desk.verdict import verdict_on
from batch.errors import BatchError
from batch.escaping import escaped_json

OTHER = "Other options"


class GroupedOption(click.Option):
    """An option that knows under which heading the help shows it."""

    def __init__(self, *names: Any, group: str = OTHER, **attributes: Any) -> None:
        super().__init__(*names, **attributes)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows its options under headings, and whose errors are JSON, too.

    An option that takes one value is given once: of two values, click would drop the first without
    a word, and with it, say, the gate that a wrapper of this program has set.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = list(args)  # the parser takes them out of the list
        left = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            _, _, in_order = self.make_parser(ctx).parse_args(given)
            for parameter, times in Counter(in_order).items():
                if times > 1 and _takes_one_value(parameter):
                    raise click.BadParameter(
                        f"expected one value at most, found {times}; say which one is meant.",
                        ctx,
                        parameter,
                    )
        return left

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BatchError as error:
            # Whoever asked for a document gets one, also where not even a desk could be opened.
            if ctx.params.get("as_json"):
                from batch.cli.documents import of_refusal

                document = {**of_refusal(error), "exit_code": verdict_on(error)}
                click.echo(escaped_json(json.dumps(document, indent=2, ensure_ascii=False)))
            raise

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if not isinstance(parameter, click.Option):
                continue
            record = parameter.get_help_record(ctx)
            if record is not None:
                group = getattr(parameter, "group", OTHER)
                sections.setdefault(group, []).append(record)
        # Every command has them, so they come last.
        for title in sorted(sections, key=lambda title: title in _LAST):
            with formatter.section(title):
                formatter.write_dl(sections[title])


def _takes_one_value(parameter: click.Parameter) -> bool:
    if not isinstance(parameter, click.Option):
        return False
    return not (parameter.is_flag or parameter.multiple or parameter.count)


class Listed(NamedTuple):
    """A command before it is loaded.

    Attributes:
        section: the heading under which the help shows it.
        module: where it stands; its function has the command's name.
        summary: what the help says of it.
    """

    section: str
    module: str
    summary: str


class LazyCommands(click.Group):
    """The command whose help shows the others under headings; each is loaded when it is called.

    Args:
        table: every command by its name, in the help's order.
    """

    def __init__(self, *arguments: Any, table: dict[str, Listed], **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return self.load(cmd_name) if cmd_name in self._table else None

    def load(self, name: str) -> click.Command:
        """Load a command."""
        command = getattr(import_module(self._table[name].module), name)
        assert isinstance(command, click.Command)
        return command

    def load_all(self) -> dict[str, click.Command]:
        """Load every command."""
        return {name: self.load(name) for name in self._table}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(map(len, self._table))
        for title in dict.fromkeys(listed.section for listed in self._table.values()):
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name.ljust(width), listed.summary)
                        for name, listed in self._table.items()
                        if listed.section == title
                    ]
                )


SETTINGS = "Settings and traces"

_LAST = (SETTINGS, OTHER)
