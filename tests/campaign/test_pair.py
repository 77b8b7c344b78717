"""Two live processes in every order of their steps, over both databases; and seeded bugs."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from batch.journal import Journal
from batch.journal.holding import Holds
from batch.journal.postgres import at_once
from batch.plan import commit as commits
from batch.plan import draft as drafts
from batch.plan.duplicates import Duplicates
from batch.run import proof
from tests.campaign.conftest import Count
from tests.campaign.form import Form
from tests.campaign.invariants import Broken
from tests.campaign.office import MEMORY
from tests.campaign.pair import Pair, Role, Scene, opened, sheet
from tests.campaign.stage import STEPS
from tests.journal.conftest import BACKENDS
from tests.plan import planning

pytestmark = pytest.mark.campaign

ONE, TWO = sheet("one.csv", 1001, 1002), sheet("two.csv", 1001, 1003)

SUBMITTING = ("draft", "choose", "commit", "hold", "claim", "record", "end")
HOLDING = ("hold", "claim", "send", "record")
TAKING_OVER = ("hold", "claim", "wait")
"""The short form's; a pause before another step mostly comes to the same as one before these."""

SAME_SHEET = Scene("the same sheet at once", (Role(ONE), Role(ONE)), SUBMITTING)
TWO_KEYS = Scene(
    "the same rows under two run keys",
    (Role(ONE, run_key="a"), Role(ONE, run_key="b")),
    ("choose", "commit", "claim", "record"),
    most=2,
    may_refuse=True,
)
EQUAL_ROW = Scene(
    "an equal row of another sheet", (Role(ONE), Role(TWO)), SUBMITTING, may_refuse=True
)
TAKEN_FROM_THE_OTHER = Scene(
    "an equal row of another sheet, which takes it over if it is not sent",
    (Role(ONE), Role(TWO, duplicates=Duplicates.SKIP)),
    ("choose", "commit", "hold", "claim", "record", "end"),
    may_refuse=True,
)
AT_ONCE = Scene(
    "a batch that is taken over at once",
    (Role(ONE), Role(take_over=True)),
    HOLDING,
    TAKING_OVER,
    may_lose=True,
)
LATER = Scene(
    "a batch that is free after a while",
    (Role(ONE), Role()),
    HOLDING,
    TAKING_OVER,
    may_lose=True,
)
SCENES = (SAME_SHEET, TWO_KEYS, EQUAL_ROW, TAKEN_FROM_THE_OTHER, AT_ONCE, LATER)

LONG_ONLY = {
    ("postgres", TWO_KEYS),
    ("postgres", EQUAL_ROW),
    ("postgres", TAKEN_FROM_THE_OTHER),
    ("sqlite", AT_ONCE),
}
"""What the short form leaves out: the other database shows the same there."""


@pytest.fixture(scope="module", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def pair(backend: str, request: pytest.FixtureRequest) -> Iterator[Pair]:
    if backend == "postgres":
        with opened(request.getfixturevalue("cluster").make_journal()) as pair:
            yield pair
        return
    memory = MEMORY if MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="pair-", dir=memory) as folder,
        opened(str(Path(folder) / "journal.db")) as pair,
    ):
        yield pair


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.name)
def test_no_interleaving_of_two_processes_doubles_or_loses_anything(
    pair: Pair, backend: str, scene: Scene, form: Form, count: Count
) -> None:
    is_long = form.name == "long"
    if not is_long and (backend, scene) in LONG_ONLY:
        return
    # In a file the lock keeps others out as long as its holder lives.
    scene = replace(scene, may_lose=scene.may_lose and backend == "postgres")
    if is_long:
        scene = replace(scene, steps=STEPS, others=None, most_deaths=1)

    figures = pair.exhaust(scene)

    count(figures)
    assert figures["orders at the venue"] >= 2
    if scene.name == SAME_SHEET.name or (not scene.may_lose and scene.roles[1].sheet is None):
        assert figures["kept out"] > 0
    if scene.may_lose:
        assert figures["lost its batch"] > 0


def _without_epoch(verb: str) -> AbstractContextManager[Any]:
    """Let one verb of the journal be conditional on nothing but the rows' states."""
    original = getattr(Journal, verb)

    def unconditional(self: Journal, *args: Any) -> Any:
        mine: Callable[..., Any] = lambda holds, _, batch_id: holds.epoch(batch_id)  # noqa: E731
        with (
            mock.patch.object(Holds, "require_mine", mine),
            mock.patch.object(at_once, "HELD", "SELECT %(in_batch)s::text, %(mine)s::int"),
        ):
            return original(self, *args)

    return mock.patch.object(Journal, verb, unconditional)


def _draw_up_once(
    journal: Journal, identity: Any, validation: Any, options: Any, *, encode: Any, now: Any
) -> Any:
    look = journal.looking(identity.login)
    earlier = look.generations(identity.content, identity.run_key)
    return drafts._draw_up(journal, look, identity, validation, options, earlier, encode, now)


BUGS: Mapping[str, tuple[str, Scene, str, Callable[[], AbstractContextManager[Any]]]] = {
    "exposures are looked at before the planning's transaction only": (
        "sqlite",
        EQUAL_ROW,
        r"was taken 2 times",
        lambda: mock.patch.object(commits, "_refuse_change", lambda *_: None),
    ),
    "a draft is not drawn up again where another process has planned the sheet": (
        "sqlite",
        SAME_SHEET,
        r"was refused",
        lambda: mock.patch.object(planning, "draft", _draw_up_once),
    ),
    "a batch is not locked": (
        "sqlite",
        SAME_SHEET,
        r"lost its batch",
        lambda: mock.patch("batch.journal.sqlite.database.hold", lambda *_: nullcontext()),
    ),
    "a claim does not ask who holds the batch": (
        "postgres",
        AT_ONCE,
        r"was stopped by the other",
        lambda: _without_epoch("claim"),
    ),
    "a record does not ask who holds the batch": (
        "postgres",
        AT_ONCE,
        r"was stopped by the other",
        lambda: _without_epoch("apply"),
    ),
    "absence counts at once after a take-over": (
        "postgres",
        AT_ONCE,
        r"was taken 2 times",
        lambda: mock.patch.object(proof.Fence, "of_earlier", lambda *_: float("-inf")),
    ),
}
"""What is wrong -> the database and the scene that show it, and how it shows."""


@pytest.mark.parametrize("bug", BUGS)
def test_a_deliberate_bug_is_caught(pair: Pair, backend: str, bug: str) -> None:
    where, scene, shows, patch = BUGS[bug]
    if backend != where:
        return

    with patch(), pytest.raises(Broken, match=shows):
        pair.exhaust(scene)
