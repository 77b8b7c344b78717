"""Help texts with their options in groups, which click itself does not know."""

from __future__ import annotations

import json
from typing import Any

import click

from batch.cli.exits import code_of
from batch.errors import BatchError

OTHER = "Other options"


class GroupedOption(click.Option):
    """An option that knows under which heading the help shows it."""

    def __init__(self, *names: Any, group: str = OTHER, **attributes: Any) -> None:
        super().__init__(*names, **attributes)
        self.group = group


class GroupedCommand(click.Command):
    """A command whose help shows its options under headings, and whose errors are JSON, too."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BatchError as error:
            # Whoever asked for a document gets one, also where there is nothing but a refusal.
            if ctx.params.get("as_json"):
                from batch.cli.problems import refusal_as_data

                document = {**refusal_as_data(error), "exit_code": code_of(error)}
                click.echo(json.dumps(document, indent=2, ensure_ascii=False))
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


class GroupedCommands(click.Group):
    """The command whose help shows the other commands under headings."""

    def __init__(self, *arguments: Any, **attributes: Any) -> None:
        super().__init__(*arguments, **attributes)
        self._sections: dict[str, list[str]] = {}

    def add_section(self, title: str, *commands: click.Command) -> None:
        """Add commands under one heading, in this order."""
        self._sections[title] = [command.name or "" for command in commands]
        for command in commands:
            self.add_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for names in self._sections.values() for name in names)
        limit = formatter.width - 6 - width
        for title, names in self._sections.items():
            with formatter.section(title):
                formatter.write_dl(
                    [
                        (name.ljust(width), self.commands[name].get_short_help_str(limit))
                        for name in names
                    ]
                )


SETTINGS = "Settings and traces"

_LAST = (SETTINGS, OTHER)
