"""The longer topics: all there, readable in any terminal, and true to the program."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from batch.cli import commands
from batch.cli.help import TOPICS, text_of
from batch.states import FinalState
from tests.cli.conftest import Office


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_is_shown_as_it_stands_in_80_columns(office: Office, topic: str) -> None:
    call = office.call("help", topic)

    assert (call.code, call.out) == (0, text_of(topic))
    assert max(len(line) for line in call.out.splitlines()) <= 80


def test_without_a_topic_all_are_listed(office: Office) -> None:
    call = office.call("help")

    assert call.code == 0
    assert all(f"  {topic} " in call.out for topic in TOPICS)


def test_every_file_of_a_topic_is_one_that_can_be_shown() -> None:
    folder = Path(__file__).parents[2] / "batch" / "cli" / "topics"

    assert {path.stem for path in folder.iterdir()} == set(TOPICS)


def test_the_topic_of_states_names_every_final_state() -> None:
    named = re.findall(r"^  ([A-Z_]+) ", text_of("states"), re.MULTILINE)

    assert named == [state.value for state in FinalState]


@pytest.mark.parametrize("topic", TOPICS)
def test_every_command_and_option_that_a_topic_names_exists(topic: str) -> None:
    text = text_of(topic)
    options = {
        name
        for command in commands.load_all().values()
        for parameter in command.params
        for name in parameter.opts
    }

    named = re.findall(r'(?:"|^ +)orderbatch ([a-z]+)\b', text, re.MULTILINE)
    assert set(named) <= set(commands.load_all())
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)) <= {*options, "--help"}


def test_no_line_of_a_help_is_wider_than_80_columns() -> None:
    top = click.Context(commands, info_name="orderbatch", terminal_width=80)
    helps = [commands.get_help(top)]
    for name, command in commands.load_all().items():
        parts = command.commands if isinstance(command, click.Group) else {"": command}
        for part, each in {name: command, **parts}.items():
            helps.append(each.get_help(click.Context(each, info_name=part, terminal_width=80)))

    assert [line for text in helps for line in text.splitlines() if len(line) > 80] == []
