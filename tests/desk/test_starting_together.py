"""Fault row 20: two processes start the same sheet; the second one runs in a pause of the first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batch.desk import Desk, Outcome, RunningOptions, Submission, Verdict
from batch.simulator import Simulator
from tests.desk.test_desk import venue
from tests.desk.test_once import FILLED, LaterClock, Office, Told

__all__ = ["venue"]

SEAMS = {
    "between the two looks at the journal": "batch.plan.draft.choose",
    "before the look for reports": "batch.desk.submitting.refuse_unknown_report",
    "before the look at the targets": "batch.desk.submitting.check_batch_targets",
    "before the gates": "batch.desk.submitting.pass_gates",
    "before the commit": "batch.desk.submitting.commit",
}


@pytest.fixture
def office(tmp_path: Path, venue: Simulator) -> Office:
    return Office(tmp_path, venue, LaterClock(), Told())


def pause(monkeypatch: pytest.MonkeyPatch, seam: str, meanwhile: Callable[[], None]) -> None:
    """Have something happen, once, just before a step of the first process."""
    module, _, name = SEAMS[seam].rpartition(".")
    steps: dict[str, Any] = {}
    exec(f"from {module} import {name} as step", steps)
    waiting = [meanwhile]

    def paused(*arguments: Any, **named: Any) -> Any:
        if waiting:
            waiting.pop()()
        return steps["step"](*arguments, **named)

    monkeypatch.setattr(SEAMS[seam], paused)


@pytest.mark.parametrize("seam", SEAMS)
def test_fault_20_one_that_another_process_finished_meanwhile_repeats_its_result(
    office: Office, monkeypatch: pytest.MonkeyPatch, seam: str
) -> None:
    # Two such batches together would be too much for a day, and one report is in the other's way.
    settings = office.settings(limits={"per_day": {"EUR": 150_000}})
    how = Submission(running=RunningOptions((office.folder / "out.json",), wait_s=0.5))
    sheet = office.sheet(FILLED)
    others: list[Outcome] = []
    pause(monkeypatch, seam, lambda: others.append(Desk(settings).submit([sheet], how)))

    outcome = Desk(settings).submit([sheet], how)

    assert [others[0].verdict, outcome.verdict] == [Verdict.DONE] * 2
    assert office.posts == 1
