"""Two journals that begin one sheet at the same moment double one row of it at most, and say so."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest

from batch.run.pilot import Pilot
from tests.campaign.conftest import Count
from tests.campaign.form import Form
from tests.campaign.invariants import Broken
from tests.campaign.office import MEMORY
from tests.campaign.two_journals import begin_together, schedules

pytestmark = pytest.mark.campaign


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(
        prefix="journals-", dir=MEMORY if MEMORY.is_dir() else None
    ) as made:
        yield Path(made)


def test_every_order_of_calls_comes_once() -> None:
    assert len(set(schedules(3))) == len(list(schedules(3))) == 20


def test_whatever_the_order_of_their_calls_one_row_is_doubled_at_most(
    folder: Path, form: Form, count: Count
) -> None:
    # First look, list, first order, question, and the first of the rest.
    figures = begin_together(folder, *((3, 6) if form.name == "long" else (2, 5)))

    count(figures)
    assert figures["two journals: rows doubled"] > 0
    assert figures["two journals: refused"] > 0


@pytest.mark.parametrize("word", ["lost", "throttled"])
def test_one_whose_first_order_gets_no_good_answer_doubles_one_row_at_most(
    folder: Path, form: Form, count: Count, word: str
) -> None:
    count(begin_together(folder, 2, 5 if form.name == "long" else 4, A=[word]))


@pytest.mark.parametrize("word", ["lost-untaken", "refused"])
def test_one_whose_first_order_is_not_taken_doubles_no_row_that_nobody_tells_of(
    folder: Path, form: Form, count: Count, word: str
) -> None:
    # Each can have been alone at the venue with the row with which it went alone.
    calls = 5 if form.name == "long" else 4
    count(begin_together(folder, 2, calls, wait_s=900.0, most_doubled=2, A=[word]))


def test_a_run_whose_first_order_does_not_go_alone_doubles_the_sheet(folder: Path) -> None:
    with (
        mock.patch.object(Pilot, "most", lambda self, free: free),
        pytest.raises(Broken, match="rows were doubled"),
    ):
        begin_together(folder, 2, 4)
