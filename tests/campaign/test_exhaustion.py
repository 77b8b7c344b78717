"""Every small history, at every kind of venue that matters; and bugs that chance would miss."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any
from unittest import mock

import pytest

from batch.run import proof
from tests.campaign.choices import every_path
from tests.campaign.conftest import Count
from tests.campaign.exhaustion import exhaust
from tests.campaign.form import Form
from tests.campaign.invariants import Broken
from tests.campaign.journals import FILES, Library
from tests.campaign.market import ANSWERED, NEVER, Setting

pytestmark = pytest.mark.campaign

SHORT = (
    Setting("tokens of 20 s", fates=(ANSWERED, "19")),
    Setting("tokens of an hour", token_life_s=3600.0, fates=(ANSWERED, "8")),
    Setting("client IDs not looked at", has_control=False, looks_at_id=False, fates=("0",)),
)
SHORT_IN_A_SERVER = (Setting("tokens of 20 s", fates=("19",)),)
LONG = (
    Setting("tokens of 20 s", fates=(ANSWERED, "0", "19")),
    Setting("tokens of 20 s, nothing done before", has_control=False, fates=(NEVER, "8")),
    Setting("tokens of an hour", token_life_s=3600.0, fates=(ANSWERED, NEVER, "8")),
    Setting(
        "client IDs not looked at",
        has_control=False,
        looks_at_id=False,
        fates=(ANSWERED, NEVER, "0"),
    ),
)


def test_every_path_is_taken_once() -> None:
    seen = [
        (choices.choose("a", ("x", "y")), choices.choose("b", ("x", "y", "z")))
        if choices.choose("wide", ("yes", "no")) == "yes"
        else ("-", "-")
        for choices in every_path()
    ]

    assert len(seen) == len(set(seen)) == 7


@pytest.mark.parametrize("number", range(len(LONG)))
def test_no_small_history_doubles_or_loses_anything(
    number: int, library: Library, form: Form, count: Count
) -> None:
    short = SHORT if library is FILES else SHORT_IN_A_SERVER
    settings = LONG if form.name == "long" else short
    if number >= len(settings):
        return

    figures = exhaust(settings[number], library)

    count(figures)
    assert figures["deaths"] > 30


def _fence(at: float) -> AbstractContextManager[Any]:
    return mock.patch.multiple(proof.Fence, of_own=lambda self: at, of_earlier=lambda self, row: at)


BUGS: Mapping[str, tuple[AbstractContextManager[Any], Setting]] = {
    "absence counts before the fence": (
        _fence(float("-inf")),
        Setting("tokens of 20 s", fates=(ANSWERED, "19")),
    ),
    "a fence that ends before the token does": (
        mock.patch.object(proof, "MARGIN_S", -7.0),
        Setting("tokens of 20 s", fates=(ANSWERED, "19")),
    ),
    "the control is taken for granted": (
        mock.patch.object(
            proof.Control, "has_held", property(lambda _: True, lambda _, __: None), create=True
        ),
        Setting("IDs not looked at", has_control=False, looks_at_id=False, fates=("0",)),
    ),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_deliberate_bug_is_caught(bug: str, library: Library) -> None:
    patch, setting = BUGS[bug]

    with patch, pytest.raises(Broken, match=r"was taken \d+ times"):
        exhaust(setting, library, most=1000)
